"""The page of an ablation: what each modality and component is worth.

Beside a sweep it is a page of its own; an ablation that searches nothing has it as its first one.
"""

from __future__ import annotations

from clairo.evaluation.metric_names import metric_label
from clairo.reporting import ablation_findings
from clairo.reporting.ablation_effects import compute_ablations
from clairo.reporting.ablation_families import rule
from clairo.reporting.ablation_info import AblationInfo, Ablations
from clairo.reporting.ablation_sections import missing_section, protocol_section
from clairo.reporting.family_sections import family_claims, family_sections
from clairo.reporting.group_info import missing_groups
from clairo.reporting.labels import plural, sentence_list
from clairo.reporting.links import page_links
from clairo.reporting.page import Block, Definitions, Figure, Page, Prose, Section, absent
from clairo.reporting.provenance import best_code, measured_on, no_evidence_for, reproduce_section
from clairo.reporting.search_info import Absent
from clairo.reporting.sweep_page import codes_section, failures_section, stage_cost_blocks
from clairo.reporting.training_info import compute_arm_curves, plot_arm_curves, say_arm_curves
from clairo.tracking.records import SweepRecord


def make_ablation_page(record: SweepRecord) -> Page:
    """The page of an ablation; arms that cannot be compared are listed with the reason."""
    summary, found = record.summary, compute_ablations(record)
    infos = [info for info in found.values() if isinstance(info, AblationInfo) and info.effects]
    exploratory = not infos or any(info.exploratory for info in infos)
    return Page(
        title=f"{summary.dataset_name}: ablation {summary.sweep_id}"
        if summary.is_ablation
        else f"{summary.dataset_name}: ablation of {summary.sweep_id}",
        headline=_question(record),
        claims=(*_claims(record, infos), *ablation_findings.say_uncompared(found)),
        warning=no_evidence_for(record, exploratory=exploratory),
        lead=(
            Definitions((*_declared(record), *measured_on(record).rows)),
            *best_code(record),
            *((Prose(summary.notes),) if summary.notes else ()),
        ),
        sections=(
            *family_sections(record, found),
            *(_insides(record) if summary.is_ablation else ()),
            *_ends(record, found),
        ),
        links=page_links(record, "index.html" if summary.is_ablation else "ablation.html"),
    )


def _question(record: SweepRecord) -> str:
    experiment, name = record.summary.experiment, record.summary.dataset_name
    if experiment is not None and experiment.question:
        return experiment.question
    return f"What is each modality and component worth on {name}?"


def _claims(record: SweepRecord, infos: list[AblationInfo]) -> tuple[str, ...]:
    """One by one where arms stand for themselves, one sentence where they stand on a curve."""
    label = metric_label(rule(record).metric)
    experiment = record.summary.experiment
    groups = experiment is not None and bool(experiment.groups)
    # With groups the question is how an arm's effect depends on them.
    single = [i for i in infos if i.family.kind == "retrained" and not groups]
    masked = [info for info in infos if info.family.kind == "inference"]
    said = list(ablation_findings.claims(single, label)) if single or not infos else []
    for info in infos:
        said += family_claims(record, info, label)
    said += ablation_findings.claims(masked, label) if masked else ()
    return (*said, *ablation_findings.say_unadjusted(infos))


def _declared(record: SweepRecord) -> tuple[tuple[str, str], ...]:
    """What was fixed before the run, where it was fixed in writing."""
    experiment, declared = record.summary.experiment, rule(record)
    if experiment is None:
        return ()
    share = declared.share
    margin = f"{declared.margin:g}" if share is None else f"{100 * share:g} % of the reference"
    tables = "all tables" if declared.correction == "all" else "each table"
    return (
        *_groups(record),
        ("Base", f"{experiment.base}, {experiment.tuning}"),
        (
            "Declared",
            f"{metric_label(declared.metric)} on {declared.split}; minimum relevant "
            f"effect {margin}; Holm over {tables}",
        ),
    )


def _groups(record: SweepRecord) -> tuple[tuple[str, str], ...]:
    """The data sets, where there are several."""
    experiment = record.summary.experiment
    if experiment is None or not experiment.groups:
        return ()
    run = [group.title for group in experiment.groups if not group.missing]
    gone = [group.title for group in missing_groups(record)]
    words = f"{plural(len(run), 'data set')}: {sentence_list(run)}"
    return (("Groups", words + (f"; not run: {sentence_list(gone)}" if gone else "")),)


def _insides(record: SweepRecord) -> tuple[Section, ...]:
    """What happened inside, which beside a sweep stands on the sweep's own page."""
    label = metric_label(record.summary.objective)
    curves = compute_arm_curves(record)
    training: Block = (
        absent("Training curves", curves)
        if isinstance(curves, Absent)
        else Figure("arm_curves", *say_arm_curves(curves, label), plot_arm_curves(curves, label))
    )
    return (
        codes_section(record),
        Section("training", "Training", (training,)),
        Section("cost", "Cost, and what was saved", stage_cost_blocks(record)),
        failures_section(record),
    )


def _ends(record: SweepRecord, found: Ablations) -> tuple[Section, ...]:
    return (missing_section(record, found), protocol_section(record), reproduce_section(record))
