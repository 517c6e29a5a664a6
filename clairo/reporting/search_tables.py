"""Tables of a search: all trials, confirmed configurations, their test results, failures."""

from __future__ import annotations

from collections.abc import Sequence

from clairo.evaluation.metric_names import metric_label
from clairo.reporting.labels import (
    DASH,
    capitalised,
    digits_for,
    number,
    percent,
    plural,
    sentence_list,
    setting_label,
    setting_value,
    with_error,
)
from clairo.reporting.outcome_info import CandidateInfo, VerdictInfo, candidate_description
from clairo.reporting.selection import (
    EXPLORATORY_SEEDS,
    Spread,
    metric,
    number_fact,
    reference_value,
    search_trials,
    spread,
)
from clairo.reporting.table import Cell, Column, Table
from clairo.tracking.records import SweepRecord, TrialRecord

ACCURACY = ("recall_at_5", "ndcg_at_5", "mrr_at_5", "recall_at_10", "ndcg_at_10", "mrr_at_10")
EXPOSURE = (
    ("coverage_at_10", "Share of the catalogue that at least one user is shown."),
    ("gini_at_10", "0: all items shown equally often; 1: one item only."),
    ("mean_popularity_at_10", "Mean number of training interactions of a shown item."),
    ("tail_share_at_10", "Share of shown items with 5 training interactions or fewer."),
    ("invalid_share_at_10", "Share of freely decoded sequences that are no item."),
)


def trials_table(record: SweepRecord, verdict: VerdictInfo | None) -> Table:
    """Every suggested trial; the best value and those within one standard error are bold."""
    objective, trials = record.summary.objective, _by_value(record)
    axes = [a for a in record.summary.axes if any(t.params.get(a) is not None for t in trials)]
    strong = _strong_numbers(record, verdict)
    columns = (
        Column("Trial", numeric=True),
        Column("State", choices=True),
        Column(f"{metric_label(objective)} (valid)", numeric=True),
        *(Column(capitalised(setting_label(axis))) for axis in axes),
        Column("Tokens per item", numeric=True),
        Column("Seconds", numeric=True, help="Wall time of the trial."),
        Column("Cached", help="Stages found in the store, of all stages."),
    )
    rows = []
    for trial in trials:
        value = metric(trial, objective)
        tokens = number_fact(trial, "tokens_per_item")
        rows.append(
            (
                Cell(str(trial.number), trial.number),
                Cell(trial.state, trial.state, title=trial.error),
                Cell(number(value), value, strong=trial.number in strong),
                *(_setting_cell(trial, axis) for axis in axes),
                Cell(number(tokens, 2), tokens),
                Cell(number(trial.seconds, 1), trial.seconds),
                Cell.of(_cached(trial)),
            )
        )
    return Table(
        name="trials",
        caption=f"All {len(rows)} trials of the search, best first; one seed each.",
        columns=columns,
        rows=tuple(rows),
        searchable=True,
        notes=_trial_notes(record, verdict, axes),
    )


def _trial_notes(
    record: SweepRecord, verdict: VerdictInfo | None, axes: Sequence[str]
) -> tuple[str, ...]:
    notes = []
    if verdict is not None and verdict.error is not None:
        notes.append(
            "Bold: the best, what is tied with it on fresh seeds, and what was not run again but "
            f"lies within its standard error ({number(verdict.error, digits_for(verdict.error))}) "
            "of the best value here."
        )
    unused = [setting_label(axis) for axis in record.summary.axes if axis not in axes]
    if unused and search_trials(record):
        notes.append(f"No trial used: {sentence_list(unused)}.")
    return tuple(notes)


def _by_value(record: SweepRecord) -> list[TrialRecord]:
    objective = record.summary.objective

    def order(trial: TrialRecord) -> tuple[bool, float, int]:
        value = metric(trial, objective)
        return value is None or trial.state != "complete", -(value or 0.0), trial.number

    return sorted(search_trials(record), key=order)


def _strong_numbers(record: SweepRecord, verdict: VerdictInfo | None) -> set[int]:
    if verdict is None:
        return set()
    scored = [t for t in _by_value(record) if t.state == "complete"]
    top = {scored[0].number} if scored else set()
    tied = {c.number for c in verdict.candidates if c.tied and c.number is not None}
    return top | tied | set(verdict.tied_trials)


def _setting_cell(trial: TrialRecord, axis: str) -> Cell:
    if trial.params.get(axis) is None:
        return Cell(DASH, title="Not used by this configuration.")
    value = trial.params[axis]
    raw = value if isinstance(value, int | float) and not isinstance(value, bool) else None
    return Cell(setting_value(value), setting_value(value) if raw is None else raw)


def _cached(trial: TrialRecord) -> str:
    if not trial.stages:
        return DASH
    return f"{sum(stage.cached for stage in trial.stages)} of {len(trial.stages)}"


def column_digits(spreads: Sequence[Spread]) -> int:
    """Decimals of a whole column, so that it aligns: what its largest error justifies, up to 4."""
    return min(4, digits_for(max((s.error for s in spreads if s.error), default=None)))


def spread_cell(found: Spread, digits: int = 4, strong: bool = False) -> Cell:
    """Mean ± standard error; a dash with the reason where no run gave a value."""
    title = "; ".join(
        [
            *(f"seed {s}: {v:.6f}" for s, v in zip(found.seeds, found.values, strict=True)),
            *found.missing,
        ]
    )
    return Cell(with_error(found.mean, found.error, digits), found.mean, strong, title)


def candidates_table(record: SweepRecord, candidates: Sequence[CandidateInfo]) -> Table:
    """Configurations run on fresh seeds; those tied with the best are bold together."""
    label = metric_label(record.summary.objective)
    digits = column_digits([c.valid for c in candidates])
    rows = tuple(
        (
            Cell.of(_candidate_name(c)),
            Cell.of(candidate_description(record, c)),
            Cell(number(c.search_value, digits), c.search_value),
            spread_cell(c.valid, digits, strong=place == 0 or c.tied),
            Cell(_n_of(c.valid), len(c.valid.values), title="; ".join(c.valid.missing)),
            Cell.of("best" if place == 0 else "tied" if c.tied else "behind"),
        )
        for place, c in enumerate(candidates)
    )
    columns = (
        Column("Trial"),
        Column("Configuration"),
        Column(f"{label} in the search", numeric=True, help="One seed, chosen for being high."),
        Column(f"{label} on fresh seeds", numeric=True),
        Column("Seeds", numeric=True),
        Column("Verdict"),
    )
    caption = "Confirmed configurations: mean ± standard error over fresh seeds, valid split."
    fewest = min((len(c.valid.values) for c in candidates), default=0)
    rough = f"A standard error from {plural(fewest, 'seed')} is itself a rough guess."
    notes = (rough,) if 1 < fewest < EXPLORATORY_SEEDS else ()
    return Table("candidates", caption, columns, rows, notes=notes)


def _candidate_name(candidate: CandidateInfo) -> str:
    return candidate.config_key[:8] if candidate.number is None else str(candidate.number)


def _n_of(found: Spread) -> str:
    wanted = len(found.values) + len(found.missing)
    return str(wanted) if not found.missing else f"{len(found.values)}/{wanted}"


def results_table(record: SweepRecord, candidates: Sequence[CandidateInfo], split: str) -> Table:
    """Accuracy of the confirmed configurations on one split, between floor and ceiling."""
    by_metric = {
        name: [_candidate_spread(record, c, f"{split}/{name}") for c in candidates]
        for name in ACCURACY
    }
    tops = {
        name: max((s.mean for s in found if s.mean is not None), default=None)
        for name, found in by_metric.items()
    }
    digits = {name: column_digits(found) for name, found in by_metric.items()}
    rows = [
        (
            Cell.of(f"Trial {_candidate_name(c)}"),
            *(_result_cell(by_metric[m][place], tops[m], digits[m]) for m in ACCURACY),
        )
        for place, c in enumerate(candidates)
    ]
    for kind, title in (("popularity", "Popularity"), ("ceiling", "Ceiling")):
        levels = [reference_value(record, kind, f"{split}/{name}") for name in ACCURACY]
        if any(level is not None for level in levels):
            cells = (
                Cell(number(level, digits[m]), level, tone="quiet")
                for m, level in zip(ACCURACY, levels, strict=True)
            )
            rows.append((Cell(title, title, tone="quiet"), *cells))
    counts = sorted({len(found.values) for found in by_metric["ndcg_at_10"]})
    caption = (
        f"Confirmed configurations on the {split} split: mean ± standard error, "
        f"n = {', '.join(map(str, counts))} seeds. Chosen on valid; nothing was chosen here."
    )
    columns = (Column("Configuration"), *(Column(metric_label(m), numeric=True) for m in ACCURACY))
    return Table(
        f"{split}_results", caption, columns, tuple(rows), notes=_level_notes(record, split)
    )


def _level_notes(record: SweepRecord, split: str) -> tuple[str, ...]:
    """What the floor and the ceiling are, and over which users."""
    key, notes = record.summary.objective.replace("valid/", f"{split}/"), []
    users = record.summary.dataset_facts.get(f"num_{split}_users")
    over = f"over all {users:,} {split} users" if isinstance(users, int) else "over all users"
    if reference_value(record, "popularity", key) is not None:
        notes.append(f"Popularity: everybody is shown the most popular items, {over}.")
    if reference_value(record, "ceiling", key) is not None:
        notes.append(
            f"Ceiling: the rule that made this world ranks the items itself, {over}; known for "
            f"{metric_label(key)} only."
        )
    return tuple(notes)


def _candidate_spread(record: SweepRecord, candidate: CandidateInfo, key: str) -> Spread:
    found = next(c for c in record.summary.candidates if c.config_key == candidate.config_key)
    return spread(record, found.trial_keys, key)


def _result_cell(found: Spread, top: float | None, digits: int) -> Cell:
    mean = found.mean
    tied = mean is not None and top is not None and top - mean <= (found.error or 0.0)
    return spread_cell(found, digits, strong=tied)


def exposure_table(record: SweepRecord, candidates: Sequence[CandidateInfo], split: str) -> Table:
    """What the confirmed configurations show: catalogue or bestsellers."""
    rows = []
    for candidate in candidates:
        cells = []
        for name, _ in EXPOSURE:
            found = _candidate_spread(record, candidate, f"{split}/{name}")
            shown = percent(found.mean, 1)
            if name.startswith(("gini", "mean_popularity")):
                shown = number(found.mean, 1 if "popularity" in name else 3)
            cells.append(Cell(shown, found.mean, title="; ".join(found.missing)))
        rows.append((Cell.of(f"Trial {_candidate_name(candidate)}"), *cells))
    columns = (
        Column("Configuration"),
        *(Column(metric_label(name), numeric=True, help=about) for name, about in EXPOSURE),
    )
    caption = f"What users are shown in the first ten places, {split} split, mean over seeds."
    notes = (" ".join(f"{metric_label(name)}: {_inner(about)}" for name, about in EXPOSURE),)
    return Table("exposure", caption, columns, tuple(rows), notes=notes)


def _inner(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


SEGMENTS = (
    ("head", "Targets among the bestsellers (half of all training interactions)"),
    ("torso", "Targets between head and tail"),
    ("tail", "Targets with 5 training interactions or fewer"),
    ("unseen", "Of these, targets never seen in training"),
    ("history_1_4", "Users with 1 to 4 known interactions"),
    ("history_5_9", "Users with 5 to 9 known interactions"),
    ("history_10_19", "Users with 10 to 19 known interactions"),
    ("history_20_up", "Users with 20 or more known interactions"),
)


def segments_table(record: SweepRecord, best: CandidateInfo, split: str) -> Table:
    """Accuracy of the best configuration by popularity of the target and length of the history."""
    rows = []
    for name, title in SEGMENTS:
        users = _candidate_spread(record, best, f"{split}/{name}/num_users")
        if users.mean is None:
            continue
        found = [
            _candidate_spread(record, best, f"{split}/{name}/{m}")
            for m in ("recall_at_10", "ndcg_at_10", "mrr_at_10")
        ]
        cells = (spread_cell(f) if users.mean else Cell(DASH, title="No users.") for f in found)
        rows.append((Cell.of(title), Cell(number(users.mean, 0), users.mean), *cells))
    columns = (
        Column("Segment"),
        Column("Users", numeric=True),
        *(
            Column(metric_label(m), numeric=True)
            for m in ("recall_at_10", "ndcg_at_10", "mrr_at_10")
        ),
    )
    caption = (
        f"The best configuration by segment, {split} split: mean ± standard error over "
        f"{plural(len(best.valid.values), 'seed')}."
    )
    notes = (
        "± is over seeds only; which users fall into a segment adds more. "
        "Fewer than 30 users say little.",
    )
    return Table("segments", caption, columns, tuple(rows), notes=notes)
