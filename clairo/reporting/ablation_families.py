"""What an ablation declared: its families, metric, split, margin and correction.

An ablation at the end of a sweep by an older version declared nothing in writing. For it stands
what the code fixed before any run: the sweep's objective, :data:`RELEVANT_SHARE` of the unchanged
winner's mean, Holm over the arms of one table, and test ranks only where every arm has them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from clairo.tracking.records import Arm, ArmFamily, SweepRecord

RELEVANT_SHARE = 0.05
"""An effect below 5 % of the winner's mean is too small to matter."""

REFERENCE = "full"
"""Name of the arm that changes nothing."""

_DEFAULT_FAMILIES = (
    ArmFamily(
        "modality_masking",
        "Modalities",
        "Retrained without a modality: everything downstream of it is rebuilt.",
    ),
    ArmFamily(
        "components",
        "Components",
        "One component of the winner switched off at a time, retrained.",
    ),
)


@dataclass(frozen=True)
class Rule:
    """What counts as an answer, fixed before the run.

    Attributes:
        metric: Key without the split.
        split: Where arms are compared.
        margin: Minimum relevant effect in the metric's unit, ``None`` where it is a share.
        share: The same as a share of the reference's mean, ``None`` where it is a value.
        correction: Family of Holm's correction.
        tuning: ``frozen``, or how many trials each arm had.
    """

    metric: str
    split: Literal["valid", "test"]
    margin: float | None
    share: float | None
    correction: Literal["table", "all"]
    tuning: str

    def margin_for(self, level: float) -> float | None:
        """The minimum relevant effect against a reference of this mean; ``None`` if that is 0."""
        if self.margin is not None:
            return self.margin
        return (self.share or 0.0) * level or None


def families(record: SweepRecord) -> tuple[ArmFamily, ...]:
    """The tables of an ablation, in the order declared."""
    experiment = record.summary.experiment
    return experiment.families if experiment is not None else _DEFAULT_FAMILIES


def rule(record: SweepRecord) -> Rule:
    """What was declared, or what the code fixed where nothing was."""
    experiment = record.summary.experiment
    if experiment is None:
        metric = record.summary.objective.rpartition("/")[2]
        return Rule(metric, _common_split(record), None, RELEVANT_SHARE, "table", "frozen")
    return Rule(
        experiment.metric,
        experiment.split,
        experiment.margin,
        experiment.margin_share,
        experiment.correction,
        experiment.tuning,
    )


def _common_split(record: SweepRecord) -> Literal["valid", "test"]:
    """``test`` where every arm run that has ranks at all has test ranks."""
    trials = record.by_key()
    runs = [trials[k] for arm in record.summary.arms for k in arm.trial_keys if k in trials]
    ranked = [run for run in runs if run.rankings]
    return "test" if ranked and all("test" in run.rankings for run in ranked) else "valid"


def reference_of(record: SweepRecord, arm: Arm) -> Arm | None:
    """The arm of the same group that an arm is compared with."""
    same = (a for a in record.summary.arms if a.group == arm.group and a.name == arm.reference)
    return next(same, None)


def compared_arms(record: SweepRecord, family: ArmFamily) -> tuple[Arm, ...]:
    """Arms of a family that are compared with another one, in the order planned."""
    return tuple(
        arm
        for arm in record.summary.arms
        if arm.family == family.name and arm.name not in (arm.reference, REFERENCE)
    )


def group_title(record: SweepRecord, name: str) -> str:
    """What a group is called; ``""`` for the only data set."""
    experiment = record.summary.experiment
    groups = experiment.groups if experiment is not None else ()
    return next((group.title for group in groups if group.name == name), name)
