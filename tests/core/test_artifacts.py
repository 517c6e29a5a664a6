import numpy as np
import pytest

from clairo.core.artifacts import (
    CodeTable,
    Dataset,
    EmbeddingTable,
    InteractionLog,
    ItemCatalog,
    Modalities,
    Rankings,
    Splits,
    pack_images,
)
from clairo.core.errors import ArtifactError, DataError


def catalog(images=(b"ab", None, b"c")):
    data, offsets = pack_images(list(images))
    return ItemCatalog(
        item_ids=("i0", "i1", "i2"),
        titles=("Äpfel", "", "Pears"),
        sentences=("Äpfel rot", "", "Pears"),
        categories=("fruit", "", "fruit"),
        prices=("$1", "", ""),
        image_bytes=data,
        image_offsets=offsets,
    )


def dataset():
    log = InteractionLog(
        ("u0", "u1"),
        np.array([0, 1, 2, 2], dtype=np.int32),
        np.array([10, 20, 30, 40], dtype=np.int64),
        np.array([0, 3, 4], dtype=np.int64),
    )
    splits = Splits(
        np.array([1, 1], dtype=np.int32),
        np.array([1, -1], dtype=np.int32),
        np.array([2, -1], dtype=np.int32),
    )
    return Dataset("tiny", catalog(), log, splits, {"num_users": 2})


def table(modality="text", ids=("a", "b"), present=(True, False), vectors=((1.0, 2.0), (0.0, 0.0))):
    return EmbeddingTable(
        modality, ids, np.array(vectors, dtype=np.float32), np.array(present), {"dims": 2}
    )


def test_a_dataset_comes_back_as_it_was(tmp_path):
    dataset().save(tmp_path)
    back = Dataset.load(tmp_path)
    assert back.catalog.titles == ("Äpfel", "", "Pears")
    assert [back.catalog.image(item) for item in range(3)] == [b"ab", None, b"c"]
    assert back.log.history(0).tolist() == [0, 1, 2]
    assert back.splits.test_positions.tolist() == [2, -1]
    assert back.facts == {"num_users": 2}


def test_training_parts_stop_before_the_targets():
    assert [part.tolist() for part in dataset().train_sequences()] == [[0], [2]]
    assert dataset().train_counts().tolist() == [1, 0, 1]


def test_an_item_id_that_repeats_is_refused():
    data, offsets = pack_images([None, None])
    with pytest.raises(DataError, match="unique"):
        ItemCatalog(("a", "a"), ("", ""), ("", ""), ("", ""), ("", ""), data, offsets)


def test_modalities_come_back_as_they_were(tmp_path):
    both = Modalities((table("text"), table("image", present=(True, True))))
    both.save(tmp_path)
    back = Modalities.load(tmp_path)
    assert back.names == ("text", "image")
    assert back.get("text").present.tolist() == [True, False]
    assert back.facts["text/dims"] == 2


def test_vectors_of_missing_items_must_be_zero():
    with pytest.raises(DataError, match="missing items must be zero"):
        table(vectors=((1.0, 2.0), (0.5, 0.0)))


def test_vectors_must_be_finite():
    with pytest.raises(DataError, match="1 text rows are not"):
        table(vectors=((np.nan, 2.0), (0.0, 0.0)))


def test_tables_of_different_items_are_refused():
    with pytest.raises(DataError, match="same items"):
        Modalities((table("text"), table("image", ids=("b", "a"))))


def test_codes_and_rankings_come_back_as_they_were(tmp_path):
    codes = CodeTable(
        ("a", "b"), np.array([[1, 0], [2, 3]], np.int32), ("text", "shared"), (4, 8), {"x": 0.5}
    )
    (tmp_path / "c").mkdir()
    codes.save(tmp_path / "c")
    assert CodeTable.load(tmp_path / "c").codes.tolist() == [[1, 0], [2, 3]]
    ranks = Rankings("test", *(np.array([1, 2], np.int32),) * 3, np.array([[1], [2]]), {"a": 1.0})
    (tmp_path / "r").mkdir()
    ranks.save(tmp_path / "r")
    assert Rankings.load(tmp_path / "r").top_items.tolist() == [[1], [2]]


def test_a_cut_off_file_is_a_clear_error(tmp_path):
    dataset().save(tmp_path)
    whole = (tmp_path / "arrays.safetensors").read_bytes()
    (tmp_path / "arrays.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ArtifactError, match="recompute it"):
        Dataset.load(tmp_path)
