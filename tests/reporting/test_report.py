"""The written report: complete, self-contained, repeatable, honest about what is missing."""

from __future__ import annotations

import csv
import html
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from clairo.reporting.ablation_page import make_ablation_page
from clairo.reporting.page import Missing, Page, render_page
from clairo.reporting.report import ReportFiles, write_report
from clairo.reporting.sweep_page import make_sweep_page
from clairo.tracking.records import SweepRecord
from tests.reporting.records import OBJECTIVE, demo_record, demo_summary, trial


@pytest.fixture(scope="module")
def record() -> SweepRecord:
    return demo_record()


@pytest.fixture(scope="module")
def files(record: SweepRecord, tmp_path_factory: pytest.TempPathFactory) -> ReportFiles:
    return write_report(record, tmp_path_factory.mktemp("report"))


def body(page: Path | str) -> str:
    """The page without its scripts and style."""
    text = page.read_text("utf-8") if isinstance(page, Path) else page
    return re.sub(r"<(script|style)\b.*?</\1>", "", text, flags=re.DOTALL)


def missing(page: Page) -> dict[str, str]:
    return {b.what: b.reason for b in page.blocks() if isinstance(b, Missing)}


def test_both_pages_and_every_table_are_written(files: ReportFiles) -> None:
    assert files.index.name == "index.html"
    assert files.ablation is not None
    names = {path.name for path in files.tables}
    for stem in ("trials", "candidates", "test_results", "merges", "modality_masking", "stages"):
        assert {f"{stem}.csv", f"{stem}.md", f"{stem}.tex"} <= names
    assert all(path.is_file() for path in files.tables)


def test_a_page_is_one_small_file_that_asks_nobody(files: ReportFiles) -> None:
    for page in (files.index, files.ablation):
        assert page is not None
        assert page.stat().st_size < 8_000_000
        shown = body(page)
        assert not re.search(r'(src|href)="(https?:)?//', shown)
        assert page.read_text("utf-8").count("plotly.js v") == 1


def test_the_same_record_gives_the_same_bytes(
    record: SweepRecord, files: ReportFiles, tmp_path: Path
) -> None:
    again = write_report(record, tmp_path)
    for first, second in ((files.index, again.index), (files.ablation, again.ablation)):
        assert first is not None
        assert second is not None
        assert first.read_bytes() == second.read_bytes()
    for first, second in zip(files.tables, again.tables, strict=True):
        assert first.read_bytes() == second.read_bytes()


def test_the_first_screen_answers(record: SweepRecord, files: ReportFiles) -> None:
    shown = html.unescape(body(files.index))
    keys = record.summary.candidates[0].trial_keys
    values = [t.metrics[OBJECTIVE] for t in record.trials if t.key in keys]
    mean, error = np.mean(values), np.std(values, ddof=1) / np.sqrt(len(values))
    assert f"NDCG@10 {mean:.4f} ± {error:.4f} on valid" in shown
    assert "251 of 300 items have a picture (84 %)" in shown
    assert "<dd>400 of 600 valid users, 400 of 600 test users</dd>" in shown
    assert "<dd>4,200 prefixes, up to 6 epochs</dd>" in shown
    assert "<dd>PCA variance 0.99, quantiser rq_kmeans, codebooks 2" in shown
    assert "On test, read once by each of 9 runs: NDCG@10" in shown
    assert "Exploratory: the quick profile" in shown
    assert "search 11; confirmation 21, 22, 23; ablation 101, 102" in shown
    assert "0123abcd" in shown
    assert record.summary.notes[0] in shown
    assert record.summary.command in shown


def test_the_environment_is_printed_as_people_read_it(record: SweepRecord) -> None:
    environment = {"packages": {"torch": "2.13.0"}, "memory_bytes": 2**34, "gpus": ["A", "B"]}
    changed = replace(record, summary=replace(record.summary, environment=environment))
    text = body(render_page(make_sweep_page(changed)))
    for name, value in (
        ("Packages", "torch 2.13.0"),
        ("Memory", "16.0 GiB"),
        ("GPUs", "A and B"),
    ):
        assert f"<dt>{name}</dt><dd>{value}</dd>" in text
    assert "<dt>Commit</dt><dd>not recorded</dd>" in text


def test_the_yaml_on_the_page_is_the_best_configuration(
    record: SweepRecord, files: ReportFiles
) -> None:
    code = re.findall(r"<code>(.*?)</code>", body(files.index), flags=re.DOTALL)[0]
    best = next(t for t in record.trials if t.key == "confirm-3-21")
    assert yaml.safe_load(html.unescape(code)) == best.config


def test_printed_numbers_equal_their_recomputation(record: SweepRecord, files: ReportFiles) -> None:
    with (files.folder / "tables" / "trials.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    by_number = {t.number: t for t in record.trials if t.role == "search"}
    assert len(rows) == 12
    for row in rows:
        made = by_number[int(row["Trial"])]
        expected = made.metrics.get(OBJECTIVE)
        assert row["NDCG@10 (valid)"] == ("" if expected is None else repr(expected))
        assert float(row["Seconds"]) == made.seconds
    printed = (files.folder / "tables" / "modality_masking.md").read_text("utf-8")
    runs = {
        name: [t for t in record.trials if t.config_key == f"arm-{name}"]
        for name in ("full", "text_only")
    }
    means = {
        name: np.mean([t.rankings["valid"].facts["ndcg_at_10"] for t in found])
        for name, found in runs.items()
    }
    delta = means["text_only"] - means["full"]
    assert f"| {delta:+.3f} |".replace("-", "−") in printed
    assert f"| {means['text_only']:.3f} |" in printed
    with (files.folder / "tables" / "modality_masking.csv").open(encoding="utf-8") as lines:
        row = next(row for row in csv.DictReader(lines) if row["Arm"] == "Text only")
    assert float(row["Difference"]) == pytest.approx(delta)
    tests = files.folder / "tables" / "modality_masking_users.csv"
    with tests.open(encoding="utf-8") as lines:
        row = next(row for row in csv.DictReader(lines) if row["Arm"] == "Text only")
    low, high = (float(bound) for bound in row["95 % over users"].strip("[]").split(", "))
    assert low < delta < high


def test_an_arm_s_changes_are_spelled_out(files: ReportFiles) -> None:
    printed = (files.folder / "tables" / "modality_masking_budgets.md").read_text("utf-8")
    assert "| Text only | fusion.kind = text_only |" in printed


def test_failures_skips_and_lost_seeds_are_on_the_pages(files: ReportFiles) -> None:
    shown = html.unescape(body(files.index))
    assert "k-means needs at least 32 items, got 20" in shown
    assert "Search: 8 complete, 1 failed, 1 infeasible, 2 pruned." in shown
    assert "3 duplicate suggestions" in shown
    assert files.ablation is not None
    ablation = html.unescape(body(files.ablation))
    assert "Without ensemble was skipped: the winner decodes one segmentation only." in ablation
    assert "seed 102 ended failed: StageError: out of memory" in ablation
    assert re.search(r">1/2<", ablation)


def with_own_numbers(record: SweepRecord) -> SweepRecord:
    """Every run with a number of its own, as a real sweep has them."""
    trials = (
        t if t.role == "search" else replace(t, number=100 + place)
        for place, t in enumerate(record.trials)
    )
    return replace(record, trials=tuple(trials))


def test_a_configuration_goes_by_the_number_of_its_search_trial(record: SweepRecord) -> None:
    page = make_sweep_page(with_own_numbers(record))
    assert page.claims[0].startswith("Trial 3 is best")
    text = html.unescape(body(render_page(page)))
    assert "Best: trial 3 (YAML)" in text
    assert "Codebooks of trial 3" in text
    assert not re.search(r"[Tt]rial 1\d\d\b", text)


def test_the_searched_settings_come_first_in_the_yaml(files: ReportFiles) -> None:
    code = re.findall(r"<code>(.*?)</code>", body(files.index), flags=re.DOTALL)[0]
    assert list(yaml.safe_load(html.unescape(code)))[:4] == [
        "reduction", "fusion", "quantization", "merging",
    ]  # fmt: skip


def test_reads_of_the_test_split_are_counted_and_a_stray_one_is_called_out(
    record: SweepRecord,
) -> None:
    text = html.unescape(body(render_page(make_ablation_page(record))))
    assert "Test was read 9 times: once by each fresh-seed run of the 3 confirmed" in text
    assert "second validation set" in text
    stray = replace(record.trials[0], metrics={**record.trials[0].metrics, "test/mrr_at_5": 0.1})
    told = render_page(make_sweep_page(replace(record, trials=(stray, *record.trials[1:]))))
    assert "1 in the search: more than the protocol allows" in told


def test_a_reference_that_was_chosen_on_the_same_runs_is_said_to_be_flattered(
    record: SweepRecord,
) -> None:
    other_seeds = render_page(make_ablation_page(record))
    assert "little flattered" not in other_seeds
    assert "by the same validation users, on other seeds" in other_seeds
    keys = record.summary.candidates[0].trial_keys
    arms = tuple(
        replace(a, trial_keys=keys) if a.name == "full" else a for a in record.summary.arms
    )
    summary = replace(record.summary, arms=arms)
    assert "little flattered" in render_page(make_ablation_page(replace(record, summary=summary)))


def test_unequal_codes_are_said_to_be_unequal(record: SweepRecord, files: ReportFiles) -> None:
    notes = (files.folder / "tables" / "components_budgets.md").read_text("utf-8")
    assert "Bits per item are equal in all arms" in notes
    changed = tuple(
        replace(
            t,
            stages=tuple(
                replace(s, facts={**s.facts, "bits_per_item": 5.0})
                if s.name == "quantization"
                else s
                for s in t.stages
            ),
        )
        if t.config_key == "arm-text_only"
        else t
        for t in record.trials
    )
    text = html.unescape(render_page(make_ablation_page(replace(record, trials=changed))))
    assert re.search(
        r"Bits per item differ from the full configuration's \d+\.\d: Text only 5\.0", text
    )


def test_a_pruned_trial_says_where_it_stopped(files: ReportFiles) -> None:
    rows = (files.folder / "tables" / "unfinished.md").read_text("utf-8")
    assert re.search(r"stopped after epoch 2 with NDCG@10 0\.\d{4}: others were ahead", rows)


def test_what_one_modality_tells_is_printed_where_the_world_knows_it(record: SweepRecord) -> None:
    known = {
        **record.summary.dataset_facts,
        "ceiling_valid_ndcg_at_10_text_only": 0.31,
        "ceiling_valid_ndcg_at_10_image_only": 0.29,
    }
    made = replace(record, summary=replace(record.summary, dataset_facts=known))
    assert "0.310 with text and 0.290 with images" in render_page(make_ablation_page(made))
    assert "with text and" not in render_page(make_ablation_page(record))


def test_hostile_names_are_shown_and_never_run(record: SweepRecord) -> None:
    evil = '</script><script>alert(1)</script><img src=x onerror="alert(2)">'
    arms = tuple(
        replace(arm, title=evil) if arm.name == "text_only" else arm for arm in record.summary.arms
    )
    summary = replace(
        record.summary, dataset_name=evil, notes=(evil,), command=evil, arms=arms, category=evil
    )
    hostile = replace(record, summary=summary)
    for page in (make_sweep_page(hostile), make_ablation_page(hostile)):
        text = render_page(page)
        assert "<script>alert" not in text
        assert "<img src=x" not in text
    assert "&lt;img src=x" in text


def test_a_sweep_without_a_finished_trial_makes_a_page_that_says_why(tmp_path: Path) -> None:
    made = SweepRecord("p", demo_summary(finished=False), (trial(0, state="failed"),))
    files = write_report(made, tmp_path)
    shown = html.unescape(body(files.index))
    assert files.ablation is None
    assert "There is no verdict: none of the 1 trials" in shown
    assert "Unfinished" in shown
    said = missing(make_sweep_page(made))
    assert {"Confirmation", "Optimisation history", "Codebook usage", "Training curves"} <= set(
        said
    )


def test_an_empty_sweep_makes_a_page(tmp_path: Path) -> None:
    files = write_report(SweepRecord("p", demo_summary(axes=(), notes=()), ()), tmp_path)
    assert "no trial has been run yet" in body(files.index)


def test_metrics_that_were_never_logged_are_said_to_be_missing(record: SweepRecord) -> None:
    bare = tuple(
        replace(t, metrics={k: v for k, v in t.metrics.items() if k == OBJECTIVE}, stages=())
        for t in record.trials
    )
    said = missing(make_sweep_page(replace(record, trials=bare)))
    assert "No confirming run logged them" in said["Test results"]
    assert "stored no code histograms" in said["Codebook usage"]
    assert "tokens per item" in said["NDCG@10 against tokens"]


def test_metrics_that_are_not_finite_leave_no_trace_in_the_figures(record: SweepRecord) -> None:
    broken = tuple(
        replace(t, metrics={**t.metrics, OBJECTIVE: math.inf}) if t.number % 2 else t
        for t in record.trials
    )
    text = render_page(make_sweep_page(replace(record, trials=broken)))
    assert "Infinity" not in re.findall(r'id="figure-data">(.*?)</script>', text, re.DOTALL)[0]
    assert "logged no finite valid/ndcg_at_10" in text


def test_one_seed_of_everything_still_makes_both_pages(record: SweepRecord) -> None:
    summary = record.summary
    single = replace(
        record,
        summary=replace(
            summary,
            candidates=tuple(replace(c, trial_keys=c.trial_keys[:1]) for c in summary.candidates),
            arms=tuple(replace(a, trial_keys=a.trial_keys[:1]) for a in summary.arms),
            ablation_seeds=summary.ablation_seeds[:1],
        ),
    )
    sweep, ablation = render_page(make_sweep_page(single)), render_page(make_ablation_page(single))
    assert "One seed leaves no standard error" in sweep
    assert "one seed, so no interval over seeds" in ablation


def test_all_arms_lost_is_said_and_not_drawn(record: SweepRecord) -> None:
    gone = tuple(t for t in record.trials if t.role != "ablation")
    page = make_ablation_page(replace(record, trials=gone))
    assert page.figures() == ()
    assert "no arm could be compared" in page.claims[0]
    assert "not in the tracker" in missing(page)["Comparison"]


def test_a_page_of_thousands_of_trials_stays_small(record: SweepRecord) -> None:
    base = [t for t in record.trials if t.role == "search" and t.state == "complete"]
    many = tuple(
        replace(base[i % 8], number=i, key=f"k{i}", metrics={OBJECTIVE: (i * 37 % 1009) / 1009})
        for i in range(1500)
    )
    text = render_page(make_sweep_page(replace(record, trials=(*many, *record.trials[12:]))))
    assert len(text.encode()) < 8_000_000
    assert "The first 1,000 of 1,500 rows are shown" in text


def test_merges_that_cannot_be_read_are_said_and_fail_nothing(
    record: SweepRecord, tmp_path: Path
) -> None:
    reason = "The logged merges cannot be read: merging/spelled.json: JSON cannot be read."
    trials = tuple(
        replace(t, vocabulary=None, vocabulary_error=reason) if t.key == "confirm-3-21" else t
        for t in record.trials
    )
    changed = replace(record, trials=trials)
    assert missing(make_sweep_page(changed))["Merges in words, trial 3, seed 21"] == reason
    files = write_report(changed, tmp_path)
    assert reason in html.unescape(body(files.index))
    assert files.vocabulary is not None
