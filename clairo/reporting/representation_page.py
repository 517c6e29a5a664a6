"""The page of a representation: do codes collapse, what do they mean, whom does fusion hear?"""

from __future__ import annotations

from clairo.reporting import representation_figures as figures
from clairo.reporting import representation_findings as findings
from clairo.reporting import representation_tables as tables
from clairo.reporting.fusion_info import (
    RelianceInfo,
    WeightsInfo,
    compute_fusion_curves,
    compute_reliance,
    compute_weights,
)
from clairo.reporting.health_info import (
    DepthInfo,
    HealthInfo,
    compute_health,
    compute_neighbors,
    compute_purity,
)
from clairo.reporting.links import page_links
from clairo.reporting.page import Block, Figure, Page, Prose, Section, TableBlock, absent
from clairo.reporting.provenance import best_code, measured_on, no_evidence_for
from clairo.reporting.reduction_info import ReductionInfo, compute_reduction
from clairo.reporting.representation_blocks import Caution, LeaningItems, SheetBlock, Trees
from clairo.reporting.search_info import Absent
from clairo.reporting.tree_info import TreeInfo, compute_tree
from clairo.reporting.usage_info import compute_level_usage, compute_usage_by_quantizer
from clairo.tracking.records import SweepRecord


def make_representation_page(record: SweepRecord) -> Page:
    """What the codes of the best configuration are worth; what is missing is said."""
    summary, tree = record.summary, compute_tree(record)
    sections = (
        Section("codebooks", "Do the codes collapse?", _codebooks(record)),
        Section("usage", "Usage over training", _usage(record)),
        Section("neighbors", "Do neighbours keep together?", (_neighbors(record),)),
        Section("purity", "Does the hierarchy mean something?", (_purity(record),)),
        Section("tree", "The codes as a tree", _tree(tree)),
        Section("weights", "Whom does the fusion listen to?", _weights(record, tree)),
        Section("reliance", "Do the codes rely on one modality?", _reliance(record)),
        Section("fusion-training", "Training of the fusion", _fusion_training(record)),
        Section("reduction", "What PCA kept and saved", _reduction(record)),
    )
    return Page(
        title=f"{summary.dataset_name}: codes of {summary.sweep_id}",
        headline=f"What are the codes of {summary.dataset_name} worth?",
        claims=_claims(record),
        warning=no_evidence_for(record, exploratory=True),
        lead=(*reliance_caution(record), measured_on(record), *best_code(record)),
        sections=sections,
        links=page_links(record, "representation.html"),
    )


def reliance_caution(record: SweepRecord) -> tuple[Caution, ...]:
    """The warning where the codes of the best configuration rely on one modality alone."""
    info = compute_reliance(record)
    warning = findings.warn_of_reliance(info) if isinstance(info, RelianceInfo) else ""
    return (Caution(warning),) if warning else ()


def _claims(record: SweepRecord) -> tuple[str, ...]:
    """One sentence for each question of the page, or why it has no answer."""
    health, purity = compute_health(record), compute_purity(record)
    weights, reduction = compute_weights(record), compute_reduction(record)
    return (
        findings.say_health(health)
        if isinstance(health, HealthInfo)
        else f"Whether the codes collapse is not known. {health.reason}",
        findings.say_hierarchy(purity)
        if isinstance(purity, DepthInfo)
        else f"Whether the hierarchy means something is not known. {purity.reason}",
        f"{findings.say_weights(weights)[0]}."
        if isinstance(weights, WeightsInfo)
        else f"Whom the fusion listens to is not known. {weights.reason}",
        findings.say_reduction(reduction)
        if isinstance(reduction, ReductionInfo)
        else f"What PCA saved is not known. {reduction.reason}",
    )


def _codebooks(record: SweepRecord) -> tuple[Block, ...]:
    info = compute_health(record)
    if isinstance(info, Absent):
        return (absent("Codebooks", info),)
    return (
        Prose((findings.say_health(info),)),
        TableBlock(tables.health_table(info)),
        TableBlock(tables.kept_table(info)),
    )


def _usage(record: SweepRecord) -> tuple[Block, ...]:
    blocks: list[Block] = []
    for name, what, info in (
        ("usage_by_quantizer", "Usage by quantizer", compute_usage_by_quantizer(record)),
        ("usage_by_level", "Usage by codebook", compute_level_usage(record)),
    ):
        if isinstance(info, Absent):
            blocks.append(absent(f"{what} over training", info))
        else:
            blocks.append(Figure(name, *findings.say_usage(info), figures.plot_usage(info)))
    return tuple(blocks)


def _neighbors(record: SweepRecord) -> Block:
    info = compute_neighbors(record)
    if isinstance(info, Absent):
        return absent("Neighbours by depth", info)
    return Figure("neighbors_by_depth", *findings.say_neighbors(info), figures.plot_depth(info))


def _purity(record: SweepRecord) -> Block:
    info = compute_purity(record)
    if isinstance(info, Absent):
        return absent("Purity by depth", info)
    return Figure("purity_by_depth", *findings.say_purity(info), figures.plot_depth(info))


def _tree(info: TreeInfo | Absent) -> tuple[Block, ...]:
    if isinstance(info, Absent):
        return (absent("Codes in titles and pictures", info),)
    return (Prose(findings.say_tree(info)), SheetBlock(info), Trees(info))


def _weights(record: SweepRecord, tree: TreeInfo | Absent) -> tuple[Block, ...]:
    info = compute_weights(record)
    if isinstance(info, Absent):
        return (absent("Weights of the fusion", info),)
    blocks: list[Block] = [
        Figure("fusion_weights", *findings.say_weights(info), figures.plot_weights(info))
    ]
    if info.weights.categories:
        words = findings.say_weights_by_category(info)
        figure = figures.plot_weights_by_category(info)
        blocks.append(Figure("weights_by_category", *words, figure))
    if isinstance(tree, TreeInfo):
        blocks += [LeaningItems(leaning, tree.tile) for leaning in tree.leaning]
    return tuple(blocks)


def _reliance(record: SweepRecord) -> tuple[Block, ...]:
    info = compute_reliance(record)
    if isinstance(info, Absent):
        return (absent("Reliance on one modality", info),)
    figure = figures.plot_reliance(info)
    return (
        Figure("reliance", *findings.say_reliance(info), figure),
        TableBlock(tables.reliance_table(info)),
    )


def _fusion_training(record: SweepRecord) -> tuple[Block, ...]:
    info = compute_fusion_curves(record)
    if isinstance(info, Absent):
        return (absent("Training curves of the fusion", info),)
    words = findings.say_fusion_curves(info)
    return (
        Figure("fusion_training", *words, figures.plot_fusion_curves(info)),
        TableBlock(tables.fusion_table(info)),
    )


def _reduction(record: SweepRecord) -> tuple[Block, ...]:
    info = compute_reduction(record)
    if isinstance(info, Absent):
        return (absent("What PCA kept and saved", info),)
    return (TableBlock(tables.reduction_table(info)), Prose((findings.say_reduction(info),)))
