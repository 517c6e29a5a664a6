"""Data sets that are made from files of raw interactions, whoever published them."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, NonNegativeInt, PositiveInt, field_validator

from clairo.core.config import RUNTIME_ONLY, Config
from clairo.core.dataset import Dataset, ItemCatalog
from clairo.core.interaction_table import InteractionTable
from clairo.datasets.base import DatasetConfig
from clairo.datasets.engine import threads_within
from clairo.datasets.ingestion import RawFile, ingest
from clairo.datasets.row_format import RowFormat
from clairo.datasets.splits import AnySplit, LeaveLastOut


class Reading(Config):
    """How raw interactions are read: what of a data set's settings its partitions depend on.

    Attributes:
        kind: Kind of the data set.
        paths: The files; where they lie is no part of what they say.
        rows: How the rows of each file are written.
        salvage: Read the whole lines of a file that ends early instead of refusing it.
        memory_mb: Megabytes that reading may use.
    """

    kind: str
    paths: Annotated[tuple[Path, ...], RUNTIME_ONLY]
    rows: tuple[RowFormat, ...]
    salvage: bool = False
    memory_mb: Annotated[int, RUNTIME_ONLY] = 2048

    def ingest(self, num_threads: int = 1) -> InteractionTable:
        """Reads the files into partitions.

        Raises:
            DataError: See :func:`clairo.datasets.ingestion.ingest`.
        """
        files = [RawFile(path, rows) for path, rows in zip(self.paths, self.rows, strict=True)]
        threads = threads_within(self.memory_mb, num_threads)
        return ingest(files, salvage=self.salvage, num_threads=threads)


@dataclass(frozen=True)
class Catalogue:
    """Items as they were found, and facts about the finding.

    Attributes:
        items: The items that were asked for, in order, then any others.
        facts: Coverage, duplicates, what is missing.
    """

    items: ItemCatalog
    facts: dict[str, Any]


class RawDatasetConfig(DatasetConfig):
    """Filters, splits and limits that all raw data sets share.

    The filters are applied in the order in which they stand here; see
    :mod:`clairo.datasets.filtering`.

    Attributes:
        min_rating: Lowest rating that counts as an interaction, ``None`` for any.
        duplicates: Whether a user's repeated interactions with one item stay. ``None`` takes
            what is usual for the data: all, but the first only in the release of 2023.
        image_required: Leave out items without a picture that decodes, before the k-core or
            after it; these are different data sets.
        user_core: Fewest interactions of a user that stays; ``None`` means what is usual: 5 for
            all reviews or ratings, and no filter for files that have been filtered already.
        item_core: The same for items.
        sample_users: Draw so many users, each with all interactions; ``None`` for all.
        sample_seed: Names the draw.
        timestamps: Whether timestamps are ``times`` or only ``positions`` in the history, which
            no split by time may use; ``auto`` judges by the data.
        split: Which interactions train and which are asked.
        max_history: Keep the last so many training interactions of each user, after splitting.
        tie_seed: Draw the order of a user's interactions at one time anew instead of taking
            that of the file; for seeing how much a metric depends on it.
        catalogue: ``interacted`` holds the items that remain, ``all`` also those that only the
            metadata knows, and those whose interactions were filtered away; nobody has
            interacted with either. Items without a picture stay out where one is required.
        salvage: Read the whole lines of a file that ends early instead of refusing it.
        memory_mb: Megabytes for reading, filtering and sorting interactions, whatever their
            number; more work than that goes to disk. Items come on top: their texts and
            pictures, and the ids of users, are held in memory as the data set is put together.
    """

    min_rating: float | None = None
    duplicates: Literal["all", "first"] | None = None
    image_required: Literal["no", "before_core", "after_core"] = "no"
    user_core: PositiveInt | None = None
    item_core: PositiveInt | None = None
    sample_users: PositiveInt | None = None
    sample_seed: NonNegativeInt = 0
    timestamps: Literal["auto", "times", "positions"] = "auto"
    split: AnySplit = LeaveLastOut()
    max_history: PositiveInt | None = None
    tie_seed: NonNegativeInt | None = None
    catalogue: Literal["interacted", "all"] = "interacted"
    salvage: bool = False
    memory_mb: Annotated[int, Field(ge=768), RUNTIME_ONLY] = 2048

    @field_validator("image_required", mode="before")
    @classmethod
    def _no_is_a_word(cls, value: object) -> object:
        # YAML reads a bare no as false.
        return "no" if value is False else value

    @property
    @abstractmethod
    def reading(self) -> Reading:
        """How the interactions are read."""

    @property
    @abstractmethod
    def image_dir(self) -> Path:
        """Where the pictures lie, named after their items."""

    @property
    @abstractmethod
    def cores(self) -> tuple[int, int]:
        """Fewest interactions of a user and of an item; 1 filters nothing."""

    @property
    def keeps_repeats(self) -> bool:
        """Whether repeated interactions stay."""
        return self.duplicates != "first"

    @property
    def has_interactions(self) -> bool:
        """Whether there are interactions at all, or items alone."""
        return True

    @property
    def has_official_splits(self) -> bool:
        """Whether the three raw files are the publisher's training, validation and test."""
        return False

    @abstractmethod
    def describe_items(self, item_ids: tuple[str, ...]) -> Catalogue:
        """What is known about items, and about the finding of it.

        Raises:
            DataError: A file is damaged.
        """

    def identity(self) -> dict[str, Any]:
        """Settings as they act: what is usual is spelled out, and what does nothing left out.

        So that two spellings of one data set have one digest.
        """
        user_core, item_core = self.cores
        acting = {
            "user_core": user_core,
            "item_core": item_core,
            "duplicates": "all" if self.keeps_repeats else "first",
        }
        if self.sample_users is None:
            acting["sample_seed"] = 0
        return {**super().identity(), **acting}

    def chosen(self) -> dict[str, Any]:
        """Result-changing settings that are not at their default, the data's name left out.

        Example:
            >>> from clairo.datasets import AmazonConfig
            >>> AmazonConfig(category="Books", release="2018", min_rating=4).chosen()
            {'min_rating': 4.0}
        """
        fields = type(self).model_fields
        return {
            name: value
            for name, value in self.model_dump(mode="json").items()
            if not fields[name].is_required()
            and RUNTIME_ONLY not in fields[name].metadata
            and getattr(self, name) != fields[name].default
        }

    def source_facts(self) -> dict[str, Any]:
        """Where the data is from, as facts."""
        return {"source": self.kind}  # type: ignore[attr-defined]

    def prepare(self, table: InteractionTable | None, num_threads: int = 1) -> Dataset:
        """The data set, from its raw interactions; ``None`` where it has items alone.

        Raises:
            DataError: Nothing remains, a file is damaged, or the split does not fit the data.
        """
        # Preparing needs the engine, an HTML parser and Pillow, which the settings alone do not.
        from clairo.datasets.preparing import prepare_dataset, prepare_items

        if table is None:
            return prepare_items(self)
        return prepare_dataset(self, table, num_threads)

    def read(self) -> Dataset:
        """Reads the raw files and prepares the data set.

        Raises:
            DataError: A file is missing, empty, truncated or of another format.
        """
        self.sources()
        return self.prepare(self.reading.ingest() if self.has_interactions else None)
