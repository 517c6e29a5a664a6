"""Separate codebooks on the page of the codes: text and image side by side."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clairo.quantization.representation import Branch, CodeTree, Representation, ShownItem
from clairo.reporting.health_info import (
    DepthInfo,
    HealthInfo,
    compute_health,
    compute_neighbors,
    compute_purity,
)
from clairo.reporting.page import Missing, render_page
from clairo.reporting.representation_figures import plot_depth
from clairo.reporting.representation_findings import say_hierarchy, say_neighbors, say_purity
from clairo.reporting.representation_page import make_representation_page
from clairo.reporting.representation_tables import health_table, kept_table
from clairo.reporting.tree_info import TreeInfo, compute_tree
from clairo.reporting.usage_info import (
    UsageInfo,
    compute_level_usage,
    compute_usage_by_quantizer,
)
from clairo.tracking.records import SweepRecord, TrialRecord
from tests.reporting.records import demo_record
from tests.reporting.representations import learned_curve, meaning_facts, with_facts


@pytest.fixture(scope="module")
def record() -> SweepRecord:
    """The winner has text and image codes: image curves are shorter and fall."""
    plain = demo_record()
    winner = next(t for t in plain.trials if t.role == "confirm" and t.number == 3)

    def change(trial: TrialRecord) -> TrialRecord:
        if trial.config_key != winner.config_key:
            return trial
        facts = meaning_facts("text") | meaning_facts("image", depth=1)
        facts |= {
            "image/purity_1": 0.35,
            "text/curve": learned_curve(4, 2),
            "image/curve": learned_curve(3, 1, fall=0.3),
        }
        made = with_facts(trial, "quantization", "vq_vae", **facts)
        return replace(made, representation=described() if trial.role == "confirm" else None)

    return replace(plain, trials=tuple(change(trial) for trial in plain.trials))


def described() -> Representation:
    text = CodeTree("text", 12, 1, (Branch((2,), 12, "Tents", 1.0, (1,)),))
    image = CodeTree("image", 10, 1, (Branch((0,), 10, "", 0.0, (2,)),))
    items = {1: ShownItem("Tent", "$5", False), 2: ShownItem("Kettle", "", False)}
    return Representation((text, image), None, items)


def test_each_modality_has_its_line_and_its_colour(record: SweepRecord) -> None:
    info = compute_neighbors(record)
    assert isinstance(info, DepthInfo)
    figure = plot_depth(info)
    assert [trace.name for trace in figure.data] == [
        "text", "text, by chance", "image", "image, by chance",
    ]  # fmt: skip
    assert figure.data[0].line.color != figure.data[2].line.color
    assert [len(trace.x) for trace in figure.data] == [2, 2, 1, 1]
    assert say_neighbors(info)[0] == (
        "The first code keeps 60 % of the text neighbours together (10 % by chance) and 60 % of "
        "the image neighbours together (10 % by chance)"
    )


def test_the_verdict_on_the_hierarchy_is_of_the_modality_that_gains_most(
    record: SweepRecord,
) -> None:
    info = compute_purity(record)
    assert isinstance(info, DepthInfo)
    assert say_hierarchy(info) == (
        "The hierarchy means something: 60 % of the items are in the majority category of their "
        "first text code, 30 % by chance."
    )
    assert "35 % of the image items" in say_purity(info)[0]


def test_tables_have_a_row_for_every_codebook_and_every_modality(record: SweepRecord) -> None:
    info = compute_health(record)
    assert isinstance(info, HealthInfo)
    names = [row[0].text for row in health_table(info).rows]
    assert names[0] == "text 1"
    assert len(names) == len(set(names)) == len(info.levels)
    assert [row[0].text for row in kept_table(info).rows] == ["text", "image", "all codes"]


def test_a_quantizer_is_judged_by_its_worse_modality(record: SweepRecord) -> None:
    info = compute_usage_by_quantizer(record)
    assert isinstance(info, UsageInfo)
    learned = next(line for line in info.lines if line.name == "vq_vae")
    # Images: 0.9, 0.6, 0.3, and there they stay while texts, at 0.9, are trained once more.
    assert learned.usage == pytest.approx((0.9, 0.6, 0.3, 0.3))
    levels = compute_level_usage(record)
    assert isinstance(levels, UsageInfo)
    assert [line.name for line in levels.lines] == ["text 1", "text 2", "image 1"]


def test_trees_stand_one_after_the_other_and_need_no_pictures(record: SweepRecord) -> None:
    info = compute_tree(record)
    assert isinstance(info, TreeInfo)
    assert [tree.branches[0].codes for tree in info.trees] == ["<A_2>", "<a_0>"]
    html = render_page(make_representation_page(record))
    assert html.index("Text codes") < html.index("Image codes")
    assert '<image id="sheet"' not in html
    assert "category unknown" in html


def test_what_separate_codebooks_cannot_have_is_said(record: SweepRecord) -> None:
    missing = {
        block.what: block.reason
        for block in make_representation_page(record).blocks()
        if isinstance(block, Missing)
    }
    assert "(none) learns no weights" in missing["Weights of the fusion"]
    assert "(none) joins no modalities" in missing["Reliance on one modality"]
