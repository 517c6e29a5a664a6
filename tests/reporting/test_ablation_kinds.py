"""Curves, factorials, groups and masking at inference: what is drawn, and what is said."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from clairo.evaluation.regression import slope_over_groups
from clairo.reporting import ablation_findings, curve_figures, factorial_figures, group_figures
from clairo.reporting.ablation_effects import compute_ablation, compute_ablations
from clairo.reporting.ablation_info import AblationInfo
from clairo.reporting.ablation_page import make_ablation_page
from clairo.reporting.curve_info import CurveInfo, compute_curve
from clairo.reporting.factorial_info import FactorialInfo, compute_factorial
from clairo.reporting.family_sections import INFERENCE_FIRST, family_sections
from clairo.reporting.group_info import GroupsInfo, compute_groups, missing_groups
from clairo.reporting.group_tables import groups_table
from clairo.reporting.page import Figure, Missing, Prose, TableBlock, render_page
from clairo.reporting.search_info import Absent
from clairo.tracking.records import SweepRecord
from tests.reporting.ablation_records import (
    CURVE,
    FACTORIAL,
    INFERENCE,
    MASKING,
    SHARES,
    groups_record,
    kinds_record,
)


@pytest.fixture(scope="module")
def record() -> SweepRecord:
    return kinds_record()


@pytest.fixture(scope="module")
def groups() -> SweepRecord:
    return groups_record()


def comparison(record: SweepRecord, family: object = MASKING) -> AblationInfo:
    info = compute_ablation(record, family)  # type: ignore[arg-type]
    assert isinstance(info, AblationInfo)
    return info


def curve_of(record: SweepRecord) -> CurveInfo:
    curve = compute_curve(comparison(record, CURVE))
    assert isinstance(curve, CurveInfo)
    return curve


def factorial_of(record: SweepRecord) -> FactorialInfo:
    found = compute_factorial(comparison(record, FACTORIAL))
    assert isinstance(found, FactorialInfo)
    return found


def groups_of(record: SweepRecord) -> GroupsInfo:
    (found,) = compute_groups(record, comparison(record))
    return found


def without_runs(record: SweepRecord, name: str, seeds: tuple[int, ...]) -> SweepRecord:
    arm = next(arm for arm in record.summary.arms if arm.name == name)
    kept = (t for t in record.trials if not (t.key in arm.trial_keys and t.seed in seeds))
    return replace(record, trials=tuple(kept))


def test_the_base_stands_on_the_curve_at_the_value_of_its_own_settings(
    record: SweepRecord,
) -> None:
    curve = curve_of(record)
    assert [point.level for point in curve.points] == [0.5, 0.7, 0.9, 0.95, 0.99]
    base = curve.base_point
    assert base is not None
    assert (base.level, base.mean) == (0.99, curve.info.reference.mean)
    assert not curve.wide


def test_the_band_is_the_interval_of_the_difference_at_the_height_of_the_base(
    record: SweepRecord,
) -> None:
    curve = curve_of(record)
    for point in curve.points[:-1]:
        assert point.effect is not None
        assert point.effect.interval.low is not None
        assert point.low == pytest.approx(curve.base + point.effect.interval.low)
        assert point.mean == pytest.approx(point.effect.arm.mean)


def test_a_curve_draws_every_seed_and_says_which_values_are_worse(record: SweepRecord) -> None:
    curve = curve_of(record)
    title = curve_figures.say_curve(curve, "NDCG@10")[0]
    assert title.startswith("PCA variance: no value beats the base's 0.99; worse: 0.5 and 0.7")
    drawn = json.loads(curve_figures.plot_curve(curve, "NDCG@10").to_json())["data"]
    seeds = next(trace for trace in drawn if trace["name"] == "seed")
    assert len(seeds["x"]) == 5 * 5
    means = next(trace for trace in drawn if trace["name"] == "mean")
    assert means["marker"]["symbol"].count("diamond") == 1


def test_a_curve_without_verdicts_claims_nothing(record: SweepRecord) -> None:
    info = comparison(record, CURVE)
    unsure = tuple(replace(effect, verdict="inconclusive") for effect in info.effects)
    curve = compute_curve(replace(info, effects=unsure))
    assert isinstance(curve, CurveInfo)
    assert "clearly enough for a verdict" in curve_figures.say_curve(curve, "NDCG@10")[0]


def test_values_over_orders_of_magnitude_are_drawn_by_their_ratios(record: SweepRecord) -> None:
    curve = curve_of(record)
    far = replace(curve, points=(replace(curve.points[0], level=0.01), *curve.points[1:]))
    axis = curve_figures.plot_curve(far, "NDCG@10").layout.xaxis
    assert axis.type == "log"
    assert axis.ticktext[-1] == "0.99"


def test_one_seed_leaves_a_curve_without_a_band(record: SweepRecord) -> None:
    arms = tuple(replace(a, trial_keys=a.trial_keys[:1]) for a in record.summary.arms)
    single = replace(record, summary=replace(record.summary, arms=arms, ablation_seeds=(101,)))
    curve = curve_of(single)
    assert all(point.low is None for point in curve.points)
    drawn = json.loads(curve_figures.plot_curve(curve, "NDCG@10").to_json())["data"]
    assert {trace["name"] for trace in drawn} == {"seed", "mean"}


def test_shapley_values_sum_to_all_on_minus_all_off(record: SweepRecord) -> None:
    found = factorial_of(record)
    assert sum(c.interval.mean for c in found.shapley) == pytest.approx(found.total.mean)
    assert (len(found.cells), found.num_users, len(found.seeds)) == (8, 400, 5)
    assert found.cells[0].on == frozenset()
    assert found.cells[-1].arm.name == "full"


def test_the_sentences_on_a_factorial_are_computed(record: SweepRecord) -> None:
    found = factorial_of(record)
    title, subtitle = factorial_figures.say_shapley(found, "NDCG@10")
    assert title.startswith("Merging adds most (+0.0")
    assert "They sum to all on minus all off: " in subtitle
    words = factorial_figures.say_interactions(found, "NDCG@10")[0]
    assert words.startswith("Merging and Random segmentation need each other (+0.0")


def test_small_lines_show_the_means_of_each_pair(record: SweepRecord) -> None:
    found = factorial_of(record)
    figure = factorial_figures.plot_pairs(found, "NDCG@10")
    assert len(figure.data) == 3 * 2
    by_cell = {cell.on: cell.mean for cell in found.cells}
    first = figure.data[0]
    # PCA off and on, merging on, averaged over random segmentation.
    expected = [
        (by_cell[frozenset({"merging"})] + by_cell[frozenset({"merging", "spr"})]) / 2,
        (by_cell[frozenset({"pca", "merging"})] + by_cell[frozenset({"pca", "merging", "spr"})])
        / 2,
    ]
    assert list(first.y) == pytest.approx(expected)


def test_a_factorial_with_a_hole_says_which_combination_is_missing(record: SweepRecord) -> None:
    holed = without_runs(record, "cell_pca", (101, 102, 103, 104, 105))
    found = compute_factorial(comparison(holed, FACTORIAL))
    assert isinstance(found, Absent)
    assert "every combination; without a result: PCA." in found.reason


def test_a_lost_seed_is_left_out_of_every_cell(record: SweepRecord) -> None:
    found = factorial_of(without_runs(record, "cell_pca", (103,)))
    assert found.seeds == (101, 102, 104, 105)
    assert sum(c.interval.mean for c in found.shapley) == pytest.approx(found.total.mean)


def test_cells_that_share_no_seed_are_not_compared(record: SweepRecord) -> None:
    apart = without_runs(record, "cell_pca", (101, 102))
    apart = without_runs(apart, "cell_spr", (103, 104, 105))
    found = compute_factorial(comparison(apart, FACTORIAL))
    assert isinstance(found, Absent)
    assert "share no seed" in found.reason


def test_masking_at_inference_has_a_section_that_begins_by_saying_so(record: SweepRecord) -> None:
    found = compute_ablations(record)
    sections = family_sections(record, found)
    assert sections[-1].anchor == INFERENCE.name
    first = sections[-1].blocks[0]
    assert isinstance(first, Prose)
    assert first.paragraphs[0] == INFERENCE_FIRST
    assert INFERENCE_FIRST.startswith("This is another question than retraining")
    masked = {"Text replaced by zeros", "Images replaced by zeros"}
    for section in sections[:-1]:
        for block in section.blocks:
            if isinstance(block, TableBlock):
                assert not masked & {row[0].text for row in block.table.rows}


def test_masking_at_inference_is_counted_apart(record: SweepRecord) -> None:
    said = ablation_findings.claims([comparison(record, INFERENCE)], "NDCG@10")
    assert said[0].startswith("Of 2 arms masked at inference: 2 worse")


def test_a_section_of_each_kind_has_its_figures(record: SweepRecord) -> None:
    sections = {s.anchor: s for s in family_sections(record, compute_ablations(record))}
    names = {
        anchor: [block.name.removeprefix(f"{anchor}_") for block in s.blocks
                 if isinstance(block, Figure)]
        for anchor, s in sections.items()
    }  # fmt: skip
    assert names["modality_masking"] == ["effects", "by_segment", "seeds"]
    assert names["pca_curve"] == ["curve", "by_segment"]
    assert names["factorial"] == [
        "shapley", "interactions", "pairs", "effects", "by_segment", "seeds",
    ]  # fmt: skip


def test_a_slope_over_groups_is_recovered(groups: SweepRecord) -> None:
    found = groups_of(groups)
    assert not isinstance(found.slope, Absent)
    low, high = found.slope.slope.low, found.slope.slope.high
    assert low is not None
    assert high is not None
    # The level falls by 0.1 per unit of the share; NDCG falls with it.
    assert low < high < 0
    assert [value for value, _ in found.on_line] == list(SHARES)
    assert found.adjusted_p == found.slope.slope.p
    title = group_figures.say_groups(found, "NDCG@10")[0]
    assert title.startswith("Text only loses more the larger the planted visual share (slope −0.")


def test_an_arm_refused_in_every_group_counts_in_the_correction_of_slopes(
    groups: SweepRecord,
) -> None:
    # Planned in every group as the other arm was, and without a single run.
    own = [arm for arm in groups.summary.arms if arm.name == "text_only"]
    lost = tuple(replace(arm, name="image_only", title="Images", trial_keys=()) for arm in own)
    summary = replace(groups.summary, arms=(*groups.summary.arms, *lost))
    record = replace(groups, summary=summary)
    found = groups_of(record)
    assert not isinstance(found.slope, Absent)
    assert found.slope.slope.p is not None
    assert found.corrected == 2
    assert found.adjusted_p == pytest.approx(min(1.0, 2 * found.slope.slope.p))
    notes = groups_table(found, missing_groups(record)).notes
    assert "over 2 arms" in notes[0]
    assert "Holm counts no arms of 1 data set that was declared and not run." in notes


@pytest.mark.parametrize(
    ("first", "last", "way"),
    [
        (-0.1, -0.3, "loses more"),
        (-0.3, -0.1, "loses less"),
        (0.1, 0.3, "gains more"),
        (0.3, 0.1, "gains less"),
        (0.1, -0.1, "turns from a gain to a loss"),
        (-0.1, 0.1, "turns from a loss to a gain"),
    ],
)
def test_a_smaller_loss_is_not_called_a_gain(
    groups: SweepRecord, first: float, last: float, way: str
) -> None:
    found = groups_of(groups)
    places = [value for value, _ in found.on_line]
    share = (np.array(places) - min(places)) / (max(places) - min(places))
    line = slope_over_groups(places, (first + share * (last - first))[None, :])
    title = group_figures.say_groups(replace(found, slope=line, adjusted_p=0.001), "NDCG@10")[0]
    assert title.startswith(f"Text only {way} the larger the planted visual share (slope ")


def test_arms_are_compared_within_their_group_only(groups: SweepRecord) -> None:
    for effect in comparison(groups).effects:
        assert effect.reference.group == effect.arm.group != ""


def test_two_groups_have_no_slope_and_say_so() -> None:
    found = groups_of(groups_record(shares=(0.0, 1.0)))
    assert isinstance(found.slope, Absent)
    assert "needs 3 groups or more" in found.slope.reason
    assert "not known" in group_figures.say_groups(found, "NDCG@10")[0]
    assert [t.name for t in group_figures.plot_groups(found, "NDCG@10").data] == ["group"]


def test_groups_at_one_place_are_named_by_pointing_only() -> None:
    found = groups_of(groups_record(shares=(0.0, 0.0, 0.5, 1.0)))
    dots = next(t for t in group_figures.plot_groups(found, "NDCG@10").data if t.name == "group")
    assert list(dots.text) == ["", "", "World 2", "World 3"]
    assert list(dots.customdata) == ["World 0", "World 1", "World 2", "World 3"]


def test_the_ceilings_of_one_world_are_not_said_of_several() -> None:
    record = groups_record()
    facts = {f"ceiling_valid_ndcg_at_10_{arm}": 0.3 for arm in ("text_only", "image_only")}
    summary = replace(record.summary, dataset_facts={**record.summary.dataset_facts, **facts})
    page = render_page(make_ablation_page(replace(record, summary=summary)))
    assert "ranking by what one modality tells" not in page


def test_groups_that_lost_different_seeds_still_have_a_slope(groups: SweepRecord) -> None:
    arm = next(a for a in groups.summary.arms if (a.group, a.name) == ("world_2", "text_only"))
    kept = tuple(t for t in groups.trials if t.key != arm.trial_keys[0])
    found = groups_of(replace(groups, trials=kept))
    assert not isinstance(found.slope, Absent)
    assert found.slope.over_seeds is None


def test_a_group_without_a_comparison_keeps_its_row(groups: SweepRecord) -> None:
    arm = next(a for a in groups.summary.arms if (a.group, a.name) == ("world_5", "text_only"))
    kept = tuple(t for t in groups.trials if t.key not in arm.trial_keys)
    found = groups_of(replace(groups, trials=kept))
    assert [point.effect is None for point in found.points] == [False] * 5 + [True]
    assert found.info.corrected == 6


def test_without_the_reference_of_any_group_nothing_is_compared(groups: SweepRecord) -> None:
    arms = tuple(a for a in groups.summary.arms if a.name != "full")
    gone = replace(groups, summary=replace(groups.summary, arms=arms))
    sections = family_sections(gone, compute_ablations(gone))
    missing = [b for b in sections[0].blocks if isinstance(b, Missing)]
    assert "reference full is not among the arms" in missing[0].reason
