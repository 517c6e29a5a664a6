"""Tables of what the stages did: codebooks, merges, time."""

from __future__ import annotations

from clairo.reporting.labels import DASH, number, percent, plural
from clairo.reporting.stage_figures import codebook_name
from clairo.reporting.stage_info import CodebooksInfo, CostInfo, MergesInfo
from clairo.reporting.table import WEIGHTED_COUNT, Cell, Column, Table

_JOINED = {"shared": "digit"}
_PLACES = {None: DASH, True: "between neighbours", False: "within an item"}


def codebooks_table(info: CodebooksInfo) -> Table:
    """Usage and perplexity of each codebook."""
    rows = tuple(
        (
            Cell.of(codebook_name(book)),
            Cell(str(len(book.counts)), len(book.counts)),
            Cell(percent(book.usage), book.usage),
            Cell(str(book.counts.count(0)), book.counts.count(0)),
            Cell(number(book.perplexity, 1), book.perplexity),
            Cell(str(book.counts[0]), book.counts[0]),
        )
        for book in info.codebooks
    )
    columns = (
        Column("Codebook"),
        Column("Codes", numeric=True),
        Column("Used", numeric=True),
        Column("Dead codes", numeric=True),
        Column("Perplexity", numeric=True, help="Effective number of codes."),
        Column("Largest code (items)", numeric=True),
    )
    caption = f"Codebooks of trial {info.trial}, over all items that have the modality."
    return Table("codebooks", caption, columns, rows)


def merges_table(info: MergesInfo) -> Table:
    """The strongest merges as codes, with what they join."""
    rows = tuple(
        (
            Cell(str(place), place),
            Cell.of(" ".join(merge.parts)),
            Cell.of(", ".join(merge.words)),
            Cell.of(" + ".join(_JOINED.get(name, name) for name in merge.modalities)),
            Cell.of(_PLACES[merge.across]),
            Cell(number(merge.priority, 1), merge.priority),
        )
        for place, merge in enumerate(info.merges, start=1)
    )
    columns = (
        Column("Place", numeric=True),
        Column("Codes it stands for"),
        Column("In words", help="With the number of items that carry each code."),
        Column("Joins", choices=True),
        Column("Made mostly", choices=True),
        Column("Weighted count", numeric=True, help=WEIGHTED_COUNT),
    )
    return Table(
        name="merges",
        caption=(
            f"The first {plural(len(rows), 'merge')} of trial {info.trial}, in the order they were "
            "made; in brackets, how many items carry a code."
        ),
        columns=columns,
        rows=rows,
        searchable=True,
        shown=20,
        notes=(
            "<A_5> is code 5 of the first text codebook, <B_5> of the second; <a_5> of the first "
            "image codebook; <f0_5> of a fused one; <#_5> is the digit "
            "that tells apart items with equal codes.",
        ),
    )


def cost_table(info: CostInfo) -> Table:
    """Seconds spent and saved by stage."""
    rows = tuple(
        (
            Cell.of(stage.name.replace("_", " ")),
            Cell(str(stage.num_computed), stage.num_computed),
            Cell(str(stage.num_cached), stage.num_cached),
            Cell(number(stage.computed, 1), stage.computed),
            Cell(number(stage.loaded, 1), stage.loaded),
            Cell(number(stage.saved, 1), stage.saved),
        )
        for stage in info.stages
    )
    columns = (
        Column("Stage"),
        Column("Computed (times)", numeric=True),
        Column("Found (times)", numeric=True),
        Column("Computing (s)", numeric=True),
        Column(
            "Storing and loading (s)",
            numeric=True,
            help="Writing and checksumming what was computed, reading what was found, waiting for "
            "what another trial was making.",
        ),
        Column("Saved (s)", numeric=True),
    )
    return Table("stages", "Time by stage, over the trials of all roles.", columns, rows)
