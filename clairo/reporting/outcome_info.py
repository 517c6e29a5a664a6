"""The outcome of a sweep: which configuration is best, how surely, and what did not work."""

from __future__ import annotations

import math
from dataclasses import dataclass

from clairo.reporting.search_info import MAX_MARKS, Absent, describe
from clairo.reporting.selection import (
    Spread,
    best_first,
    best_trial,
    count_test_reads,
    example_of,
    metric,
    reference_value,
    scored_trials,
    search_trials,
    shown_number,
    spread,
)
from clairo.tracking.records import SweepRecord, TrialRecord


@dataclass(frozen=True)
class CandidateInfo:
    """A configuration that was run again on fresh seeds.

    Attributes:
        config_key: Hash of the configuration.
        number: Trial that suggested it, ``None`` where it is not in the record.
        search_value: Its objective in the search, on the search's one seed.
        valid: The objective on fresh seeds.
        test: The same metric on the test split.
        tied: Within one standard error of the best mean.
    """

    config_key: str
    number: int | None
    search_value: float
    valid: Spread
    test: Spread
    tied: bool


@dataclass(frozen=True)
class VerdictInfo:
    """What the sweep says.

    Attributes:
        confirmed: Whether the best one was run on fresh seeds.
        best: The best configuration's run that is shown.
        number: Trial of the search that suggested it.
        value: Its mean objective (fresh seeds) or its one search value.
        error: Standard error of that mean, ``None`` where unknown.
        num_seeds: Fresh seeds behind it; 0 for a search value.
        candidates: All confirmed configurations, best mean first.
        tied_trials: Numbers of other search trials within one standard error of the best
            search value.
        ceiling: Score of the world's own generating model on the same split, if known.
        popularity: Score of the popularity ranking on the same split, if known.
        test_ceiling: The ceiling on the test split, if known.
        num_test_reads: Runs of any role that were read on the test split.
    """

    confirmed: bool
    best: TrialRecord
    number: int
    value: float
    error: float | None
    num_seeds: int
    candidates: tuple[CandidateInfo, ...]
    tied_trials: tuple[int, ...]
    ceiling: float | None
    popularity: float | None
    test_ceiling: float | None
    num_test_reads: int


@dataclass(frozen=True)
class CurvesInfo:
    """Validation metric by epoch.

    Attributes:
        metric_key: Key of the metric.
        curves: (trial number, best configuration?, epochs, values); the best one last.
        num_curves: Curves before thinning.
        light_users: Users asked after an epoch where that evaluation is lighter than the final
            one, else ``None``.
    """

    metric_key: str
    curves: tuple[tuple[int, bool, tuple[int, ...], tuple[float, ...]], ...]
    num_curves: int
    light_users: int | None = None


def compute_verdict(record: SweepRecord) -> VerdictInfo | Absent:
    """The best configuration on fresh seeds, or the best search trial where none was confirmed."""
    best, objective = best_trial(record), record.summary.objective
    if best is None:
        return Absent(_why_no_verdict(record))
    candidates = compute_candidates(record)
    confirmed = bool(candidates)
    winner = candidates[0].valid if confirmed else Spread((), ())
    value = winner.mean if winner.mean is not None else metric(best, objective)
    return VerdictInfo(
        confirmed=confirmed,
        best=best,
        number=shown_number(record, best),
        value=value or 0.0,
        error=winner.error,
        num_seeds=len(winner.values),
        candidates=candidates,
        tied_trials=_tied_trials(record, best, winner.error),
        ceiling=reference_value(record, "ceiling", objective),
        popularity=reference_value(record, "popularity", objective),
        test_ceiling=reference_value(record, "ceiling", objective.replace("valid/", "test/")),
        num_test_reads=sum(count_test_reads(record).values()),
    )


def _why_no_verdict(record: SweepRecord) -> str:
    trials = search_trials(record)
    if not trials:
        return "There is no verdict: no trial has been run yet."
    failed = [trial for trial in trials if trial.error]
    reason = f" The first error was: {failed[0].error}" if failed else ""
    return (
        f"There is no verdict: none of the {len(trials)} trials ended with a finite "
        f"{record.summary.objective}.{reason}"
    )


def compute_candidates(record: SweepRecord) -> tuple[CandidateInfo, ...]:
    """Confirmed configurations with their valid and test results, best mean first."""
    ranked = best_first(record)
    if not ranked:
        return ()
    top = ranked[0][1]
    test_key = record.summary.objective.replace("valid/", "test/")
    found = []
    for candidate, valid in ranked:
        behind = (top.mean or 0.0) - (valid.mean or 0.0)
        searched = [t for t in search_trials(record) if t.config_key == candidate.config_key]
        found.append(
            CandidateInfo(
                config_key=candidate.config_key,
                number=searched[0].number if searched else None,
                search_value=candidate.search_value,
                valid=valid,
                test=spread(record, candidate.trial_keys, test_key),
                tied=top.error is not None and behind <= top.error,
            )
        )
    return tuple(found)


def _tied_trials(record: SweepRecord, best: TrialRecord, error: float | None) -> tuple[int, ...]:
    if error is None:
        return ()
    scored, objective = scored_trials(record), record.summary.objective
    top = max((metric(trial, objective) or 0.0 for trial in scored), default=0.0)
    return tuple(
        trial.number
        for trial in scored
        if trial.config_key != best.config_key and top - (metric(trial, objective) or 0.0) <= error
    )


def compute_curves(record: SweepRecord) -> CurvesInfo | Absent:
    """Curves of the objective by epoch for search trials; the best configuration stands out."""
    key = f"epoch/{record.summary.objective}"
    trials = [trial for trial in search_trials(record) if _points(trial, key)]
    if not trials:
        return Absent(f"No trial logged {key} while it trained.")
    best = best_trial(record)
    shown: list[TrialRecord] = []
    marks = 0
    # Newest configurations matter less than good ones: keep the best curves within the limit.
    ranked = sorted(trials, key=lambda t: -max(value for _, value in _points(t, key)))
    for trial in ranked:
        marks += len(_points(trial, key))
        if shown and marks > MAX_MARKS:
            break
        shown.append(trial)
    curves = [
        (
            trial.number,
            best is not None and trial.config_key == best.config_key,
            tuple(step for step, _ in _points(trial, key)),
            tuple(value for _, value in _points(trial, key)),
        )
        for trial in shown
    ]
    ordered = tuple(sorted(curves, key=lambda c: (c[1], c[0])))
    return CurvesInfo(key, ordered, len(trials), _light_users(best))


def _light_users(trial: TrialRecord | None) -> int | None:
    """Users asked after an epoch, where the configuration asks more at the end."""
    if trial is None:
        return None
    users = trial.config.get("model", {}).get("valid_users")
    evaluation = trial.config.get("evaluation", {})
    lighter = evaluation.get("ensemble", 1) > 1 or evaluation.get("max_users") != users
    return int(users) if isinstance(users, int) and lighter else None


def _points(trial: TrialRecord, key: str) -> list[tuple[int, float]]:
    """Finite values of a metric by epoch."""
    return [(step, value) for step, value in trial.history.get(key, ()) if math.isfinite(value)]


def candidate_description(record: SweepRecord, candidate: CandidateInfo) -> str:
    """A candidate's searched settings in one line."""
    example = example_of(record, candidate.config_key)
    return describe(record, example).partition(", ")[2] if example else "not in the tracker"
