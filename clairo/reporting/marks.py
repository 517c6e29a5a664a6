"""Marks of significance and exact numbers: what a printed cell says beside its rounded number."""

from __future__ import annotations

from clairo.evaluation.significance import Interval, Verdict
from clairo.reporting.labels import DASH, number, p_value, percent
from clairo.reporting.table import Cell

MARKS_NOTE = (
    "Marks, from Holm-adjusted p-values: † p < 0.05, ‡ p < 0.01, ≈ equivalent (surely smaller than "
    "the minimum relevant effect). No mark means inconclusive, never equality."
)


def mark(verdict: Verdict, adjusted_p: float | None) -> str:
    """The mark of a verdict.

    Example:
        >>> mark("better", 0.03), mark("worse", 0.002), mark("equivalent", 0.9)
        ('†', '‡', '≈')
        >>> mark("inconclusive", 0.06)
        ''
    """
    if verdict == "equivalent":
        return "≈"
    if verdict == "inconclusive" or adjusted_p is None:
        return ""
    return "‡" if adjusted_p < 0.01 else "†"


def is_clear(interval: Interval) -> bool:
    """Whether an interval does not hold zero."""
    low, high = interval.low, interval.high
    return low is not None and high is not None and (low > 0 or high < 0)


def exact(value: float | None) -> str:
    """All digits that mean anything, for hover.

    Example:
        >>> exact(0.123456789012345), exact(None)
        ('0.123456789', '')
    """
    return "" if value is None else f"{value:.9g}"


def p_words(p: float | None) -> str:
    """A p-value within a sentence.

    Example:
        >>> p_words(0.0002), p_words(0.04)
        ('p < 0.001', 'p = 0.040')
    """
    text = p_value(p)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def p_cell(p: float | None) -> Cell:
    """A p-value that shows its digits on hover."""
    return Cell(p_value(p), p, title=exact(p))


def percent_cell(share: float | None) -> Cell:
    """A signed share in percent that shows its digits on hover."""
    return Cell(percent(share, 1, signed=True), share, title=exact(share))


def number_cell(
    value: float | None, digits: int, *, signed: bool = False, strong: bool = False
) -> Cell:
    """A rounded number that shows its digits on hover."""
    return Cell(number(value, digits, signed), value, strong, exact(value))


def range_cell(low: float | None, high: float | None, digits: int, why: str = "") -> Cell:
    """An interval that shows its digits on hover.

    Args:
        low: Its lower bound.
        high: Its upper bound.
        digits: Decimals that are printed.
        why: Shown on hover where there is none.
    """
    if low is None or high is None:
        return Cell(DASH, title=why or "One seed has no spread.")
    text = f"{number(low, digits, signed=True)} to {number(high, digits, signed=True)}"
    return Cell(text, f"[{low:.6f}, {high:.6f}]", title=f"{exact(low)} to {exact(high)}")
