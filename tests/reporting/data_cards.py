"""A data set so small that every number of its card can be counted on paper.

Four users, five items, eleven interactions; times are days since 1970::

    ann  cup@10  mug@10  cup@20  pot@30
    bob  mug@30  pot@31
    cid  cup@11  mug@12  pot@13  pan@40  cup@40
    dan

Leave-last-out: ann is asked for the second cup and the pot, cid for the pan and the second cup;
bob only trains. ``jug`` is in the catalogue and in nobody's history. Cup and mug have one text and
one picture; the pot's picture does not decode; pan and jug have none, jug has no text either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from clairo.core.dataset import Dataset, InteractionLog, ItemCatalog, Splits, pack_images
from clairo.datasets.splits import leave_last_out
from tests.worlds import plain_picture

DAY = 86_400
CUP, MUG, POT, PAN, JUG = range(5)
HISTORIES: Mapping[str, Sequence[tuple[int, int]]] = {
    "ann": [(CUP, 10), (MUG, 10), (CUP, 20), (POT, 30)],
    "bob": [(MUG, 30), (POT, 31)],
    "cid": [(CUP, 11), (MUG, 12), (POT, 13), (PAN, 40), (CUP, 40)],
    "dan": [],
}
FIELD_COVERAGE = {"title": 5, "price": 2, "brand": 4}


def kitchen(**facts: object) -> Dataset:
    """The data set above; times in seconds, nothing else recorded unless given."""
    log = make_log(HISTORIES)
    known = {"time_unit": "s", "split": "leave_last_out", **facts}
    recorded = {key: value for key, value in known.items() if value is not None}
    return Dataset("Kitchen", kitchen_catalog(), log, leave_last_out(log), recorded)


def make_log(histories: Mapping[str, Sequence[tuple[int, int]]], unit: int = DAY) -> InteractionLog:
    """Histories of (item, time), the time in so many of the log's units."""
    rows = [row for history in histories.values() for row in history]
    lengths = [len(history) for history in histories.values()]
    return InteractionLog(
        tuple(histories),
        np.array([item for item, _ in rows], dtype=np.int32),
        np.array([time * unit for _, time in rows], dtype=np.int64),
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
    )


def kitchen_catalog() -> ItemCatalog:
    """Five items."""
    red = plain_picture((200, 30, 30))
    image_bytes, image_offsets = pack_images([red, red, b"no picture", None, None])
    return ItemCatalog(
        item_ids=("cup-1", "mug-1", "pot-1", "pan-1", "jug-1"),
        titles=("Cup", "Mug", "Pot", "Pan <script>alert(1)</script>", "Jug & lid"),
        sentences=("Red ware.", "Red ware.", "Pot. $9.00. Boils.", "Flat", ""),
        categories=("Ware", "Ware", "Ware", "", ""),
        prices=("$3.00", "", "$9.00", "", ""),
        image_bytes=image_bytes,
        image_offsets=image_offsets,
    )


def without_interactions() -> Dataset:
    """A catalogue alone, as a category with metadata and without reviews is."""
    none = np.zeros(0, dtype=np.int32)
    splits = Splits(none, none, none)
    return Dataset("Only metadata", kitchen_catalog(), make_log({}), splits, {"source": "amazon"})


def codes_only() -> Dataset:
    """Interactions with items of which nothing can be read or seen."""
    image_bytes, image_offsets = pack_images([None] * 5)
    nothing = ("",) * 5
    catalog = replace(
        kitchen_catalog(), titles=nothing, sentences=nothing, categories=nothing, prices=nothing,
        image_bytes=image_bytes, image_offsets=image_offsets,
    )  # fmt: skip
    return replace(kitchen(time_unit="position"), name="Codes", catalog=catalog)


def recorded_kitchen() -> Dataset:
    """With everything recorded that a reader can record."""
    return kitchen(
        source="amazon",
        category="Kitchen",
        release="2018",
        salvage=True,
        salvaged_lines=12,
        lost_bytes=7,
        digest="ef" * 32,
        chosen_settings={"min_rating": 2.0},
        content_digest="ab" * 32,
        settings_digest="cd" * 32,
        field_coverage=FIELD_COVERAGE,
        items_without_metadata=1,
        num_images_undecodable=1,
        items_with_image_url=3,
        duplicate_metadata=3,
        duplicate_metadata_items=[
            {"item": "pan-1", "lines": [3, 8, 1200], "kept": 1200},
            {"item": "mug-1", "lines": [2, 9], "kept": 2},
        ],
        funnel=[
            {"step": "raw file", "interactions": 22, "users": 8, "items": 6},
            {"step": "minimum rating 3", "interactions": 11, "users": 4, "items": 5},
        ],
    )
