"""The page of a comparison: what changed between runs, stage by stage, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import yaml

from clairo.evaluation.metric_names import metric_label
from clairo.reporting import compare_figures, compare_findings, compare_stage_tables, compare_tables
from clairo.reporting.compare_budgets import compute_side_budgets, side_budgets_table
from clairo.reporting.compare_changes import (
    EnvironmentInfo,
    SettingsInfo,
    compute_environment,
    compute_settings,
)
from clairo.reporting.compare_details import (
    RankMoves,
    compute_codes,
    compute_curves,
    compute_moves,
)
from clairo.reporting.compare_info import METRICS, SPLITS, ComparisonInfo
from clairo.reporting.compare_segment_tables import segments_table
from clairo.reporting.compare_segments import compute_segments
from clairo.reporting.compare_sides import side_spread
from clairo.reporting.compare_stages import StagesInfo, compute_stages
from clairo.reporting.page import (
    Block,
    Code,
    Definitions,
    Figure,
    Missing,
    Page,
    Prose,
    Section,
    TableBlock,
    absent,
)
from clairo.reporting.provenance import data_sentence
from clairo.reporting.search_info import Absent
from clairo.tracking.records import SweepRecord

_PRIMARY = f"epoch/valid/{METRICS[0]}"
_LOSS = "epoch/train_loss"

StagesBySide = Mapping[str, StagesInfo | Absent]


def make_compare_page(info: ComparisonInfo) -> Page:
    """The page of a comparison; sides that cannot be compared are shown with the reason."""
    settings, environment = compute_settings(info.sides), compute_environment(info.sides)
    stages = {c.side.letter: compute_stages(c.side, info.reference) for c in info.contrasts}
    names = [info.reference.letter, *(contrast.side.letter for contrast in info.contrasts)]
    return Page(
        title=f"Comparison of {', '.join(names)}: {' and '.join(_sweeps(info))}",
        headline=compare_findings.headline(info),
        claims=compare_findings.claims(info, settings, environment, stages),
        warning=compare_findings.warning(info),
        lead=(_lead(info),),
        sections=(
            _results(info),
            _settings(settings),
            _stages(info, stages),
            _users(info),
            _segments(info),
            _codes(info),
            _training(info),
            _budgets(info, settings),
            _environment(environment),
            _missing(info, settings),
            _protocol(info),
        ),
        lead_name="What changed",
    )


def _sweeps(info: ComparisonInfo) -> tuple[str, ...]:
    return tuple(dict.fromkeys(sweep for side in info.sides for sweep in side.sweeps))


def _lead(info: ComparisonInfo) -> Definitions:
    """What each letter stands for, and what all was measured on."""
    valid, test = (
        [side_spread(side, f"{split}/{METRICS[0]}") for side in info.sides]
        for split in ("valid", "test")
    )
    sides = tuple(
        (
            f"{side.letter}, reference" if side == info.reference else side.letter,
            compare_findings.say_side(side, valid[place], test[place]),
        )
        for place, side in enumerate(info.sides)
    )
    data = dict.fromkeys(data_sentence(SweepRecord("", side.summary, ())) for side in info.sides)
    return Definitions((*sides, ("Data", "; ".join(data))))


def _results(info: ComparisonInfo) -> Section:
    blocks: list[Block] = []
    primary = [found for found in info.differences if found.metric == METRICS[0]]
    letters = [side.letter for side in info.sides]
    if primary:
        label = metric_label(METRICS[0])
        figure = compare_figures.plot_differences(primary, letters, label)
        words = compare_findings.say_differences(primary, letters[0])
        blocks += [Figure("differences", *words, figure)]
        blocks += [TableBlock(compare_tables.differences_table(info))]
    blocks += [
        Missing(
            f"{contrast.side.letter} against {letters[0]}", f"Not compared: {contrast.refused}."
        )
        for contrast in info.contrasts
        if contrast.refused
    ]
    for split in SPLITS:
        if any(side_spread(side, f"{split}/{METRICS[0]}").values for side in info.sides):
            blocks.append(TableBlock(compare_tables.results_table(info, split)))
    if not any(isinstance(block, TableBlock) for block in blocks):
        blocks.append(Missing("Results", "No run logged a finite result."))
    return Section("results", "Results", tuple(blocks))


def _settings(info: SettingsInfo) -> Section:
    if not info.rows:
        text = f"All {info.num_equal} settings are equal." if info.num_equal else (
            "No run said its settings before it stopped."
        )  # fmt: skip
        return Section("settings", "Settings that differ", (Prose((text,)),))
    table = TableBlock(compare_tables.settings_table(info))
    return Section("settings", "Settings that differ", (table,))


def _stages(info: ComparisonInfo, stages: StagesBySide) -> Section:
    blocks: list[Block] = []
    reference = info.reference.letter
    for letter, found in stages.items():
        if isinstance(found, Absent):
            blocks.append(absent(f"Stages of {letter}", found))
            continue
        blocks.append(Prose((compare_findings.say_stages(found, reference),)))
        blocks.append(TableBlock(compare_stage_tables.stages_table(found, reference)))
        if any(pair.facts for pair in found.stages):
            blocks.append(TableBlock(compare_stage_tables.facts_table(found, reference)))
        blocks.append(TableBlock(compare_stage_tables.entries_table(found, reference)))
    return Section("stages", "Stage by stage", tuple(blocks))


def _users(info: ComparisonInfo) -> Section:
    reference = info.reference.letter
    found = [compute_moves(contrast) for contrast in info.contrasts]
    moves = [move for move in found if isinstance(move, RankMoves)]
    blocks: list[Block] = []
    if moves:
        blocks.append(TableBlock(compare_tables.moves_table(moves, reference)))
    for move in found:
        if isinstance(move, Absent):
            blocks.append(absent("Ranks of the same users", move))
            continue
        figure = compare_figures.plot_moves(move, reference)
        name = f"moves_{move.letter.lower()}"
        blocks.append(Figure(name, *compare_findings.say_moves(move, reference), figure))
    return Section("users", "Users who gain and lose", tuple(blocks))


def _segments(info: ComparisonInfo) -> Section:
    found = compute_segments(info)
    compared = [contrast.side.letter for contrast in info.contrasts if not contrast.refused]
    block: Block = (
        absent("Metrics by segment", found)
        if isinstance(found, Absent)
        else TableBlock(segments_table(found, compared))
    )
    return Section("segments", "Rare items and short histories", (block,))


def _codes(info: ComparisonInfo) -> Section:
    found = compute_codes(info.sides)
    blocks: list[Block] = []
    if found:
        blocks.append(TableBlock(compare_tables.codes_table(found)))
    if any(side.codebooks for side in found):
        blocks.append(TableBlock(compare_tables.codebooks_table(found)))
    if not blocks:
        blocks.append(Missing("Codes", "No run came to its codes."))
    return Section("codes", "Codes and tokens", tuple(blocks))


def _training(info: ComparisonInfo) -> Section:
    label = metric_label(METRICS[0])
    blocks: list[Block] = []
    for key, name, axis, what in (
        (_PRIMARY, "curves", f"{label} (valid)", f"{label} on valid while training"),
        (_LOSS, "losses", "Training loss", "training loss"),
    ):
        found = compute_curves(info.sides, key)
        if isinstance(found, Absent):
            blocks.append(absent(what[:1].upper() + what[1:], found))
            continue
        figure = compare_figures.plot_curves(found, axis)
        blocks.append(Figure(name, *compare_findings.say_curves(found, what), figure))
    return Section("training", "Training", tuple(blocks))


def _budgets(info: ComparisonInfo, settings: SettingsInfo) -> Section:
    changes = {
        letter: compare_findings.changes_in_words(settings, letter)
        for letter in settings.letters[1:]
    }
    table = TableBlock(side_budgets_table(info, compute_side_budgets(info, changes)))
    return Section("budgets", "Equal budgets or not", (table,))


def _environment(info: EnvironmentInfo) -> Section:
    blocks: list[Block] = []
    if info.rows:
        blocks.append(TableBlock(compare_tables.environment_table(info)))
    if info.equal:
        blocks += [Prose(("The same in all runs:",)), Definitions(info.equal_lines)]
    return Section("environment", "Code, packages, machine, data", tuple(blocks))


def _missing(info: ComparisonInfo, settings: SettingsInfo) -> Section:
    lines = [
        f"{side.letter}: {why.removesuffix('.')}." for side in info.sides for why in side.missing
    ]
    lines += [f"{letter} stopped before it logged its settings." for letter in settings.unknown]
    lines += [
        f"{side.letter}: seed {seed} has no partner in {info.reference.letter} and is left out of "
        "differences."
        for contrast in info.contrasts
        for side in (contrast.side,)
        for seed in sorted(set(side.finished) - set(info.reference.finished))
        if not contrast.refused
    ]
    blocks = (Prose(tuple(lines) or ("Every run ended well and has its partners.",)),)
    return Section("missing", "Failed runs and missing seeds", blocks)


def _protocol(info: ComparisonInfo) -> Section:
    ids = [trial.run_id for side in info.sides for trial in side.trials]
    configs: Sequence[Block] = [
        Code(f"{side.letter} (YAML)", _yaml(side.example.config))
        for side in info.sides
        if side.example.config
    ]
    prose = Prose(
        (
            f"{info.reference.letter} is the reference: the first run that was named. Runs of one "
            "configuration, on the same data and code, are one side, a seed each.",
            "Differences are paired by seed and user, where both sides were asked for the same "
            "targets of the same users in a data set of the same digest; otherwise nothing is "
            "compared per user. Holm's correction covers all differences of the page.",
            "The interval over users and seeds is that of users crossed with seeds: what models "
            "trained anew would do for other users. Only users who were asked in every shared seed "
            "enter.",
            "The interval over users alone draws users 2,000 times, one draw shared by all seeds "
            "and both sides. It tells what these trained models would do for other users, not what "
            "training again would give.",
            "Two stages are the same where both runs have one entry in the store: its name is a "
            "hash of the stage's version, settings, seed and inputs.",
        )
    )
    # A line a run: a dozen ids in one line are wider than any paper.
    command = Code("Command", " \\\n  ".join(["clairo compare", *ids]))
    return Section("protocol", "Protocol and how to reproduce", (prose, command, *configs))


def _yaml(config: Mapping[str, object]) -> str:
    return yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True)
