"""A page as data, and its rendering to one self-contained HTML file.

Everything a page needs is inlined: style, script, figures and, once, plotly.js. It makes no
request. Text is escaped by jinja, figure data by :func:`_script_json`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal

import jinja2
import plotly.graph_objects as go
from markupsafe import Markup

from clairo.reporting.representation_blocks import (
    Caution,
    LeaningItems,
    SheetBlock,
    Trees,
    jpeg_address,
)
from clairo.reporting.search_info import Absent
from clairo.reporting.spelled_info import MergeCard, SpelledInfo
from clairo.reporting.style import DARK_COLORS, css_variables, template
from clairo.reporting.table import Table, to_csv, to_latex, to_markdown

if TYPE_CHECKING:  # making samples needs Pillow, showing them does not
    from clairo.reporting.data_card_samples import SampleItem

_OPEN_CARDS = 12
"""Cards that a page shows at once; a hundred open ones are fifty screens."""


@dataclass(frozen=True)
class Prose:
    """Paragraphs."""

    paragraphs: tuple[str, ...]
    kind: str = "prose"


@dataclass(frozen=True)
class Definitions:
    """Names with values, for example what a result was measured on."""

    rows: tuple[tuple[str, str], ...]
    kind: str = "definitions"


@dataclass(frozen=True)
class Code:
    """Text to copy.

    Attributes:
        label: What it is.
        text: The text.
    """

    label: str
    text: str
    kind: str = "code"


@dataclass(frozen=True)
class Figure:
    """A figure with the point it makes.

    Attributes:
        name: Stem of its downloads, unique on the page.
        title: The point, computed from the data.
        subtitle: The data: what is drawn, how many, which split.
        figure: The plotly figure.
        min_width: Pixels below which it scrolls sideways instead of shrinking.
    """

    name: str
    title: str
    subtitle: str
    figure: go.Figure
    min_width: int = 0
    kind: str = "figure"

    @property
    def height(self) -> int:
        """Pixels, so that nothing moves when the figure is drawn."""
        return int(self.figure.layout.height)


@dataclass(frozen=True)
class TableBlock:
    """A table in its place."""

    table: Table
    kind: str = "table"


@dataclass(frozen=True)
class Cards:
    """Merges spelled out, each with titles and pictures.

    Attributes:
        name: Unique on the page.
        info: The merges and the sheet of their pictures.
    """

    name: str
    info: SpelledInfo
    kind: str = "cards"

    @property
    def parts(self) -> tuple[tuple[MergeCard, ...], tuple[MergeCard, ...]]:
        """Cards that are shown at once, and those that the reader opens."""
        return self.info.cards[:_OPEN_CARDS], self.info.cards[_OPEN_CARDS:]

    @property
    def sheet_address(self) -> str:
        """The sheet as a data address, so that each picture is in the page once."""
        return jpeg_address(self.info.sheet)

    def choices(self, field_name: Literal["joins", "made", "digit"]) -> tuple[str, ...]:
        """Distinct values that cards can be filtered by, sorted."""
        return tuple(sorted({getattr(card, field_name) for card in self.info.cards}))


@dataclass(frozen=True)
class Items:
    """Items as people know them: picture, title, price.

    Attributes:
        samples: The items, in the order shown.
    """

    samples: tuple[SampleItem, ...]
    kind: str = "items"

    @property
    def shown(self) -> tuple[tuple[SampleItem, str], ...]:
        """Each item with the data address of its picture, ``""`` where none is shown."""
        return tuple((item, jpeg_address(item.picture)) for item in self.samples)


@dataclass(frozen=True)
class Missing:
    """What is not shown, and why.

    Attributes:
        what: What would stand here.
        reason: Why it does not.
    """

    what: str
    reason: str
    kind: str = "missing"


Block = (
    Prose
    | Definitions
    | Code
    | Figure
    | TableBlock
    | Cards
    | Items
    | Caution
    | SheetBlock
    | Trees
    | LeaningItems
    | Missing
)


@dataclass(frozen=True)
class Section:
    """A part of the page, listed in its table of contents."""

    anchor: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Page:
    """A whole page.

    Attributes:
        title: For the browser's tab.
        headline: The question that was asked.
        claims: The verdicts, one sentence each.
        warning: What it is not evidence for, as large as the claims; ``""`` where none.
        lead: The rest of the first screen.
        sections: The argument, then cost, failures, protocol.
        links: (text, address) of sibling pages.
        lead_name: What the table of contents calls the first screen.
    """

    title: str
    headline: str
    claims: tuple[str, ...]
    warning: str
    lead: tuple[Block, ...]
    sections: tuple[Section, ...]
    links: tuple[tuple[str, str], ...] = field(default=())
    lead_name: str = "Verdict"

    def blocks(self) -> tuple[Block, ...]:
        """All blocks, in order."""
        return (*self.lead, *(block for section in self.sections for block in section.blocks))

    def tables(self) -> tuple[Table, ...]:
        """All tables, in order."""
        return tuple(block.table for block in self.blocks() if isinstance(block, TableBlock))

    def figures(self) -> tuple[Figure, ...]:
        """All figures, in order."""
        return tuple(block for block in self.blocks() if isinstance(block, Figure))


def absent(what: str, info: Absent) -> Missing:
    """The block that stands for a figure or table that cannot be made."""
    return Missing(what, info.reason)


def render_page(page: Page) -> str:
    """The page as one HTML document; the same page always gives the same bytes."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("clairo.reporting", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    figures = {figure.name: _figure_json(figure) for figure in page.figures()}
    return environment.get_template("page.html.j2").render(
        page=page,
        light=Markup(css_variables("light")),  # noqa: S704 - our own constants
        dark=Markup(css_variables("dark")),  # noqa: S704 - our own constants
        style=_asset("page.css"),
        script=_asset("page.js"),
        plotly=_plotly_js() if figures else Markup(""),
        figures=_script_json(figures),
        tables=_script_json({table.name: _files(table.on_page) for table in page.tables()}),
        templates=_script_json(
            {
                "light": template("light"),
                "dark": template("dark"),
                "dark_colors": DARK_COLORS,
            }
        ),
    )


def _files(table: Table) -> dict[str, str]:
    """What the page offers for download, by suffix: the files beside it, of the rows shown."""
    return {"csv": to_csv(table), "md": to_markdown(table), "tex": to_latex(table)}


def _figure_json(figure: Figure) -> dict[str, Any]:
    """Data and layout; the template is added by the page, by theme."""
    drawn: dict[str, Any] = json.loads(figure.figure.to_json())
    drawn["layout"].pop("template", None)
    return {**drawn, "title": figure.title, "subtitle": figure.subtitle}


def _script_json(value: object) -> Markup:
    """JSON that cannot end the script element it stands in."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704 - no < is left


def _asset(name: str) -> Markup:
    text = resources.files("clairo.reporting").joinpath("templates", name).read_text("utf-8")
    return Markup(text)  # noqa: S704 - our own file


def _plotly_js() -> Markup:
    from plotly.offline import get_plotlyjs

    return Markup(get_plotlyjs())  # noqa: S704 - plotly's own bundle
