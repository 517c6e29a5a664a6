"""Tables of a comparison; each prints one record and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from clairo.evaluation.metric_names import metric_label
from clairo.reporting.compare_changes import EnvironmentInfo, Setting, SettingRow, SettingsInfo
from clairo.reporting.compare_details import RankMoves, SideCodes
from clairo.reporting.compare_info import METRICS, ComparisonInfo, Difference, Split
from clairo.reporting.compare_sides import Side, side_spread
from clairo.reporting.labels import DASH, number, p_value, percent, setting_label, setting_value
from clairo.reporting.search_tables import column_digits, spread_cell
from clairo.reporting.selection import Spread
from clairo.reporting.stage_figures import codebook_name
from clairo.reporting.table import Cell, Column, Table

_SHOWN = ("recall_at_5", "ndcg_at_5", "recall_at_10", "ndcg_at_10", "mrr_at_10")


def results_table(info: ComparisonInfo, split: Split) -> Table:
    """Accuracy of every side; the best and what is tied with it are bold on equal data."""
    found = {m: [side_spread(side, f"{split}/{m}") for side in info.sides] for m in _SHOWN}
    digits = {m: column_digits(spreads) for m, spreads in found.items()}
    tops = {
        m: max((s.mean for s in spreads if s.mean is not None), default=None)
        for m, spreads in found.items()
    }
    rows = tuple(
        (
            Cell.of(side.letter, title=side.title),
            _seeds_cell(side, found[METRICS[0]][place]),
            *(
                spread_cell(
                    found[m][place],
                    digits[m],
                    strong=info.same_data and _is_tied(found[m][place], tops[m]),
                )
                for m in _SHOWN
            ),
        )
        for place, side in enumerate(info.sides)
    )
    columns = (
        Column("Side"),
        Column("Seeds", numeric=True, help="Runs with a result, of those compared."),
        *(Column(metric_label(m), numeric=True) for m in _SHOWN),
    )
    bold = "Bold: the best, and what lies within its standard error. " if info.same_data else ""
    data = "" if info.same_data else "Not all sides were measured on the same data. "
    caption = f"Results on the {split} split: mean ± standard error over seeds. {bold}{data}"
    return Table(f"results_{split}", caption.strip(), columns, rows)


def _is_tied(found: Spread, top: float | None) -> bool:
    return found.mean is not None and top is not None and top - found.mean <= (found.error or 0.0)


def _seeds_cell(side: Side, found: Spread) -> Cell:
    have, wanted = len(found.values), len(side.runs)
    text = str(have) if have == wanted else f"{have}/{wanted}"
    return Cell(text, have, title="; ".join(found.missing))


def differences_table(info: ComparisonInfo) -> Table:
    """Every difference from the reference with both its intervals."""
    columns = (
        Column("Side"),
        Column("Split", choices=True),
        Column("Metric", choices=True),
        Column("Verdict"),
        Column("Difference", numeric=True, help="Side minus reference, paired by seed and user."),
        Column("Percent", numeric=True),
        Column("95 % over users and seeds", help="Models trained anew and asked by other users."),
        Column("95 % over users", help="Bootstrap over users: these trained models only."),
        Column("p (Holm)", numeric=True, help="Adjusted over all rows of this table."),
        Column("Seeds", numeric=True, help="Seeds that both sides share."),
    )
    letter = info.reference.letter
    caption = f"Differences from {letter}, paired by seed and user; Holm over all rows."
    notes = (
        "Exploratory: a claim needs 5 shared seeds. Which runs to compare was chosen after they "
        "were seen, so no minimum relevant effect was declared and no side is called equivalent.",
    )
    rows = tuple(_difference_row(found) for found in info.differences)
    return Table("differences", caption, columns, rows, notes=notes)


def _difference_row(found: Difference) -> tuple[Cell, ...]:
    interval, digits = found.interval, found.digits
    verdict = found.verdict
    strong = verdict in ("better", "worse")
    return (
        Cell.of(found.letter),
        Cell.of(found.split),
        Cell.of(metric_label(found.metric)),
        Cell(verdict, verdict, strong, tone="good" if verdict == "better" else
             "bad" if verdict == "worse" else ""),
        Cell(number(interval.mean, digits, signed=True), interval.mean),
        Cell(percent(found.percent, 1, signed=True), found.percent),
        _range_cell(interval.low, interval.high, digits),
        _range_cell(*found.users, digits),
        Cell(p_value(found.adjusted_p), found.adjusted_p),
        Cell(str(len(found.deltas)), len(found.deltas)),
    )  # fmt: skip


def _range_cell(low: float | None, high: float | None, digits: int) -> Cell:
    if low is None or high is None:
        return Cell(DASH, title="One seed has no spread.")
    text = f"{number(low, digits, signed=True)} to {number(high, digits, signed=True)}"
    return Cell(text, f"[{low:.6f}, {high:.6f}]")


def settings_table(info: SettingsInfo) -> Table:
    """Settings that differ, each with its value in every side."""
    rows = tuple(
        (
            Cell.of(row.name, title=setting_label(row.name)),
            *(
                _setting_cell(row, place, letter in info.unknown)
                for place, letter in enumerate(info.letters)
            ),
        )
        for row in info.rows
    )
    columns = (Column("Setting"), *(Column(letter) for letter in info.letters))
    caption = f"Settings that differ; {info.num_equal} others are equal. A dash: no such setting."
    return Table("settings", caption, columns, rows)


def _setting_cell(row: SettingRow, place: int, unknown: bool) -> Cell:
    setting: Setting | None = row.settings[place]
    if unknown:
        return Cell(DASH, title="Stopped before it logged its settings.", tone="quiet")
    if setting is None:
        return Cell(DASH, title="No such setting with these kinds.", tone="quiet")
    text = setting_value(setting.value)
    return Cell(f"{text} (default)" if setting.is_default else text, str(setting.value))


def environment_table(info: EnvironmentInfo) -> Table:
    """What differs of code, packages, machine, seeds and data."""
    rows = tuple((Cell.of(name), *(Cell.of(t or DASH) for t in texts)) for name, texts in info.rows)
    columns = (Column("What"), *(Column(letter) for letter in info.letters))
    return Table("environment", "What the runs ran on and with, where it differs.", columns, rows)


def codes_table(sides: Sequence[SideCodes]) -> Table:
    """Collisions, merges and tokens of each side."""
    names = [name for name, _ in sides[0].facts]
    rows = tuple(
        (Cell.of(side.letter), *(_fact_cell(name, value) for name, value in side.facts))
        for side in sides
    )
    columns = (Column("Side"), *(Column(name, numeric=True) for name in names))
    caption = "Codes and tokens, from one run a side. Collisions: items whose codes alone are not "
    return Table(
        "codes", f"{caption}unique, before the digit that tells them apart.", columns, rows
    )


def _fact_cell(name: str, value: float | None) -> Cell:
    if name in ("Collisions", "Least used codebook", "Merges across modalities"):
        return Cell(percent(value, 1), value)
    return Cell(number(value, 2 if name.startswith("Tokens") else 0), value)


def codebooks_table(sides: Sequence[SideCodes]) -> Table:
    """Usage and perplexity of every codebook of every side."""
    rows = tuple(
        (
            Cell.of(side.letter),
            Cell.of(codebook_name(book)),
            Cell(str(len(book.counts)), len(book.counts)),
            Cell(percent(book.usage), book.usage),
            Cell(str(book.counts.count(0)), book.counts.count(0)),
            Cell(number(book.perplexity, 1), book.perplexity),
        )
        for side in sides
        for book in side.codebooks
    )
    columns = (
        Column("Side", choices=True),
        Column("Codebook"),
        Column("Codes", numeric=True),
        Column("Used", numeric=True),
        Column("Dead codes", numeric=True),
        Column("Perplexity", numeric=True, help="Effective number of codes."),
    )
    return Table("codebooks", "Codebooks, from one run a side.", columns, rows)


def moves_table(moves: Sequence[RankMoves], reference: str) -> Table:
    """Who gains and who loses against the reference."""
    rows = tuple(
        (
            Cell.of(move.letter),
            *(
                Cell(percent(share, 1), share)
                for share in (move.better, move.equal, move.worse, move.entered, move.left)
            ),
            Cell(number(move.num_users, 0), move.num_users),
            Cell(str(move.num_seeds), move.num_seeds),
        )
        for move in moves
    )
    columns = (
        Column("Side"),
        Column("Ranked better", numeric=True),
        Column("Equal", numeric=True, help="The same rank, or not found by both."),
        Column("Ranked worse", numeric=True),
        Column("Entered the top 10", numeric=True),
        Column("Left the top 10", numeric=True),
        Column("Users", numeric=True),
        Column("Seeds", numeric=True),
    )
    splits = " and ".join(dict.fromkeys(move.split for move in moves))
    caption = (
        f"Where the targets of the same users stand, against {reference}: shares over users and "
        f"shared seeds, {splits} split. These trained models only."
    )
    return Table("moves", caption, columns, rows)
