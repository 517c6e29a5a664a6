"""Numbers behind the details of a comparison: codes, curves, and who gains."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Int

from clairo.reporting.compare_info import SPLITS, Contrast, Split
from clairo.reporting.compare_sides import Side
from clairo.reporting.search_info import MAX_MARKS, Absent
from clairo.reporting.selection import number_fact
from clairo.reporting.stage_info import Codebook, codebooks_of

TOP: Final = 10
"""Places that a list shows."""

RANK_BINS: Final = (
    ("1", 1, 1), ("2–3", 2, 3), ("4–5", 4, 5), ("6–10", 6, 10), ("11–20", 11, 20),
    ("21+", 21, None), ("none", 0, 0),
)  # fmt: skip
"""Name, first and last rank of each bin; rank 0 is a target that was not retrieved."""


@dataclass(frozen=True)
class SideCodes:
    """Codes and tokens of one side, from one of its runs.

    Attributes:
        letter: The side.
        codebooks: In column order.
        facts: Numbers by name, ``None`` where no stage states it.
    """

    letter: str
    codebooks: tuple[Codebook, ...]
    facts: tuple[tuple[str, float | None], ...]


@dataclass(frozen=True)
class Curve:
    """One metric of one run, epoch by epoch.

    Attributes:
        place: Place of its side, 0 for the reference.
        letter: The side.
        seed: The run.
        epochs: Epochs with a finite value.
        values: The values.
    """

    place: int
    letter: str
    seed: int
    epochs: tuple[int, ...]
    values: tuple[float, ...]


@dataclass(frozen=True)
class SideCurves:
    """One metric of all sides, epoch by epoch.

    Attributes:
        key: Key of the metric.
        curves: By side, then seed.
        num_curves: Curves before thinning.
    """

    key: str
    curves: tuple[Curve, ...]
    num_curves: int


@dataclass(frozen=True)
class RankMoves:
    """Ranks of the same targets by the reference and by another side.

    Attributes:
        letter: The other side.
        split: Which split.
        counts: Targets by bin of the reference's rank (rows) and of the other's (columns), over
            all shared seeds; bins of :data:`RANK_BINS`.
        better: Share of targets ranked better than by the reference; not found is worst.
        equal: Share of targets at the same rank.
        worse: Share of targets ranked worse.
        entered: Share of targets that are among the first ten only here.
        left: Share of targets that are among the first ten only at the reference.
        num_users: Users asked.
        num_seeds: Shared seeds.
    """

    letter: str
    split: Split
    counts: Int[np.ndarray, "bins bins"]
    better: float
    equal: float
    worse: float
    entered: float
    left: float
    num_users: int
    num_seeds: int


CODE_FACTS: Final = (
    ("collision_rate", "Collisions"),
    ("largest_bucket", "Largest bucket (items)"),
    ("usage_min", "Least used codebook"),
    ("num_merges", "Merges"),
    ("cross_modal_share_of_merges", "Merges across modalities"),
    ("tokens_per_item", "Tokens per item"),
)


def compute_codes(sides: Sequence[Side]) -> tuple[SideCodes, ...]:
    """Codes of every side that has any, from the run that stands for it."""
    found = (
        SideCodes(
            side.letter,
            codebooks_of(side.example),
            tuple((title, number_fact(side.example, key)) for key, title in CODE_FACTS),
        )
        for side in sides
    )
    return tuple(codes for codes in found if any(value is not None for _, value in codes.facts))


def compute_curves(sides: Sequence[Side], key: str) -> SideCurves | Absent:
    """A metric by epoch for all runs of all sides, whole curves left out beyond the limit.

    Args:
        sides: The reference first.
        key: For example ``epoch/valid/ndcg_at_10``.
    """
    curves = []
    for place, side in enumerate(sides):
        for trial in side.trials:
            points = [(e, v) for e, v in trial.history.get(key, ()) if math.isfinite(v)]
            if points:
                epochs, values = zip(*points, strict=True)
                curves.append(Curve(place, side.letter, trial.seed, epochs, values))
    if not curves:
        return Absent(f"No run logged {key} while it trained.")
    # Seeds give way before sides: first each side's first curve, then each one's second ...
    turns = [sum(c.letter == curve.letter for c in curves[:i]) for i, curve in enumerate(curves)]
    kept: list[Curve] = []
    marks = 0
    for _, curve in sorted(enumerate(curves), key=lambda pair: (turns[pair[0]], pair[1].place)):
        marks += len(curve.epochs)
        if not kept or marks <= MAX_MARKS:
            kept.append(curve)
    kept.sort(key=lambda curve: (curve.place, curves.index(curve)))
    return SideCurves(key, tuple(kept), len(curves))


def compute_moves(contrast: Contrast) -> RankMoves | Absent:
    """How ranks of the same targets moved, on test where both were read there."""
    split = next((split for split in SPLITS if contrast.pairs.get(split)), None)
    if split is None:
        return Absent(f"{contrast.side.letter} is not compared: {contrast.refused}.")
    pairs = contrast.pairs[split]
    ours, theirs = [], []
    for other, reference in pairs.values():
        ours.append(reference.ranks[np.argsort(reference.users)])
        theirs.append(other.ranks[np.argsort(other.users)])
    before, after = np.concatenate(ours), np.concatenate(theirs)
    bins = len(RANK_BINS)
    counts = np.zeros((bins, bins), dtype=np.int64)
    np.add.at(counts, (_bin(before), _bin(after)), 1)
    # A target that was not retrieved stands behind every one that was.
    first, second = (np.where(r == 0, np.iinfo(np.int32).max, r) for r in (before, after))
    return RankMoves(
        letter=contrast.side.letter,
        split=split,
        counts=counts,
        better=float((second < first).mean()),
        equal=float((second == first).mean()),
        worse=float((second > first).mean()),
        entered=float(((second <= TOP) & (first > TOP)).mean()),
        left=float(((second > TOP) & (first <= TOP)).mean()),
        num_users=min(len(reference.users) for _, reference in pairs.values()),
        num_seeds=len(pairs),
    )


def _bin(ranks: Int[np.ndarray, " targets"]) -> Int[np.ndarray, " targets"]:
    places = np.full(len(ranks), -1, dtype=np.int64)
    for place, (_, first, last) in enumerate(RANK_BINS):
        places[(ranks >= first) & (True if last is None else ranks <= last)] = place
    return places
