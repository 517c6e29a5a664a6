"""A table as data, and the same table as CSV, Markdown and LaTeX; HTML is made by the page."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field, replace
from typing import Literal

from clairo.reporting.labels import DASH, without_controls

WEIGHTED_COUNT = (
    "What chose the merge: its places, each counted the less, the more codes stand there."
)
"""Explains the column of that name."""

MANY_ROWS = 8
"""A table with more rows than this gets a search box."""


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        name: Heading, with the unit.
        numeric: Right-aligned and sorted as numbers.
        help: Longer explanation, shown on hover.
        choices: Whether the page offers a menu to filter by this column's values.
    """

    name: str
    numeric: bool = False
    help: str = ""
    choices: bool = False


@dataclass(frozen=True)
class Cell:
    """One cell.

    Attributes:
        text: As printed.
        value: What is sorted by and written to CSV; ``None`` where there is nothing.
        strong: Printed bold: the best, and what is tied with it.
        title: Exact numbers or a reason, shown on hover.
        tone: Colours the cell where its word already says the same.
    """

    text: str
    value: float | int | str | None = None
    strong: bool = False
    title: str = ""
    tone: Literal["", "good", "bad", "quiet"] = ""

    @classmethod
    def of(cls, text: str, strong: bool = False, title: str = "") -> Cell:
        """A cell of words."""
        return cls(text, None if text == DASH else text, strong, title)


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        name: Stem of its files.
        caption: What it shows, with n, seeds and correction where they matter.
        columns: Its columns; the first one names the row.
        rows: One tuple of cells a row.
        searchable: Whether the page offers filtering however few rows there are.
        notes: Printed under it.
        shown: Rows put on the page, the first ones; the files hold all.
        apart: Rows at the end that are set apart, below a line, for example other people's;
            sorting leaves them there.
    """

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    searchable: bool = False
    notes: tuple[str, ...] = field(default=())
    shown: int = 1000
    apart: int = 0

    @property
    def parts(self) -> tuple[tuple[tuple[Cell, ...], ...], ...]:
        """The rows shown, in one part or, where some are set apart, in two."""
        shown, own = self.rows[: self.shown], len(self.rows) - self.apart
        return tuple(part for part in (shown[:own], shown[own:]) if part) or ((),)

    @property
    def on_page(self) -> Table:
        """The same with the rows that the page shows."""
        return replace(self, rows=self.rows[: self.shown])

    @property
    def sortable(self) -> bool:
        """Whether there is anything to sort."""
        return len(self.rows) > 1

    @property
    def filterable(self) -> bool:
        """Whether the page offers a search box: from so many rows on nobody finds one by eye."""
        return self.sortable and (self.searchable or len(self.rows) > MANY_ROWS)

    @property
    def has_more(self) -> bool:
        """Whether a cell holds more than it prints: more digits, single seeds, a reason."""
        return any(
            cell.title or (isinstance(cell.value, float) and str(cell.value) != cell.text)
            for row in self.rows
            for cell in row
        )

    def choices(self, place: int) -> tuple[str, ...]:
        """Distinct texts of one column, sorted."""
        return tuple(sorted({row[place].text for row in self.rows}))


def to_csv(table: Table) -> str:
    r"""The table's unrounded values; an empty field where there is none.

    Example:
        >>> columns = (Column("Arm"), Column("Mean", numeric=True))
        >>> to_csv(Table("t", "", columns, ((Cell.of("a"), Cell("0.1", 0.123)),)))
        'Arm,Mean\na,0.123\n'
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([column.name for column in table.columns])
    for row in table.rows:
        writer.writerow(["" if cell.value is None else _unarmed(cell.value) for cell in row])
    return buffer.getvalue()


def _unarmed(value: float | int | str) -> float | int | str:
    """A text that a spreadsheet would run as a formula gets an apostrophe before it."""
    if not isinstance(value, str):
        return value
    text = without_controls(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def to_markdown(table: Table) -> str:
    """The table as printed, for a README or an issue."""
    lines = [f"**{_plain(table.caption)}**", ""]
    lines.append("| " + " | ".join(_plain(column.name) for column in table.columns) + " |")
    lines.append("|" + "|".join("---:" if c.numeric else "---" for c in table.columns) + "|")
    for row in table.rows:
        cells = (f"**{_plain(cell.text)}**" if cell.strong else _plain(cell.text) for cell in row)
        lines.append("| " + " | ".join(cells) + " |")
    lines += [f"\n{_plain(note)}" for note in table.notes]
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    """Text that Markdown shows as it is: no markup, no row or line break, no HTML."""
    for character in ("\\", "|", "*", "`"):
        text = text.replace(character, "\\" + character)
    return " ".join(text.replace("&", "&amp;").replace("<", "&lt;").split())


_TEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "±": r"$\pm$", "−": "$-$", "–": "--", "×": r"$\times$", "<": "$<$", ">": "$>$",
    "≥": r"$\geq$", "≤": r"$\leq$", "≈": r"$\approx$", "≠": r"$\neq$",
    "†": r"$\dagger$", "‡": r"$\ddagger$", "“": "``", "”": "''",
    "→": r"$\rightarrow$", "·": r"$\cdot$",
}  # fmt: skip


def to_latex(table: Table) -> str:
    """The table in booktabs style, as printed.

    Example:
        >>> "Arm & Mean" in to_latex(Table("t", "c", (Column("Arm"), Column("Mean", True)), ()))
        True
    """
    align = "".join("r" if column.numeric else "l" for column in table.columns)
    head = " & ".join(_tex(column.name) for column in table.columns)
    lines = [r"% needs \usepackage{booktabs}", r"\begin{table}", r"\centering"]
    lines.append(rf"\caption{{{_tex(table.caption)}}}")
    lines += [rf"\begin{{tabular}}{{{align}}}", r"\toprule", head + r" \\", r"\midrule"]
    for place, row in enumerate(table.rows):
        if 0 < place == len(table.rows) - table.apart:
            lines.append(r"\midrule")
        cells = (rf"\textbf{{{_tex(c.text)}}}" if c.strong else _tex(c.text) for c in row)
        lines.append(" & ".join(cells) + r" \\")
    lines += [r"\bottomrule", r"\end{tabular}"]
    lines += [rf"\par\footnotesize {_tex(note)}" for note in table.notes]
    return "\n".join([*lines, r"\end{table}"]) + "\n"


def _tex(text: str) -> str:
    """Text that TeX prints as it is; an empty line would end a caption or a cell."""
    return "".join(
        _TEX.get(character, character) for character in " ".join(without_controls(text).split())
    )
