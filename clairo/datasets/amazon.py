"""Amazon reviews: the settings, and which files they mean."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, PositiveInt, field_validator, model_validator

from clairo.core.config import RUNTIME_ONLY
from clairo.core.dataset import Dataset
from clairo.datasets.amazon_sources import RELEASES, CoreLevel, ReleaseYear
from clairo.datasets.base import DatasetConfig
from clairo.datasets.remote_file import RemoteFile, missing_files_error, remote_file

TextField = Literal["title", "price", "brand", "features", "categories", "description"]


class AmazonConfig(DatasetConfig):
    """One category of one release, in the publisher's own files.

    The files lie in ``<data_dir>/amazon/<release>/<category>/`` under their official names,
    pictures in ``images/<asin>.<any suffix>`` beside them.

    Attributes:
        category: Official name, for example ``Gift_Cards``.
        release: Year.
        data_dir: Root of all data; where files lie is no part of what they say.
        reviews: Which kind of reviews files; a kind must have been published.
        duplicates: Whether a user's repeated interactions with one item stay.
        user_core: Fewest interactions of a user that stays; ``None`` means 5 for ``all``
            and no filter for the 5-core file, which has been filtered already.
        item_core: The same for items.
        text_fields: What goes into an item's sentence, in this order.
        salvage: Read the whole lines of a file that ends early instead of refusing it.
    """

    kind: Literal["amazon"] = "amazon"
    category: str = Field(pattern=r"^[A-Za-z0-9_]+$")
    release: ReleaseYear
    data_dir: Annotated[Path, RUNTIME_ONLY] = Path("data")
    reviews: CoreLevel = "5core"
    duplicates: Literal["all", "first"] = "all"
    user_core: PositiveInt | None = None
    item_core: PositiveInt | None = None
    text_fields: tuple[TextField, ...] = Field(
        default=("title", "price", "brand", "features", "categories", "description"),
        min_length=1,
    )
    salvage: bool = False

    @model_validator(mode="after")
    def _published(self) -> Self:
        kinds = tuple(RELEASES[self.release].reviews)
        if self.reviews not in kinds:
            raise ValueError(
                f"release {self.release} has reviews of the kinds {', '.join(kinds)}, got "
                f"{self.reviews!r}; choose one of them"
            )
        return self

    @field_validator("text_fields")
    @classmethod
    def _named_once(cls, fields: tuple[TextField, ...]) -> tuple[TextField, ...]:
        if len(set(fields)) != len(fields):
            raise ValueError("each text field may be named once; remove the repeated one")
        return fields

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
        """The reviews; training, validation and test where the publisher split them."""
        names = RELEASES[self.release].reviews[self.reviews].file_names(self.category)
        return tuple(self._file("reviews", name) for name in names)

    @property
    def reviews_file(self) -> RemoteFile:
        """The only file of reviews, or the first."""
        return self.reviews_files[0]

    @property
    def metadata_file(self) -> RemoteFile:
        """The item metadata."""
        return self._file("metadata", RELEASES[self.release].metadata.file_name(self.category))

    @property
    def files(self) -> tuple[RemoteFile, ...]:
        """Reviews and metadata."""
        return (*self.reviews_files, self.metadata_file)

    @property
    def cores(self) -> tuple[int, int]:
        """Fewest interactions of a user and of an item; 1 filters nothing."""
        usual = 1 if self.reviews == "5core" else 5
        return self.user_core or usual, self.item_core or usual

    @property
    def label(self) -> str:
        """For example ``Amazon 2018 Gift Cards``."""
        return f"Amazon {self.release} {self.category.replace('_', ' ')}"

    @property
    def release_label(self) -> str:
        """The year."""
        return self.release

    def missing_files(self) -> list[RemoteFile]:
        """Reviews and metadata that are not there; pictures may always be missing."""
        return [file for file in self.files if not file.path.is_file()]

    def sources(self) -> dict[str, Path]:
        """Reviews, metadata and, if there are any, the folder of pictures.

        Raises:
            DataError: Reviews or metadata are missing; the message names address and path.
        """
        missing = self.missing_files()
        if missing:
            raise missing_files_error(self.label, missing)
        found = {file.path.name: file.path for file in self.files}
        if self.image_dir.is_dir() and any(self.image_dir.iterdir()):
            found["images"] = self.image_dir
        return found

    def read(self) -> Dataset:
        """Reads the files.

        Raises:
            DataError: A file is missing, empty, truncated or of another format.
        """
        # Reading needs an HTML parser and Pillow, which the settings alone do not.
        from clairo.datasets.amazon_reading import read_amazon

        self.sources()
        return read_amazon(self)

    def _file(self, role: Literal["reviews", "metadata"], name: str) -> RemoteFile:
        return remote_file(role, name, self.release, self.category, self.data_dir)
