"""Numbers behind the figures of a search: history, importance, parallel axes, trade-offs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clairo.reporting.importance import compute_importance
from clairo.reporting.labels import setting_label, setting_value
from clairo.reporting.selection import (
    axis_values,
    metric,
    number_fact,
    scored_trials,
    search_trials,
    varying_axes,
)
from clairo.tracking.records import SweepRecord, TrialRecord

MAX_MARKS = 5000
"""A figure with more marks than this is thinned or aggregated."""

MAX_LABELLED = 1000
"""Marks that each carry a configuration for hover; ten thousand would be megabytes of text."""


@dataclass(frozen=True)
class Absent:
    """A figure that cannot be drawn.

    Attributes:
        reason: A sentence for the reader: what is missing, and why.
    """

    reason: str


@dataclass(frozen=True)
class HistoryInfo:
    """The objective in the order of suggestion.

    Attributes:
        numbers: Trial numbers that have a value.
        values: Objective of each.
        labels: Configuration of each, for hover.
        best: Best value up to and including each.
        unscored: (number, state) of trials without a value; evenly thinned where there are many.
        step: Every ``step``-th trial is kept, with the best and the last; 1 where all are.
        num_trials: Trials of the search, with a value or without, kept or not.
    """

    numbers: tuple[int, ...]
    values: tuple[float, ...]
    labels: tuple[str, ...]
    best: tuple[float, ...]
    unscored: tuple[tuple[int, str], ...]
    step: int
    num_trials: int


@dataclass(frozen=True)
class ImportanceInfo:
    """How much of the objective's variation goes with each searched setting.

    Attributes:
        axes: Dotted settings, most important first.
        shares: fANOVA share of each, over all scored trials.
        lows: Smallest share over the resamples.
        highs: Largest share over the resamples.
        num_trials: Scored trials used.
    """

    axes: tuple[str, ...]
    shares: tuple[float, ...]
    lows: tuple[float, ...]
    highs: tuple[float, ...]
    num_trials: int

    @property
    def leads(self) -> bool:
        """Whether the first setting stays above every other in all resamples."""
        return len(self.axes) < 2 or self.lows[0] > max(self.highs[1:])


@dataclass(frozen=True)
class Axis:
    """One vertical axis of the parallel coordinates.

    Attributes:
        name: Dotted setting.
        ticks: Values as printed, from bottom to top.
    """

    name: str
    ticks: tuple[str, ...]


@dataclass(frozen=True)
class ParallelInfo:
    """Every scored trial as a line through its settings to its objective.

    Attributes:
        axes: The settings.
        places: By trial: position on each axis, an index into its ticks.
        values: Objective of each trial.
        numbers: Trial numbers.
        num_trials: Scored trials, before thinning.
    """

    axes: tuple[Axis, ...]
    places: tuple[tuple[int, ...], ...]
    values: tuple[float, ...]
    numbers: tuple[int, ...]
    num_trials: int


@dataclass(frozen=True)
class TradeoffInfo:
    """The objective against a cost.

    Attributes:
        cost: Name of the cost with its unit, for the axis.
        unit: What is counted, for sentences.
        costs: Cost of each trial.
        values: Objective of each trial.
        numbers: Trial numbers.
        labels: Configuration of each, for hover.
        front: Numbers of trials that no other beats in both.
        missing: Scored trials without this cost.
        num_trials: Trials with this cost, drawn or not: of many the better half, those that no
            other beats, and the rest evenly thinned are drawn.
    """

    cost: str
    unit: str
    costs: tuple[float, ...]
    values: tuple[float, ...]
    numbers: tuple[int, ...]
    labels: tuple[str, ...]
    front: tuple[int, ...]
    missing: int
    num_trials: int


def no_scored_trial(record: SweepRecord) -> Absent:
    """Says why there is no value to draw."""
    trials = search_trials(record)
    if not trials:
        return Absent("No trial has been run yet.")
    states = sorted({trial.state for trial in trials})
    return Absent(
        f"None of the {len(trials)} trials ended with a finite {record.summary.objective}; "
        f"they are {', '.join(states)}."
    )


def describe(record: SweepRecord, trial: TrialRecord) -> str:
    """A trial's searched settings in one line, for hover."""
    parts = (
        f"{setting_label(axis)} {setting_value(trial.params[axis])}"
        for axis in record.summary.axes
        if trial.params.get(axis) is not None
    )
    return f"seed {trial.seed}" + "".join(f", {part}" for part in parts)


def compute_history(record: SweepRecord) -> HistoryInfo | Absent:
    """The objective of each trial and the best so far."""
    scored, objective = scored_trials(record), record.summary.objective
    if not scored:
        return no_scored_trial(record)
    values = [metric(trial, objective) or 0.0 for trial in scored]
    best = np.maximum.accumulate(values)
    known = {trial.key for trial in scored}
    unscored = [(t.number, t.state) for t in search_trials(record) if t.key not in known]
    rug = [unscored[i] for i in _spaced(0, len(unscored), MAX_MARKS // 5)]
    step = -(-len(scored) // MAX_LABELLED)
    kept = sorted({*range(0, len(scored), step), int(np.argmax(values)), len(scored) - 1})
    return HistoryInfo(
        numbers=tuple(scored[i].number for i in kept),
        values=tuple(values[i] for i in kept),
        labels=tuple(describe(record, scored[i]) for i in kept),
        best=tuple(float(best[i]) for i in kept),
        unscored=tuple(rug),
        step=step,
        num_trials=len(scored) + len(unscored),
    )


def compute_importances(record: SweepRecord) -> ImportanceInfo | Absent:
    """Importance by fANOVA of each searched setting, with its range over resamples of trials."""
    scored, axes = scored_trials(record), varying_axes(record)
    if len(scored) < 4:
        return Absent(f"Importance needs at least 4 scored trials, this sweep has {len(scored)}.")
    if len(axes) < 2:
        return Absent("Importance compares settings, and fewer than two were varied.")
    values = np.array([metric(trial, record.summary.objective) for trial in scored], dtype=float)
    if np.ptp(values) == 0:
        return Absent("All scored trials have the same objective, so no setting explains it.")
    found = compute_importance([[t.params.get(a) for a in axes] for t in scored], values)
    order = sorted(range(len(axes)), key=lambda i: (-found.shares[i], axes[i]))
    return ImportanceInfo(
        axes=tuple(axes[i] for i in order),
        shares=tuple(found.shares[i] for i in order),
        lows=tuple(found.lows[i] for i in order),
        highs=tuple(found.highs[i] for i in order),
        num_trials=len(scored),
    )


def compute_parallel(record: SweepRecord) -> ParallelInfo | Absent:
    """Positions of every scored trial on every varied axis; thinned beyond 5,000 marks."""
    scored, names = scored_trials(record), varying_axes(record)
    if not scored:
        return no_scored_trial(record)
    if not names:
        return Absent("Only one value of every setting was tried.")
    objective = record.summary.objective
    all_values = {name: axis_values(scored, name) for name in names}
    ranked = sorted(scored, key=lambda t: (-(metric(t, objective) or 0.0), t.number))
    limit = MAX_MARKS // (len(names) + 1)
    # The best stay, the rest is thinned evenly over their ranks.
    kept = [ranked[i] for i in _best_and_spaced(len(ranked), limit)]
    return ParallelInfo(
        axes=tuple(
            Axis(name, tuple(_tick(value) for value in values))
            for name, values in all_values.items()
        ),
        places=tuple(
            tuple(all_values[name].index(trial.params.get(name)) for name in names)
            for trial in kept
        ),
        values=tuple(metric(trial, objective) or 0.0 for trial in kept),
        numbers=tuple(trial.number for trial in kept),
        num_trials=len(scored),
    )


def _best_and_spaced(count: int, limit: int) -> list[int]:
    """Places of so many of a ranking: its upper half, and the rest evenly."""
    top = min(count, limit // 2)
    return [*range(top), *_spaced(top, count, limit - top)]


def _spaced(start: int, stop: int, limit: int) -> list[int]:
    """At most so many places of a range, evenly spaced with its ends."""
    if stop - start <= limit:
        return list(range(start, stop))
    return [int(place) for place in np.linspace(start, stop - 1, limit)]


def _tick(value: object) -> str:
    return "not used" if value is None else setting_value(value)


def compute_tradeoff(record: SweepRecord, cost: str) -> TradeoffInfo | Absent:
    """The objective against ``tokens`` per item or the ``seconds`` of a trial.

    The seconds are those of a trial that finds nothing in the store: otherwise whoever comes
    second would look cheap.
    """
    scored, objective = scored_trials(record), record.summary.objective
    if not scored:
        return no_scored_trial(record)
    pairs = [
        (number_fact(t, "tokens_per_item") if cost == "tokens" else _uncached_seconds(t), t)
        for t in scored
    ]
    known = [(c, t) for c, t in pairs if c is not None]
    if not known:
        return Absent("No stage of any scored trial states its tokens per item.")
    known = sorted(known, key=lambda pair: -(metric(pair[1], objective) or 0.0))
    front = _undominated([spent for spent, _ in known])
    drawn = sorted({*front, *_best_and_spaced(len(known), MAX_LABELLED)})
    shown = [known[place] for place in drawn]
    return TradeoffInfo(
        cost="Tokens per item" if cost == "tokens" else "Time of the trial without the store (s)",
        unit="tokens per item" if cost == "tokens" else "seconds",
        costs=tuple(spent for spent, _ in shown),
        values=tuple(metric(trial, objective) or 0.0 for _, trial in shown),
        numbers=tuple(trial.number for _, trial in shown),
        labels=tuple(describe(record, trial) for _, trial in shown),
        front=tuple(known[place][1].number for place in front),
        missing=len(scored) - len(known),
        num_trials=len(known),
    )


def _undominated(costs: Sequence[float]) -> list[int]:
    """Places, in a ranking from the best, that cost less than all before them."""
    front, cheapest = [], float("inf")
    for place, spent in enumerate(costs):
        if spent < cheapest:
            front.append(place)
            cheapest = spent
    return front


def _uncached_seconds(trial: TrialRecord) -> float:
    return trial.seconds + sum(s.saved_seconds + s.borrowed_seconds for s in trial.stages)
