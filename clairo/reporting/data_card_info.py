"""Everything a data card states, as numbers: from the arrays where they tell, else as recorded."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Int64

from clairo.core.dataset import Dataset, Facts, ItemCatalog
from clairo.reporting.data_card_log import (
    PopularityInfo,
    Segment,
    Spread,
    TieInfo,
    compute_popularity,
    compute_segments,
    compute_spread,
    compute_ties,
    count_repeats,
    train_rows,
)
from clairo.reporting.data_card_time import (
    LeakCheck,
    TimelineInfo,
    check_split,
    compute_timeline,
)
from clairo.reporting.search_info import Absent


@dataclass(frozen=True)
class Sizes:
    """How much there is.

    Attributes:
        interactions: All, repeats among them.
        users: All, also those without interactions.
        items: All, also those without interactions.
        repeats: Interactions beyond a user's first with an item.
        train: Interactions for training.
        valid_users: Users asked on valid.
        test_users: Users asked on test.
        training_only: Users asked on neither.
    """

    interactions: int
    users: int
    items: int
    repeats: int
    train: int
    valid_users: int
    test_users: int
    training_only: int

    @property
    def density(self) -> float | None:
        """Share of all user-item pairs that occur; ``None`` where there are no pairs."""
        pairs = self.users * self.items
        return (self.interactions - self.repeats) / pairs if pairs else None


@dataclass(frozen=True)
class FieldCoverage:
    """How many items have something.

    Attributes:
        name: A field as people call it.
        modality: ``text`` or ``image``.
        items: Items that have it.
        share: Of all items.
    """

    name: str
    modality: str
    items: int
    share: float


@dataclass(frozen=True)
class ContentInfo:
    """What there is to read and to see.

    Attributes:
        coverage: The whole text, the picture, then each field of the text.
        fields_recorded: Whether the fields are the reader's count; otherwise only those that
            the catalogue keeps apart are counted.
        texts: Characters of the texts that there are.
        shared_texts: Items whose text another item has, too.
        shared_pictures: Items whose picture another item has, byte for byte.
        without_metadata: Items without a metadata row; ``None`` where not recorded.
        undecodable: Picture files that do not decode; ``None`` where not recorded.
        with_address: Items that name a picture by its address; ``None`` where not recorded.
    """

    coverage: tuple[FieldCoverage, ...]
    fields_recorded: bool
    texts: Spread | None
    shared_texts: int
    shared_pictures: int
    without_metadata: int | None
    undecodable: int | None
    with_address: int | None

    @property
    def text(self) -> FieldCoverage:
        """Items with any text."""
        return self.coverage[0]

    @property
    def picture(self) -> FieldCoverage:
        """Items with a picture."""
        return self.coverage[1]


@dataclass(frozen=True)
class DuplicateItem:
    """An item with several metadata rows.

    Attributes:
        item_id: External id.
        title: As the kept row has it, ``""`` where unknown.
        lines: Lines of the file that hold a row of it.
        kept: The line that counts.
    """

    item_id: str
    title: str
    lines: tuple[int, ...]
    kept: int


@dataclass(frozen=True)
class FunnelStep:
    """What remains after a filter.

    Attributes:
        step: The filter in words.
        interactions: What remains.
        users: What remains.
        items: What remains.
    """

    step: str
    interactions: int
    users: int
    items: int


@dataclass(frozen=True)
class DataCardInfo:
    """A data set in numbers.

    Attributes:
        name: For people.
        sizes: How much there is.
        histories: Lengths of the users' whole histories.
        item_counts: Interactions of each item.
        popularity: How unevenly interactions fall on items.
        segments: Head, torso, tail and unseen items.
        timeline: Interactions over the calendar.
        ties: What only the order of the file decides.
        content: What there is to read and to see.
        duplicate_rows: Metadata rows beyond each item's first; ``None`` where not recorded.
        duplicates: Items with several rows, at most a hundred.
        funnel: The raw file, then every filter; empty where not recorded.
        split: ``leave_last_out``, ``global_time``, ``official``; ``""`` where not recorded.
        checks: What was looked for to rule out leaks.
        facts: What the reader recorded.
    """

    name: str
    sizes: Sizes
    histories: Spread | None
    item_counts: Spread | None
    popularity: PopularityInfo | None
    segments: tuple[Segment, ...]
    timeline: TimelineInfo | Absent
    ties: TieInfo | Absent
    content: ContentInfo
    duplicate_rows: int | None
    duplicates: tuple[DuplicateItem, ...]
    funnel: tuple[FunnelStep, ...]
    split: str
    checks: tuple[LeakCheck, ...]
    facts: Facts

    @property
    def leaks(self) -> tuple[LeakCheck, ...]:
        """Checks that found something."""
        return tuple(check for check in self.checks if check.violations)


def data_card_info(dataset: Dataset) -> DataCardInfo:
    """The numbers of a data set; no array of it is copied into a Python loop over users."""
    facts, (counts, train_counts) = dataset.facts, interaction_counts(dataset)
    return DataCardInfo(
        name=dataset.name,
        sizes=_sizes(dataset),
        histories=compute_spread(np.diff(dataset.log.offsets)),
        item_counts=compute_spread(counts) if counts.any() else None,
        popularity=compute_popularity(counts),
        segments=compute_segments(dataset, train_counts),
        timeline=compute_timeline(dataset),
        ties=_ties(dataset),
        content=_content(dataset.catalog, facts),
        duplicate_rows=_count(facts, "duplicate_metadata"),
        duplicates=_duplicates(dataset.catalog, facts.get("duplicate_metadata_items", ())),
        funnel=tuple(
            FunnelStep(str(row["step"]), *(int(row[k]) for k in ("interactions", "users", "items")))
            for row in facts.get("funnel", ())
        ),
        split=str(facts.get("split", "")),
        checks=check_split(dataset),
        facts=facts,
    )


def interaction_counts(
    dataset: Dataset,
) -> tuple[Int64[np.ndarray, " items"], Int64[np.ndarray, " items"]]:
    """Interactions of every item: all of them, and those for training."""
    log, size = dataset.log, len(dataset.catalog)
    train = log.items[train_rows(log, dataset.splits)]
    every, training = (np.bincount(items, minlength=size) for items in (log.items, train))
    return every.astype(np.int64), training.astype(np.int64)


def _sizes(dataset: Dataset) -> Sizes:
    log, splits = dataset.log, dataset.splits
    valid, test = splits.valid_positions >= 0, splits.test_positions >= 0
    return Sizes(
        interactions=len(log),
        users=len(log.user_ids),
        items=len(dataset.catalog),
        repeats=count_repeats(log, len(dataset.catalog)),
        train=int(splits.train_lengths.sum()),
        valid_users=int(valid.sum()),
        test_users=int(test.sum()),
        training_only=int((~valid & ~test).sum()),
    )


def _ties(dataset: Dataset) -> TieInfo | Absent:
    if not len(dataset.log):
        return Absent("There are no interactions.")
    if dataset.facts.get("time_unit") == "position":
        return Absent("Timestamps are positions in a history, so no two of a user are equal.")
    return compute_ties(dataset.log, dataset.splits)


def _content(catalog: ItemCatalog, facts: Facts) -> ContentInfo:
    recorded: Mapping[str, int] | None = facts.get("field_coverage")
    kept = {"title": catalog.titles, "price": catalog.prices, "category": catalog.categories}
    fields = (
        {name: sum(map(bool, values)) for name, values in kept.items()}
        if recorded is None
        else dict(recorded)
    )
    lengths = np.array([len(text) for text in catalog.sentences if text], dtype=np.int64)
    every = (
        ("any text", "text", len(lengths)),
        ("picture", "image", int(catalog.has_image.sum())),
        *((name, "text", int(items)) for name, items in fields.items()),
    )
    return ContentInfo(
        coverage=tuple(
            FieldCoverage(name, modality, items, items / len(catalog) if len(catalog) else 0.0)
            for name, modality, items in every
        ),
        fields_recorded=recorded is not None,
        texts=compute_spread(lengths),
        shared_texts=_count_shared([text for text in catalog.sentences if text]),
        shared_pictures=_count_shared_pictures(catalog),
        without_metadata=_count(facts, "items_without_metadata"),
        undecodable=_count(facts, "num_images_undecodable"),
        with_address=_count(facts, "items_with_image_url"),
    )


def _count_shared(values: Sequence[object]) -> int:
    return sum(count for count in Counter(values).values() if count > 1)


def _count_shared_pictures(catalog: ItemCatalog) -> int:
    """Pictures of equal bytes; only those of equal size are read."""
    sizes = np.diff(catalog.image_offsets)
    _, places, met = np.unique(sizes, return_inverse=True, return_counts=True)
    alike = np.flatnonzero((sizes > 0) & (met[places] > 1))
    return _count_shared(
        [hashlib.sha256(catalog.image(int(item)) or b"").digest() for item in alike]
    )


def _duplicates(
    catalog: ItemCatalog, rows: Sequence[Mapping[str, Any]]
) -> tuple[DuplicateItem, ...]:
    wanted = {str(row["item"]) for row in rows}
    titles = {
        item: title
        for item, title in zip(catalog.item_ids, catalog.titles, strict=True)
        if item in wanted
    }
    return tuple(
        DuplicateItem(
            item_id=str(row["item"]),
            title=titles.get(str(row["item"]), ""),
            lines=tuple(int(line) for line in row["lines"]),
            kept=int(row["kept"]),
        )
        for row in rows
    )


def _count(facts: Facts, key: str) -> int | None:
    return int(facts[key]) if facts.get(key) is not None else None
