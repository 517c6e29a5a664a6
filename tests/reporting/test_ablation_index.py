"""An ablation by itself: its page is the first one, and says what was declared and found."""

from __future__ import annotations

import csv
import html
import re
from dataclasses import replace
from pathlib import Path

import pytest

from clairo.reporting.ablation_effects import compute_ablation
from clairo.reporting.ablation_findings import claims
from clairo.reporting.ablation_info import AblationInfo
from clairo.reporting.ablation_page import make_ablation_page
from clairo.reporting.ablation_tables import effects_table
from clairo.reporting.links import page_links
from clairo.reporting.page import render_page
from clairo.reporting.report import ReportFiles, write_report
from clairo.reporting.selection import best_trial
from clairo.reporting.training_info import ArmCurvesInfo, compute_arm_curves, say_arm_curves
from clairo.tracking.records import SweepRecord
from clairo.tracking.summary_json import summary_from_json, summary_to_json
from tests.reporting.ablation_records import (
    ADDED,
    DEFINITION,
    QUESTION,
    added_record,
    change,
    kinds_record,
    masking,
)
from tests.reporting.printed import body
from tests.reporting.records import demo_record


@pytest.fixture(scope="module")
def record() -> SweepRecord:
    return kinds_record()


@pytest.fixture(scope="module")
def files(record: SweepRecord, tmp_path_factory: pytest.TempPathFactory) -> ReportFiles:
    return write_report(record, tmp_path_factory.mktemp("ablation"))


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


def test_every_table_says_that_intervals_are_not_adjusted(record: SweepRecord) -> None:
    info = masking(record)
    unsure = tuple(replace(effect, verdict="inconclusive") for effect in info.effects)
    said = "Intervals are each by itself and not adjusted"
    assert any(said in note for note in effects_table(replace(info, effects=unsure)).notes)
    # Said of every table, since a reader may look at any interval.
    assert any(said in note for note in effects_table(info).notes)


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
