"""Amazon reviews of 2014, 2018 and 2023: the settings, and which files they mean."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, field_validator, model_validator

from clairo.core.config import RUNTIME_ONLY
from clairo.datasets.amazon_sources import (
    ITEM_TABLE_2023,
    RELEASES,
    CoreLevel,
    ReleaseYear,
    ReviewsFiles,
)
from clairo.datasets.places import list_folder, readable, require_files_inside, require_inside
from clairo.datasets.raw_dataset import Catalogue, RawDatasetConfig, Reading
from clairo.datasets.remote_file import RemoteFile, missing_files_error, remote_file
from clairo.datasets.row_format import RowFormat

_OF_INTERACTIONS: Final = (
    "min_rating", "duplicates", "image_required", "user_core", "item_core", "sample_users",
    "split", "max_history", "tie_seed",
)  # fmt: skip
"""Settings that say nothing about items that nobody has interacted with."""

TextField = Literal["title", "price", "brand", "features", "categories", "description"]


class AmazonConfig(RawDatasetConfig):
    """One category of one release, in the publisher's own files.

    The files lie in ``<data_dir>/amazon/<release>/<category>/`` under their official names,
    pictures in ``images/<item id>.<any suffix>`` beside them.

    Attributes:
        category: Official name, for example ``Gift_Cards``.
        release: Year.
        data_dir: Root of all data; where files lie is no part of what they say.
        reviews: ``5core`` for the file that has been filtered already, ``all`` for all reviews,
            ``ratings`` for the file of ratings alone, ``official`` for the publisher's own
            splits (2023), ``none`` for the items of the metadata alone. ``None`` takes the usual
            one: official splits for 2023, else 5core.
        metadata: ``none`` for a category whose metadata is not there: no texts then.
        text_fields: What goes into an item's sentence, in this order.
    """

    kind: Literal["amazon"] = "amazon"
    category: str = Field(pattern=r"^[A-Za-z0-9_]+$")
    release: ReleaseYear
    data_dir: Annotated[Path, RUNTIME_ONLY] = Path("data")
    reviews: CoreLevel | Literal["none"] | None = None
    metadata: Literal["required", "none"] = "required"
    text_fields: tuple[TextField, ...] = Field(
        default=("title", "price", "brand", "features", "categories", "description"),
        min_length=1,
    )

    @field_validator("text_fields")
    @classmethod
    def _named_once(cls, fields: tuple[TextField, ...]) -> tuple[TextField, ...]:
        if len(set(fields)) != len(fields):
            raise ValueError("each text field may be named once; remove the repeated one")
        return fields

    @model_validator(mode="after")
    def _published(self) -> Self:
        if self.has_interactions and self.level not in RELEASES[self.release].reviews:
            known = ", ".join(RELEASES[self.release].reviews)
            raise ValueError(
                f"release {self.release} has reviews of the kinds {known}, got {self.level}; "
                "choose one of them"
            )
        return self

    @model_validator(mode="after")
    def _has_something(self) -> Self:
        if self.has_interactions:
            return self
        if self.metadata == "none":
            raise ValueError(
                "reviews and metadata must not both be left out, got none and none; take one out"
            )
        chosen = [name for name in _OF_INTERACTIONS if name in self.chosen()]
        if chosen:
            raise ValueError(
                f"items alone (reviews: none) have no interactions to filter or split, got "
                f"{', '.join(chosen)}; take out these, or 'reviews'"
            )
        return self

    @property
    def level(self) -> CoreLevel:
        """Which reviews are read."""
        usual: CoreLevel = "official" if self.release == "2023" else "5core"
        return usual if self.reviews is None or self.reviews == "none" else self.reviews

    @property
    def has_interactions(self) -> bool:
        """Whether reviews are read at all."""
        return self.reviews != "none"

    @property
    def folder(self) -> Path:
        """Where the files of this category lie."""
        return self.data_dir / "amazon" / self.release / self.category

    @property
    def image_dir(self) -> Path:
        """Where the pictures lie."""
        return self.folder / "images"

    @property
    def reviews_files(self) -> tuple[RemoteFile, ...]:
        """The interactions, in order."""
        if not self.has_interactions:
            return ()
        names = RELEASES[self.release].reviews[self.level].file_names(self.category)
        return tuple(self._file("reviews", name) for name in names)

    @property
    def metadata_file(self) -> RemoteFile:
        """The item metadata."""
        return self._file("metadata", RELEASES[self.release].metadata.file_name(self.category))

    @property
    def metadata_path(self) -> Path:
        """The metadata that is there: the official file, or the table beside official splits."""
        table = self.folder / ITEM_TABLE_2023
        path = self.metadata_file.path
        return table if self.release == "2023" and table.is_file() and not path.is_file() else path

    @property
    def files(self) -> tuple[RemoteFile, ...]:
        """Reviews and, unless they are left out, metadata."""
        metadata = () if self.metadata == "none" else (self.metadata_file,)
        return (*self.reviews_files, *metadata)

    @property
    def cores(self) -> tuple[int, int]:
        """Fewest interactions of a user and of an item; 1 filters nothing."""
        usual = 5 if self.level in ("all", "ratings") else 1
        return self.user_core or usual, self.item_core or usual

    @property
    def keeps_repeats(self) -> bool:
        """All repeats stay, but in the release of 2023, whose own files hold the first only."""
        return (self.duplicates or ("first" if self.release == "2023" else "all")) == "all"

    @property
    def has_official_splits(self) -> bool:
        """Whether the publisher's splits are read."""
        return self.level == "official"

    @property
    def reading(self) -> Reading:
        """How the interactions are read."""
        rows = row_format(RELEASES[self.release].reviews[self.level])
        paths = tuple(file.path for file in self.reviews_files)
        return Reading(
            kind=self.kind,
            paths=paths,
            rows=(rows,) * len(paths),
            salvage=self.salvage,
            memory_mb=self.memory_mb,
        )

    @property
    def label(self) -> str:
        """For example ``Amazon 2018 Gift Cards``."""
        return f"Amazon {self.release} {self.category.replace('_', ' ')}"

    @property
    def release_label(self) -> str:
        """The year."""
        return self.release

    def missing_files(self) -> list[RemoteFile]:
        """Reviews and metadata that are not there; pictures may always be missing.

        Raises:
            DataError: The folder may not be read.
        """
        with readable(self.folder):
            there = {self.metadata_file.path} if self.metadata_path.is_file() else set()
            return [f for f in self.files if f.path not in there and not f.path.is_file()]

    def sources(self) -> dict[str, Path]:
        """Reviews, metadata and, if there are any, the folder of pictures.

        Raises:
            DataError: Reviews or metadata are missing; the message names address and path. Or a
                file is a link that leads out of the data folder, or a folder may not be read.
        """
        missing = self.missing_files()
        if missing:
            raise missing_files_error(self.label, missing)
        found = {file.path.name: file.path for file in self.reviews_files}
        if self.metadata != "none":
            found[self.metadata_path.name] = self.metadata_path
        for path in found.values():
            require_inside(path, self.data_dir)
        if list_folder(self.image_dir):
            require_files_inside(self.image_dir, self.data_dir)
            found["images"] = self.image_dir
        return found

    def identity(self) -> dict[str, Any]:
        """Settings as they act, the kind of reviews spelled out."""
        return {**super().identity(), "reviews": self.level if self.has_interactions else "none"}

    def source_facts(self) -> dict[str, Any]:
        """Category, release and files."""
        return {
            "source": "amazon",
            "category": self.category,
            "release": self.release,
            "reviews": self.level if self.has_interactions else "none",
            "reviews_file": ", ".join(file.path.name for file in self.reviews_files),
            "metadata_file": self.metadata_path.name if self.metadata != "none" else "",
        }

    def describe_items(self, item_ids: tuple[str, ...]) -> Catalogue:
        """Titles, sentences and pictures; see :mod:`clairo.datasets.amazon_items`.

        Raises:
            DataError: The metadata is damaged.
        """
        # Reading texts needs an HTML parser, which the settings alone do not.
        from clairo.datasets.amazon_items import describe_amazon_items

        return describe_amazon_items(self, item_ids)

    def _file(self, role: Literal["reviews", "metadata"], name: str) -> RemoteFile:
        return remote_file(role, name, self.release, self.category, self.data_dir)


def row_format(files: ReviewsFiles) -> RowFormat:
    """How the rows of published files are written."""
    return RowFormat(
        kind=files.format,
        user=files.user,
        item=files.item,
        timestamp=files.time,
        rating=files.rating,
        columns=None if files.has_header or files.format == "json" else files.columns,
        time_unit=files.time_unit,
    )
