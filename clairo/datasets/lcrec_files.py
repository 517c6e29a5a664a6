"""The files of the LC-Rec family: strict JSON, tables of ids, and codes as they are printed."""

from __future__ import annotations

import json
import re
import string
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NoReturn

import numpy as np
from jaxtyping import Int32

from clairo.core.errors import DataError
from clairo.datasets.lcrec import SETTINGS_FILE, IndexFile

MAX_LEVELS: Final = 15
"""With the digit that tells items apart these are the 16 columns that can be merged."""

MAX_CODE: Final = 65_535
_WHOLE = re.compile(r"0|[1-9][0-9]{0,8}")
_CODE = re.compile(r"<([A-Za-z])_([^<>]*)>")
_SHOWN = 60


def read_object(path: Path) -> dict[str, Any]:
    """A JSON file that holds one object; names that occur twice are refused at any depth.

    Raises:
        DataError: The file is missing, not UTF-8, not JSON, or not one object.
    """
    try:
        # A byte order mark is tolerated.
        text = path.read_text(encoding="utf-8-sig")
        value = json.loads(text, object_pairs_hook=_without_repeats, parse_constant=_no_constant)
    except OSError as error:
        raise DataError(f"{path} must be readable ({error.strerror}); check its rights.") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} must be a JSON file ({error}); correct or replace it.") from error
    if not isinstance(value, dict) or not value:
        shown = "an empty one" if value == {} else type(value).__name__
        raise DataError(f"{path} must hold one JSON object, got {shown}; correct or replace it.")
    return value


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"the name {name!r:.40} occurs twice in one object; keep one of them")
        found[name] = value
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON value")


def read_original_ids(path: Path) -> dict[int, str]:
    """Original id of each index, from lines of an original id, a tab, and an index.

    Raises:
        DataError: A line has another form, or an id or an index is repeated.
    """
    found: dict[int, str] = {}
    seen: set[str] = set()
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} must be a UTF-8 text file ({error}); replace it.") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        original, _, index = line.partition("\t")
        whole = original and original.isprintable() and _WHOLE.fullmatch(index.strip())
        if not whole or original in seen or int(index) in found:
            raise DataError(
                f"{path} line {number}: must be an original id, a tab and an index, neither of "
                f"them repeated, got {line!r:.80}; correct the line or remove the file."
            )
        seen.add(original)
        found[int(index)] = original
    return found


def item_index(path: Path, key: object, where: str) -> int:
    """A whole number as it is written in these files, as a number or as text.

    Args:
        path: Where it stands, for the message.
        key: What stands there.
        where: What it is, for the message, for example ``item of user '3'``.

    Raises:
        DataError: It is none.
    """
    if isinstance(key, str | int) and not isinstance(key, bool) and _WHOLE.fullmatch(str(key)):
        return int(key)
    raise DataError(
        f"{path}: {where} must be a whole number from 0, got {key!r:.{_SHOWN}}; number the items "
        "as the other files do."
    )


def read_code_rows(path: Path, index: IndexFile) -> dict[int, tuple[int, ...]]:
    """Codes of every item of an index file.

    Raises:
        DataError: A code is negative, no whole number, too large, of another letter or of
            another case; or the items have different numbers of codes.
    """
    rows: dict[int, tuple[int, ...]] = {}
    letters = string.ascii_uppercase if index.letters == "upper" else string.ascii_lowercase
    for key, printed in read_object(path).items():
        item = item_index(path, key, "an item")
        if not isinstance(printed, list) or not 1 <= len(printed) <= MAX_LEVELS:
            shown = f"{len(printed)} codes" if isinstance(printed, list) else repr(printed)
            raise DataError(
                f"{path} item {key}: must have a list of 1 to {MAX_LEVELS} codes, got "
                f"{shown:.{_SHOWN}}; correct the item."
            )
        where = f"{path} item {key}"
        rows[item] = tuple(
            _code(where, code, level, letters, index) for level, code in enumerate(printed)
        )
    _require_one_length(path, rows)
    return rows


def _code(where: str, printed: object, level: int, letters: str, index: IndexFile) -> int:
    match = _CODE.fullmatch(printed) if isinstance(printed, str) else None
    if match is None:
        raise DataError(
            f"{where}: a code is printed like <{letters[level]}_5>, got {printed!r:.{_SHOWN}}; "
            "correct the code."
        )
    letter, value = match.groups()
    if letter.swapcase() == letters[level]:
        raise DataError(
            f"{where}: the {index.modality} codes of {index.file} are taken to have "
            f"{index.letters}-case letters, all of them, got {printed!r}; correct the code, or say "
            f"'indexes: {{{index.file}: {{modality: {index.modality}, case: "
            f"{'lower' if index.letters == 'upper' else 'upper'}}}}}' in {SETTINGS_FILE} beside "
            "the file."
        )
    if letter != letters[level]:
        raise DataError(
            f"{where}: code {level + 1} must have the letter {letters[level]}, got {printed!r}; "
            "put the codes in the order of their levels."
        )
    if not _WHOLE.fullmatch(value) or int(value) > MAX_CODE:
        raise DataError(
            f"{where}: a code must be a whole number from 0 to {MAX_CODE}, got "
            f"{printed!r:.{_SHOWN}}; correct the code."
        )
    return int(value)


def _require_one_length(path: Path, rows: Mapping[int, tuple[int, ...]]) -> None:
    first = next(iter(rows))
    for item, row in rows.items():
        if len(row) != len(rows[first]):
            raise DataError(
                f"{path} item {item}: all items must have equally many codes, got {len(row)} where "
                f"item {first} has {len(rows[first])}; fill or cut its codes."
            )


def codes_of_items(
    path: Path, rows: Mapping[int, tuple[int, ...]], items: list[int]
) -> Int32[np.ndarray, "items columns"]:
    """Rows in the order of a catalogue.

    Raises:
        DataError: An item of the catalogue has no codes, or an item with codes is not in it.
    """
    known = set(items)
    unknown = next((item for item in rows if item not in known), None)
    missing = next((item for item in items if item not in rows), None)
    if missing is not None:
        raise DataError(
            f"{path}: every item must have codes, item {missing} has none; add its codes or take "
            "the item out of the other files."
        )
    if unknown is not None:
        raise DataError(
            f"{path}: only items of this data set may have codes, item {unknown} is not one of its "
            f"{len(known)}; take it out or add it to the other files."
        )
    return np.array([rows[item] for item in items], dtype=np.int32)


def column_sizes(codes: Int32[np.ndarray, "items columns"]) -> tuple[int, ...]:
    """Entries of each codebook: the smallest power of two that holds all of its codes.

    The files do not say how large the codebooks were; sizes in use are powers of two.

    Example:
        >>> column_sizes(np.array([[254, 3], [0, 4]], dtype=np.int32))
        (256, 8)
    """
    return tuple(1 << int(largest).bit_length() for largest in codes.max(axis=0))
