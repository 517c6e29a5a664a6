"""Amazon reviews of 2014 and 2018: the settings, and which files they mean."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PositiveInt, field_validator

from clairo.core.config import RUNTIME_ONLY
from clairo.core.dataset import Dataset
from clairo.core.errors import DataError
from clairo.datasets.amazon_sources import (
    MIRROR_VARIABLE,
    RELEASES,
    CoreLevel,
    configured_mirror,
)
from clairo.datasets.base import DatasetConfig

TextField = Literal["title", "price", "brand", "features", "categories", "description"]


@dataclass(frozen=True)
class RemoteFile:
    """A file of a data set: where it belongs and where it comes from."""

    role: Literal["reviews", "metadata"]
    path: Path
    url: str


class AmazonConfig(DatasetConfig):
    """One category of one release, in the publisher's own files.

    The files lie in ``<data_dir>/amazon/<release>/<category>/`` under their official names,
    pictures in ``images/<asin>.<any suffix>`` beside them.

    Attributes:
        category: Official name, for example ``Gift_Cards``.
        release: Year.
        data_dir: Root of all data; where files lie is no part of what they say.
        reviews: The 5-core file, or the file of all reviews.
        duplicates: Whether a user's repeated interactions with one item stay.
        user_core: Fewest interactions of a user that stays; ``None`` means 5 for ``all``
            and no filter for the 5-core file, which has been filtered already.
        item_core: The same for items.
        text_fields: What goes into an item's sentence, in this order.
        salvage: Read the whole lines of a file that ends early instead of refusing it.
    """

    kind: Literal["amazon"] = "amazon"
    category: str = Field(pattern=r"^[A-Za-z0-9_]+$")
    release: Literal["2014", "2018"]
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
    def reviews_file(self) -> RemoteFile:
        """The reviews."""
        return self._file("reviews", RELEASES[self.release].reviews[self.reviews])

    @property
    def metadata_file(self) -> RemoteFile:
        """The item metadata."""
        return self._file("metadata", RELEASES[self.release].metadata)

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
        return [file for file in (self.reviews_file, self.metadata_file) if not file.path.is_file()]

    def sources(self) -> dict[str, Path]:
        """Reviews, metadata and, if there are any, the folder of pictures.

        Raises:
            DataError: Reviews or metadata are missing; the message names address and path.
        """
        missing = self.missing_files()
        if missing:
            raise missing_files_error(self.label, missing)
        found = {file.path.name: file.path for file in (self.reviews_file, self.metadata_file)}
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

    def _file(self, role: Literal["reviews", "metadata"], pattern: str) -> RemoteFile:
        name = pattern.format(category=self.category)
        url = RELEASES[self.release].url(name, self.category, configured_mirror())
        return RemoteFile(role, self.folder / name, url)


def missing_files_error(
    label: str, files: list[RemoteFile], failure: str | None = None
) -> DataError:
    """One error for all files that are missing, with address and path of each.

    Args:
        label: Name of the data set.
        files: What is missing.
        failure: Why it could not be fetched; ``None`` where that was not tried.
    """
    roles = " and ".join(f"a {file.role} file" for file in files)
    wanted = "; ".join(f"{file.url} to {file.path}" for file in files)
    are = "are" if len(files) > 1 else "is"
    found = "which could not be fetched" if failure else f"which {are} not there"
    other = "" if failure else "allow fetching (FETCH=1), "
    return DataError(
        f"{label} needs {roles}, {found}{f' ({failure})' if failure else ''}: {other}download "
        f"{wanted} by hand, or name a mirror in {MIRROR_VARIABLE}."
    )
