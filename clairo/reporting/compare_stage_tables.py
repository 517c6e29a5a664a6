"""Tables of what changed stage by stage."""

from __future__ import annotations

from typing import Any

from clairo.reporting.compare_stages import FactDifference, StagePair, StageRuns, StagesInfo
from clairo.reporting.labels import DASH, number, plural, setting_value
from clairo.reporting.table import Cell, Column, Table

_MEBIBYTE = 2**20
_LONGEST = 24
"""Letters of a value that the page prints; the files have all of it."""


def stage_name(name: str) -> str:
    """A stage as people call it."""
    return name.replace("_", " ")


def stages_table(info: StagesInfo, reference: str) -> Table:
    """Each stage of both sides: shared or not, and what it took."""
    rows = tuple(_stage_row(pair, info, reference) for pair in info.stages)
    sides = (reference, info.letter)
    columns = (
        Column("Stage"),
        Column("Result", help="Same: both have one entry in the store."),
        Column("Kind"),
        *(Column(f"{letter} (s)", numeric=True) for letter in sides),
        *(Column(f"{letter} found", help="Runs that found it in the store.") for letter in sides),
        *(Column(f"{letter} (MiB)", numeric=True) for letter in sides),
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


def _stage_row(pair: StagePair, info: StagesInfo, reference: str) -> tuple[Cell, ...]:
    parts = pair.name == info.parts_at
    runs = (pair.ours, pair.theirs)
    return (
        Cell.of(stage_name(pair.name), strong=parts),
        Cell(
            _told(pair, info, reference),
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
    )


def _told(pair: StagePair, info: StagesInfo, reference: str) -> str:
    parts = pair.name == info.parts_at
    if pair.relation == "only one":
        letter = reference if pair.theirs is None else info.letter
        return f"only in {letter}, parts here" if parts else f"only in {letter}"
    if pair.relation == "same":
        return "same result"
    return "parts here" if parts else "different"


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


def entries_table(info: StagesInfo, reference: str) -> Table:
    """Where the store keeps the results: what tells same from different."""
    rows = tuple(
        (Cell.of(stage_name(pair.name)), _entry_cell(pair.ours), _entry_cell(pair.theirs))
        for pair in info.stages
    )
    columns = (Column("Stage"), Column(reference), Column(info.letter))
    caption = f"Store entries of {reference} and {info.letter}: 16 digits of each fingerprint."
    return Table(f"entries_{info.letter.lower()}", caption, columns, rows)


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
    name, lone = f"facts_{info.letter.lower()}", sum(pair.num_lone_facts for pair in info.stages)
    notes = (f"{plural(lone, 'more value')} only one of them states.",) if lone else ()
    return Table(name, caption, columns, rows, searchable=True, notes=notes, shown=200)


def _value_cell(value: Any) -> Cell:
    if value is None:
        return Cell(DASH)
    if _is_number(value):
        return Cell(_digits(value), value)
    text = setting_value(value)
    short = f"{text[:_LONGEST]}…" if len(text) > _LONGEST else text
    return Cell(short, text, title=text if short != text else "")


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
