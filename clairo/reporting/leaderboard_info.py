"""Numbers of a leaderboard: the best of every sweep beside published rows, each row checked.

Which configuration is best is decided by validation, as within each sweep; test is only shown.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from clairo.core.errors import ConfigError
from clairo.datasets.alias_table import ALIASES
from clairo.evaluation.row_checks import (
    RowVerdict,
    check_row,
    say_out_of_line,
)
from clairo.reporting.labels import percent
from clairo.reporting.leaderboard_rows import PRIMARY, SHOWN, OurRow, compute_row
from clairo.reporting.published import PublishedRow
from clairo.tracking.best_reader import BestOfSweep, UnreadSweep

_SLUG_LETTERS = 48


@dataclass(frozen=True)
class PublishedInfo:
    """A published row with what the checks say of it.

    Attributes:
        row: The row.
        verdict: What the checks say.
        note: How it lies to the row that it replicates; ``""`` for a row of its own.
    """

    row: PublishedRow
    verdict: RowVerdict
    note: str = ""


@dataclass(frozen=True)
class Level:
    """A level that needs no model: the popularity ranking, or the ceiling of a made world.

    Attributes:
        name: For people.
        values: Metrics that are known, on test.
    """

    name: str
    values: Mapping[str, float]


@dataclass(frozen=True)
class BoardInfo:
    """All rows of one data set: one category of one release with one digest.

    Attributes:
        slug: Stem of its files, unique on the page.
        name: Name of the data set, with its digest where several share the name.
        digest: Of content and settings, ``""`` where only published rows are there.
        ours: Best first by validation, those that lost a seed after those that have all.
        published: As the file lists them.
        levels: Popularity floor and ceiling where they are known.
        asked_for: Lower-case names under which a person may ask for it.
    """

    slug: str
    name: str
    digest: str
    ours: tuple[OurRow, ...]
    published: tuple[PublishedInfo, ...]
    levels: tuple[Level, ...] = ()
    asked_for: frozenset[str] = frozenset()

    @property
    def best(self) -> OurRow | None:
        """Our best by validation."""
        return self.ours[0] if self.ours else None

    @property
    def best_published(self) -> PublishedInfo | None:
        """The published row with the highest NDCG@10 of those that can be true."""
        known = [
            info
            for info in self.published
            if PRIMARY in info.row.values and not info.verdict.impossible
        ]
        return max(known, key=lambda info: float(info.row.values[PRIMARY]), default=None)


@dataclass(frozen=True)
class LeaderboardInfo:
    """Everything a leaderboard shows.

    Attributes:
        boards: Data sets with sweeps of ours first, then those with published rows only.
        unstated: Published rows whose release is not stated; ours are never held against them.
        left_out: (sweep, reason) of sweeps that have no row.
    """

    boards: tuple[BoardInfo, ...]
    unstated: tuple[PublishedInfo, ...]
    left_out: tuple[tuple[str, str], ...] = ()

    @property
    def ours(self) -> tuple[tuple[BoardInfo, OurRow], ...]:
        """All our rows with their data set."""
        return tuple((board, row) for board in self.boards for row in board.ours)

    @property
    def published(self) -> tuple[PublishedInfo, ...]:
        """Every published row once: one may stand beside several data sets."""
        found: list[PublishedInfo] = []
        for info in (*(info for board in self.boards for info in board.published), *self.unstated):
            if info not in found:
                found.append(info)
        return tuple(found)


def compute_leaderboard(
    read: Sequence[BestOfSweep | UnreadSweep], published: Sequence[PublishedRow], category: str = ""
) -> LeaderboardInfo:
    """Puts every row in its place and checks it.

    Args:
        read: Every sweep of the tracker.
        published: Every published row.
        category: Only this one: alias, official name or data set; ``""`` for all.

    Raises:
        ConfigError: No row is of that category.
    """
    rows, left_out = _rows(read)
    checked = [
        PublishedInfo(row, check_published(row, published), say_replication(row, published))
        for row in published
    ]
    rows = [replace(row, verdict=_in_line(row, published)) for row in rows]
    boards = [*_our_boards(rows, checked), *_published_boards(rows, checked)]
    unstated = [info for info in checked if not info.row.release]
    if category:
        wanted = category.strip().lower()
        boards, unstated = _only(wanted, boards, unstated)
    named = _with_slugs(boards)
    return LeaderboardInfo(tuple(named), tuple(unstated), tuple(left_out))


def _rows(
    read: Iterable[BestOfSweep | UnreadSweep],
) -> tuple[list[OurRow], list[tuple[str, str]]]:
    rows, left_out = [], []
    for found in read:
        if isinstance(found, UnreadSweep):
            left_out.append((found.sweep_id, found.reason))
            continue
        row = compute_row(found)
        if isinstance(row, str):
            left_out.append((found.summary.sweep_id, row))
        else:
            rows.append(row)
    return rows, left_out


def check_published(row: PublishedRow, published: Sequence[PublishedRow]) -> RowVerdict:
    """The checks of one published row; its ratio is held against others of its release.

    A row whose release is not stated is held against the rows of a release that it may be of.
    """
    verdict = check_row(row.numbers)
    for release in (row.release,) if row.release else row.may_be:
        others = [other for other in published if other.release == release and other != row]
        whose = f"other rows of {release}" if row.release else f"rows of {release}"
        said = say_out_of_line(row.numbers, [other.numbers for other in others], whose)
        if said is not None:
            return _with_line(verdict, said)
    return verdict


def say_replication(row: PublishedRow, published: Sequence[PublishedRow]) -> str:
    """How far a replication lies from what it replicates, over the metrics that both have."""
    if row.replicates is None:
        return ""
    first = next(
        (
            other
            for other in published
            if (other.source, other.method, other.category)
            == (row.replicates, row.method, row.category)
        ),
        None,
    )
    shared = [key for key in row.values if first is not None and key in first.values]
    if first is None or not shared:
        return f"A replication of {row.replicates.title}, whose own row is not here."
    parts = [float(row.values[key]) / float(first.values[key]) - 1 for key in shared]
    low, high = (percent(part, signed=True) for part in (min(parts), max(parts)))
    return f"Its own replication: {low} to {high} against {first.origin}."


def _in_line(row: OurRow, published: Sequence[PublishedRow]) -> RowVerdict:
    """Adds how our row's ratio lies to the published ones of its release."""
    name = row.best.summary.dataset_name
    same = {other.release for other in published if name in other.datasets}
    release = row.best.summary.release or next(iter(same), "")
    others = [other.numbers for other in published if release and other.release == release]
    said = say_out_of_line(row.numbers, others, f"published rows of {release}")
    return row.verdict if said is None else _with_line(row.verdict, said)


def _with_line(verdict: RowVerdict, said: str) -> RowVerdict:
    return RowVerdict((*verdict.made, "ratio in line"), verdict.failed, said)


def _our_boards(rows: Sequence[OurRow], checked: Sequence[PublishedInfo]) -> list[BoardInfo]:
    groups: dict[tuple[str, str], list[OurRow]] = {}
    for row in rows:
        summary = row.best.summary
        groups.setdefault((summary.dataset_name, summary.dataset_digest), []).append(row)
    names = [name for name, _ in groups]
    boards = []
    for (name, digest), found in groups.items():
        ordered = tuple(sorted(found, key=_best_first))
        beside = tuple(info for info in checked if name in info.row.datasets)
        called = {name, *(row.best.summary.category for row in found), *_aliases(beside)}
        boards.append(
            BoardInfo(
                slug="",
                name=f"{name} ({digest[:8]})" if names.count(name) > 1 else name,
                digest=digest,
                ours=ordered,
                published=beside,
                levels=_levels(ordered[0].best.summary.dataset_facts),
                asked_for=frozenset(text.lower() for text in called),
            )
        )
    return sorted(boards, key=lambda board: (not board.published, board.name.lower()))


def _best_first(row: OurRow) -> tuple[bool, float, str]:
    """By validation; as within a sweep, what lost a seed never stands above what has them all."""
    mean = row.valid.mean
    lost = bool(row.valid.missing or row.primary.missing)
    return lost, -(mean if mean is not None else -math.inf), row.sweep_id


def _published_boards(rows: Sequence[OurRow], checked: Sequence[PublishedInfo]) -> list[BoardInfo]:
    """Data sets without a sweep of ours, whatever its kind."""
    ours = {row.best.summary.dataset_name for row in rows}
    groups: dict[str, list[PublishedInfo]] = {}
    for info in checked:
        if info.row.datasets and not ours.intersection(info.row.datasets):
            groups.setdefault(info.row.datasets[0], []).append(info)
    return [
        BoardInfo(
            slug="",
            name=name,
            digest="",
            ours=(),
            published=tuple(found),
            asked_for=frozenset({name.lower(), *(a.lower() for a in _aliases(found))}),
        )
        for name, found in sorted(groups.items())
    ]


def _aliases(infos: Iterable[PublishedInfo]) -> set[str]:
    """Aliases of what rows were measured on, and official names in the releases they may be of."""
    found = set()
    for row in (info.row for info in infos):
        years = (row.release,) if row.release else row.may_be
        found.update({row.category, *(ALIASES[row.category].official[year] for year in years)})
    return found


def _levels(facts: Mapping[str, Any]) -> tuple[Level, ...]:
    levels = []
    for kind, name in (("popularity", "Popularity ranking"), ("ceiling", "Ceiling of this world")):
        found = {key: facts.get(f"{kind}_test_{key}") for key in SHOWN}
        known = {
            key: float(value)
            for key, value in found.items()
            if isinstance(value, int | float) and math.isfinite(value)
        }
        levels += [Level(name, known)] if known else []
    return tuple(levels)


def _only(
    wanted: str, boards: Sequence[BoardInfo], unstated: Sequence[PublishedInfo]
) -> tuple[list[BoardInfo], list[PublishedInfo]]:
    found = [board for board in boards if wanted in board.asked_for]
    names = {wanted}.union(*(board.asked_for for board in found))
    beside = [info for info in unstated if names & {a.lower() for a in _aliases([info])}]
    if not found and not beside:
        known = sorted({name for board in boards for name in board.asked_for})
        raise ConfigError(
            f"CATEGORY must be one that a sweep or a published row is of, got {wanted!r}; choose "
            f"one of {', '.join(known)}."
        )
    return found, beside


def _with_slugs(boards: Iterable[BoardInfo]) -> list[BoardInfo]:
    """Stems of files from names that may hold anything; equal ones are numbered."""
    taken: set[str] = set()
    named = []
    for board in boards:
        stem = re.sub(r"[^a-z0-9]+", "_", board.name.lower()).strip("_")[:_SLUG_LETTERS] or "data"
        slug, number = stem, 1
        while slug in taken:
            number += 1
            slug = f"{stem}_{number}"
        taken.add(slug)
        named.append(replace(board, slug=slug))
    return named
