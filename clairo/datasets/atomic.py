"""RecBole's atomic files: the settings, and which files they mean."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, model_validator

from clairo.core.config import RUNTIME_ONLY, parse_config
from clairo.core.errors import DataError
from clairo.datasets.atomic_header import read_header
from clairo.datasets.places import (
    list_folder,
    readable,
    require_files_inside,
    require_inside,
    why_no_file,
)
from clairo.datasets.raw_dataset import Catalogue, RawDatasetConfig, Reading
from clairo.datasets.row_format import RowFormat
from clairo.datasets.settings_file import read_settings, with_settings

ColumnName = Annotated[str, Field(min_length=1, pattern=r"^[^:\t\r\n]+$")]
"""A column without its type."""

DELIMITER: Final = "\t"
SETTINGS_FILE: Final = "clairo.yaml"
"""Settings that belong to the data, beside its files."""


def require_different_columns(*roles: str | None) -> None:
    """Refuses one column in two roles; ``None`` is a role that no column has.

    Raises:
        ValueError: A name is there twice.
    """
    named = [name for name in roles if name]
    if len(set(named)) < len(named):
        raise ValueError(
            f"user, item, timestamp and rating must be different columns, got {named}; "
            "correct one of them"
        )


class AtomicConfig(RawDatasetConfig):
    """One's own data in RecBole's files.

    In ``<data_dir>/atomic/<name>/`` lie ``<name>.inter``, ``<name>.item`` if there is one, and
    pictures in ``images/<item id>.<any suffix>``. The first line of a file names its columns,
    ``name:type``, with tabs between them; a value is what stands between two tabs, quotation
    marks included. All text of ``.item`` (``token``, ``token_seq``, or without a type) describes
    the items; ``float`` and ``float_seq`` do not. Nothing is filtered by default.

    Settings that belong to the data, such as other names of columns, can lie beside the files
    in ``clairo.yaml``; :meth:`resolve` reads them.

    Attributes:
        name: Of the folder and its files.
        data_dir: Root of all data; where files lie is no part of what they say.
        user: Column of the user's id.
        item: Column of the item's id, in both files.
        timestamp: Column of the time; ``None`` takes the order of the lines for it.
        rating: Column of the rating, which may be missing.
        time_unit: Of the times since 1970.
        text_fields: Columns of ``.item`` that go into an item's sentence, in this order;
            ``None`` takes all text, as it stands in the file.

    References:
        Zhao et al. 2021 (RecBole). We read no quotation marks, since RecBole writes none.
    """

    kind: Literal["atomic"] = "atomic"
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=100)
    data_dir: Annotated[Path, RUNTIME_ONLY] = Path("data")
    user: ColumnName = "user_id"
    item: ColumnName = "item_id"
    timestamp: ColumnName | None = "timestamp"
    rating: ColumnName | None = "rating"
    time_unit: Literal["s", "ms"] = "s"
    text_fields: tuple[ColumnName, ...] | None = None

    @model_validator(mode="after")
    def _columns_differ(self) -> Self:
        require_different_columns(self.user, self.item, self.timestamp, self.rating)
        fields = self.text_fields or ()
        if len(set(fields)) < len(fields) or self.text_fields == ():
            raise ValueError(
                f"text_fields must name at least one column, each once, got {list(fields)}; "
                "correct it or leave it out"
            )
        return self

    @classmethod
    def resolve(cls, name: str, data_dir: Path) -> Self:
        """The configuration of a folder, with the settings that lie in it.

        Where ``.inter`` has no column beside user, item and rating, and no setting names one,
        the order of its lines is the time.

        Raises:
            ConfigError: ``clairo.yaml`` is no mapping of settings, or one of them is wrong.
            DataError: The header of ``.inter`` is damaged, or a file leads out of the data folder.
        """
        place = {"name": name, "data_dir": data_dir}
        config = parse_config(cls, place, f"CATEGORY=atomic/{name}")
        path, settings = config.folder / SETTINGS_FILE, dict[str, Any]()
        with readable(config.folder):
            if path.is_file():
                require_inside(path, data_dir)
                settings = read_settings(path)
                config = with_settings(config, settings, str(path))
            if "timestamp" not in settings and config._has_no_further_column():
                return config.model_copy(update={"timestamp": None})
        return config

    @property
    def folder(self) -> Path:
        """Where the files lie."""
        return self.data_dir / "atomic" / self.name

    @property
    def inter_path(self) -> Path:
        """The interactions."""
        return self.folder / f"{self.name}.inter"

    @property
    def item_path(self) -> Path:
        """What is known about the items; it may be missing."""
        return self.folder / f"{self.name}.item"

    @property
    def image_dir(self) -> Path:
        """Where the pictures lie."""
        return self.folder / "images"

    @property
    def cores(self) -> tuple[int, int]:
        """Fewest interactions of a user and of an item; nothing is filtered unless asked for."""
        return self.user_core or 1, self.item_core or 1

    @property
    def reading(self) -> Reading:
        """How the interactions are read."""
        rows = RowFormat(
            kind="csv",
            user=self.user,
            item=self.item,
            timestamp=self.timestamp,
            rating=self.rating,
            delimiter=DELIMITER,
            time_unit="position" if self.timestamp is None else self.time_unit,
            quoted=False,
        )
        return Reading(
            kind=self.kind,
            paths=(self.inter_path,),
            rows=(rows,),
            salvage=self.salvage,
            memory_mb=self.memory_mb,
        )

    @property
    def label(self) -> str:
        """The name of the folder."""
        return self.name

    @property
    def release_label(self) -> str:
        """None: one's own data has no releases."""
        return ""

    def sources(self) -> dict[str, Path]:
        """Interactions, items if there are any, and the folder of pictures.

        Raises:
            DataError: There are no interactions, or a file is a link that leads out of the data
                folder, or something may not be read.
        """
        with readable(self.folder):
            has_items = self.item_path.is_symlink() or self.item_path.exists()
            paths = [self.inter_path, *([self.item_path] if has_items else [])]
            for path in paths:
                require_inside(path, self.data_dir)
                self._require_file(path)
        found = {path.name: path for path in paths}
        if list_folder(self.image_dir):
            require_files_inside(self.image_dir, self.data_dir)
            found["images"] = self.image_dir
        return found

    def source_facts(self) -> dict[str, Any]:
        """Name and files."""
        has_items = self.item_path.is_file()
        return {
            "source": self.kind,
            "category": self.name,
            "release": "",
            "reviews_file": self.inter_path.name,
            "metadata_file": self.item_path.name if has_items else "",
        }

    def describe_items(self, item_ids: tuple[str, ...]) -> Catalogue:
        """Texts and pictures; see :mod:`clairo.datasets.atomic_items`.

        Raises:
            DataError: The file of items is damaged.
        """
        # Reading texts needs an HTML parser, which the settings alone do not.
        from clairo.datasets.atomic_items import describe_atomic_items

        return describe_atomic_items(self, item_ids)

    def _require_file(self, path: Path) -> None:
        if not path.is_file():
            what = "interactions" if path == self.inter_path else "items"
            raise DataError(
                f"{self.label} needs a file of its {what} at {path}, {why_no_file(path)}; put it "
                "there, or make it of a table with 'clairo data import'."
            )

    def _has_no_further_column(self) -> bool:
        """Whether the interactions have nothing that could be a time, if they are there."""
        if not self.inter_path.is_file():
            return False
        require_inside(self.inter_path, self.data_dir)
        names = {column.name for column in read_header(self.inter_path)}
        return {self.user, self.item} <= names <= {self.user, self.item, self.rating}
