"""Tables of a leaderboard: one line a data set, one table a data set, and every row's checks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from clairo.evaluation.metric_names import metric_label
from clairo.evaluation.row_checks import AccuracyRow, Check, RowVerdict, ratio
from clairo.reporting.labels import DASH, number, plural, sentence_list
from clairo.reporting.leaderboard_cells import (
    VALID,
    best_and_tied,
    check_cell,
    interval_cell,
    printed_cell,
    seeds_cell,
    users_cell,
    verdict_cell,
)
from clairo.reporting.leaderboard_info import BoardInfo, LeaderboardInfo, Level, PublishedInfo
from clairo.reporting.leaderboard_rows import PRIMARY, SHOWN, OurRow
from clairo.reporting.search_tables import column_digits, spread_cell
from clairo.reporting.table import Cell, Column, Table

_FIRST = "recall_at_1"
_OF_OURS = (
    *("95 % of NDCG@10", "Seeds", "NDCG@10 (valid)", "Users asked"),
    *("Profile", "Chosen from", "Commit", "Configuration"),
)
"""Columns that only a row of ours fills."""

_NO_SEEDS = "Nothing is known here of its seeds, and so of its interval."

_CHECKS: dict[Check, tuple[str, str]] = {
    "range": ("Within 0 and 1", "Every value."),
    "recall order": ("Recall grows", "Recall@5 is at most Recall@10."),
    "ndcg gain": (
        "NDCG gain",
        "NDCG@10 − NDCG@5 is (Recall@10 − Recall@5) times 1/log2(11) to 1/log2(7).",
    ),
    "ndcg over recall": ("NDCG / Recall", "NDCG@5 / Recall@5 is 1/log2(6) to 1."),
    "ratio in line": (
        "Ratio in line",
        "NDCG@5 / Recall@5 is no further from the range of the release's other rows than that "
        "range is wide.",
    ),
}


def overview_table(info: LeaderboardInfo) -> Table:
    """One line a data set: our best, the best published row, what sets them apart, flags."""
    label = metric_label(PRIMARY)
    columns = (
        Column("Data"),
        Column(f"Ours, {label}", numeric=True, help="Mean over fresh seeds, on test."),
        Column("95 % interval", help="t interval over seeds."),
        Column("Seeds", numeric=True, help="Seeds with a result, of those planned."),
        Column(f"Published, {label}", numeric=True, help="The highest that can be true."),
        Column("Published by"),
        Column("Flags"),
        Column("Ours differs in"),
    )
    rows = tuple(_overview_row(board) for board in info.boards)
    return Table(
        name="overview",
        caption=f"{label} on test: the best of ours by validation beside the best published row.",
        columns=columns,
        rows=rows,
        searchable=True,
        notes=(
            "No column holds a difference: where ours was measured unlike a published row, the "
            "last column says in what, and the two numbers do not rank the methods.",
        ),
    )


def _overview_row(board: BoardInfo) -> tuple[Cell, ...]:
    best, published = board.best, board.best_published
    source = published.row.credit if published else DASH
    apart = "; ".join(best.differences) or "nothing that is known" if best and published else DASH
    return (
        Cell.of(board.name, title=board.digest),
        *(_our_overview(best) if best else [Cell(DASH)] * 3),
        printed_cell(published, PRIMARY) if published else Cell(DASH),
        Cell.of(source),
        _flags_cell(board),
        Cell.of(apart),
    )


def _our_overview(best: OurRow) -> tuple[Cell, ...]:
    places = column_digits([best.primary])
    mean = Cell(number(best.primary.mean, places), best.primary.mean)
    return mean, interval_cell(best.interval, places), seeds_cell(best)


def _flags_cell(board: BoardInfo) -> Cell:
    verdicts = [*(row.verdict for row in board.ours), *(i.verdict for i in board.published)]
    counts = (
        (sum(bool(verdict.failed) for verdict in verdicts), "impossible"),
        (sum(bool(verdict.out_of_line) for verdict in verdicts), "out of line"),
    )
    words = ", ".join(f"{count} {what}" for count, what in counts if count)
    return Cell(words, words, tone="bad") if words else Cell.of("none")


@dataclass(frozen=True)
class _Style:
    """Decimals of each column, and the rows that are bold."""

    places: Mapping[str, int]
    strong: set[str]

    @classmethod
    def of(cls, rows: Sequence[OurRow]) -> _Style:
        places = {key: column_digits([row.test[key] for row in rows]) for key in SHOWN}
        places[VALID] = column_digits([row.valid for row in rows])
        # What other users chose is neither above nor tied.
        alike = {r.sweep_id: r.valid for r in rows if r.valid_users == rows[0].valid_users}
        return cls(places, best_and_tied(alike))

    def cell(self, row: OurRow, key: str) -> Cell:
        if key not in self.places:
            return Cell(DASH, title="Not measured.")
        found = row.valid if key == VALID else row.test[key]
        return spread_cell(found, self.places[key], row.sweep_id in self.strong)


def board_table(board: BoardInfo) -> Table:
    """Rows of one data set: ours best first, then levels and published rows, set apart.

    Without a row of ours there is nothing to say of seeds, users or commits.
    """
    metrics = _metrics(board.published)
    style = _Style.of(board.ours)
    others = (
        *(_level_row(level, metrics) for level in board.levels),
        *(_published_row(info, metrics) for info in board.published),
    )
    columns = _columns(metrics)
    rows = (*(_our_row(row, metrics, style) for row in board.ours), *others)
    if not board.ours:
        bare = [place for place, column in enumerate(columns) if column.name not in _OF_OURS]
        columns = tuple(columns[place] for place in bare)
        rows = tuple(tuple(row[place] for place in bare) for row in rows)
    return Table(
        name=board.slug,
        caption=_caption(board),
        columns=columns,
        rows=rows,
        notes=_notes(board),
        apart=len(others),
    )


def published_table(name: str, caption: str, infos: Sequence[PublishedInfo]) -> Table:
    """Published rows of several data sets, for those that no data set of ours stands beside."""
    metrics = _metrics(infos)
    columns = (
        Column("Category"),
        Column("Row"),
        Column("Source"),
        *_metric_columns(metrics),
        Column("Checks"),
        Column("Note"),
    )
    rows = tuple(
        (
            Cell.of(info.row.category),
            Cell.of(info.row.name),
            Cell.of(info.row.origin),
            *(printed_cell(info, key) for key in metrics),
            verdict_cell(info.verdict),
            Cell.of(info.note or DASH),
        )
        for info in infos
    )
    return Table(name, caption, columns, rows)


def checks_table(info: LeaderboardInfo) -> Table:
    """Which checks of each row were made, and how they came out."""
    columns = (
        Column("Row"),
        Column("Data"),
        *(Column(name, help=about, choices=False) for name, about in _CHECKS.values()),
        Column("NDCG@5 / Recall@5", numeric=True),
    )
    rows = [
        _checks_row((row.sweep_id, board.name), row.verdict, row.numbers)
        for board, row in info.ours
    ]
    rows += [
        _checks_row((found.row.credit, _data(found)), found.verdict, found.row.numbers)
        for found in info.published
    ]
    return Table(
        name="checks",
        caption="Checks of every row, ours and published; a dash is one that the row's numbers "
        "do not allow.",
        columns=columns,
        rows=tuple(rows),
        searchable=True,
    )


def _data(info: PublishedInfo) -> str:
    """What a published row was measured on, as far as it says."""
    row = info.row
    return row.datasets[0] if row.release else f"{row.category}, release not stated"


def _checks_row(
    names: tuple[str, str], verdict: RowVerdict, numbers: AccuracyRow
) -> tuple[Cell, ...]:
    found = ratio(numbers)
    at_5 = found.middle if found is not None and found.cutoff == 5 else None
    cells = (check_cell(check, verdict) for check in get_args(Check))
    return *(Cell.of(name) for name in names), *cells, Cell(number(at_5, 2), at_5)


def _metrics(infos: Iterable[PublishedInfo]) -> tuple[str, ...]:
    """The shown metrics, after Recall@1 where a published row has it."""
    return (_FIRST, *SHOWN) if any(_FIRST in info.row.values for info in infos) else SHOWN


def _metric_columns(metrics: Sequence[str]) -> tuple[Column, ...]:
    return tuple(Column(metric_label(key), numeric=True) for key in metrics)


def _columns(metrics: Sequence[str]) -> tuple[Column, ...]:
    interval, seeds, valid, users, profile, chosen, commit, configuration = _OF_OURS
    return (
        Column("Row", help="Ours by sweep; published ones with their source and its kind."),
        *_metric_columns(metrics),
        Column(interval, help="t interval over seeds, on test."),
        Column(seeds, numeric=True, help="Seeds with a result, of those planned."),
        Column(valid, numeric=True, help="What chose the best; same seeds."),
        Column(users, numeric=True, help="On test, of those there are."),
        Column(profile),
        Column(chosen, help="Trials of the search, and configurations run on fresh seeds."),
        Column(commit),
        Column("Checks"),
        Column(configuration),
    )


def _our_row(row: OurRow, metrics: Sequence[str], style: _Style) -> tuple[Cell, ...]:
    return (
        Cell.of(row.sweep_id, row.sweep_id in style.strong),
        *(style.cell(row, key) for key in metrics),
        interval_cell(row.interval, style.places[PRIMARY]),
        seeds_cell(row),
        style.cell(row, VALID),
        users_cell(row),
        Cell.of(row.best.summary.profile),
        Cell.of(_chosen_from(row)),
        Cell.of(sentence_list(row.commits) or DASH),
        verdict_cell(row.verdict),
        Cell.of(row.words or DASH),
    )


def _chosen_from(row: OurRow) -> str:
    if row.best.single:
        return "single run"
    summary = row.best.summary
    return f"{plural(summary.requested_trials, 'trial')}, {len(summary.candidates)} confirmed"


def _level_row(level: Level, metrics: Sequence[str]) -> tuple[Cell, ...]:
    cells = (Cell(number(level.values.get(key)), level.values.get(key)) for key in metrics)
    return Cell.of(level.name), *cells, *[Cell(DASH)] * 9


def _published_row(info: PublishedInfo, metrics: Sequence[str]) -> tuple[Cell, ...]:
    cells = (printed_cell(info, key) for key in metrics)
    unknown = Cell(DASH, title=_NO_SEEDS)
    return (
        Cell.of(info.row.credit, title=info.row.source.note),
        *cells,
        *[unknown] * 7,
        verdict_cell(info.verdict),
        Cell(DASH),
    )


def _caption(board: BoardInfo) -> str:
    metrics = f"Recall and NDCG on test, {board.name}"
    if not board.ours:
        return f"{metrics}: published rows. No sweep of this tracker is on it."
    seeds = sorted({len(row.primary.values) for row in board.ours})
    counts = f"{seeds[0]}" if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
    return (
        f"{metrics}, data digest {board.digest[:12]}: mean ± standard error over {counts} fresh "
        f"seed{'' if seeds == [1] else 's'}, best validation first. Below the line: not ours."
    )


def _notes(board: BoardInfo) -> tuple[str, ...]:
    notes = []
    if board.ours:
        notes.append(
            "Bold: the best of ours by validation, and what lies within one standard error of it "
            "there. The best of many looks a little better on validation than it is; its test "
            "numbers played no part in the choice, so they may be lower than another row's."
        )
    unlike = [(row.sweep_id, board.unlike_best(row)) for row in board.ours]
    notes += [f"{name} was {said}." for name, said in unlike if said]
    if board.ours and board.published:
        notes += [
            f"{row.sweep_id} differs from the published rows in: {'; '.join(row.differences)}."
            for row in board.ours
            if row.differences
        ]
        notes.append(
            "Published rows: seeds, intervals and exact data handling are not known here; ours "
            "ranks the whole catalogue and keeps every asked user in the denominator."
        )
    flagged = [*_flag_notes(board)]
    return (*notes, *flagged)


def _flag_notes(board: BoardInfo) -> Iterable[str]:
    named = [(row.sweep_id, row.verdict) for row in board.ours]
    named += [(i.row.credit, i.verdict) for i in board.published]
    for name, verdict in named:
        for said in verdict.impossible:
            yield f"Impossible, {name}: {said}"
        if verdict.out_of_line:
            yield f"Out of line, {name}: {verdict.out_of_line}"
