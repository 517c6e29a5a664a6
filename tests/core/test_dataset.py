"""A data set's digest is that of its content, and what is read back is mapped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from clairo.core.artifacts import Dataset, InteractionLog, ItemCatalog, Splits, pack_images
from clairo.core.errors import ArtifactError
from clairo.core.given_codes import GivenCodes, GivenModality
from clairo.core.string_column import StringColumn


def tiny() -> Dataset:
    data, offsets = pack_images([b"ab", None, b"c"])
    catalog = ItemCatalog(
        ("i0", "i1", "i2"), ("Äpfel", "", "Pears"), ("s0", "", "s2"), ("f", "", "f"),
        ("$1", "", ""), data, offsets,
    )  # fmt: skip
    log = InteractionLog(
        ("u0", "u1"),
        np.array([0, 1, 2, 2], np.int32),
        np.array([10, 20, 30, 40], np.int64),
        np.array([0, 3, 4], np.int64),
    )
    splits = Splits(*(np.array(part, np.int32) for part in ([1, 1], [1, -1], [2, -1])))
    return Dataset("tiny", catalog, log, splits, {"num_users": 2})


def content(dataset: Dataset) -> str:
    found: str = dataset.with_digests({}).facts["content_digest"]
    return found


def with_array(array: np.ndarray, value: int) -> np.ndarray:
    changed = array.copy()
    changed[0] = value
    return changed


CHANGES: dict[str, Callable[[Dataset], Dataset]] = {
    "user": lambda d: replace(d, log=replace(d.log, user_ids=("u0", "u2"))),
    "item": lambda d: replace(d, catalog=replace(d.catalog, item_ids=("i0", "i1", "i3"))),
    "title": lambda d: replace(d, catalog=replace(d.catalog, titles=("Äpfel", "Pears", ""))),
    "border": lambda d: replace(d, catalog=replace(d.catalog, sentences=("s", "0", "s2"))),
    "category": lambda d: replace(d, catalog=replace(d.catalog, categories=("f", "f", "f"))),
    "price": lambda d: replace(d, catalog=replace(d.catalog, prices=("", "$1", ""))),
    "picture": lambda d: replace(
        d, catalog=replace(d.catalog, image_bytes=with_array(d.catalog.image_bytes, 0))
    ),
    "time": lambda d: replace(d, log=replace(d.log, timestamps=with_array(d.log.timestamps, 9))),
    "interaction": lambda d: replace(d, log=replace(d.log, items=with_array(d.log.items, 1))),
    "offset": lambda d: replace(d, log=replace(d.log, offsets=np.array([0, 2, 4]))),
    "training": lambda d: replace(d, splits=replace(d.splits, train_lengths=np.int32([0, 1]))),
    "valid": lambda d: replace(d, splits=replace(d.splits, valid_positions=np.int32([-1, -1]))),
    "test": lambda d: replace(d, splits=replace(d.splits, test_positions=np.int32([-1, -1]))),
}


def with_codes(modality: GivenModality, sizes: tuple[int, ...], value: int) -> Dataset:
    codes = np.full((3, 1), value, np.int32)
    return replace(tiny(), codes=(GivenCodes(modality, codes, sizes),))


def test_the_digest_changes_with_the_codes_and_what_they_are() -> None:
    kinds = [with_codes("text", (4,), 1), with_codes("image", (4,), 1)]
    others = [with_codes("text", (8,), 1), with_codes("text", (4,), 2), tiny()]
    assert len({content(dataset) for dataset in (*kinds, *others)}) == 5


@pytest.mark.parametrize("change", CHANGES)
def test_the_digest_changes_with_every_part(change: str) -> None:
    assert content(CHANGES[change](tiny())) != content(tiny())


def test_the_digest_is_that_of_the_content_alone() -> None:
    dataset = tiny()
    same = replace(dataset, name="other", facts={"x": 1})
    assert content(same) == content(dataset)
    mapped = replace(dataset, log=replace(dataset.log, user_ids=StringColumn.of(("u0", "u1"))))
    assert content(mapped) == content(dataset)
    turned = replace(dataset.log, items=np.repeat(dataset.log.items, 2)[::2])
    assert content(replace(dataset, log=turned)) == content(dataset)


def test_the_digest_is_pinned() -> None:
    # A promise: the same content has the same digest in every release and on every machine.
    assert content(tiny()) == PINNED


PINNED = "66b1f25d02e24a4dc837c4b3ab4ad0723140cba8cb9ff93b5f5a583abe5c706f"


def test_what_is_read_back_is_mapped(tmp_path: Path) -> None:
    tiny().save(tmp_path)
    back = Dataset.load(tmp_path)
    assert isinstance(back.log.user_ids, StringColumn)
    assert list(back.log.user_ids) == ["u0", "u1"]
    assert content(back) == content(tiny())
    before = (tmp_path / "arrays.safetensors").read_bytes()
    back.log.items[:] = 7
    assert (tmp_path / "arrays.safetensors").read_bytes() == before


@pytest.mark.parametrize(
    "name", ["arrays.safetensors", "users.arrow", "items.parquet", "facts.json"]
)
def test_a_damaged_part_is_a_clear_error(tmp_path: Path, name: str) -> None:
    tiny().save(tmp_path)
    data = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(data[: len(data) // 2])
    with pytest.raises(ArtifactError, match=f"{name}: .* cannot be read .*; recompute it"):
        Dataset.load(tmp_path)


def catalog_of(item_ids: Sequence[str]) -> ItemCatalog:
    nothing = ("",) * len(item_ids)
    images, offsets = pack_images([None] * len(item_ids))
    return ItemCatalog(tuple(item_ids), *[nothing] * 4, images, offsets)


def test_the_impartial_order_is_the_items_own_wherever_they_stand() -> None:
    ids = np.array([f"B{number:05d}" for number in range(100)])
    place = catalog_of(ids.tolist()).impartial_order()
    assert sorted(place.tolist()) == list(range(100))
    moved = np.random.default_rng(0).permutation(100)
    assert catalog_of(ids[moved].tolist()).impartial_order().tolist() == place[moved].tolist()


def test_items_that_nobody_bought_are_not_behind_those_of_the_test_split() -> None:
    # In the catalogue, items of the log come first and all others behind them.
    place = catalog_of([f"item {number}" for number in range(2000)]).impartial_order()
    of_test, of_nobody = place[:1000], place[1000:]
    share_before = (of_test[:, None] < of_nobody).mean()
    # By chance a half; the standard deviation is sqrt((1000 + 1000 + 1) / (12 * 10^6)) = 0.013.
    assert abs(share_before - 0.5) < 4 * 0.013
