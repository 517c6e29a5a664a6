"""Reads an index file strictly: what is wrong is named with its item and its line."""

from __future__ import annotations

import json
import re
import string
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from clairo.core.errors import DataError
from clairo.quantization.index_layout import BYTE_ORDER_MARK, detect_layout
from clairo.quantization.interchange import DIGIT_MARK, IndexFile

LARGEST_CODE: Final = 2**20 - 1
"""Codebooks are never larger; a larger number is damage, and would make tables of its size."""

MOST_COLUMNS: Final = 64
_TOKEN = re.compile(r"<([A-Za-z]|#|f[0-9]{1,2})_(0|[1-9][0-9]*)>")
_BLANKS = re.compile(r"[ \t\r\n]*")
_SHOWN = 60


def read_index(path: Path) -> IndexFile:
    """Codes, order and layout of an index file.

    Raises:
        DataError: The file is missing, empty, cut off, not UTF-8 or no such JSON; a key occurs
            twice; items have different numbers of codes; or a code is badly printed, too large,
            or has a letter that does not belong there.
    """
    text = _read_text(path)
    rows: dict[str, list[str]] = {}
    marks: tuple[str, ...] = ()
    values: list[list[int]] = []
    starts: dict[str, int] = {}
    for key, start, row in _Members(path, text).read():
        where = _Place(path, text, start, key)
        if key in rows:
            first = _line(text, starts[key])
            raise where.wrong(f"an item stands there once, it was in line {first} before")
        found, numbers = _parse_row(where, row)
        marks = marks or _require_blocks(where, found)
        _require_same(where, found, marks)
        rows[key], starts[key] = row, start
        values.append(numbers)
    if not rows:
        raise DataError(f"{path} must hold one item or more, got none; replace the file.")
    return IndexFile(
        tuple(rows), marks, np.array(values, dtype=np.int32), detect_layout(text, rows)
    )


class _Place:
    """An item's place in the file, for messages."""

    def __init__(self, path: Path, text: str, start: int, key: str) -> None:
        self.path, self.text, self.start, self.key = path, text, start, key

    def wrong(self, what: str, cure: str = "correct the item") -> DataError:
        line = _line(self.text, self.start)
        return DataError(f"{self.path} line {line}, item {self.key!r:.{_SHOWN}}: {what}; {cure}.")


class _Members:
    """Walks over the members of the file's object, one by one, with their places."""

    def __init__(self, path: Path, text: str) -> None:
        self.path, self.text = path, text
        self._decoder = json.JSONDecoder()

    def read(self) -> Sequence[tuple[str, int, Any]]:
        """Key, place of the key and value of every member, repeated keys included."""
        try:
            return list(self._walk())
        except json.JSONDecodeError as error:
            # A string without an end is said to be wrong where it begins.
            unended = error.msg.startswith("Unterminated")
            ends = unended or error.pos >= len(self.text.rstrip())
            what = "it ends in the middle" if ends else error.msg
            raise DataError(
                f"{self.path} line {error.lineno} column {error.colno}: must be a JSON object of "
                f"items and lists of codes, got: {what}; replace or correct the file."
            ) from error
        except RecursionError as error:
            raise DataError(
                f"{self.path}: lists of lists are no codes; replace or correct the file."
            ) from error

    def _walk(self) -> Any:
        place = self._expect("{", self._skip(len(self.text) - len(_unmarked(self.text))))
        if self.text[place : place + 1] == "}":
            return
        while True:
            start = place
            self._expect('"', place)
            key, place = self._decoder.raw_decode(self.text, place)
            place = self._expect(":", self._skip(place))
            value, place = self._decoder.raw_decode(self.text, place)
            yield key, start, value
            place = self._skip(place)
            if self.text[place : place + 1] == "}":
                break
            place = self._expect(",", place)
        self._require_end(self._skip(place + 1))

    def _skip(self, place: int) -> int:
        match = _BLANKS.match(self.text, place)
        assert match is not None
        return match.end()

    def _expect(self, character: str, place: int) -> int:
        if self.text[place : place + 1] != character:
            raise json.JSONDecodeError(f"{character} expected", self.text, place)
        return self._skip(place + 1)

    def _require_end(self, place: int) -> None:
        if place != len(self.text):
            raise json.JSONDecodeError("something after the last brace", self.text, place)


def _read_text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} must be readable ({error.strerror}); check the path.") from error
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{path} line {line}: must be UTF-8, got the byte 0x{data[error.start]:02x}; replace "
            "or convert the file."
        ) from error
    if not _unmarked(text).strip():
        raise DataError(f"{path} must hold a JSON object of items, got an empty file; replace it.")
    return text


def _unmarked(text: str) -> str:
    return text.removeprefix(BYTE_ORDER_MARK)


def _line(text: str, place: int) -> int:
    return text.count("\n", 0, place) + 1


def _parse_row(where: _Place, row: Any) -> tuple[tuple[str, ...], list[int]]:
    """Marks and numbers of one item."""
    if not isinstance(row, list) or not 1 <= len(row) <= MOST_COLUMNS:
        shown = f"{len(row)} of them" if isinstance(row, list) else f"{row!r:.{_SHOWN}}"
        raise where.wrong(f"must have a list of 1 to {MOST_COLUMNS} codes, got {shown}")
    marks, numbers = [], []
    for place, printed in enumerate(row, start=1):
        match = _TOKEN.fullmatch(printed) if isinstance(printed, str) else None
        if match is None:
            raise where.wrong(
                f"code {place} must be printed like <a_5>, with a whole number from 0, got "
                f"{printed!r:.{_SHOWN}}"
            )
        # Compared as text first: a number of a million digits is not worth converting.
        if len(match[2]) > len(str(LARGEST_CODE)) or int(match[2]) > LARGEST_CODE:
            raise where.wrong(
                f"code {place} must be at most {LARGEST_CODE}, got {printed!r:.{_SHOWN}}"
            )
        marks.append(match[1])
        numbers.append(int(match[2]))
    return tuple(marks), numbers


def _require_blocks(where: _Place, marks: tuple[str, ...]) -> tuple[str, ...]:
    """Refuses first codes that are not a, b, c in one case, then the same in the other."""
    seen: set[str] = set()
    wanted = ""
    for place, mark in enumerate(marks, start=1):
        if mark == DIGIT_MARK and place == len(marks):
            continue
        first = mark in ("a", "A", "f0") and mark not in seen
        if mark != wanted and not first:
            expected = wanted or "a, A or f0"
            raise where.wrong(
                f"code {place} must have the letter {expected}, got {mark} after "
                f"{' '.join(marks[: place - 1]) or 'nothing'}",
                "letters go up from a, all of a modality in one case",
            )
        seen.add(mark)
        wanted = _after(mark)
    return marks


def _after(mark: str) -> str:
    if len(mark) > 1:
        return f"f{int(mark[1:]) + 1}"
    letters = string.ascii_lowercase if mark.islower() else string.ascii_uppercase
    place = letters.index(mark) + 1
    return letters[place] if place < len(letters) else "none"


def _require_same(where: _Place, found: tuple[str, ...], marks: tuple[str, ...]) -> None:
    """Refuses an item whose codes are others than those of the first."""
    if len(found) != len(marks):
        raise where.wrong(
            f"all items must have equally many codes, got {len(found)} where the first item has "
            f"{len(marks)}",
            "fill or cut its codes",
        )
    for place, (mark, wanted) in enumerate(zip(found, marks, strict=True), start=1):
        if mark == wanted:
            continue
        if mark.swapcase() == wanted:
            raise where.wrong(
                f"letters of a column are small or capital in all items, code {place} has {mark} "
                f"where the first item has {wanted}"
            )
        raise where.wrong(
            f"code {place} must have the letter {wanted} as the first item, got {mark}"
        )
