"""Numbers behind a comparison by segment: where sides differ, user by user where that is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from clairo.core.errors import DataError
from clairo.evaluation.segments import SegmentIndex
from clairo.reporting.compare_info import METRICS, ComparisonInfo, Contrast, Split
from clairo.reporting.compare_sides import Side, side_spread
from clairo.reporting.pairing import pair_gains
from clairo.reporting.search_info import Absent
from clairo.reporting.search_tables import SEGMENTS
from clairo.reporting.segment_info import SegmentEffect, segment_effects
from clairo.reporting.selection import Spread


@dataclass(frozen=True)
class SegmentRow:
    """One segment.

    Attributes:
        name: Key, for example ``tail``.
        title: In words.
        users: Users in it, of each side.
        values: The metric in it, of each side.
        deltas: Mean difference of each side from the first over the seeds that both have,
            ``None`` where they share none.
    """

    name: str
    title: str
    users: tuple[float | None, ...]
    values: tuple[Spread, ...]
    deltas: tuple[float | None, ...]


@dataclass(frozen=True)
class SegmentsInfo:
    """The primary metric apart for kinds of targets and users.

    Attributes:
        split: ``test`` where every side that finished was read there.
        letters: The sides, the reference first.
        rows: Segments that have users.
        paired: By letter, then segment: the difference from the reference among the same users.
        unpaired: (letter, reason) of sides that are compared, by segment without pairing users.
    """

    split: Split
    letters: tuple[str, ...]
    rows: tuple[SegmentRow, ...]
    paired: Mapping[str, Mapping[str, SegmentEffect]]
    unpaired: tuple[tuple[str, str], ...]


def split_of(sides: Sequence[Side]) -> Split:
    """``test`` where every side that finished has a result there, else ``valid``."""
    finished = [side for side in sides if side.finished]
    read = all(side_spread(side, f"test/{METRICS[0]}").values for side in finished)
    return "test" if finished and read else "valid"


def compute_segments(info: ComparisonInfo) -> SegmentsInfo | Absent:
    """Segments that any side logged users of, paired by user where they are known."""
    sides = info.sides
    split, rows = split_of(sides), []
    for name, title in SEGMENTS:
        users = tuple(side_spread(side, f"{split}/{name}/num_users").mean for side in sides)
        if not any(users):
            continue
        values = tuple(side_spread(side, f"{split}/{name}/{METRICS[0]}") for side in sides)
        rows.append(SegmentRow(name, title, users, values, _deltas(values)))
    if not rows:
        return Absent("No finished run logged metrics by segment.")
    paired, unpaired = {}, []
    for contrast in info.contrasts:
        if contrast.refused:
            continue
        found = _paired(contrast, info.reference, split)
        if isinstance(found, str):
            unpaired.append((contrast.side.letter, found))
        else:
            paired[contrast.side.letter] = {effect.segment: effect for effect in found}
    letters = tuple(side.letter for side in sides)
    return SegmentsInfo(split, letters, tuple(rows), paired, tuple(unpaired))


def _paired(contrast: Contrast, reference: Side, split: Split) -> tuple[SegmentEffect, ...] | str:
    """Differences among the same users, or why they are not known."""
    pairs = contrast.pairs.get(split)
    if not pairs:
        return f"no shared seed kept per-user {split} ranks of both"
    index = _index((reference, contrast.side))
    if isinstance(index, str):
        return index
    try:
        return segment_effects(pair_gains(pairs, METRICS[0]), index, split)
    except DataError as error:
        return str(error).removesuffix(".")


def _index(sides: Sequence[Side]) -> SegmentIndex | str:
    """The one index of all runs of some sides, or why there is none."""
    runs = [run for side in sides for run in side.runs]
    found = [(run.summary.sweep_id, run.segment_index) for run in runs]
    first = found[0][1]
    for sweep_id, index in found:
        if first is None or index is None:
            return f"{sweep_id} did not log which users belong to which segment"
        if not index.agrees(first):
            return f"{found[0][0]} and {sweep_id} put users into other segments"
    assert first is not None
    return first


def _deltas(values: Sequence[Spread]) -> tuple[float | None, ...]:
    by_seed = [dict(zip(found.seeds, found.values, strict=True)) for found in values]
    deltas: list[float | None] = []
    for other in by_seed:
        shared = [other[seed] - by_seed[0][seed] for seed in other if seed in by_seed[0]]
        deltas.append(float(np.mean(shared)) if shared else None)
    return tuple(deltas)
