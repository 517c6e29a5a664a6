"""The sections of an ablation's page: one a family, and what is common to all."""

from __future__ import annotations

from clairo.evaluation.metric_names import metric_label
from clairo.reporting import (
    ablation_figures,
    ablation_findings,
    ablation_tables,
    curve_figures,
    findings,
    segment_figures,
)
from clairo.reporting.ablation_families import REFERENCE, families, rule
from clairo.reporting.ablation_info import AblationInfo, Ablations
from clairo.reporting.curve_info import CurveInfo, compute_curve
from clairo.reporting.fairness_info import compute_fairness
from clairo.reporting.fairness_tables import fairness_table
from clairo.reporting.labels import number, plural
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
    info, blocks = found[family.name], _about(record, family)
    if isinstance(info, Absent):
        return Section(family.name, family.title, (*blocks, absent("Comparison", info)))
    if not info.effects:
        reason = "; ".join(f"{arm}: {why}" for arm, why in info.refused)
        gone = Missing("Comparison", f"No arm can be compared. {reason}.")
        return Section(family.name, family.title, (*blocks, gone))
    return Section(family.name, family.title, (*blocks, *_blocks(record, info)))


def _blocks(record: SweepRecord, info: AblationInfo) -> tuple[Block, ...]:
    """What a family of its kind shows."""
    if info.family.kind == "curve":
        return curve_blocks(record, info)
    return effect_blocks(record, info)


def family_claims(record: SweepRecord, info: AblationInfo, label: str) -> tuple[str, ...]:
    """Sentences of the first screen on a family whose arms do not stand for themselves."""
    if info.family.kind == "curve":
        curve = compute_curve(info)
        if isinstance(curve, CurveInfo):
            return (f"{curve_figures.say_curve(curve, label)[0]}.",)
    return ()


def curve_blocks(record: SweepRecord, info: AblationInfo) -> tuple[Block, ...]:
    """The curve with its band, then the numbers behind it."""
    label, curve = metric_label(info.metric), compute_curve(info)
    drawn: Block = (
        absent("Curve", curve)
        if isinstance(curve, Absent)
        else Figure(
            f"{info.family.name}_curve",
            *curve_figures.say_curve(curve, label),
            curve_figures.plot_curve(curve, label),
        )
    )
    return (
        drawn,
        TableBlock(ablation_tables.effects_table(info)),
        TableBlock(ablation_tables.tests_table(info)),
        *segment_blocks(record, info),
        TableBlock(fairness_table(info, compute_fairness(record, info))),
    )


def _about(record: SweepRecord, family: ArmFamily) -> tuple[Block, ...]:
    first = (INFERENCE_FIRST,) if family.kind == "inference" else ()
    return (Prose((*first, family.about, *_blind_ceilings(record, family))),)


def effect_blocks(record: SweepRecord, info: AblationInfo) -> tuple[Block, ...]:
    """Effects with intervals before p-values, then every seed, then the budgets."""
    label, name = metric_label(info.metric), info.family.name
    forest = ablation_figures.plot_effects(info, label)
    seeds = ablation_figures.plot_seeds(info, f"{label} ({info.split})")
    return (
        Figure(f"{name}_effects", *ablation_findings.say_effects(info, label), forest),
        TableBlock(ablation_tables.effects_table(info)),
        TableBlock(ablation_tables.tests_table(info)),
        *segment_blocks(record, info),
        Figure(f"{name}_seeds", *ablation_findings.say_seeds(info, label), seeds),
        TableBlock(fairness_table(info, compute_fairness(record, info))),
    )


def segment_blocks(record: SweepRecord, info: AblationInfo) -> tuple[Block, ...]:
    """For whom the arms matter, or why that is not known."""
    found, label = compute_segments(record, info), metric_label(info.metric)
    if isinstance(found, Absent):
        return (absent("Effects by segment", found),)
    words = segment_figures.say_segments(found, label)
    return (
        Figure(
            f"{info.family.name}_by_segment", *words, segment_figures.plot_segments(found, label)
        ),
        TableBlock(segment_effects_table(found)),
    )


def _blind_ceilings(record: SweepRecord, family: ArmFamily) -> tuple[str, ...]:
    """What a made world knows about seeing one modality only."""
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


def missing_section(record: SweepRecord, found: Ablations) -> Section:
    """Everything that was planned and is not there, with the reason."""
    lines = [f"{title} was skipped: {why}." for title, why in record.summary.skipped_arms]
    experiment = record.summary.experiment
    groups = experiment.groups if experiment is not None else ()
    lines += [f"{group.title} was not run: {group.missing}" for group in groups if group.missing]
    for info in found.values():
        if isinstance(info, Absent):
            continue
        lines += [f"{title} is not compared: {why}." for title, why in info.refused]
        lines += [f"{arm.title}: {why}" for arm in info.arms for why in arm.missing]
    unique = tuple(dict.fromkeys(lines))
    blocks = (Prose(unique or ("Every planned arm and seed gave a result.",)),)
    return Section("missing", "Skipped arms and missing seeds", blocks)


def protocol_section(record: SweepRecord) -> Section:
    """How arms were compared, in words."""
    declared = rule(record)
    holm = "over the arms of all tables" if declared.correction == "all" else "within each table"
    tuned = (
        "Arms are frozen: none was tuned again."
        if declared.tuning == "frozen"
        else f"Arms were tuned anew ({declared.tuning})."
    )
    return Section(
        "protocol",
        "Protocol",
        (
            Prose(
                (
                    "Every arm is the base with one thing changed, trained anew on the same "
                    "seeds and asked about the same users, unless its section says otherwise. "
                    "Differences are paired by seed and user; arms measured on other users are "
                    f"refused. {tuned}",
                    f"Per-user ranks of the {declared.split} split are compared. "
                    f"{_why_split(record)} {findings.say_reads(record)}",
                    *_winners_luck(record, declared.split),
                    "The verdict comes from users crossed with seeds: the interval and the test "
                    "hold for models trained anew and for other users. The test is Holm-adjusted "
                    f"{holm}. Equivalent needs two one-sided tests against the minimum relevant "
                    "effect, adjusted in the same way. A large p alone is inconclusive, never "
                    "equality. Beside it stand the paired t-test and the exact sign-flip test "
                    "over seeds.",
                    "The interval over users draws users 2,000 times, one draw shared by all seeds "
                    "and both arms. It tells what these trained models would do for other users, "
                    "not what training again would give.",
                    "Leaving one component out hides redundancy: two components that replace each "
                    "other can both look worthless here.",
                )
            ),
        ),
    )


def _why_split(record: SweepRecord) -> str:
    if rule(record).split == "test":
        return "Every arm was read there."
    if record.summary.is_ablation:
        return "Test was not declared: reading it for every arm would make it a validation set."
    return (
        "Test is kept for the confirmed configurations: reading it for every arm would make it a "
        "second validation set."
    )


def _winners_luck(record: SweepRecord, split: str) -> tuple[str, ...]:
    """The reference was chosen for being high; where on these very runs, that is said."""
    full = next((arm for arm in record.summary.arms if arm.name == REFERENCE), None)
    chosen = {key for c in record.summary.candidates for key in c.trial_keys}
    if split != "valid" or full is None or record.summary.is_ablation:
        return ()
    if not chosen.intersection(full.trial_keys):
        return (
            "Search and confirmation chose the full configuration by the same validation users, "
            "on other seeds: its advantage over the arms is, if anything, flattered.",
        )
    among = plural(len(record.summary.candidates), "confirmed configuration")
    return (
        f"The full configuration was called best of {among} by these same runs, so its mean is "
        "a little flattered, and every arm looks a little worse than it is.",
    )
