"""How an index file is laid out, so that what was read can be written again to the byte."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

BYTE_ORDER_MARK: Final = "\ufeff"


@dataclass(frozen=True)
class IndexLayout:
    """Blanks, line ends and escapes of a JSON file.

    Attributes:
        indent: What a level is indented by; ``""`` for all on one line.
        item_separator: Between members of an object or list, line end apart.
        key_separator: Between a key and its list.
        escaped: Whether characters beyond ASCII are written by their numbers.
        newline: Between lines.
        start: Before the brace; a byte order mark or nothing.
        end: After the last brace.
        exact: Whether the file that this was found in is laid out so throughout.
    """

    indent: str = "    "
    item_separator: str = ","
    key_separator: str = ": "
    escaped: bool = True
    newline: str = "\n"
    start: str = ""
    end: str = ""
    exact: bool = True

    def render(self, rows: Mapping[str, Iterable[str]]) -> str:
        """The text of a file with these rows.

        Example:
            >>> LAYOUTS["compact"].render({"0": ["<a_1>", "<b_2>"]})
            '{"0": ["<a_1>", "<b_2>"]}'
        """
        body = json.dumps(
            {key: list(row) for key, row in rows.items()},
            indent=self.indent or None,
            separators=(self.item_separator, self.key_separator),
            ensure_ascii=self.escaped,
        )
        # Inside of strings a line end is escaped, so these are all of the layout.
        return self.start + body.replace("\n", self.newline) + self.end

    def about(self) -> str:
        """In words.

        Example:
            >>> LAYOUTS["indented"].about()
            'indented by 4 blanks, no line end after the last brace'
        """
        if not self.indent:
            lines = "on one line"
        elif self.indent.strip(" "):
            lines = "indented by tabs"
        else:
            lines = f"indented by {len(self.indent)} blanks"
        return f"{lines}, {'a' if self.end else 'no'} line end after the last brace"


LAYOUTS: Final[Mapping[str, IndexLayout]] = {
    "indented": IndexLayout(),
    "compact": IndexLayout(indent="", item_separator=", "),
}
"""By name: ``indented`` as MQL4GRec publishes its files, ``compact`` as ``json.dump`` writes."""


def detect_layout(text: str, rows: Mapping[str, Iterable[str]]) -> IndexLayout:
    """The layout of a file, proved by writing the file again.

    Args:
        text: The whole file.
        rows: What stands in it.

    Returns:
        A layout that gives the same text; where none does, because people wrote the file or
        lists stand on one line each, the nearest, with ``exact`` false.
    """
    body = text.removeprefix(BYTE_ORDER_MARK)
    indent = re.match(r"\{\r?\n([ \t]+)\"", body)
    plain = IndexLayout(
        indent=indent[1] if indent else "",
        newline="\r\n" if "\r\n" in body.rstrip() else "\n",
        start=text[: len(text) - len(body)],
        end=body[len(body.rstrip()) :],
    )
    candidates = list(_candidates(plain))
    for layout in candidates:
        if layout.render(rows) == text:
            return layout
    return replace(candidates[0], exact=False)


def _candidates(plain: IndexLayout) -> Iterator[IndexLayout]:
    """Most usual first."""
    for escaped in (True, False):
        for key in (": ", ":"):
            for item in (",",) if plain.indent else (", ", ","):
                yield replace(plain, item_separator=item, key_separator=key, escaped=escaped)
