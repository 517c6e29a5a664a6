"""Published rows as data: where each comes from, how it came here, and on which data it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, ClassVar, Literal, get_args

import yaml
from pydantic import ConfigDict, TypeAdapter, ValidationError

from clairo.core.config import describe_validation_error
from clairo.core.errors import ConfigError, DataError
from clairo.datasets.alias_table import ALIASES
from clairo.datasets.aliases import resolve_category
from clairo.evaluation.row_checks import AccuracyRow, printed

SourceKind = Literal["paper", "readme", "code", "project page", "second-hand"]
"""How the numbers came here: read in the paper itself, ..., or quoted by others."""

ValueName = Literal["recall_at_1", "recall_at_5", "ndcg_at_5", "recall_at_10", "ndcg_at_10"]
"""Metrics that rows print; a hit rate is recall, because every user has one relevant item."""


@dataclass(frozen=True)
class Source:
    """Where rows were published.

    Attributes:
        title: Short name for people.
        kind: How its numbers came here.
        note: What a reader must know of it, one sentence.
    """

    title: str
    kind: SourceKind
    note: str


@dataclass(frozen=True)
class PublishedRow:
    """One row of somebody's table.

    Attributes:
        method: What was measured.
        source: Where it was published.
        category: Alias of the category.
        release: Year, ``""`` where the source does not state it.
        values: Numbers as printed, by metric.
        setting: What the row is restricted to, ``""`` for all items.
        may_be: Years that an unstated release can be.
        also: Names of data sets of other kinds that hold the same data.
        replicates: Source whose rows this one is a replication of, else ``None``.
    """

    method: str
    source: Source
    category: str
    release: str
    values: Mapping[str, str]
    setting: str = ""
    may_be: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    replicates: Source | None = None

    @property
    def name(self) -> str:
        """Method and what the row is restricted to."""
        return f"{self.method}, {self.setting}" if self.setting else self.method

    @property
    def origin(self) -> str:
        """Source and kind, for example ``cornac (readme)``."""
        return f"{self.source.title} ({self.source.kind})"

    @property
    def credit(self) -> str:
        """Name and origin, the name once where the source is called by it."""
        if self.source.title.startswith(self.name):
            return self.origin
        return f"{self.name}, {self.origin}"

    def shown(self, key: str) -> str:
        """A metric with the digits it was printed with, ``""`` where the source has none."""
        text = self.values.get(key, "")
        return f"0{text}" if text.startswith(".") else text

    @property
    def datasets(self) -> tuple[str, ...]:
        """Names of our data sets that this row was measured on; none without a stated release."""
        return (category_name(self.category, self.release), *self.also) if self.release else ()

    @property
    def numbers(self) -> AccuracyRow:
        """The row as the arithmetic checks read it."""
        read = {name: printed(text) for name, text in self.values.items()}
        return AccuracyRow(
            {int(name[10:]): value for name, value in read.items() if name.startswith("recall")},
            {int(name[8:]): value for name, value in read.items() if name.startswith("ndcg")},
        )


def category_name(alias: str, release: str) -> str:
    """What our sweeps call a category of a release, for example ``Amazon 2014 Beauty``.

    Raises:
        ConfigError: There is no such category or release.

    Example:
        >>> category_name("sports", "2014")
        'Amazon 2014 Sports and Outdoors'
    """
    return resolve_category(alias, release, Path()).label


@dataclass(frozen=True)
class _Entry:
    """A row as the file has it; the fields are those of :class:`PublishedRow`."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    method: str
    source: str
    category: str
    release: str
    values: Mapping[ValueName, str]
    setting: str = ""
    may_be: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    replicates: str | None = None


@dataclass(frozen=True)
class _File:
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    sources: Mapping[str, Source]
    rows: tuple[_Entry, ...]


def load_published() -> tuple[PublishedRow, ...]:
    """All published rows, in the order of the file.

    Raises:
        ConfigError: The packaged file is damaged.
    """
    text = resources.files("clairo.reporting").joinpath("published.yaml").read_text("utf-8")
    return published_from(yaml.safe_load(text), "published.yaml")


def published_from(values: Any, name: str) -> tuple[PublishedRow, ...]:
    """Rows from plain values, every field checked.

    Args:
        values: ``sources`` by key, and ``rows`` that name them.
        name: The file, for messages.

    Raises:
        ConfigError: A field, a number, a source, a category or a release is not what it must be.
    """
    try:
        found = TypeAdapter(_File).validate_python(values)
    except ValidationError as error:
        raise ConfigError(f"{name}: {describe_validation_error(error)}.") from error
    return tuple(_row(entry, found.sources, f"{name}: {entry.method}") for entry in found.rows)


def _row(entry: _Entry, sources: Mapping[str, Source], place: str) -> PublishedRow:
    for key in (entry.source, entry.replicates):
        if key is not None and key not in sources:
            raise ConfigError(
                f"{place}: a source must be one of {', '.join(sources)}, got {key!r}; add it."
            )
    _require_data(entry, place)
    row = PublishedRow(
        method=entry.method,
        source=sources[entry.source],
        category=entry.category,
        release=entry.release,
        values={name: entry.values[name] for name in get_args(ValueName) if name in entry.values},
        setting=entry.setting,
        may_be=entry.may_be,
        also=entry.also,
        replicates=sources[entry.replicates] if entry.replicates else None,
    )
    try:
        _ = row.numbers
    except DataError as error:
        raise ConfigError(f"{place}: {error}") from error
    return row


def _require_data(entry: _Entry, place: str) -> None:
    """Refuses a category or release that no sweep of ours could be on."""
    alias = ALIASES.get(entry.category)
    years = (entry.release,) if entry.release else entry.may_be
    if alias is None or not years or any(year not in alias.official for year in years):
        raise ConfigError(
            f"{place}: a row needs an alias with a release of it, or releases that it may be of, "
            f"got {entry.category!r} with {entry.release or entry.may_be!r}; see alias_table.py."
        )
