"""Merges in words, on twins whose texts and pictures are known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from clairo.core.artifacts import Dataset, InteractionLog, ItemCatalog, Splits
from clairo.core.errors import ArtifactError
from clairo.merging import FeatureSetBPE, FeatureSetBPEConfig, IdentityMergingConfig
from clairo.merging.spelled import Example, SpelledVocabulary, items_of
from clairo.merging.spelling import spell_merges
from tests.worlds import twins

RED_TENT, RED_KETTLE, BLUE_VIOLIN = 0, 2, 5
HISTORIES = [[RED_TENT]] * 6 + [[RED_KETTLE, BLUE_VIOLIN]] * 3
CORNERS = [[0, 0], [0, 1], [1, 0], [1, 1]]
TENTS, RED = (0, 1, 16, 17), (0, 2, 4, 6)


def dataset_of(catalog: ItemCatalog, histories: list[list[int]]) -> Dataset:
    """All of every history is for training."""
    lengths = [len(history) for history in histories]
    items = np.concatenate(histories).astype(np.int32)
    nobody = np.full(len(histories), -1, dtype=np.int32)
    log = InteractionLog(
        user_ids=tuple(f"user-{row}" for row in range(len(histories))),
        items=items,
        timestamps=np.arange(len(items), dtype=np.int64),
        offsets=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
    )
    return Dataset("twins", catalog, log, Splits(np.array(lengths, np.int32), nobody, nobody), {})


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    """Sixteen pairs of twins: eight words twice, each in red and in blue."""
    return dataset_of(twins(16), HISTORIES)


@pytest.fixture(scope="module")
def tokenizer(dataset: Dataset) -> FeatureSetBPE:
    """One text code a word, one image code a colour; four merges.

    Text codes are tokens 1 to 8, red is 9, blue is 10. The pairs inside items count 6
    (tent, red), 3 (kettle, red) and 3 (violin, blue): tokens 11, 12 and 13. Then every item is
    one token, and 12 meets 13 three times: token 14.
    """
    codes = [[item // 2 % 8, item % 2] for item in range(32)]
    return FeatureSetBPEConfig(num_merges=4).fit(
        codes, HISTORIES, seed=0, modalities=("text", "image")
    )


@pytest.fixture(scope="module")
def spelled(tokenizer: FeatureSetBPE, dataset: Dataset) -> SpelledVocabulary:
    assert tokenizer.merge_pairs.tolist() == [[1, 9], [2, 9], [3, 10], [12, 13]]
    return spell_merges(tokenizer, dataset)


def test_each_side_is_told_by_the_items_that_carry_it(spelled: SpelledVocabulary) -> None:
    first = spelled.merges[0]
    assert (first.left.leaves, first.right.leaves) == (((0, 0),), ((1, 0),))
    assert first.left.carriers is not None
    assert first.right.carriers is not None
    assert (first.left.carriers.num_items, first.left.carriers.items) == (4, TENTS)
    assert first.left.carriers.titles == ("Tent",)
    # A colour has no word: red items carry every word as often as blue ones.
    assert (first.right.carriers.num_items, first.right.carriers.items) == (16, RED)
    assert first.right.carriers.words == ()


def test_the_words_of_a_text_code_are_its_own(spelled: SpelledVocabulary) -> None:
    words = [m.left.carriers.words for m in spelled.merges[:3] if m.left.carriers]
    assert words == [("tent",), ("kettle",), ("violin",)]


def test_both_are_the_items_that_carry_the_whole_merge(spelled: SpelledVocabulary) -> None:
    first = spelled.merges[0]
    assert not first.between_neighbours
    assert first.both is not None
    assert (first.both.num_items, first.both.items) == (2, (0, 16))
    assert first.examples == ()
    assert (spelled.read_items, spelled.training_items) == (12, 12)


def test_a_merge_of_neighbours_is_told_by_items_that_follow_each_other(
    spelled: SpelledVocabulary,
) -> None:
    last = spelled.merges[3]
    assert last.between_neighbours
    assert last.both is None
    assert (last.places, last.left_first, last.right_first) == (3, 3, 0)
    assert last.examples == (Example((RED_KETTLE, BLUE_VIOLIN), 3),)


def test_a_side_that_spans_neighbours_is_told_by_its_parts() -> None:
    catalog = twins(1)
    histories = [[0, 0, 0]] * 2
    fitted = FeatureSetBPEConfig(num_merges=2).fit([[0], [1]], histories, seed=0)
    spelled = spell_merges(fitted, dataset_of(catalog, histories))
    assert fitted.merge_pairs.tolist() == [[1, 1], [1, 3]]
    right = spelled.merges[1].right
    assert right.carriers is None
    assert [part.leaves for part in right.parts] == [((0, 0),), ((0, 0),)]
    assert all(part.carriers and part.carriers.num_items == 1 for part in right.parts)
    assert spelled.merges[1].examples == (Example((0, 0, 0), 2),)
    assert spelled.merges[1].left_first is None


def test_a_merge_made_mostly_between_neighbours_is_told_by_single_items_as_well() -> None:
    # Items 1 and 2 carry one code each and meet, item 0 has both.
    histories = [[1, 2]] * 8 + [[2, 1]] * 4 + [[0]]
    fitted = FeatureSetBPEConfig(num_merges=4).fit(CORNERS, histories, seed=0)
    made = replace(
        fitted,
        merge_pairs=np.array([[1, 3]], dtype=np.int32),
        merge_totals=np.array([1], dtype=np.int64),
        merge_places=np.array([[1, 12]], dtype=np.int32),
    )
    merge = spell_merges(made, dataset_of(twins(2), histories)).merges[0]
    assert merge.between_neighbours
    assert merge.both is not None
    assert merge.both.items == (0,)
    assert (merge.places, merge.left_first, merge.right_first) == (12, 8, 4)
    assert merge.examples == (Example((1, 2), 8), Example((2, 1), 4))


def test_a_side_made_mostly_between_neighbours_names_the_items_that_carry_it_alone() -> None:
    histories = [[1, 2]] * 8 + [[0]]
    fitted = FeatureSetBPEConfig(num_merges=4).fit(CORNERS, histories, seed=0)
    made = replace(
        fitted,
        merge_pairs=np.array([[1, 3], [4, 5]], dtype=np.int32),
        merge_totals=np.array([1, 1], dtype=np.int64),
        merge_places=np.array([[1, 8], [0, 8]], dtype=np.int32),
    )
    side = spell_merges(made, dataset_of(twins(2), histories)).merges[1].right
    assert side.carriers is not None
    assert side.carriers.items == (0,)
    assert [part.leaves for part in side.parts] == [((0, 0),), ((1, 0),)]


def test_a_merge_of_a_token_with_itself_has_no_first_side() -> None:
    histories = [[0, 0]] * 3
    fitted = FeatureSetBPEConfig(num_merges=1).fit([[0], [1]], histories, seed=0)
    merge = spell_merges(fitted, dataset_of(twins(1), histories)).merges[0]
    assert (merge.both, merge.places, merge.left_first, merge.right_first) == (None, 3, None, None)


def test_every_named_item_has_its_title_and_says_whether_it_has_a_picture(
    dataset: Dataset, tokenizer: FeatureSetBPE
) -> None:
    offsets = dataset.catalog.image_offsets.copy()
    offsets[1:] -= offsets[1]
    no_first = replace(
        dataset.catalog,
        image_bytes=dataset.catalog.image_bytes[dataset.catalog.image_offsets[1] :],
        image_offsets=offsets,
        titles=("  A\nlong " + "title " * 40, *dataset.catalog.titles[1:]),
    )
    spelled = spell_merges(tokenizer, replace(dataset, catalog=no_first))
    named = {item for merge in spelled.merges for item in items_of(merge)}
    assert set(spelled.titles) == named
    assert spelled.pictures == named - {0}
    assert spelled.titles[0].startswith("A long title title")
    assert len(spelled.titles[0]) <= 140
    assert spelled.titles[0].endswith("…")


def test_validation_and_test_items_are_not_read(dataset: Dataset, tokenizer: FeatureSetBPE) -> None:
    lengths = dataset.splits.train_lengths.copy()
    lengths[6:] = 1  # the violin is what is to be predicted
    splits = replace(dataset.splits, train_lengths=lengths)
    last = spell_merges(tokenizer, replace(dataset, splits=splits)).merges[3]
    assert (last.places, last.examples) == (0, ())


def test_spelled_merges_come_back_as_they_were(spelled: SpelledVocabulary, tmp_path: Path) -> None:
    kept = replace(spelled, tiles={0: 0, 5: 1}, sheet=b"jpeg", tile=80, sheet_columns=20)
    kept.save(tmp_path)
    assert SpelledVocabulary.load(tmp_path) == kept
    (tmp_path / "spelled.json").write_text('{"merges": [{}]}', encoding="utf-8")
    with pytest.raises(ArtifactError, match="remove the folder"):
        SpelledVocabulary.load(tmp_path)


def test_without_merges_there_is_nothing_to_spell(dataset: Dataset) -> None:
    plain = IdentityMergingConfig().fit([[0]] * 32, HISTORIES, seed=0)
    spelled = spell_merges(plain, dataset)
    assert (spelled.merges, spelled.titles) == ((), {})


def test_a_catalogue_without_titles_is_told_by_ids(
    dataset: Dataset, tokenizer: FeatureSetBPE
) -> None:
    blank = replace(dataset.catalog, titles=("",) * len(dataset.catalog))
    spelled = spell_merges(tokenizer, replace(dataset, catalog=blank))
    ids = dataset.catalog.item_ids
    assert spelled.titles == {item: ids[item] for item in spelled.titles}
    left = spelled.merges[0].left.carriers
    assert left is not None
    assert left.titles[0] == ids[RED_TENT]
    # Ids are names, not words: nothing marks a group by them.
    assert left.words == ()


def test_an_item_without_a_title_among_others_is_named_by_its_id(
    dataset: Dataset, tokenizer: FeatureSetBPE
) -> None:
    titles = ("", *dataset.catalog.titles[1:])
    catalog = replace(dataset.catalog, titles=titles)
    spelled = spell_merges(tokenizer, replace(dataset, catalog=catalog))
    assert spelled.titles[RED_TENT] == dataset.catalog.item_ids[RED_TENT]
    carriers = spelled.merges[0].left.carriers
    assert carriers is not None
    assert dataset.catalog.item_ids[RED_TENT] not in carriers.titles
