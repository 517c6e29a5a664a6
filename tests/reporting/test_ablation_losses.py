"""An ablation of which something is missing: its page says what, and why."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path

import pytest

from clairo.reporting.ablation_page import make_ablation_page
from clairo.reporting.page import render_page
from clairo.reporting.report import write_report
from clairo.tracking.records import SweepRecord, TrialRecord
from tests.reporting.ablation_records import change, kinds_record, masking
from tests.reporting.printed import body, missing


@pytest.fixture(scope="module")
def record() -> SweepRecord:
    return kinds_record()


def test_the_declared_split_is_read_though_all_have_another(record: SweepRecord) -> None:
    page = make_ablation_page(kinds_record(split="test"))
    assert "no per-user test ranks" in missing(page)["Comparison"]


def test_a_lost_seed_and_a_lost_arm_are_said(record: SweepRecord) -> None:
    keys = record.summary.arms[1].trial_keys
    gone = record.summary.arms[2].trial_keys
    kept = tuple(t for t in record.trials if t.key != keys[0] and t.key not in gone)
    text = body(render_page(make_ablation_page(replace(record, trials=kept))))
    assert f"Text only: run {keys[0]} is not in the tracker" in text
    assert ">4/5<" in text
    assert "Images only is not compared: no seed has per-user valid ranks of both" in text


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
