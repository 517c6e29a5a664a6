"""Semantic ids as the field passes them around: ``<Category>.index.json``.

One object of item to printed codes, ``{"0": ["<a_12>", "<b_3>"], ...}``, in LC-Rec, LETTER,
MQL4GRec and MiniOneRec. What a letter was made from is not said in the file; there are two
conventions. Ours prints text codes with capitals and image codes with small letters, the
family's does the opposite.
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Literal

import numpy as np
from jaxtyping import Int32

from clairo.core.artifacts import CodeTable, Modality
from clairo.core.checks import require_length
from clairo.core.errors import ConfigError, DataError
from clairo.core.whole_file import written_whole
from clairo.quantization.index_layout import LAYOUTS, IndexLayout

Convention = Literal["clairo", "lcrec", "mql4grec"]
"""Whose letters: ours, or the family's. ``lcrec`` and ``mql4grec`` print alike: LC-Rec has text
codes alone, MQL4GRec text codes as LC-Rec and image codes as capitals."""

CONVENTIONS: Final[tuple[Convention, ...]] = ("clairo", "lcrec", "mql4grec")

DIGIT_MARK: Final = "#"
"""Our own mark of the column that only tells items with equal codes apart."""


@dataclass(frozen=True)
class IndexFile:
    """The content of an index file.

    Attributes:
        keys: Item indices or ids, in the order of the file.
        marks: What stands before the underscore in each column: ``a`` in ``<a_12>``.
        codes: One row for each key.
        layout: Blanks and line ends.
    """

    keys: tuple[str, ...]
    marks: tuple[str, ...]
    codes: Int32[np.ndarray, "items columns"]
    layout: IndexLayout = field(default_factory=IndexLayout)

    def __post_init__(self) -> None:
        require_length("codes", len(self.codes), len(self.keys))
        require_length("marks", len(self.marks), self.codes.shape[1])

    def printed(self, item: int) -> list[str]:
        """The codes of one item, by its place in the file."""
        row = self.codes[item].tolist()
        return [f"<{mark}_{value}>" for mark, value in zip(self.marks, row, strict=True)]

    def text(self) -> str:
        """The whole file."""
        rows = {key: self.printed(item) for item, key in enumerate(self.keys)}
        return self.layout.render(rows)

    def save(self, path: Path) -> None:
        """Writes the file, whole or not at all.

        Raises:
            DataError: The disk refuses.
        """
        with written_whole(path) as beside:
            beside.write_bytes(self.text().encode("utf-8"))


@dataclass(frozen=True)
class ColumnRoles:
    """What the columns of a file are taken to be.

    Attributes:
        convention: Whose letters they are.
        modalities: What each column was made from; ``shared`` only tells items apart.
        reason: How that is known, in words.
    """

    convention: Convention
    modalities: tuple[Modality, ...]
    reason: str


def find_roles(
    index: IndexFile, convention: Convention | None = None, *, digit: bool | None = None
) -> ColumnRoles:
    """What the columns of a file were made from.

    Args:
        index: The file.
        convention: Whose letters it has; ``None`` finds out where the file tells, and takes the
            family's where it does not.
        digit: Whether the last column only tells items with equal codes apart; ``None`` finds
            out whether it counts them, 0, 1, 2, as TIGER does. A column marked ``#`` is one in
            any case.

    Raises:
        DataError: The letters cannot be of that convention.
    """
    found, reason = (convention, "as told") if convention else _guess(index.marks)
    own_marks = [mark for mark in index.marks if not _is_letter(mark)]
    if found != "clairo" and own_marks:
        raise DataError(
            f"Files of the convention {found} have letters only, got the mark {own_marks[0]!r}; "
            "read the file as clairo."
        )
    text_letters = string.ascii_uppercase if found == "clairo" else string.ascii_lowercase
    modalities = [_modality(mark, text_letters) for mark in index.marks]
    if modalities[-1] != "shared" and len(modalities) > 1:
        counts = digit is None and counts_equal_codes(index.codes)
        if digit or counts:
            modalities[-1] = "shared"
            reason += "; the last column counts items with equal codes" if counts else ""
    return ColumnRoles(found, tuple(modalities), reason)


def counts_equal_codes(codes: Int32[np.ndarray, "items columns"]) -> bool:
    """Whether the last column numbers the items that share all others, from 0.

    Example:
        >>> counts_equal_codes(np.array([[5, 0], [5, 1], [7, 0]], dtype=np.int32))
        True
        >>> counts_equal_codes(np.array([[5, 0], [5, 2], [7, 0]], dtype=np.int32))
        False
    """
    _, owner, counts = np.unique(codes[:, :-1], axis=0, return_inverse=True, return_counts=True)
    # Within a tuple in ascending order, where a counter must read 0, 1, 2 ...
    order = np.lexsort((codes[:, -1], owner))
    starts = np.repeat(np.cumsum(counts) - counts, counts)
    return bool((codes[order, -1] == np.arange(len(codes)) - starts).all())


def convert(index: IndexFile, roles: ColumnRoles, convention: Convention) -> IndexFile:
    """The same codes with the letters of another convention; order and layout are kept.

    Raises:
        DataError: The convention has no letter for a column.
    """
    return replace(index, marks=marks_of(roles.modalities, convention))


def index_of_table(
    table: CodeTable,
    convention: Convention,
    *,
    modality: Literal["all", "text", "image"] = "all",
    digit: bool = True,
    keys: Sequence[str] | None = None,
) -> IndexFile:
    """An index file of a code table, items in catalogue order.

    Args:
        table: The codes.
        convention: Whose letters are written.
        modality: Which columns are written.
        digit: Whether the column that tells items with equal codes apart is written, where
            there is one.
        keys: What names the items; their places in the catalogue where it is ``None``.

    Raises:
        ConfigError: The table has no column of that modality.
        DataError: The convention has no letter for a column.
    """
    kept = kept_columns(table, modality, digit=digit)
    names = [table.column_modalities[column] for column in kept]
    if not set(names) - {"shared"}:
        there = sorted(set(table.column_modalities) - {"shared"})
        raise ConfigError(
            f"A file of {modality} codes needs codes made from it, these were made from {there}; "
            "choose one of these, or all."
        )
    return IndexFile(
        keys=tuple(keys) if keys is not None else tuple(map(str, range(len(table.codes)))),
        marks=marks_of(names, convention),
        codes=np.ascontiguousarray(table.codes[:, kept]),
        layout=LAYOUTS["indented"],
    )


def kept_columns(
    table: CodeTable, modality: Literal["all", "text", "image"], *, digit: bool
) -> list[int]:
    """Columns of one modality or of all, with or without the one that tells items apart."""
    return [
        column
        for column, name in enumerate(table.column_modalities)
        if (digit if name == "shared" else modality in ("all", name))
    ]


def marks_of(modalities: Sequence[Modality], convention: Convention) -> tuple[str, ...]:
    """What is printed before the underscore in each column.

    The family knows no fused vectors and no mark for the last digit: fused codes get the letters
    of texts, and the digit the letter after the last.

    Raises:
        DataError: There are not enough letters.

    Example:
        >>> marks_of(["text", "text", "image", "shared"], "clairo")
        ('A', 'B', 'a', '#')
        >>> marks_of(["text", "text", "image", "shared"], "mql4grec")
        ('a', 'b', 'A', 'B')
    """
    ours = convention == "clairo"
    marks: list[str] = []
    seen = {True: 0, False: 0}
    fused, capitals = 0, ours
    for name in modalities:
        if ours and name in ("fused", "shared"):
            marks.append(f"f{fused}" if name == "fused" else DIGIT_MARK)
            fused += name == "fused"
            continue
        if name != "shared":
            capitals = (name == "image") != ours
        letters = string.ascii_uppercase if capitals else string.ascii_lowercase
        if seen[capitals] >= len(letters):
            raise DataError(
                f"An index file has a letter for each column of a modality, {len(letters)} of them "
                f"at most, got {len(modalities)} columns; use fewer codebooks."
            )
        marks.append(letters[seen[capitals]])
        seen[capitals] += 1
    return tuple(marks)


def _guess(marks: Sequence[str]) -> tuple[Convention, str]:
    if not all(map(_is_letter, marks)):
        return "clairo", "it has marks that only clairo prints"
    if len({mark.isupper() for mark in marks}) == 2:
        first: Convention = "clairo" if marks[0].isupper() else "mql4grec"
        return first, "text codes stand before image codes"
    return (
        ("mql4grec", "assumed: capitals are image codes in the files of MQL4GRec")
        if marks[0].isupper()
        else ("lcrec", "assumed: small letters are text codes in the files of the LC-Rec family")
    )


def _is_letter(mark: str) -> bool:
    return len(mark) == 1 and mark in string.ascii_letters


def _modality(mark: str, text_letters: str) -> Modality:
    if mark == DIGIT_MARK:
        return "shared"
    if not _is_letter(mark):
        return "fused"
    return "text" if mark in text_letters else "image"
