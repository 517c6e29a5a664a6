"""Our rows of a leaderboard: the confirmed best of a sweep, its spread over seeds, its checks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from clairo.evaluation.row_checks import AccuracyRow, Check, RowVerdict, check_row, exact
from clairo.evaluation.significance import Interval, paired_interval
from clairo.reporting.labels import capitalised, plural, setting_label, setting_value
from clairo.reporting.selection import EXPLORATORY_SEEDS, Spread
from clairo.tracking.best_reader import BestOfSweep, ConfirmedRun
from clairo.tracking.records import SweepSummary

SHOWN = ("recall_at_5", "ndcg_at_5", "recall_at_10", "ndcg_at_10")
"""Metrics of a row, all of the test split."""

PRIMARY = "ndcg_at_10"

_WITHOUT_AXES = ("fusion.kind", "quantization.kind", "merging.num_merges")
"""Settings that name a configuration which nobody searched for."""


@dataclass(frozen=True)
class OurRow:
    """The confirmed best configuration of one sweep.

    Attributes:
        best: What was read of the sweep.
        valid: Its objective on fresh seeds, by which rows are ordered.
        test: Each shown metric on the test split.
        verdict: What the arithmetic checks say, every seed by itself.
        words: The searched settings of the configuration in one line.
        commits: Commits of the runs, shortened.
        asked: Users asked on test, ``None`` where it was not logged.
        users: Users that the test split has, ``None`` where it was not recorded.
        valid_users: Users asked on the split of the objective, ``None`` where it was not logged.
    """

    best: BestOfSweep
    valid: Spread
    test: Mapping[str, Spread]
    verdict: RowVerdict
    words: str
    commits: tuple[str, ...]
    asked: int | None
    users: int | None
    valid_users: int | None

    @property
    def sweep_id(self) -> str:
        """Id of the sweep, the row's name."""
        return self.best.summary.sweep_id

    @property
    def primary(self) -> Spread:
        """NDCG@10 on test."""
        return self.test[PRIMARY]

    @property
    def interval(self) -> Interval:
        """The 95 % t interval of NDCG@10 on test over seeds; without bounds below two seeds."""
        return paired_interval(self.primary.values)

    @property
    def numbers(self) -> AccuracyRow:
        """The means over seeds as the arithmetic checks read them."""
        means = {key: spread.mean for key, spread in self.test.items()}
        return accuracy_row({key: mean for key, mean in means.items() if mean is not None})

    @property
    def exploratory(self) -> bool:
        """Whether it is no claim: a small profile, or few seeds."""
        return self.best.summary.profile != "paper" or len(self.primary.values) < EXPLORATORY_SEEDS

    @property
    def differences(self) -> tuple[str, ...]:
        """What sets it apart from a published row of the same data, a few words each."""
        summary, found = self.best.summary, []
        if summary.profile != "paper":
            found.append(f"{summary.profile} profile, exploratory")
        if self.asked is not None and self.users is not None and self.asked < self.users:
            found.append(f"{self.asked:,} of {self.users:,} test users asked")
        if len(self.primary.values) < EXPLORATORY_SEEDS:
            found.append(plural(len(self.primary.values), "seed"))
        if not summary.finished and not self.best.single:
            found.append("unfinished sweep")
        chosen = summary.dataset_facts.get("chosen_settings")
        if isinstance(chosen, Mapping) and chosen:
            settings = (f"{name} {setting_value(value)}" for name, value in sorted(chosen.items()))
            found.append(f"data settings of one's own: {', '.join(settings)}")
        return tuple(found)


def accuracy_row(values: Mapping[str, float]) -> AccuracyRow:
    """Unrounded metrics as the arithmetic checks read them; those not finite are left out."""
    finite = {key: exact(value) for key, value in values.items() if math.isfinite(value)}
    return AccuracyRow(
        {k: finite[f"recall_at_{k}"] for k in (5, 10) if f"recall_at_{k}" in finite},
        {k: finite[f"ndcg_at_{k}"] for k in (5, 10) if f"ndcg_at_{k}" in finite},
    )


def compute_row(best: BestOfSweep) -> OurRow | str:
    """The row of a sweep, or the reason why it has none."""
    test = {key: spread_of(best, f"test/{key}") for key in SHOWN}
    if not test[PRIMARY].values:
        missing = "; ".join(test[PRIMARY].missing) or "it has no run"
        return f"its best configuration has no result on test: {missing}."
    runs = [best.runs[key] for key in best.wanted if key in best.runs]
    told = [run for run in runs if run.seed in test[PRIMARY].seeds]
    return OurRow(
        best=best,
        valid=spread_of(best, best.summary.objective),
        test=test,
        verdict=check_seeds(told),
        words=_words(best.summary, told[0]),
        commits=_commits(best.summary, told),
        asked=_count(told[0].metrics.get("test/num_users")),
        users=_test_users(best.summary.dataset_facts),
        valid_users=_count(
            told[0].metrics.get(f"{best.summary.objective.partition('/')[0]}/num_users")
        ),
    )


def spread_of(best: BestOfSweep, key: str) -> Spread:
    """A metric over the winner's runs; says which runs gave none, and why."""
    values: list[float] = []
    seeds: list[int] = []
    missing: list[str] = []
    for trial_key in best.wanted:
        run = best.runs.get(trial_key)
        value = run.metrics.get(key) if run is not None and run.state == "complete" else None
        if run is None or run.seed is None or value is None or not math.isfinite(value):
            missing.append(_why_missing(run, key, trial_key))
        else:
            values.append(value)
            seeds.append(run.seed)
    return Spread(tuple(values), tuple(seeds), tuple(missing))


def _why_missing(run: ConfirmedRun | None, key: str, trial_key: str) -> str:
    if run is None:
        return f"run {trial_key} is not in the tracker"
    if run.seed is None:
        return f"run {trial_key} does not say its seed"
    if run.state == "complete":
        return f"seed {run.seed} logged no finite {key}"
    return f"seed {run.seed} ended {run.state}" + (f": {run.error}" if run.error else "")


def check_seeds(runs: Iterable[ConfirmedRun]) -> RowVerdict:
    """The checks of every seed: per-user ranks obey them, so unrounded means must.

    A mean over seeds obeys them where every seed does.
    """
    made: dict[Check, None] = {}
    failed: list[tuple[Check, str]] = []
    for run in runs:
        row = accuracy_row(
            {key: run.metrics[f"test/{key}"] for key in SHOWN if f"test/{key}" in run.metrics}
        )
        verdict = check_row(row)
        made |= dict.fromkeys(verdict.made)
        failed += [(check, f"Seed {run.seed}: {said}") for check, said in verdict.failed]
    return RowVerdict(tuple(made), tuple(failed))


def _words(summary: SweepSummary, run: ConfirmedRun) -> str:
    axes = summary.axes or _WITHOUT_AXES
    parts = (f"{setting_label(axis)} {run.params[axis]}" for axis in axes if axis in run.params)
    return capitalised(", ".join(parts))


def _commits(summary: SweepSummary, runs: Iterable[ConfirmedRun]) -> tuple[str, ...]:
    """Of the runs, else of the sweep; each says whether the code had changes of its own."""
    dirty = " with changes" if summary.environment.get("dirty") else ""
    found = dict.fromkeys(run.commit for run in runs if run.commit)
    stated = str(summary.environment.get("commit") or "")
    return tuple(f"{commit[:8]}{dirty}" for commit in (found or {stated: None}) if commit)


def _test_users(facts: Mapping[str, Any]) -> int | None:
    # The second is after the profile's limit, which is what must be told apart.
    for name in ("num_asked_users", "num_test_users"):
        if (count := _count(facts.get(name))) is not None:
            return count
    return None


def _count(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
        return None
    return int(value)
