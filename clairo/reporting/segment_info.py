"""Where an effect comes from: popular or rare targets, short or long histories.

Segments were not declared as claims, so they are described with intervals and not tested.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from clairo.core.errors import DataError
from clairo.evaluation.segments import SegmentIndex
from clairo.evaluation.significance import Interval, asked_in_every_seed, crossed_interval
from clairo.reporting.ablation_info import AblationInfo, EffectInfo
from clairo.reporting.pairing import PairedGains
from clairo.reporting.search_info import Absent
from clairo.tracking.records import SweepRecord

SEGMENT_TITLES: Mapping[str, str] = {
    "head": "Bestsellers: half of all training",
    "torso": "Between head and tail",
    "tail": "Tail: 5 training interactions or fewer",
    "unseen": "Of these, never seen in training",
    "history_1_4": "Cold start: 1 to 4 known items",
    "history_5_9": "5 to 9 known items",
    "history_10_19": "10 to 19 known items",
    "history_20_up": "20 or more known items",
}
"""In the order of a page: by target first, then by history."""

BY_TARGET = ("head", "torso", "tail")
"""Disjoint and complete."""

FEW_USERS = 30
"""Fewer users than this say little."""


@dataclass(frozen=True)
class SegmentEffect:
    """One arm against its reference among the users of one segment.

    Attributes:
        segment: Key of :data:`SEGMENT_TITLES`.
        users: Users in it who were asked in every seed.
        reference: The reference's mean among them, ``None`` without users.
        arm: The arm's mean among them, ``None`` without users.
        interval: Difference, users crossed with seeds; ``None`` without users.
    """

    segment: str
    users: int
    reference: float | None = None
    arm: float | None = None
    interval: Interval | None = None

    @property
    def percent(self) -> float | None:
        """Difference over the reference's mean, ``None`` where that is 0 or unknown."""
        if self.interval is None or not self.reference:
            return None
        return self.interval.mean / self.reference


@dataclass(frozen=True)
class SegmentRow:
    """One arm in all segments.

    Attributes:
        effect: The arm and its effect on everybody.
        segments: In the order of :data:`SEGMENT_TITLES`.
    """

    effect: EffectInfo
    segments: tuple[SegmentEffect, ...]

    def of(self, name: str) -> SegmentEffect:
        """One segment by its key."""
        return next(segment for segment in self.segments if segment.segment == name)


@dataclass(frozen=True)
class SegmentsInfo:
    """Effects of one family by segment.

    Attributes:
        info: The family.
        rows: Its arms, in the order of its table.
        left_out: (title, reason) of arms whose segments are not known.
    """

    info: AblationInfo
    rows: tuple[SegmentRow, ...]
    left_out: tuple[tuple[str, str], ...]


def compute_segments(record: SweepRecord, info: AblationInfo) -> SegmentsInfo | Absent:
    """Every arm of a family against its reference, by segment."""
    if not record.segments:
        return Absent(
            "Which users belong to which segment was not logged with these runs; versions since "
            "this one log it when an ablation or a sweep starts."
        )
    rows, left_out = [], []
    for effect in info.effects:
        index = record.segments.get(effect.arm.group)
        found = "it was not logged for this group" if index is None else _row(effect, index, info)
        if isinstance(found, str):
            left_out.append((effect.arm.title, found))
        else:
            rows.append(found)
    if not rows:
        reasons = "; ".join(f"{title}: {why}" for title, why in left_out)
        return Absent(f"No arm's users could be put into segments. {reasons}.")
    return SegmentsInfo(info, tuple(rows), tuple(left_out))


def _row(effect: EffectInfo, index: SegmentIndex, info: AblationInfo) -> SegmentRow | str:
    try:
        return SegmentRow(effect, segment_effects(effect.pairs, index, info.split))
    except DataError as error:
        return str(error)


def segment_effects(
    pairs: PairedGains, index: SegmentIndex, split: str
) -> tuple[SegmentEffect, ...]:
    """The difference in each segment, among users who were asked in every seed.

    Args:
        pairs: Both models, user by user.
        index: What tells the segments of the data that both were asked about.
        split: Where they were asked.

    Raises:
        DataError: The index belongs to other data.
    """
    members = index.segments(split, pairs.users, pairs.targets)
    asked = asked_in_every_seed(pairs.deltas)
    return tuple(_segment(name, pairs, members[name] & asked) for name in SEGMENT_TITLES)


def _segment(name: str, pairs: PairedGains, rows: Bool[np.ndarray, " users"]) -> SegmentEffect:
    if not rows.any():
        return SegmentEffect(name, 0)
    return SegmentEffect(
        name,
        int(rows.sum()),
        float(pairs.reference[:, rows].mean()),
        float(pairs.arm[:, rows].mean()),
        crossed_interval(pairs.deltas[:, rows]),
    )
