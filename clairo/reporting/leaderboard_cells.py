"""Cells of a leaderboard's tables, and which of them are bold."""

from __future__ import annotations

from collections.abc import Mapping

from clairo.evaluation.row_checks import Check, RowVerdict
from clairo.evaluation.significance import Interval
from clairo.reporting.labels import DASH, number, plural
from clairo.reporting.leaderboard_info import PublishedInfo
from clairo.reporting.leaderboard_rows import OurRow
from clairo.reporting.selection import Spread
from clairo.reporting.table import Cell

VALID = "valid"
"""The column of the validation metric."""


def check_cell(check: Check, verdict: RowVerdict) -> Cell:
    """How one check came out, the sentence on hover; a dash where it was not made."""
    said = " ".join(words for failed, words in verdict.failed if failed == check)
    if check == "ratio in line" and verdict.out_of_line:
        return Cell("out of line", "out of line", title=verdict.out_of_line, tone="bad")
    if said:
        return Cell("fails", "fails", title=said, tone="bad")
    return Cell.of("holds" if check in verdict.made else DASH)


def verdict_cell(verdict: RowVerdict) -> Cell:
    """How all checks of a row came out, in a word or two."""
    if verdict.failed:
        return Cell("impossible", "impossible", title=" ".join(verdict.impossible), tone="bad")
    if verdict.out_of_line:
        return Cell("out of line", "out of line", title=verdict.out_of_line, tone="bad")
    count = len(verdict.made)
    words = f"{plural(count, 'check')} hold{'s' if count == 1 else ''}"
    return Cell(words, words, title=", ".join(verdict.made))


def printed_cell(info: PublishedInfo, key: str) -> Cell:
    """A published number with its own digits."""
    text = info.row.shown(key)
    return Cell(text, float(text)) if text else Cell(DASH, title="Not in the source.")


def interval_cell(interval: Interval, places: int) -> Cell:
    """The bounds of an interval; a dash for one seed."""
    if interval.low is None or interval.high is None:
        return Cell(DASH, title="One seed has no interval.")
    return Cell.of(f"{number(interval.low, places)} to {number(interval.high, places)}")


def seeds_cell(row: OurRow) -> Cell:
    """Seeds with a result, of those planned where some are missing."""
    found, wanted = len(row.primary.values), len(row.best.wanted)
    text = str(found) if found == wanted else f"{found}/{wanted}"
    return Cell(text, found, title="; ".join(row.primary.missing))


def users_cell(row: OurRow) -> Cell:
    """Users asked on test, of all where these are more."""
    if row.asked is None:
        return Cell(DASH, title="Not recorded.")
    of = f" of {row.users:,}" if row.users is not None and row.users != row.asked else ""
    return Cell(f"{row.asked:,}{of}", row.asked)


def best_and_tied(found: Mapping[str, Spread]) -> set[str]:
    """Names of the highest mean and of those within one standard error of it."""
    means = {name: spread.mean for name, spread in found.items() if spread.mean is not None}
    if not means:
        return set()
    top = max(means, key=lambda name: means[name])
    reach = found[top].error or 0.0
    return {name for name, mean in means.items() if means[top] - mean <= reach}
