"""An ablation by itself: its page is the first one, and says what is missing in its place."""

from __future__ import annotations

import csv
import html
import math
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from clairo.reporting.ablation_effects import compute_ablation
from clairo.reporting.ablation_findings import claims
from clairo.reporting.ablation_info import AblationInfo
from clairo.reporting.ablation_page import make_ablation_page
from clairo.reporting.ablation_tables import effects_table
from clairo.reporting.fairness_info import compute_fairness
from clairo.reporting.fairness_tables import fairness_table
from clairo.reporting.links import page_links
from clairo.reporting.page import Missing, Page, render_page
from clairo.reporting.report import ReportFiles, write_report
from clairo.reporting.segment_figures import say_segments
from clairo.reporting.segment_info import SegmentsInfo, compute_segments
from clairo.reporting.selection import best_trial
from clairo.reporting.training_info import ArmCurvesInfo, compute_arm_curves, say_arm_curves
from clairo.tracking.records import SweepRecord, TrialRecord
from clairo.tracking.summary_json import summary_from_json, summary_to_json
from tests.reporting.ablation_records import (
    ADDED,
    DEFINITION,
    MASKING,
    QUESTION,
    added_record,
    groups_record,
    kinds_record,
    ranked,
)
from tests.reporting.records import demo_record


@pytest.fixture(scope="module")
def record() -> SweepRecord:
    return kinds_record()


@pytest.fixture(scope="module")
def files(record: SweepRecord, tmp_path_factory: pytest.TempPathFactory) -> ReportFiles:
    return write_report(record, tmp_path_factory.mktemp("ablation"))


def body(page: Path | str) -> str:
    """What is printed: without scripts, style and line breaks."""
    text = page.read_text("utf-8") if isinstance(page, Path) else page
    bare = re.sub(r"<(script|style)\b.*?</\1>", "", text, flags=re.DOTALL)
    return " ".join(html.unescape(bare).split())


def missing(page: Page) -> dict[str, str]:
    return {b.what: b.reason for b in page.blocks() if isinstance(b, Missing)}


def change(
    record: SweepRecord, name: str, how: Callable[[TrialRecord], TrialRecord]
) -> SweepRecord:
    """The runs of one arm changed."""
    keys = {k for arm in record.summary.arms if arm.name == name for k in arm.trial_keys}
    return replace(record, trials=tuple(how(t) if t.key in keys else t for t in record.trials))


def masking(record: SweepRecord) -> AblationInfo:
    info = compute_ablation(record, MASKING)
    assert isinstance(info, AblationInfo)
    return info


def test_its_page_is_the_index_and_stands_alone(files: ReportFiles) -> None:
    assert files.ablation is None
    assert [page.name for page in files.pages] == [
        "index.html", "representation.html", "vocabulary.html",
    ]  # fmt: skip
    assert files.vocabulary is not None
    assert '<a href="index.html">Ablation</a>' in files.vocabulary.read_text("utf-8")
    assert "ablation.html" not in files.index.read_text("utf-8")


def test_links_name_what_is_there(record: SweepRecord) -> None:
    assert page_links(record, "vocabulary.html")[0] == ("Ablation", "index.html")
    assert page_links(demo_record(), "vocabulary.html")[:2] == (
        ("Sweep", "index.html"), ("Ablation", "ablation.html"),
    )  # fmt: skip


def test_the_first_screen_answers(files: ReportFiles, record: SweepRecord) -> None:
    shown = body(files.index).partition('<section id="modality_masking">')[0]
    assert f"<h1>{QUESTION}</h1>" in shown
    assert "Of 2 arms: 2 worse than the full configuration (5 paired seeds, valid" in shown
    assert re.search(r"Text only: −0\.\d+ \(−\d+\.\d %\), 95 % −0\.\d+ to −0\.\d+; worse\.", shown)
    assert "Merging adds most" in shown
    assert "Of 2 arms masked at inference" in shown
    assert "Exploratory: the quick profile" in shown
    assert "<dd>the profile's settings, frozen</dd>" in shown
    assert "minimum relevant effect 10 % of the reference; Holm over each table" in shown
    assert "Base configuration (YAML)" in shown
    assert "Best" not in shown


def test_the_definition_and_the_command_are_there_to_copy(files: ReportFiles) -> None:
    shown = html.unescape(files.index.read_text("utf-8"))
    assert f"<code>{DEFINITION}</code>" in shown
    assert "make ablate CATEGORY=demo EXPERIMENT=modality_masking" in shown
    assert "The same command and data train the same arms on the same seeds" in shown


def test_it_looks_into_the_reference(record: SweepRecord) -> None:
    best = best_trial(record)
    assert best is not None
    assert best.key == record.summary.arms[0].trial_keys[0]
    first_lost = change(record, "full", lambda t: replace(t, state="failed") if t is best else t)
    later = best_trial(first_lost)
    assert later is not None
    assert later.key == record.summary.arms[0].trial_keys[1]


def test_the_same_record_gives_the_same_bytes(
    record: SweepRecord, files: ReportFiles, tmp_path: Path
) -> None:
    again = write_report(record, tmp_path)
    for one, other in zip(
        (*files.pages, *files.tables), (*again.pages, *again.tables), strict=True
    ):
        assert one.read_bytes() == other.read_bytes()


def test_marks_are_in_every_form_of_the_table(files: ReportFiles) -> None:
    tables = files.folder / "tables"
    with (tables / "modality_masking.csv").open(encoding="utf-8") as lines:
        marks = {row["Arm"]: row["Mark"] for row in csv.DictReader(lines)}
    assert marks == {"Everything on": "", "Text only": "‡", "Images only": "‡"}
    assert re.search(r"\| Text only \|.*\| ‡ \|", (tables / "modality_masking.md").read_text())
    latex = (tables / "modality_masking.tex").read_text("utf-8")
    assert latex.startswith("% needs \\usepackage{booktabs}\n")
    assert r"$\ddagger$" in latex
    assert "Marks, from Holm-adjusted p-values: $\\dagger$ p $<$ 0.05" in latex
    assert "400 users, 5 paired seeds, Holm over 2 arms." in latex
    assert all(ord(letter) < 128 for letter in latex)


def test_declared_margins_count_in_the_metric_s_unit_or_as_a_share(record: SweepRecord) -> None:
    info = masking(record)
    assert info.margin == pytest.approx(0.1 * (info.reference.mean or 0))
    fixed = masking(kinds_record(margin=0.02, margin_share=None))
    assert fixed.margin == 0.02
    assert "fixed before the run: 0.020. Equivalent" in body(
        render_page(make_ablation_page(kinds_record(margin=0.02, margin_share=None)))
    )


def test_the_declared_split_is_read_though_all_have_another(record: SweepRecord) -> None:
    page = make_ablation_page(kinds_record(split="test"))
    assert "no per-user test ranks" in missing(page)["Comparison"]


def test_budgets_are_ranges_over_seeds_and_unequal_ones_are_said(record: SweepRecord) -> None:
    def larger(run: TrialRecord) -> TrialRecord:
        stages = tuple(
            replace(s, facts={**s.facts, "num_parameters": 130_000}) if s.name == "training" else s
            for s in run.stages
        )
        return replace(run, stages=stages)

    info = masking(change(record, "text_only", larger))
    table = fairness_table(info, compute_fairness(record, info))
    head = [column.name for column in table.columns]
    cells = {row[0].text: dict(zip(head, row, strict=True)) for row in table.rows}
    assert cells["Text only"]["Parameters"].text == "130,000 ≠"
    assert cells["Images only"]["Parameters"].text == "120,000"
    # Seeds 101, 103, 105 stop after five epochs; 3,000 examples in batches of 256 are 12 steps.
    assert cells["Everything on"]["Epochs"].text == "4 to 5"
    assert cells["Everything on"]["Training steps"].text == "48 to 60"
    assert "≠ Unequal: parameters (Text only). A difference may come from them." in table.notes


def test_unequal_tuning_is_said(record: SweepRecord) -> None:
    arms = tuple(
        replace(a, tuning_trials=8) if a.name == "text_only" else a for a in record.summary.arms
    )
    info = masking(replace(record, summary=replace(record.summary, arms=arms)))
    notes = fairness_table(info, compute_fairness(record, info)).notes
    assert notes[0] == "≠ Tuned unequally: between 0 and 8 trials an arm."


def test_training_steps_are_counted_on_the_data_of_each_group() -> None:
    record = groups_record()
    info = masking(record)
    fairness = compute_fairness(record, info)
    steps = next(q for q in fairness.quantities if q.key == "training_steps")
    # 2,000 to 2,500 prefixes in batches of 256, five epochs at most.
    highest = [budget.high for budget in steps.budgets[:6]]
    assert highest == [5 * -(-(2000 + 100 * place) // 256) for place in range(6)]


def test_segments_say_where_the_effect_is_largest(record: SweepRecord) -> None:
    found = compute_segments(record, masking(record))
    assert isinstance(found, SegmentsInfo)
    # Targets that are rare lose more without images, by construction.
    assert say_segments(found, "NDCG@10")[0].startswith("Images help most in the tail (text only:")


def test_without_an_index_segments_are_said_to_be_missing(record: SweepRecord) -> None:
    said = missing(make_ablation_page(replace(record, segments={})))
    assert "was not logged with these runs" in said["Effects by segment"]


def test_an_index_of_other_data_leaves_its_arms_out(record: SweepRecord) -> None:
    small = replace(record.segments[""], train_counts=record.segments[""].train_counts[:10])
    said = missing(make_ablation_page(replace(record, segments={"": small})))
    assert "belongs to other data" in said["Effects by segment"]


def test_a_lost_seed_and_a_lost_arm_are_said(record: SweepRecord) -> None:
    keys = record.summary.arms[1].trial_keys
    gone = record.summary.arms[2].trial_keys
    kept = tuple(t for t in record.trials if t.key != keys[0] and t.key not in gone)
    text = body(render_page(make_ablation_page(replace(record, trials=kept))))
    assert f"Text only: run {keys[0]} is not in the tracker" in text
    assert ">4/5<" in text
    assert "Images only is not compared: no seed has per-user valid ranks of both" in text


def test_an_arm_without_a_result_is_named_on_the_first_screen(record: SweepRecord) -> None:
    why = "DataError: too few items; choose a smaller codebook."
    lost = set(record.summary.arms[2].trial_keys)
    trials = tuple(
        replace(t, state="failed", error=why, rankings={}) if t.key in lost else t
        for t in record.trials
    )
    page = make_ablation_page(replace(record, trials=trials))
    assert page.claims[-1] == (
        "Without a result: Images only; why stands under “Skipped arms and missing seeds”."
    )
    assert "choose a smaller codebook.." not in render_page(page)
    assert not [c for c in make_ablation_page(record).claims if c.startswith("Without a result")]


def test_seeds_that_were_never_run_are_said(record: SweepRecord) -> None:
    arms = tuple(
        replace(a, trial_keys=a.trial_keys[:3]) if a.name == "text_only" else a
        for a in record.summary.arms
    )
    fewer = replace(record, summary=replace(record.summary, arms=arms))
    text = body(render_page(make_ablation_page(fewer)))
    assert "Text only: seed 104 was not run" in text
    assert "3 to 5 paired seeds" in text
    assert "with fewer than 5 seeds no difference here is a claim" in text


def test_a_seed_on_other_data_is_refused(record: SweepRecord) -> None:
    def shift(run: TrialRecord) -> TrialRecord:
        if run.seed != 103:
            return run
        found = run.rankings["valid"]
        moved = replace(found, targets=found.targets + 1)
        return replace(run, rankings={"valid": moved})

    info = masking(change(change(record, "text_only", shift), "full", shift))
    assert ("Text only", "refused: its seeds were measured on different data") in info.refused


def test_a_metric_that_cannot_be_paired_is_said(record: SweepRecord) -> None:
    page = make_ablation_page(kinds_record(metric="coverage_at_10"))
    assert "not a mean over users' ranks" in missing(page)["Comparison"]
    assert page.claims == (
        "There is no verdict: no arm could be compared with the full configuration.",
    )


def test_an_ablation_of_which_nothing_ran_makes_a_page(record: SweepRecord, tmp_path: Path) -> None:
    empty = replace(record, trials=(), segments={})
    files = write_report(empty, tmp_path)
    shown = body(files.index)
    assert "There is no verdict" in shown
    assert "is not in the tracker" in shown
    assert [page.name for page in files.pages] == ["index.html"]


def test_metrics_that_are_not_finite_leave_no_trace(record: SweepRecord) -> None:
    curve = {f"epoch/{record.summary.objective}": ((1, math.nan),)}
    broken = tuple(
        replace(t, metrics=dict.fromkeys(t.metrics, math.nan), history=curve) for t in record.trials
    )
    page = make_ablation_page(replace(record, trials=broken))
    text = render_page(page)
    assert "NaN" not in re.findall(r'id="figure-data">(.*?)</script>', text, re.DOTALL)[0]
    assert "logged" in missing(page)["Training curves"]
    # The effects come from the ranks, which are whole.
    assert page.claims[0].startswith("Of 2 arms: 2 worse")


def test_one_seed_leaves_no_interval_and_no_verdict(record: SweepRecord) -> None:
    arms = tuple(replace(a, trial_keys=a.trial_keys[:1]) for a in record.summary.arms)
    summary = replace(record.summary, arms=arms, ablation_seeds=(101,))
    page = make_ablation_page(replace(record, summary=summary))
    assert page.claims[0].startswith("None of the 2 arms differs")
    assert "one seed, so no interval over seeds" in page.claims[1]


def test_hostile_names_are_shown_and_never_run(record: SweepRecord) -> None:
    evil = '</script><script>alert(1)</script><img src=x onerror="alert(2)">'
    arms = tuple(replace(a, title=evil) for a in record.summary.arms)
    declared = record.summary.experiment
    assert declared is not None
    families = tuple(
        replace(f, title=evil, about=evil, components=tuple((n, evil) for n, _ in f.components))
        for f in declared.families
    )
    experiment = replace(declared, question=evil, definition=evil, base=evil, families=families)
    summary = replace(record.summary, arms=arms, experiment=experiment)
    text = render_page(make_ablation_page(replace(record, summary=summary)))
    assert "<script>alert" not in text
    assert "<img src=x" not in text


def test_curves_of_every_arm_are_drawn_with_the_reference_on_top(record: SweepRecord) -> None:
    info = compute_arm_curves(record)
    assert isinstance(info, ArmCurvesInfo)
    # Sixteen arms of five seeds, of which two are masked at inference and train nothing.
    assert info.num_curves == 5 * (16 - 2)
    assert [curve.reference for curve in info.curves[-5:]] == [True] * 5
    assert "ended with their best epoch" in say_arm_curves(info, "NDCG@10")[0]


def test_what_was_declared_survives_the_tracker(record: SweepRecord) -> None:
    again = summary_from_json(summary_to_json(record.summary))
    assert again == record.summary


def test_reads_of_a_declared_test_split_are_counted() -> None:
    record = kinds_record(split="test")
    trials = tuple(replace(t, metrics={**t.metrics, "test/ndcg_at_10": 0.1}) for t in record.trials)
    text = body(render_page(make_ablation_page(replace(record, trials=trials))))
    assert f"Test was read by {len(trials)} runs, as declared" in text


def test_segments_without_a_clear_effect_claim_nothing(record: SweepRecord) -> None:
    def as_full(run: TrialRecord) -> TrialRecord:
        # Other draws at the level of the reference: no arm does anything.
        return replace(run, rankings={"valid": ranked(0.05, run.seed * 1000 + 77)})

    alike = change(change(record, "text_only", as_full), "image_only", as_full)
    found = compute_segments(alike, masking(alike))
    assert isinstance(found, SegmentsInfo)
    assert say_segments(found, "NDCG@10")[0].startswith("No segment of targets shows a clear")


def test_an_interval_that_leaves_zero_out_and_no_verdict_is_explained(record: SweepRecord) -> None:
    info = masking(record)
    unsure = tuple(replace(effect, verdict="inconclusive") for effect in info.effects)
    said = "Intervals are each by itself and not adjusted"
    assert any(said in note for note in effects_table(replace(info, effects=unsure)).notes)
    assert not any(said in note for note in effects_table(info).notes)


def test_the_first_screen_names_few_arms_and_counts_all(record: SweepRecord) -> None:
    info = masking(record)
    many = replace(info, effects=info.effects * 5)
    said = claims([many], "NDCG@10")
    assert said[0].startswith("Of 10 arms: 10 worse")
    assert said[-1] == "4 more are in the tables."
    assert len(said) == 1 + 6 + 1


def test_arms_are_compared_with_the_arm_they_name(tmp_path: Path) -> None:
    record = added_record()
    info = compute_ablation(record, ADDED)
    assert isinstance(info, AblationInfo)
    means = {arm.name: arm.mean or 0.0 for arm in info.arms}
    differences = {effect.arm.name: effect.interval.mean for effect in info.effects}
    assert differences == pytest.approx(
        {
            "bare": means["bare"] - means["full"],
            "add_pca": means["add_pca"] - means["bare"],
            "add_merging": means["add_merging"] - means["bare"],
        }
    )
    table = effects_table(info)
    rows = [[cell.text for cell in row[:3]] for row in table.rows]
    assert rows[0] == ["Everything on", "–", "reference"]
    assert rows[1] == ["All of them off", "Everything on", "worse"]
    assert [row[:2] for row in rows[2:]] == [
        ["PCA alone", "All of them off"], ["Merging alone", "All of them off"],
    ]  # fmt: skip
    # Each has a margin of its own: a share of its own reference.
    assert [e.margin for e in info.effects] == pytest.approx(
        [0.1 * means["full"], 0.1 * means["bare"], 0.1 * means["bare"]]
    )
    assert info.margin is None
    text = body(write_report(record, tmp_path).index)
    assert re.search(r"Merging alone: \+0\.\d+ .*?; better than All of them off\.", text)
    assert "10 % of each reference's mean" in text
