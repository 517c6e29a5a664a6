"""Numbers of a leaderboard: the best of every sweep beside published rows, each row checked.

Which configuration is best is decided by validation, as in each sweep; test is only shown.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from clairo.core.errors import DataError
from clairo.evaluation.row_checks import (
    AccuracyRow,
    Check,
    RowVerdict,
    check_row,
    exact,
    say_out_of_line,
)
from clairo.evaluation.significance import Interval, paired_interval
from clairo.reporting.labels import setting_label
from clairo.reporting.published import PublishedRow
from clairo.reporting.selection import EXPLORATORY_SEEDS, Spread
from clairo.tracking.best_reader import BestOfSweep, ConfirmedRun, UnreadSweep

SHOWN = ("recall_at_5", "ndcg_at_5", "recall_at_10", "ndcg_at_10")
"""Metrics of the tables, all of the test split."""

PRIMARY = "ndcg_at_10"


@dataclass(frozen=True)
class OurRow:
    """The confirmed best configuration of one sweep.

    Attributes:
        best: What was read of the sweep.
        valid: Its objective on fresh seeds, which orders the rows.
        test: Each shown metric on the test split.
        verdict: What the arithmetic checks say of every seed.
        words: The searched settings of the configuration in one line.
        commit: Commit of the runs, shortened; ``""`` where it was not recorded.
        asked: Users asked on test, ``None`` where it was not logged.
        users: Users that the test split has, ``None`` where it was not recorded.
        tied: Whether it is the best of its data set, or within one standard error of it.
    """

    best: BestOfSweep
    valid: Spread
    test: Mapping[str, Spread]
    verdict: RowVerdict
    words: str
    commit: str
    asked: int | None
    users: int | None
    tied: bool = False

    @property
    def primary(self) -> Spread:
        """NDCG@10 on test."""
        return self.test[PRIMARY]

    @property
    def interval(self) -> Interval | None:
        """The 95 % t interval of NDCG@10 on test over seeds, ``None`` without any value."""
        return paired_interval(self.primary.values) if self.primary.values else None

    @property
    def differences(self) -> tuple[str, ...]:
        """How it was measured unlike a published row, in a few words each."""
        summary, found = self.best.summary, []
        if summary.profile != "paper":
            found.append(f"{summary.profile} profile, exploratory")
        if self.asked is not None and self.users is not None and self.asked < self.users:
            found.append(f"{self.asked:,} of {self.users:,} test users asked")
        seeds = len(self.primary.values)
        if seeds < EXPLORATORY_SEEDS:
            found.append(f"{seeds} seed{'' if seeds == 1 else 's'}")
        if not summary.finished and not self.best.single:
            found.append("unfinished sweep")
        return tuple(found)


@dataclass(frozen=True)
class PublishedInfo:
    """A published row with what the checks say of it."""

    row: PublishedRow
    verdict: RowVerdict


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
        name: Name of the data set, with the digest where several share the name.
        digest: Of content and settings, ``""`` where only published rows are there.
        ours: Best first by validation.
        published: As the file lists them.
        levels: Popularity floor and ceiling, where they are known.
    """

    slug: str
    name: str
    digest: str
    ours: tuple[OurRow, ...]
    published: tuple[PublishedInfo, ...]
    levels: tuple[Level, ...] = ()

    @property
    def best(self) -> OurRow | None:
        """Our best by validation."""
        return self.ours[0] if self.ours else None

    @property
    def best_published(self) -> PublishedInfo | None:
        """The published row with the highest NDCG@10 among those that can be true."""
        sound = [info for info in self.published if not info.verdict.impossible]
        known = [info for info in sound if PRIMARY in info.row.values]
        return max(known, key=lambda info: float(info.row.values[PRIMARY]), default=None)


@dataclass(frozen=True)
class LeaderboardInfo:
    """Everything a leaderboard shows.

    Attributes:
        boards: Data sets with sweeps of ours first, then those with published rows only.
        unstated: Published rows whose release is not stated; compared with nothing of ours.
        left_out: (sweep, reason) of sweeps that have no row.
        num_sweeps: Sweeps that were looked at.
    """

    boards: tuple[BoardInfo, ...]
    unstated: tuple[PublishedInfo, ...]
    left_out: tuple[tuple[str, str], ...]
    num_sweeps: int

    @property
    def published(self) -> tuple[PublishedInfo, ...]:
        """Every published row once."""
        seen = [info for board in self.boards for info in board.published]
        return tuple(dict.fromkeys_by_row(seen)) if False else _once([*seen, *self.unstated])


def _once(infos: Sequence[PublishedInfo]) -> tuple[PublishedInfo, ...]:
    """Rows without repetition: one may stand beside several data sets."""
    found: list[PublishedInfo] = []
    for info in infos:
        if info not in found:
            found.append(info)
    return tuple(found)
