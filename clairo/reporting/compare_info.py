"""Differences of sides from the first one, paired by seed and user, or why there are none.

Which runs are compared is chosen after they were seen, so nothing here is declared beforehand:
there is no minimum relevant effect and no verdict of equivalence, and Holm's correction covers
every difference that the page prints.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from jaxtyping import Float

from clairo.evaluation.significance import (
    Interval,
    UserShares,
    asked_in_every_seed,
    bootstrap_users,
    crossed_interval,
    decide,
    holm,
    user_shares,
)
from clairo.reporting.compare_sides import Side, compute_sides
from clairo.reporting.labels import digits_for, sentence_list
from clairo.reporting.pairing import Pairs, asked_alike, pair_gains, same_over_seeds
from clairo.reporting.selection import EXPLORATORY_SEEDS
from clairo.tracking.run_reader import TrackedRun

Split = Literal["test", "valid"]

SPLITS: Final[tuple[Split, ...]] = ("test", "valid")
METRICS: Final = ("ndcg_at_10", "recall_at_10")
"""Compared per user; the first one is what sentences and figures speak of."""

CompareVerdict = Literal["better", "worse", "inconclusive", "exploratory"]


@dataclass(frozen=True)
class Difference:
    """A side minus the reference in one metric of one split.

    Attributes:
        letter: Which side.
        split: Which split.
        metric: Key of the metric, without the split.
        deltas: Difference of means, by shared seed.
        interval: Users crossed with seeds: mean, 95 % interval, raw p.
        percent: Mean difference over the reference's mean on the same seeds, ``None`` if 0.
        users: 95 % interval over users, for these trained models only.
        shares: Users better, equal and worse.
        num_users: Users asked in every shared seed; nobody else enters.
        adjusted_p: Holm-adjusted over all differences of the page.
        verdict: ``exploratory`` below five shared seeds, else by the adjusted p.
    """

    letter: str
    split: Split
    metric: str
    deltas: Mapping[int, float]
    interval: Interval
    percent: float | None
    users: tuple[float, float]
    shares: UserShares
    num_users: int
    adjusted_p: float | None = None
    verdict: CompareVerdict = "exploratory"

    @property
    def digits(self) -> int:
        """Decimals that its interval justifies, up to 4; over users where seeds leave none."""
        low, high = self.interval.low, self.interval.high
        if low is None or high is None or high <= low:
            low, high = self.users
        return min(4, digits_for((high - low) / 2))


@dataclass(frozen=True)
class Contrast:
    """A side against the reference.

    Attributes:
        side: The side.
        pairs: By split the ranks of both, by shared seed; empty where nothing is compared.
        differences: Primary metric first, test before valid.
        refused: Why nothing is compared, ``""`` where something is.
    """

    side: Side
    pairs: Mapping[Split, Pairs]
    differences: tuple[Difference, ...]
    refused: str = ""

    @property
    def primary(self) -> Difference | None:
        """What sentences speak of: the primary metric, on test where both were read there."""
        return next(iter(self.differences), None)


@dataclass(frozen=True)
class ComparisonInfo:
    """All sides, and each but the first against the first.

    Attributes:
        sides: The reference first.
        contrasts: One for each other side, in order.
    """

    sides: tuple[Side, ...]
    contrasts: tuple[Contrast, ...]

    @property
    def reference(self) -> Side:
        """What the others are compared with."""
        return self.sides[0]

    @property
    def differences(self) -> tuple[Difference, ...]:
        """All differences, by side."""
        return tuple(found for contrast in self.contrasts for found in contrast.differences)

    @property
    def same_data(self) -> bool:
        """Whether all sides were measured on one data set."""
        return len({side.summary.dataset_digest for side in self.sides}) == 1

    @property
    def exploratory(self) -> bool:
        """Whether nothing here has the seeds for a claim."""
        return all(found.verdict == "exploratory" for found in self.differences)


def compute_comparison(runs: Sequence[TrackedRun]) -> ComparisonInfo:
    """Sides, and their differences from the side of the first run."""
    sides = compute_sides(runs)
    contrasts = [_contrast(side, sides[0]) for side in sides[1:]]
    drafts = [found for contrast in contrasts for found in contrast.differences]
    adjusted = iter(holm([draft.interval.p for draft in drafts]))
    judged = [
        replace(
            contrast,
            differences=tuple(_judged(draft, next(adjusted)) for draft in contrast.differences),
        )
        for contrast in contrasts
    ]
    return ComparisonInfo(sides, tuple(judged))


def _contrast(side: Side, reference: Side) -> Contrast:
    pairs = {split: _pairs(side, reference, split) for split in SPLITS}
    problem = why_not(side, reference, pairs)
    if problem:
        return Contrast(side, {}, (), problem)
    kept = {split: found for split, found in pairs.items() if found}
    differences = tuple(
        _difference(side.letter, split, metric, kept[split]) for metric in METRICS for split in kept
    )
    return Contrast(side, kept, differences)


def _pairs(side: Side, reference: Side, split: Split) -> Pairs:
    theirs, ours = side.finished, reference.finished
    return {
        seed: (theirs[seed].rankings[split], ours[seed].rankings[split])
        for seed in sorted(set(theirs) & set(ours))
        if split in theirs[seed].rankings and split in ours[seed].rankings
    }


def why_not(side: Side, reference: Side, pairs: Mapping[Split, Pairs]) -> str:
    """Why a side cannot be compared with the reference; ``""`` where it can."""
    data = [other.summary for other in (side, reference)]
    if data[0].dataset_digest != data[1].dataset_digest:
        told = " against ".join(f"{s.dataset_name} ({s.dataset_digest[:12]})" for s in data)
        return f"measured on other data, {told}"
    idle = next((other for other in (side, reference) if not other.finished), None)
    if idle is not None:
        return f"{idle.letter} has no finished run ({'; '.join(idle.missing)})"
    if not set(side.finished) & set(reference.finished):
        told = " against ".join(_seeds(other) for other in (side, reference))
        return f"no seed is shared, {told}; run both on the same seeds"
    if not any(pairs.values()):
        return "no shared seed kept per-user ranks of both"
    return _why_not_alike(pairs)


def _why_not_alike(pairs: Mapping[Split, Pairs]) -> str:
    for split, found in pairs.items():
        for seed, (theirs, ours) in found.items():
            if not asked_alike(theirs, ours):
                return f"on {split}, seed {seed} was asked for other users or targets"
        if found and not same_over_seeds([theirs for theirs, _ in found.values()]):
            return f"on {split}, one user was asked for other targets in other seeds"
        if found and not asked_in_every_seed(pair_gains(found, METRICS[0]).deltas).any():
            return f"on {split}, no user was asked in every shared seed"
    return ""


def _seeds(side: Side) -> str:
    return sentence_list([str(seed) for seed in sorted(side.finished)])


def _difference(letter: str, split: Split, metric: str, pairs: Pairs) -> Difference:
    found = pair_gains(pairs, metric)
    # Only who was asked in every seed: means over different people in each seed do not compare.
    asked = asked_in_every_seed(found.deltas)
    table, level = found.deltas[:, asked], float(found.reference[:, asked].mean())
    interval = over_users_and_seeds(table)
    return Difference(
        letter=letter,
        split=split,
        metric=metric,
        deltas={s: float(row.mean()) for s, row in zip(found.seeds, table, strict=True)},
        interval=interval,
        percent=interval.mean / level if level else None,
        users=bootstrap_users(table),
        shares=user_shares(table),
        num_users=int(asked.sum()),
    )


def over_users_and_seeds(table: Float[np.ndarray, "seeds users"]) -> Interval:
    """The interval that a verdict rests on; the only place that chooses its model."""
    return crossed_interval(table)


def _judged(draft: Difference, adjusted: float | None) -> Difference:
    if len(draft.deltas) < EXPLORATORY_SEEDS:
        return replace(draft, adjusted_p=adjusted)
    verdict = decide(draft.interval.mean, adjusted, None)
    # Equivalence needs a margin that was declared before the runs, and none was.
    told: CompareVerdict = "inconclusive" if verdict == "equivalent" else verdict
    return replace(draft, adjusted_p=adjusted, verdict=told)
