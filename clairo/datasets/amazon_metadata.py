"""From a metadata file to one record per wanted item."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Final

from clairo.core.errors import DataError
from clairo.datasets import amazon_2014, amazon_2018
from clairo.datasets.item_text import ItemRecord
from clairo.datasets.raw_lines import read_lines, refuse_line, require_string

_FORMATS: Final[Mapping[str, ModuleType]] = {"2014": amazon_2014, "2018": amazon_2018}


@dataclass(frozen=True)
class Metadata:
    """What a metadata file says about the wanted items.

    Attributes:
        records: By item id; items without a row are missing.
        num_duplicates: Rows of wanted items beyond each item's first.
    """

    records: Mapping[str, ItemRecord]
    num_duplicates: int


def read_metadata(
    path: Path,
    release: str,
    wanted: Collection[str],
    on_truncated: Callable[[int], None] | None = None,
) -> Metadata:
    """Reads the rows of the wanted items; of several rows the last complete one counts.

    Complete is a row with a title. Where no row is complete the last one counts.

    Raises:
        DataError: The file is damaged, or a line is not of the release's format.
    """
    known = frozenset(wanted)
    records: dict[str, ItemRecord] = {}
    num_duplicates = num_rows = 0
    for number, line in read_lines(path, on_truncated):
        num_rows += 1
        if _is_of_others(line, release, known):
            continue
        asin, record = _read_row(line, release, path, number)
        if asin not in known:
            continue
        num_duplicates += asin in records
        if record.title or not records.get(asin, record).title:
            records[asin] = record
    if num_rows == 0:
        raise DataError(f"{path} must hold one record a line, it has none; fetch it again.")
    return Metadata(records, num_duplicates)


def _is_of_others(line: bytes, release: str, known: frozenset[str]) -> bool:
    """Whether a row can be skipped unparsed: the files hold many items nobody reviewed.

    Only a row that names exactly one item in the usual way is judged; all others are parsed.
    """
    found: list[bytes] = _FORMATS[release].ASIN.findall(line)
    return len(found) == 1 and found[0].decode("utf-8", "replace") not in known


def _read_row(line: bytes, release: str, path: Path, number: int) -> tuple[str, ItemRecord]:
    layout = _FORMATS[release]
    try:
        row = layout.parse_row(line)
    except ValueError as error:
        raise refuse_line(path, number, layout.ROW_RULE, error) from error
    if not isinstance(row, dict):
        raise refuse_line(path, number, layout.ROW_RULE, f"got {row!r:.40}")
    return require_string(row, "asin", path, number), layout.item_record(row)
