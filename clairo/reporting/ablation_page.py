"""The page of an ablation: what each modality and component is worth to the winner."""

from __future__ import annotations

from clairo.evaluation.metric_names import metric_label
from clairo.reporting import ablation_figures, ablation_findings, ablation_tables, findings
from clairo.reporting.ablation_info import REFERENCE, AblationInfo, Family, compute_ablation
from clairo.reporting.health_info import has_codes
from clairo.reporting.labels import number, plural
from clairo.reporting.page import (
    Block,
    Figure,
    Missing,
    Page,
    Prose,
    Section,
    TableBlock,
    absent,
)
from clairo.reporting.provenance import best_code, measured_on, no_evidence_for, reproduce_section
from clairo.reporting.representation_page import LINK as CODES_LINK
from clairo.reporting.search_info import Absent
from clairo.reporting.selection import reference_value
from clairo.reporting.stage_info import has_merges
from clairo.reporting.vocabulary_page import LINK
from clairo.tracking.records import SweepRecord

_FAMILIES: tuple[tuple[Family, str, str], ...] = (
    (
        "modality_masking",
        "Modalities",
        "Retrained without a modality: everything downstream of it is rebuilt.",
    ),
    (
        "components",
        "Components",
        "One component of the winner switched off at a time, retrained.",
    ),
)


def make_ablation_page(record: SweepRecord) -> Page:
    """The page of a sweep's ablation; arms that cannot be compared are listed with the reason."""
    summary, label = record.summary, metric_label(record.summary.objective)
    found = {family: compute_ablation(record, family) for family, _, _ in _FAMILIES}
    infos = [info for info in found.values() if isinstance(info, AblationInfo) and info.effects]
    sections = [
        _family_section(
            found[family],
            Section(family, title, (Prose((about, *_blind_ceilings(record, family))),)),
            label,
        )
        for family, title, about in _FAMILIES
    ]
    sections += [
        _missing_section(record, found),
        _protocol(record, infos),
        reproduce_section(record),
    ]
    exploratory = not infos or any(info.exploratory for info in infos)
    return Page(
        title=f"{summary.dataset_name}: ablation of {summary.sweep_id}",
        headline=f"What is each modality and component worth on {summary.dataset_name}?",
        claims=ablation_findings.claims(infos, label),
        warning=no_evidence_for(record, exploratory=exploratory),
        lead=(
            measured_on(record),
            *best_code(record),
            *((Prose(summary.notes),) if summary.notes else ()),
        ),
        sections=tuple(sections),
        links=(
            ("Sweep", "index.html"),
            *((CODES_LINK,) if has_codes(record) else ()),
            *((LINK,) if has_merges(record) else ()),
        ),
    )


def _blind_ceilings(record: SweepRecord, family: Family) -> tuple[str, ...]:
    """What a made world knows about seeing one modality only."""
    objective = record.summary.objective
    values = [
        reference_value(record, "ceiling", f"{objective}_{arm}")
        for arm in ("text_only", "image_only")
    ]
    if family != "modality_masking" or any(value is None for value in values):
        return ()
    text, image = (number(value, 3) for value in values)
    return (
        f"In this world, ranking by what one modality tells reaches {metric_label(objective)} "
        f"{text} with text and {image} with images. An arm may come out above: it also learns "
        "which single items follow each other, which needs neither.",
    )


def _family_section(info: AblationInfo | Absent, start: Section, label: str) -> Section:
    """The section that starts as given, with the arms' comparison or why there is none."""
    family, title = start.anchor, start.title
    if isinstance(info, Absent):
        return Section(family, title, (absent("Comparison", info),))
    if not info.effects:
        reason = "; ".join(f"{arm}: {why}" for arm, why in info.refused)
        return Section(
            family, title, (Missing("Comparison", f"No arm can be compared. {reason}."),)
        )
    forest = ablation_figures.plot_effects(info, label)
    seeds = ablation_figures.plot_seeds(info, f"{label} ({info.split})")
    blocks: list[Block] = [
        *start.blocks,
        Figure(f"{family}_effects", *ablation_findings.say_effects(info, label), forest),
        TableBlock(ablation_tables.effects_table(info)),
        TableBlock(ablation_tables.tests_table(info)),
        Figure(f"{family}_seeds", *ablation_findings.say_seeds(info, label), seeds),
        TableBlock(ablation_tables.fairness_table(info)),
    ]
    return Section(family, title, tuple(blocks))


def _missing_section(record: SweepRecord, found: dict[Family, AblationInfo | Absent]) -> Section:
    lines = [f"{title} was skipped: {why}." for title, why in record.summary.skipped_arms]
    for info in found.values():
        if isinstance(info, Absent):
            continue
        lines += [f"{title} is not compared: {why}." for title, why in info.refused]
        arms = [info.reference, *(effect.arm for effect in info.effects)]
        lines += [f"{arm.title}: {why}" for arm in arms for why in arm.missing]
    unique = tuple(dict.fromkeys(lines))
    blocks = (Prose(unique or ("Every planned arm and seed gave a result.",)),)
    return Section("missing", "Skipped arms and missing seeds", blocks)


def _protocol(record: SweepRecord, infos: list[AblationInfo]) -> Section:
    split = infos[0].split if infos else "valid"
    return Section(
        "protocol",
        "Protocol",
        (
            Prose(
                (
                    "Every arm is the winner with one thing changed, trained anew on the same "
                    "seeds and asked about the same users. Differences are paired by seed and "
                    "user; arms measured on other users are refused. Arms are frozen: none was "
                    "tuned again.",
                    f"Per-user ranks of the {split} split are compared. {_why_split(split)}"
                    f" {findings.say_reads(record)}",
                    *_winners_luck(record, split),
                    "The verdict comes from the paired t-test over seeds, Holm-adjusted within "
                    "each table, with the interval of the same model. Equivalent needs two "
                    "one-sided tests against the minimum relevant effect, adjusted in the same "
                    "way. A large p alone is inconclusive, never equality.",
                    "The interval over users draws users 2,000 times, one draw shared by all seeds "
                    "and both arms. It tells what these trained models would do for other users, "
                    "not what training again would give.",
                    "Leaving one component out hides redundancy: two components that replace each "
                    "other can both look worthless here.",
                )
            ),
        ),
    )


def _why_split(split: str) -> str:
    if split == "test":
        return "Every arm was read there."
    return (
        "Test is kept for the confirmed configurations: reading it for every arm would make it a "
        "second validation set."
    )


def _winners_luck(record: SweepRecord, split: str) -> tuple[str, ...]:
    """The reference was chosen for being high; where on these very runs, that is said."""
    full = next((arm for arm in record.summary.arms if arm.name == REFERENCE), None)
    chosen = {key for c in record.summary.candidates for key in c.trial_keys}
    if split != "valid" or full is None:
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
