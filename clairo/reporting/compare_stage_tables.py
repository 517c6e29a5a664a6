"""Tables of what changed stage by stage."""

from __future__ import annotations

from typing import Any

from clairo.reporting.compare_stages import FactDifference, StagePair, StageRuns, StagesInfo
from clairo.reporting.labels import DASH, number, plural, setting_value
from clairo.reporting.table import Cell, Column, Table

_MEBIBYTE = 2**20
_TOLD = {
    "same": "same result",
    "parts": "they part here",
    "different": "different",
    "only one": "only in one",
}


def stage_name(name: str) -> str:
    """A stage as people call it."""
    return name.replace("_", " ")


def stages_table(info: StagesInfo, reference: str) -> Table:
    """Each stage of both sides: shared or not, and what it took."""
    rows = tuple(_stage_row(pair) for pair in info.stages)
    sides = (reference, info.letter)
    columns = (
        Column("Stage"),
        Column("Result", help="Same: both have one entry in the store."),
        Column("Kind"),
        *(Column(f"{letter} (s)", numeric=True) for letter in sides),
        *(Column(f"{letter} found", help="Runs that found it in the store.") for letter in sides),
        *(Column(f"{letter} (MiB)", numeric=True) for letter in sides),
        *(Column(f"{letter} entry") for letter in sides),
    )
    over = (
        f"mean over {plural(len(info.seeds), 'shared seed')}"
        if info.seeds
        else "one run each, on other seeds"
    )
    caption = f"{info.letter} against {reference}, stage by stage; {over}."
    notes = () if info.seeds else (_OTHER_SEEDS,)
    return Table(f"stages_{info.letter.lower()}", caption, columns, rows, notes=notes)


_OTHER_SEEDS = (
    "No seed is shared: a stage that draws random numbers gives another result with another seed, "
    "whatever was set."
)


def _stage_row(pair: StagePair) -> tuple[Cell, ...]:
    parts = pair.relation == "parts"
    runs = (pair.ours, pair.theirs)
    return (
        Cell.of(stage_name(pair.name), strong=parts),
        Cell(
            _TOLD[pair.relation],
            pair.relation,
            strong=parts,
            tone="bad" if parts else "quiet" if pair.relation == "same" else "",
        ),
        Cell.of(_kinds(*runs)),
        *(Cell(number(r.seconds, 2), r.seconds) if r else Cell(DASH) for r in runs),
        *(_found_cell(r) for r in runs),
        *(
            Cell(number(r.bytes / _MEBIBYTE, 2), r.bytes / _MEBIBYTE) if r else Cell(DASH)
            for r in runs
        ),
        *(_entry_cell(r) for r in runs),
    )


def _kinds(ours: StageRuns | None, theirs: StageRuns | None) -> str:
    if ours is None or theirs is None or ours.kind == theirs.kind:
        found = ours or theirs
        return found.kind if found else DASH
    return f"{ours.kind} → {theirs.kind}"


def _found_cell(runs: StageRuns | None) -> Cell:
    if runs is None:
        return Cell(DASH)
    if runs.num_runs == 1:
        return Cell.of("found" if runs.num_cached else "computed")
    return Cell(f"{runs.num_cached} of {runs.num_runs}", runs.num_cached)


def _entry_cell(runs: StageRuns | None) -> Cell:
    if runs is None:
        return Cell(DASH)
    value = " ".join(runs.entries)
    if len(runs.entries) > 1:
        return Cell(f"{len(runs.entries)} entries", value, title=value)
    return Cell(runs.entries[0].rpartition("-")[2], value, title=value)


def facts_table(info: StagesInfo, reference: str) -> Table:
    """What stages state differently."""
    rows = tuple(
        (
            Cell.of(stage_name(pair.name)),
            Cell.of(fact.name),
            _value_cell(fact.ours),
            _value_cell(fact.theirs),
            _difference_cell(fact),
        )
        for pair in info.stages
        for fact in pair.facts
    )
    columns = (
        Column("Stage", choices=True),
        Column("Fact"),
        Column(reference, numeric=True),
        Column(info.letter, numeric=True),
        Column("Difference", numeric=True),
    )
    caption = (
        f"Single values that stages of {info.letter} and {reference} state differently, from one "
        "run each; those of a codebook stand with the codebooks."
    )
    name = f"facts_{info.letter.lower()}"
    return Table(name, caption, columns, rows, searchable=True, shown=200)


def _value_cell(value: Any) -> Cell:
    if value is None:
        return Cell(DASH)
    if _is_number(value):
        return Cell(_digits(value), value)
    return Cell.of(setting_value(value))


def _difference_cell(fact: FactDifference) -> Cell:
    if not _is_number(fact.ours) or not _is_number(fact.theirs):
        return Cell(DASH)
    delta = fact.theirs - fact.ours
    text = _digits(delta)
    return Cell(text if delta < 0 else f"+{text}", delta)


def _digits(value: float) -> str:
    """Whole numbers as such, others to four significant digits."""
    text = f"{value:,}" if isinstance(value, int) else f"{value:.4g}"
    return text.replace("-", "−")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
