"""The section of one family of arms, by its kind: what is drawn, tabled and claimed of it."""

from __future__ import annotations

from clairo.evaluation.metric_names import metric_label
from clairo.reporting import (
    ablation_figures,
    ablation_findings,
    ablation_tables,
    curve_figures,
    factorial_figures,
    factorial_tables,
    group_figures,
    segment_figures,
)
from clairo.reporting.ablation_budgets import arm_budgets_table, compute_arm_budgets
from clairo.reporting.ablation_families import families, rule
from clairo.reporting.ablation_info import AblationInfo, Ablations
from clairo.reporting.curve_info import CurveInfo, compute_curve
from clairo.reporting.factorial_info import FactorialInfo, compute_factorial
from clairo.reporting.group_info import GroupsInfo, compute_groups, missing_groups
from clairo.reporting.group_tables import groups_table
from clairo.reporting.labels import number
from clairo.reporting.page import Block, Figure, Missing, Prose, Section, TableBlock, absent
from clairo.reporting.search_info import Absent
from clairo.reporting.segment_info import compute_segments
from clairo.reporting.segment_tables import segment_effects_table
from clairo.reporting.selection import reference_value
from clairo.tracking.records import ArmFamily, SweepRecord

INFERENCE_FIRST = (
    "This is another question than retraining: a model that was trained with everything is asked "
    "with something masked. It tells what the trained model relies on, not what a modality is "
    "worth, since a model trained without it would make up for some of the loss."
)
"""The first words of a section on masking at inference."""


def family_sections(record: SweepRecord, found: Ablations) -> tuple[Section, ...]:
    """Each family's section, those trained anew first."""
    ordered = sorted(families(record), key=lambda family: family.kind == "inference")
    return tuple(_family_section(record, family, found) for family in ordered)


def _family_section(record: SweepRecord, family: ArmFamily, found: Ablations) -> Section:
    """The arms' comparison, or why there is none."""
    info, about = found[family.name], _about(record, family)
    if isinstance(info, Absent):
        return Section(family.name, family.title, (about, absent("Comparison", info)))
    if not info.effects:
        reason = "; ".join(f"{arm}: {why}" for arm, why in info.refused)
        gone = Missing("Comparison", f"No arm can be compared. {reason}.")
        return Section(family.name, family.title, (about, gone))
    blocks = (
        about,
        *_group_blocks(record, info),
        *_kind_blocks(info),
        TableBlock(ablation_tables.effects_table(info)),
        TableBlock(ablation_tables.tests_table(info)),
        TableBlock(ablation_tables.users_table(info)),
        *_segment_blocks(record, info),
        *_seed_blocks(info),
        TableBlock(arm_budgets_table(info, compute_arm_budgets(record, info))),
    )
    return Section(family.name, family.title, blocks)


def _about(record: SweepRecord, family: ArmFamily) -> Block:
    first = (INFERENCE_FIRST,) if family.kind == "inference" else ()
    return Prose((*first, family.about, *_blind_ceilings(record, family)))


def _kind_blocks(info: AblationInfo) -> tuple[Block, ...]:
    """The figures of a family of its kind, effects with intervals in each."""
    if info.family.kind == "curve":
        return (_curve(info),)
    if info.family.kind == "factorial":
        return (*_factorial_blocks(info), _forest(info))
    return (_forest(info),)


def _forest(info: AblationInfo) -> Block:
    label = metric_label(info.metric)
    forest = ablation_figures.plot_effects(info, label)
    words = ablation_findings.say_effects(info, label)
    return Figure(f"{info.family.name}_effects", *words, forest)


def _curve(info: AblationInfo) -> Block:
    label, curve = metric_label(info.metric), compute_curve(info)
    if isinstance(curve, Absent):
        return absent("Curve", curve)
    words = curve_figures.say_curve(curve, label)
    return Figure(f"{info.family.name}_curve", *words, curve_figures.plot_curve(curve, label))


def _factorial_blocks(info: AblationInfo) -> tuple[Block, ...]:
    """Shapley values, main effects and interactions, or why they are not known."""
    label, found, name = metric_label(info.metric), compute_factorial(info), info.family.name
    if isinstance(found, Absent):
        return (absent("Shapley values and interactions", found),)
    draw = factorial_figures
    return (
        Figure(
            f"{name}_shapley",
            *draw.say_shapley(found, label),
            draw.plot_contrasts(found, found.shapley, f"Shapley value in {label}"),
        ),
        Figure(
            f"{name}_interactions",
            *draw.say_interactions(found, label),
            draw.plot_contrasts(found, found.interactions, f"Interaction in {label}"),
        ),
        Figure(
            f"{name}_pairs",
            *draw.say_pairs(found, label),
            draw.plot_pairs(found, label),
            min_width=draw.pairs_width(found),
        ),
        TableBlock(factorial_tables.contrasts_table(found)),
        TableBlock(factorial_tables.cells_table(found)),
    )


def _group_blocks(record: SweepRecord, info: AblationInfo) -> tuple[Block, ...]:
    """Each arm's effect over the groups, where there are several."""
    label, missing = metric_label(info.metric), missing_groups(record)
    blocks: list[Block] = []
    for groups in compute_groups(record, info):
        name = f"{info.family.name}_{groups.name}_over_groups"
        if groups.on_line:
            words = group_figures.say_groups(groups, label)
            blocks.append(Figure(name, *words, group_figures.plot_groups(groups, label)))
        else:
            reason = "No group has both a covariate and a comparison."
            blocks.append(Missing(f"{groups.title} over groups", reason))
        blocks.append(TableBlock(groups_table(groups, missing)))
    return tuple(blocks)


def _segment_blocks(record: SweepRecord, info: AblationInfo) -> tuple[Block, ...]:
    """For whom the arms matter, or why that is not known."""
    found, label = compute_segments(record, info), metric_label(info.metric)
    if isinstance(found, Absent):
        return (absent("Effects by segment", found),)
    words = segment_figures.say_segments(found, label)
    figure = segment_figures.plot_segments(found, label)
    return (
        Figure(f"{info.family.name}_by_segment", *words, figure),
        TableBlock(segment_effects_table(found)),
    )


def _seed_blocks(info: AblationInfo) -> tuple[Block, ...]:
    """Every seed as a point; a curve shows them already."""
    if info.family.kind == "curve":
        return ()
    label = metric_label(info.metric)
    seeds = ablation_figures.plot_seeds(info, f"{label} ({info.split})")
    return (Figure(f"{info.family.name}_seeds", *ablation_findings.say_seeds(info, label), seeds),)


def family_claims(record: SweepRecord, info: AblationInfo, label: str) -> tuple[str, ...]:
    """Sentences of the first screen on a family whose arms do not stand for themselves."""
    over_groups = compute_groups(record, info)
    if over_groups:
        return tuple(_group_claim(groups, label) for groups in over_groups)
    if info.family.kind == "curve":
        curve = compute_curve(info)
        if isinstance(curve, CurveInfo):
            return (f"{curve_figures.say_curve(curve, label)[0]}.",)
    if info.family.kind == "factorial":
        found = compute_factorial(info)
        if isinstance(found, FactorialInfo):
            return (
                f"{factorial_figures.say_shapley(found, label)[0]}.",
                f"{factorial_figures.say_interactions(found, label)[0]}.",
            )
    return ()


def _group_claim(groups: GroupsInfo, label: str) -> str:
    return f"{group_figures.say_groups(groups, label)[0]}."


def _blind_ceilings(record: SweepRecord, family: ArmFamily) -> tuple[str, ...]:
    """What a made world knows about seeing one modality only; of several, none is this one."""
    if record.summary.experiment is not None and record.summary.experiment.groups:
        return ()
    declared = rule(record)
    key = f"{declared.split}/{declared.metric}"
    values = [
        reference_value(record, "ceiling", f"{key}_{arm}") for arm in ("text_only", "image_only")
    ]
    if family.name != "modality_masking" or any(value is None for value in values):
        return ()
    text, image = (number(value, 3) for value in values)
    return (
        f"In this world, ranking by what one modality tells reaches {metric_label(key)} "
        f"{text} with text and {image} with images. An arm may come out above: it also learns "
        "which single items follow each other, which needs neither.",
    )
