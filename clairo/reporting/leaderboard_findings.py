"""What a leaderboard says in sentences, computed from its numbers."""

from __future__ import annotations

from collections.abc import Sequence

from clairo.evaluation.metric_names import metric_label
from clairo.reporting.labels import number, plural, sentence_list
from clairo.reporting.leaderboard_figures import MOST_OURS
from clairo.reporting.leaderboard_info import BoardInfo, LeaderboardInfo
from clairo.reporting.leaderboard_rows import PRIMARY, OurRow
from clairo.reporting.search_tables import column_digits

MOST_CLAIMS = 6
"""Data sets named on the first screen; the overview has all."""

_LABEL = metric_label(PRIMARY)


def claims(info: LeaderboardInfo) -> tuple[str, ...]:
    """One sentence a data set of ours, then one on the rows that fail a check."""
    boards = [board for board in info.boards if board.ours]
    said = [_say_all(boards)] if len(boards) > 1 else []
    said += [_say_board(board, board.ours[0]) for board in boards[:MOST_CLAIMS]]
    if len(boards) > MOST_CLAIMS:
        said.append(f"{plural(len(boards) - MOST_CLAIMS, 'more data set')} in the overview below.")
    if not boards:
        said.append(
            "No sweep here has a configuration confirmed on fresh seeds: only published rows are "
            "shown."
        )
    return (*said, say_flags(info))


def _say_all(boards: Sequence[BoardInfo]) -> str:
    sweeps = sum(len(board.ours) for board in boards)
    beside = sum(bool(board.published) for board in boards)
    return (
        f"{plural(len(boards), 'data set')} have a confirmed best of ours, from "
        f"{plural(sweeps, 'sweep')}; published rows of the same data stand beside {beside}."
    )


def _say_board(board: BoardInfo, best: OurRow) -> str:
    value = f"{board.name}: {_LABEL} {say_mean(best)}"
    published = board.best_published
    if published is None:
        return f"{value}{_say_levels(board)}."
    row, apart = published.row, "; ".join(best.differences)
    beside = f"{value}; the best published row has {row.shown(PRIMARY)}: {row.credit}."
    return f"{beside} Ours is measured otherwise: {apart}." if apart else beside


def say_mean(best: OurRow) -> str:
    """A mean with its interval and seeds, for a sentence."""
    places = column_digits([best.primary])
    interval, seeds = best.interval, len(best.primary.values)
    mean = number(interval.mean, places)
    if interval.low is None or interval.high is None:
        return f"{mean} on test (one seed, so no interval)"
    low, high = number(interval.low, places), number(interval.high, places)
    return f"{mean} on test (95 % {low} to {high}, {plural(seeds, 'seed')})"


def _say_levels(board: BoardInfo) -> str:
    parts = [
        f"{level.name.lower()} {number(level.values[PRIMARY])}"
        for level in board.levels
        if PRIMARY in level.values
    ]
    return f"; {sentence_list(parts)}" if parts else ""


def say_flags(info: LeaderboardInfo) -> str:
    """How many rows cannot be true or are unlike their neighbours, ours and published."""
    ours = [row.verdict for _, row in info.ours]
    theirs = [found.verdict for found in info.published]
    verdicts = [*ours, *theirs]
    impossible = sum(bool(verdict.failed) for verdict in verdicts)
    odd = [f"{i.row.credit}, {i.row.category}," for i in info.published if i.verdict.out_of_line]
    odd += [row.sweep_id for _, row in info.ours if row.verdict.out_of_line]
    failed = f"{impossible} fail" if impossible > 1 else "1 fails" if impossible else "none fails"
    aside = f" {sentence_list(odd)} {'is' if len(odd) == 1 else 'are'} possible but out of line."
    return (
        f"Of {plural(len(verdicts), 'row')} checked, {len(ours)} ours and {len(theirs)} published, "
        f"{failed} an arithmetic check." + (aside if odd else "")
    )


def warning(info: LeaderboardInfo) -> str:
    """What the page is no evidence for."""
    rows = [row for _, row in info.ours]
    parts = []
    if exploratory := sum(row.exploratory for row in rows):
        which = "all" if exploratory == len(rows) else f"{exploratory} of {len(rows)}"
        parts.append(
            f"Exploratory: {which} rows of ours come from a small profile or fewer than 5 seeds."
        )
    if rows and info.published:
        parts.append(
            "Published rows come without seeds, intervals and exact data handling: a difference "
            "to one of them is no test of a method."
        )
    return " ".join(parts)


def say_figure(board: BoardInfo) -> tuple[str, str]:
    """Title and subtitle of a data set's figure."""
    best = board.ours[0]
    shown = min(len(board.ours), MOST_OURS)
    subtitle = (
        f"{_LABEL} on test. Filled: ours, mean over seeds with its 95 % t interval, ticks are "
        f"seeds; {shown} of {plural(len(board.ours), 'sweep')}, best validation first. Open: "
        "published rows and levels, without interval."
    )
    if board.published and best.differences:
        subtitle += f" The best of ours is measured otherwise: {'; '.join(best.differences)}."
    return _figure_title(board, best), subtitle


def _figure_title(board: BoardInfo, best: OurRow) -> str:
    values = [float(i.row.values[PRIMARY]) for i in board.published if PRIMARY in i.row.values]
    if values:
        above = sum(best.interval.mean > value for value in values)
        rows = plural(len(values), "published row")
        apart = ", which was measured otherwise," if best.differences else ""
        return f"The best of ours{apart} is above {above} of {rows}"
    levels = {level.name: level.values.get(PRIMARY) for level in board.levels}
    ceiling, floor = levels.get("Ceiling of this world"), levels.get("Popularity ranking")
    if ceiling:
        share = 100 * best.interval.mean / ceiling
        return f"The best of ours reaches {share:.0f} % of what this world allows"
    if floor:
        return f"The best of ours has {best.interval.mean / floor:.1f} times the popularity ranking"
    return f"The best of ours has {_LABEL} {number(best.interval.mean)}"
