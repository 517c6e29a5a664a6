"""Reads a page back, as a reader sees it: its tables, its text, and what it says is missing."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

from clairo.reporting.page import Missing, Page


@dataclass
class PrintedTable:
    """One table of a page.

    Attributes:
        caption: As printed.
        head: Column names.
        rows: Printed cells.
        titles: What each cell shows on hover.
    """

    caption: str = ""
    head: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    titles: list[list[str]] = field(default_factory=list)

    def cell(self, row: str, column: str, more: str = "") -> str:
        """The cell of the row that starts with these names."""
        return self._find(self.rows, row, column, more)

    def title(self, row: str, column: str) -> str:
        """What that cell shows on hover."""
        return self._find(self.titles, row, column, "")

    def _find(self, cells: list[list[str]], row: str, column: str, more: str) -> str:
        places = [
            place
            for place, found in enumerate(self.rows)
            if found[0] == row and (not more or found[1] == more)
        ]
        assert len(places) == 1, (row, more, [found[:2] for found in self.rows])
        return cells[places[0]][self.head.index(column)]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tables: dict[str, PrintedTable] = {}
        self._table: PrintedTable | None = None
        self._into: str = ""
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "div" and (found.get("id") or "").startswith("table-"):
            self._table = PrintedTable()
            self.tables[(found["id"] or "").removeprefix("table-")] = self._table
        if self._table is None:
            return
        if tag == "tr":
            self._table.rows.append([])
            self._table.titles.append([])
        elif tag in ("td", "th", "caption"):
            self._into, self._text = tag, []
            if self._table.titles:
                self._table.titles[-1].append(found.get("title") or "")

    def handle_data(self, data: str) -> None:
        if self._into:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if self._table is None:
            return
        text = " ".join("".join(self._text).split())
        if tag == "caption":
            self._table.caption = text
        elif tag in ("td", "th") and self._into:
            self._table.rows[-1].append(text)
        elif tag == "table":
            self._table.head = self._table.rows.pop(0)
            self._table.titles.pop(0)
            self._table = None
        if tag == self._into:
            self._into = ""


def printed_tables(page: str) -> dict[str, PrintedTable]:
    """Every table of a page by its name."""
    reader = _Reader()
    reader.feed(page)
    return reader.tables


def body(page: Path | str) -> str:
    """What is printed: without scripts, style and line breaks."""
    text = page.read_text("utf-8") if isinstance(page, Path) else page
    bare = re.sub(r"<(script|style)\b.*?</\1>", "", text, flags=re.DOTALL)
    return " ".join(html.unescape(bare).split())


def missing(page: Page) -> dict[str, str]:
    """What a page says is not there, with the reason."""
    return {b.what: b.reason for b in page.blocks() if isinstance(b, Missing)}
