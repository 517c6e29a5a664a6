"""Any table of interactions, and of items, as a data set of one's own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, Literal

import pyarrow as pa
import pyarrow.compute as pc
import yaml

from clairo.core.config import Config, parse_config
from clairo.core.errors import DataError
from clairo.datasets.atomic import DELIMITER, SETTINGS_FILE, AtomicConfig, ColumnName
from clairo.datasets.frame_columns import FrameColumn, atomic_type, is_datetime
from clairo.datasets.frame_stream import FrameStream, open_frame

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
        images: Folder with pictures ``<item id>.<any suffix>``, which are copied.
        settings: What the columns mean; by default RecBole's names.

    Raises:
        ConfigError: The name is no name of a folder.
        DataError: A column is missing or of another type, a value is missing or unusable (the
            message names the row), the data set exists already, or cannot be written.

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
    chosen, root = settings or ImportSettings(), Path(data_dir)
    where = f"atomic/{name}"
    config = parse_config(AtomicConfig, {"name": name, "data_dir": root}, where)
    if config.inter_path.exists() and not chosen.overwrite:
        raise DataError(
            f"{where} must be a new data set, {config.inter_path} is there already; choose another "
            "name, or overwrite it (overwrite=True, --overwrite)."
        )
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".importing-", dir=root) as beside:
            written = _write_all(Path(beside), config, interactions, items, chosen)
            _put_in_place(written, config)
        if images is not None:
            _copy_pictures(Path(images), config.image_dir)
    except OSError as error:
        raise DataError(
            f"{config.folder} must be writable ({error}); free some space, change its rights, or "
            "name another data folder."
        ) from error
    return AtomicConfig.resolve(name, root)


def _write_all(
    beside: Path, config: AtomicConfig, interactions: object, items: object, chosen: ImportSettings
) -> dict[Path, Path]:
    """Writes all files; gives where each one belongs, the interactions last."""
    table = open_frame(interactions, _INTERACTIONS)
    unit = _check_interactions(table, chosen)
    written: dict[Path, Path] = {}
    if items is not None:
        written[beside / "item"] = config.item_path
        frame = open_frame(items, "items")
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


def _put_in_place(written: dict[Path, Path], config: AtomicConfig) -> None:
    """Moves what was written to where it belongs; what an earlier data set had more of goes."""
    config.folder.mkdir(parents=True, exist_ok=True)
    for stale in (config.item_path, config.folder / SETTINGS_FILE):
        if stale not in written.values():
            stale.unlink(missing_ok=True)
    for source, target in written.items():
        source.replace(target)


def _copy_pictures(source: Path, target: Path) -> None:
    """Copies every file that can be a picture of an item.

    Raises:
        DataError: There is no such folder.
    """
    if not source.is_dir():
        raise DataError(f"images must be a folder of pictures, got {source}; name another one.")
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(source.iterdir()):
        if path.is_file() and path.suffix and not path.name.startswith("."):
            beside = target / f".{path.name}.writing"
            shutil.copyfile(path, beside)
            beside.replace(target / path.name)
