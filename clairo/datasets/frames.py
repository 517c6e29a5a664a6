"""Any table of interactions, and of items, as a data set of one's own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, Self

import pyarrow as pa
import pyarrow.compute as pc
import yaml
from pydantic import model_validator

from clairo.core.config import Config, parse_config
from clairo.core.errors import DataError
from clairo.datasets.atomic import (
    DELIMITER,
    SETTINGS_FILE,
    AtomicConfig,
    ColumnName,
    require_different_columns,
)
from clairo.datasets.frame_columns import FrameColumn, atomic_type, is_datetime
from clairo.datasets.frame_pictures import CopiedPictures, candidate_pictures, copy_pictures
from clairo.datasets.frame_stream import FrameStream, open_frame
from clairo.datasets.places import require_inside

_USER, _ITEM, _RATING, _TIME = "user_id", "item_id", "rating", "timestamp"
_INTERACTIONS: Final = "interactions"


class ImportSettings(Config):
    """What the columns of a table mean.

    Attributes:
        user: Column of the user: text or whole numbers.
        item: Column of the item, in both tables.
        timestamp: Column of the time: dates, or numbers since 1970. ``None`` takes the order of
            the rows for the time.
        rating: Column of the rating, ``None`` where there is none.
        time_unit: Of times that are numbers; dates become milliseconds.
        overwrite: Replace a data set of the same name. Its pictures stay.
    """

    user: ColumnName = _USER
    item: ColumnName = _ITEM
    timestamp: ColumnName | None = _TIME
    rating: ColumnName | None = None
    time_unit: Literal["s", "ms"] = "s"
    overwrite: bool = False

    @model_validator(mode="after")
    def _columns_differ(self) -> Self:
        require_different_columns(self.user, self.item, self.timestamp, self.rating)
        return self


@dataclass(frozen=True)
class Tables:
    """What becomes a data set.

    Attributes:
        interactions: One row per interaction.
        items: One row per item, ``None`` where nothing is known about them.
        images: Folder with pictures ``<item id>.<any suffix>``.
    """

    interactions: object
    items: object = None
    images: Path | str | None = None


@dataclass(frozen=True)
class SavedTables:
    """A data set that was written.

    Attributes:
        config: Reads it.
        pictures: Which pictures came along.
    """

    config: AtomicConfig
    pictures: CopiedPictures


def save_as_atomic(
    interactions: object,
    data_dir: Path | str,
    name: str,
    *,
    items: object = None,
    images: Path | str | None = None,
    settings: ImportSettings | None = None,
) -> AtomicConfig:
    """Writes a table as atomic files, so that ``CATEGORY=atomic/<name>`` means it.

    A table is a pandas or polars data frame, a pyarrow table, anything else that offers
    ``__arrow_c_stream__``, a Parquet file, a folder of Parquet files, or several of them; files
    are streamed. The data set appears when all of it is written. Of ``items``, text and lists
    of text describe the items, in the order of the columns; numbers do not, unless
    ``text_fields`` in ``clairo.yaml`` names them. Line ends and tabs in texts become spaces.

    Args:
        interactions: One row per interaction.
        data_dir: Root of all data; the files go to ``<data_dir>/atomic/<name>/``.
        name: Of the data set: letters, digits, ``.``, ``_`` and ``-``.
        items: One row per item; a column named ``title`` is shown to people.
        images: Folder with pictures ``<item id>.<any suffix>``. Those that decode are copied,
            of the others there is a warning in the log; :func:`save_tables` gives their names.
        settings: What the columns mean; by default RecBole's names.

    Raises:
        ConfigError: The name is no name of a folder.
        DataError: A column is missing or of another type, a value is missing or unusable (the
            message names the row), the data set exists already, cannot be written, or a link
            leads out of the data folder or the folder of pictures.

    Example:
        >>> import pandas as pd
        >>> listens = pd.DataFrame(
        ...     {
        ...         "who": ["ann", "ann", "ann", "bob"],
        ...         "song": [7, 8, 9, 7],
        ...         "at": pd.to_datetime(["2024-05-01", "2024-05-02", "2024-05-03", "2024-05-01"]),
        ...     }
        ... )
        >>> songs = pd.DataFrame({"song": [7, 8], "title": ["Vals", "Polka"], "year": [1911, 1890]})
        >>> with tempfile.TemporaryDirectory() as data:
        ...     config = save_as_atomic(
        ...         listens,
        ...         data,
        ...         "songs",
        ...         items=songs,
        ...         settings=ImportSettings(user="who", item="song", timestamp="at"),
        ...     )
        ...     dataset = config.read()
        >>> dataset.catalog.item_ids, dataset.catalog.sentences
        (('7', '8', '9'), ('Vals', 'Polka', ''))
        >>> config.time_unit, dataset.log.history(0).tolist()
        ('ms', [0, 1, 2])
    """
    return save_tables(Tables(interactions, items, images), data_dir, name, settings).config


def save_tables(
    tables: Tables, data_dir: Path | str, name: str, settings: ImportSettings | None = None
) -> SavedTables:
    """The same, with the names of the pictures that came along and of those that did not.

    Args:
        tables: Interactions, items and pictures.
        data_dir: Root of all data.
        name: Of the data set.
        settings: What the columns mean.

    Raises:
        ConfigError: The name is no name of a folder.
        DataError: As :func:`save_as_atomic` has it.
    """
    chosen, root = settings or ImportSettings(), Path(data_dir)
    config = parse_config(AtomicConfig, {"name": name, "data_dir": root}, f"atomic/{name}")
    _require_free(config, chosen)
    pictures = None if tables.images is None else candidate_pictures(Path(tables.images))
    copied = CopiedPictures()
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".importing-", dir=root) as temporary:
            beside = Path(temporary)
            written = _write_all(beside, config, tables, chosen)
            if pictures is not None:
                copied = copy_pictures(pictures, beside / "images")
            _put_in_place(written, config, {beside / "images" / n: n for n in copied.copied})
    except OSError as error:
        raise DataError(
            f"{config.folder} must be writable ({error}); free some space, change its rights, or "
            "name another data folder."
        ) from error
    return SavedTables(AtomicConfig.resolve(name, root), copied)


def _require_free(config: AtomicConfig, chosen: ImportSettings) -> None:
    """Refuses to write over a data set unasked, and through a link that leads elsewhere."""
    files = (config.inter_path, config.item_path, config.folder / SETTINGS_FILE)
    for path in (config.folder, *files, config.image_dir):
        require_inside(path, config.data_dir)
    if config.inter_path.exists() and not chosen.overwrite:
        raise DataError(
            f"atomic/{config.name} must be a new data set, {config.inter_path} is there already; "
            "choose another name, or overwrite it (overwrite=True, --overwrite)."
        )


def _write_all(
    beside: Path, config: AtomicConfig, tables: Tables, chosen: ImportSettings
) -> dict[Path, Path]:
    """Writes all tables; gives where each file belongs, the interactions last."""
    table = open_frame(tables.interactions, _INTERACTIONS)
    unit = _check_interactions(table, chosen)
    written: dict[Path, Path] = {}
    if tables.items is not None:
        written[beside / "item"] = config.item_path
        frame = open_frame(tables.items, "items")
        _write(beside / "item", _item_header(frame, chosen.item), _item_lines(frame, chosen.item))
    about: dict[str, Any] = {"time_unit": unit} if unit == "ms" else {}
    if chosen.timestamp is None:
        about["timestamp"] = None
    if about:
        written[beside / "settings"] = config.folder / SETTINGS_FILE
        (beside / "settings").write_text(yaml.safe_dump(about), encoding="utf-8")
    written[beside / "inter"] = config.inter_path
    header = [f"{_USER}:token", f"{_ITEM}:token"]
    header += [f"{_RATING}:float"] if chosen.rating else []
    header += [f"{_TIME}:float"] if chosen.timestamp else []
    if not _write(beside / "inter", header, _interaction_lines(table, chosen, unit)):
        raise DataError(f"{table.what} must have rows, there is none; name another table.")
    return written


def _check_interactions(table: FrameStream, chosen: ImportSettings) -> Literal["s", "ms"]:
    """The unit of the times."""
    roles = (chosen.user, chosen.item, chosen.rating, chosen.timestamp)
    table.require([name for name in roles if name])
    if chosen.timestamp and is_datetime(table.schema.field(chosen.timestamp).type):
        return "ms"
    return chosen.time_unit


def _interaction_lines(
    table: FrameStream, chosen: ImportSettings, unit: Literal["s", "ms"]
) -> Iterator[list[str]]:
    row = 0
    for batch in table.batches:

        def column(name: str, batch: Any = batch, row: int = row) -> FrameColumn:
            return FrameColumn(table.what, name, batch.column(name), row)

        cells = [column(chosen.user).ids(), column(chosen.item).ids()]
        if chosen.rating:
            cells.append(column(chosen.rating).ratings())
        if chosen.timestamp:
            cells.append(column(chosen.timestamp).times(unit).cast(pa.string()))
        yield _lines(cells)
        row += batch.num_rows


def _item_header(frame: FrameStream, item: str) -> list[str]:
    """The columns of the file of items, the id first.

    Raises:
        DataError: A column has no name that can stand in a header, or values of no use.
    """
    frame.require([item])
    header = [f"{_ITEM}:token"]
    for column in frame.schema:
        if column.name == item:
            continue
        frame.require([column.name])
        kind = atomic_type(column.type)
        is_name = column.name.strip() and not set(column.name) & set(":\t\r\n")
        if kind is None or not is_name or column.name == _ITEM:
            raise DataError(
                f"{frame.what}: a column must hold text, numbers, dates or lists of them, and have "
                f"a name without colons other than {_ITEM}, got {column.name!r} of type "
                f"{column.type}; rename it, convert it or leave it out."
            )
        header.append(f"{column.name}:{kind}")
    return header


def _item_lines(frame: FrameStream, item: str) -> Iterator[list[str]]:
    row, names = 0, [name for name in frame.schema.names if name != item]
    for batch in frame.batches:
        ids = FrameColumn(frame.what, item, batch.column(item), row).ids()
        others = [FrameColumn(frame.what, n, batch.column(n), row).cells() for n in names]
        yield _lines([ids, *others])
        row += batch.num_rows


def _lines(cells: list[pa.Array]) -> list[str]:
    return pc.binary_join_element_wise(*cells, DELIMITER).to_pylist()


def _write(path: Path, header: list[str], lines: Iterable[list[str]]) -> int:
    """Writes a file; gives the number of its rows."""
    num_rows = 0
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(DELIMITER.join(header) + "\n")
        for some in lines:
            stream.writelines(f"{line}\n" for line in some)
            num_rows += len(some)
    return num_rows


def _put_in_place(
    written: dict[Path, Path], config: AtomicConfig, pictures: dict[Path, str]
) -> None:
    """Moves what was written to where it belongs; what an earlier data set had more of goes.

    The interactions, which make it a data set, come last.
    """
    config.folder.mkdir(parents=True, exist_ok=True)
    for stale in (config.item_path, config.folder / SETTINGS_FILE):
        if stale not in written.values():
            stale.unlink(missing_ok=True)
    if pictures:
        config.image_dir.mkdir(exist_ok=True)
    for source, name in pictures.items():
        source.replace(config.image_dir / name)
    for source, target in written.items():
        source.replace(target)
