"""Arithmetic that every row of a results table obeys, ours or anyone's: pure functions.

With one relevant item a user, a hit at rank r adds 1 to recall and ``1 / log2(r + 1)`` to NDCG.
So what NDCG may gain between two cutoffs follows from what recall gains there, and a row that
breaks this was not measured as it says. A printed number stands for every number that rounds to
it, and no row fails for its rounding.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from clairo.core.errors import DataError

Check = Literal["range", "recall order", "ndcg gain", "ndcg over recall", "ratio in line"]
"""The checks by name; the last one compares rows, the others look at one row alone."""

LEAST_ROWS = 3
"""Rows with a ratio below which there is no line to be out of."""

_FLOAT_DUST = 1e-9
"""Means of thousands of exact gains differ from their sum by far less than this."""


@dataclass(frozen=True)
class Reading:
    """A number with what it may stand for.

    Attributes:
        text: As printed.
        low: The smallest number that is printed so.
        high: The largest number that is printed so.
    """

    text: str
    low: float
    high: float

    @property
    def middle(self) -> float:
        """The number as printed."""
        return (self.low + self.high) / 2


@dataclass(frozen=True)
class AccuracyRow:
    """Recall and NDCG of one row, by cutoff; what was not printed is left out.

    Attributes:
        recall: Recall by cutoff; with one relevant item also the hit rate.
        ndcg: NDCG by cutoff. NDCG@1 is Recall@1 and need not be given.
    """

    recall: Mapping[int, Reading] = field(default_factory=dict)
    ndcg: Mapping[int, Reading] = field(default_factory=dict)


@dataclass(frozen=True)
class RowVerdict:
    """What the checks say about one row.

    Attributes:
        made: Checks for which the row has the numbers, each once.
        failed: Failed checks, each with a sentence: no ranking gives such numbers.
        out_of_line: A sentence where the row is possible and unlike its neighbours, else ``""``.
    """

    made: tuple[Check, ...]
    failed: tuple[tuple[Check, str], ...] = ()
    out_of_line: str = ""

    @property
    def impossible(self) -> tuple[str, ...]:
        """The sentences of the failed checks."""
        return tuple(said for _, said in self.failed)


def printed(text: str) -> Reading:
    """What a printed decimal stands for: half a unit of its last digit, either way.

    Raises:
        DataError: The text is no plain decimal.

    Example:
        >>> reading = printed(".0340")
        >>> round(reading.low, 6), round(reading.high, 6)
        (0.03395, 0.03405)
    """
    if not re.fullmatch(r"-?\d*\.\d+|-?\d+", text):
        raise DataError(
            f"A printed metric is a plain decimal such as .0340, got {text!r}; write it so."
        )
    half = 0.5 * 10.0 ** -len(text.partition(".")[2])
    return Reading(text, float(text) - half, float(text) + half)


def exact(value: float) -> Reading:
    """An unrounded number.

    Raises:
        DataError: It is not finite.
    """
    if not math.isfinite(value):
        raise DataError(f"A metric that is checked must be finite, got {value}; leave it out.")
    return Reading(f"{value:.6f}", value - _FLOAT_DUST, value + _FLOAT_DUST)


def check_row(row: AccuracyRow) -> RowVerdict:
    """Makes every check of one row alone for which it has the numbers.

    Values lie in [0, 1]; recall grows with the cutoff; for cutoffs a < b, NDCG@b - NDCG@a lies in
    (Recall@b - Recall@a) x [1/log2(b + 1), 1/log2(a + 2)], summed over the cutoffs between where
    recall is known; at the first cutoff NDCG / Recall lies in [1/log2(a + 1), 1].

    Example:
        >>> row = AccuracyRow({5: printed(".40"), 10: printed(".30")}, {5: printed(".25")})
        >>> check_row(row).impossible
        ('Recall@5 of .40 is above Recall@10 of .30.',)
    """
    parts = (_range(row), _recall_order(row), _ndcg_gain(row), _ndcg_over_recall(row))
    made: list[Check] = []
    failed: list[tuple[Check, str]] = []
    for check, possible, sentences in parts:
        made += [check] if possible else []
        failed += [(check, said) for said in sentences]
    return RowVerdict(tuple(made), tuple(failed))


_Part = tuple[Check, bool, list[str]]
"""A check, whether it could be made, and its failures."""


def _range(row: AccuracyRow) -> _Part:
    values = [(f"Recall@{k}", value) for k, value in sorted(row.recall.items())]
    values += [(f"NDCG@{k}", value) for k, value in sorted(row.ndcg.items())]
    failed = [
        f"{name} of {value.text} is not within 0 and 1."
        for name, value in values
        if value.high < 0 or value.low > 1
    ]
    return "range", bool(values), failed


def _recall_order(row: AccuracyRow) -> _Part:
    pairs = list(pairwise(sorted(row.recall)))
    failed = [
        f"Recall@{a} of {row.recall[a].text} is above Recall@{b} of {row.recall[b].text}."
        for a, b in pairs
        if row.recall[a].low > row.recall[b].high
    ]
    return "recall order", bool(pairs), failed


def _ndcg_gain(row: AccuracyRow) -> _Part:
    """What NDCG gains between neighbouring cutoffs at which it and recall are known."""
    ndcg = _with_first(row)
    known = sorted(ndcg.keys() & row.recall.keys())
    failed = []
    for a, b in pairwise(known):
        gain = ndcg[b].middle - ndcg[a].middle
        steps = [k for k in sorted(row.recall) if a <= k <= b]
        least, most = _gain_bounds(row.recall, steps)
        if ndcg[b].high - ndcg[a].low < least or ndcg[b].low - ndcg[a].high > most:
            rise = row.recall[b].middle - row.recall[a].middle
            failed.append(
                f"NDCG@{b} − NDCG@{a} is {gain:.4f}, and Recall@{b} − Recall@{a} of {rise:.4f} "
                f"allows {least:.4f} to {most:.4f}."
            )
    return "ndcg gain", len(known) > 1, failed


def _with_first(row: AccuracyRow) -> dict[int, Reading]:
    """NDCG by cutoff, with NDCG@1, which is Recall@1."""
    return {**({1: row.recall[1]} if 1 in row.recall else {}), **row.ndcg}


def _gain_bounds(recall: Mapping[int, Reading], steps: Sequence[int]) -> tuple[float, float]:
    """Least and most that NDCG can gain over the steps, wherever rounding left recall."""
    least, most = 0.0, 0.0
    for a, b in pairwise(steps):
        smallest = max(0.0, recall[b].low - recall[a].high)
        largest = max(0.0, recall[b].high - recall[a].low)
        least += smallest / math.log2(b + 1)
        most += largest / math.log2(a + 2)
    return least, most


def _ndcg_over_recall(row: AccuracyRow) -> _Part:
    found = ratio(row)
    if found is None:
        return "ndcg over recall", False, []
    cutoff = found.cutoff
    least = 1 / math.log2(cutoff + 1)
    said = (
        f"NDCG@{cutoff} / Recall@{cutoff} is {found.middle:.2f}, and {least:.2f} to 1 is allowed."
    )
    fits = found.high >= least - _FLOAT_DUST and found.low <= 1 + _FLOAT_DUST
    return "ndcg over recall", True, [] if fits else [said]


@dataclass(frozen=True)
class Ratio:
    """NDCG over recall at the first cutoff above 1 that has both.

    Attributes:
        cutoff: List length.
        middle: Of the numbers as printed.
        low: The smallest that rounding allows.
        high: The largest that rounding allows.
    """

    cutoff: int
    middle: float
    low: float
    high: float


def ratio(row: AccuracyRow) -> Ratio | None:
    """NDCG over recall: how high in the list the hits are; ``None`` without both or any hit.

    Example:
        >>> round(ratio(AccuracyRow({5: printed(".0561")}, {5: printed(".0450")})).middle, 2)
        0.8
    """
    cutoffs = sorted(k for k in row.recall.keys() & row.ndcg.keys() if k > 1)
    if not cutoffs:
        return None
    recall, ndcg = row.recall[cutoffs[0]], row.ndcg[cutoffs[0]]
    if recall.low <= 0:
        return None
    middle = ndcg.middle / recall.middle
    return Ratio(cutoffs[0], middle, ndcg.low / recall.high, ndcg.high / recall.low)


def say_out_of_line(row: AccuracyRow, others: Sequence[AccuracyRow], whose: str) -> str | None:
    """Whether NDCG@5 / Recall@5 is far from that of other rows: unlike them, not impossible.

    Far is further from the range of the others than that range is wide, rounding granted.

    Args:
        row: The row.
        others: Rows of the same release, without this one.
        whose: What the others are, for the sentence.

    Returns:
        The sentence, ``""`` where the row is in line, ``None`` where it cannot be told: it has
        no such ratio, or fewer than :data:`LEAST_ROWS` others have one.
    """
    own, known = _at_5(row), [found for other in others if (found := _at_5(other))]
    if own is None or len(known) < LEAST_ROWS:
        return None
    low, high = min(r.middle for r in known), max(r.middle for r in known)
    width = high - low
    if own.low <= high + width and own.high >= low - width:
        return ""
    return (
        f"NDCG@5 / Recall@5 is {own.middle:.2f}, where {len(known)} {whose} have {low:.2f} to "
        f"{high:.2f}."
    )


def _at_5(row: AccuracyRow) -> Ratio | None:
    found = ratio(row)
    return found if found is not None and found.cutoff == 5 else None
