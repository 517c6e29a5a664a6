"""What changed stage by stage: where two sides still share a result, and where they part."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from clairo.reporting.compare_sides import Side
from clairo.reporting.search_info import Absent
from clairo.tracking.records import StageRecord, TrialRecord

Relation = Literal["same", "different", "only one"]

_OF_A_CODEBOOK: Final = re.compile(r"^(text|image|fused)/\d+/")
_MEASURED: Final = ("valid_evaluation", "test_evaluation")
"""Stages whose facts are the results, which have tables of their own."""


@dataclass(frozen=True)
class StageRuns:
    """One stage of one side, over the runs that are compared.

    Attributes:
        kind: Variant.
        entries: Distinct store paths, in the order of the runs.
        seconds: Mean time that a run spent on it.
        num_runs: Runs that came to it.
        num_cached: Of these, runs that found the result.
        bytes: Mean size of the result.
    """

    kind: str
    entries: tuple[str, ...]
    seconds: float
    num_runs: int
    num_cached: int
    bytes: float


@dataclass(frozen=True)
class FactDifference:
    """A fact that a stage states differently.

    Attributes:
        name: Its name.
        ours: The reference's.
        theirs: The other side's.
    """

    name: str
    ours: Any
    theirs: Any


@dataclass(frozen=True)
class StagePair:
    """One stage of both sides.

    Attributes:
        name: Stage.
        relation: ``same`` where paired runs share one store entry, ``only one`` where one side
            has no such stage, else ``different``.
        ours: The reference's, ``None`` where it did not come to it.
        theirs: The other side's.
        facts: Single values that both state differently, by the first pair of runs.
        num_lone_facts: Single values that only one of them states.
    """

    name: str
    relation: Relation
    ours: StageRuns | None
    theirs: StageRuns | None
    facts: tuple[FactDifference, ...]
    num_lone_facts: int


@dataclass(frozen=True)
class StagesInfo:
    """All stages of a side and of the reference.

    Attributes:
        letter: The side.
        stages: In pipeline order.
        seeds: Shared seeds whose runs are compared; empty where none is shared and one run of
            each side stands for it, whose seeded stages then differ whatever was set.
    """

    letter: str
    stages: tuple[StagePair, ...]
    seeds: tuple[int, ...]

    @property
    def parts_at(self) -> str:
        """The first stage where the sides do not share a result, ``""`` where they share all."""
        return next((pair.name for pair in self.stages if pair.relation != "same"), "")

    @property
    def num_shared(self) -> int:
        """Stages whose results are the same."""
        return sum(pair.relation == "same" for pair in self.stages)


def compute_stages(side: Side, reference: Side) -> StagesInfo | Absent:
    """Stage by stage, on shared seeds where there are any."""
    pairs, seeds = _run_pairs(side, reference)
    if not pairs:
        silent = [s.letter for s in (reference, side) if not any(t.stages for t in s.trials)]
        return Absent(f"No run of {' or of '.join(silent)} logged what its stages did.")
    names = _names([trial for pair in pairs for trial in pair])
    return StagesInfo(side.letter, tuple(_stage_pair(name, pairs) for name in names), seeds)


def _run_pairs(
    side: Side, reference: Side
) -> tuple[list[tuple[TrialRecord, TrialRecord]], tuple[int, ...]]:
    """(reference, side) runs of each shared seed, else one of each."""
    theirs = {trial.seed: trial for trial in side.trials if trial.stages}
    ours = {trial.seed: trial for trial in reference.trials if trial.stages}
    shared = tuple(sorted(set(theirs) & set(ours)))
    if shared:
        return [(ours[seed], theirs[seed]) for seed in shared], shared
    if not theirs or not ours:
        return [], ()
    return [(_longest(ours.values()), _longest(theirs.values()))], ()


def _longest(trials: Sequence[TrialRecord] | Any) -> TrialRecord:
    """The run that came furthest, the first of equals."""
    found: TrialRecord = max(trials, key=lambda trial: len(trial.stages))
    return found


def _names(trials: Sequence[TrialRecord]) -> list[str]:
    """All stages, each where the run that has it puts it."""
    names: list[str] = []
    for trial in trials:
        place = 0
        for stage in trial.stages:
            if stage.name in names:
                place = names.index(stage.name) + 1
            else:
                names.insert(place, stage.name)
                place += 1
    return names


def _stage_pair(name: str, pairs: Sequence[tuple[TrialRecord, TrialRecord]]) -> StagePair:
    ours = [_stage(trial, name) for trial, _ in pairs]
    theirs = [_stage(trial, name) for _, trial in pairs]
    relation: Relation
    if not any(ours) or not any(theirs):
        relation = "only one"
    elif all(
        (one is None) == (other is None) and (not one or not other or one.entry == other.entry)
        for one, other in zip(ours, theirs, strict=True)
    ):
        relation = "same"
    else:
        relation = "different"
    both = zip(ours, theirs, strict=True)
    one, other = next(((one, other) for one, other in both if one and other), (None, None))
    facts = _fact_differences(one, other)
    shared = tuple(fact for fact in facts if None not in (fact.ours, fact.theirs))
    lone = len(facts) - len(shared)
    return StagePair(name, relation, _runs(ours), _runs(theirs), shared, lone)


def _stage(trial: TrialRecord, name: str) -> StageRecord | None:
    return next((stage for stage in trial.stages if stage.name == name), None)


def _runs(stages: Sequence[StageRecord | None]) -> StageRuns | None:
    found = [stage for stage in stages if stage is not None]
    if not found:
        return None
    return StageRuns(
        kind=found[0].kind,
        entries=tuple(dict.fromkeys(stage.entry for stage in found)),
        seconds=float(np.mean([stage.seconds for stage in found])),
        num_runs=len(found),
        num_cached=sum(stage.cached for stage in found),
        bytes=float(np.mean([stage.bytes for stage in found])),
    )


def _fact_differences(
    ours: StageRecord | None, theirs: StageRecord | None
) -> tuple[FactDifference, ...]:
    if ours is None or theirs is None or ours.name in _MEASURED:
        return ()
    names = dict.fromkeys([*ours.facts, *theirs.facts])
    pairs = (FactDifference(name, ours.facts.get(name), theirs.facts.get(name)) for name in names)
    return tuple(
        pair
        for pair in pairs
        if pair.ours != pair.theirs
        and _is_single(pair.ours)
        and _is_single(pair.theirs)
        and not _OF_A_CODEBOOK.match(pair.name)
    )


def _is_single(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float)
