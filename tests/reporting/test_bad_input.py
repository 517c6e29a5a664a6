"""What a report does with a sweep that is broken: it says what is missing, or one clear error.

Everything goes through a real MLflow, so that what a page says is said of what can be stored.
"""

from __future__ import annotations

import html
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from mlflow.entities import Metric

from clairo.core.artifacts import Rankings
from clairo.core.errors import ClairoError, SweepError
from clairo.reporting.report import ReportFiles
from clairo.tracking.mlflow_runs import MlflowTracker
from clairo.tracking.mlflow_tracker import TrackingConfig
from clairo.tracking.records import SweepRecord
from clairo.workflows.locations import tracking_config
from clairo.workflows.report import make_report
from tests.reporting.records import OBJECTIVE, demo_record, demo_summary
from tests.reporting.tracked import track_record

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
RTL = "\u202eשלום\u202c مرحبا"
LONG = "A " + "very" * 150 + " long name"


def small(record: SweepRecord) -> SweepRecord:
    """The same with the runs a claim rests on and the first trials: writing takes a second less."""
    kept = tuple(t for t in record.trials if t.role != "search" or t.number in (0, 1, 3, 6, 7))
    return replace(record, trials=kept)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An output folder whose database has no sweep; initialising one takes seconds."""
    folder = tmp_path_factory.mktemp("empty") / "runs"
    tracking_config(folder, None).prepare()
    return folder


@pytest.fixture
def config(empty: Path, tmp_path: Path) -> TrackingConfig:
    (tmp_path / "runs").mkdir()
    shutil.copyfile(empty / "mlflow.db", tmp_path / "runs" / "mlflow.db")
    # The experiment of the copy still names the first folder as the place of its artifacts.
    made = replace(tracking_config(tmp_path / "runs", None), experiment=f"e-{tmp_path.name}")
    made.prepare()
    return made


@pytest.fixture
def report(config: TrackingConfig, tmp_path: Path) -> Callable[[SweepRecord], ReportFiles]:
    def make(record: SweepRecord) -> ReportFiles:
        track_record(config, record)
        return make_report(config, None, tmp_path / "reports")

    return make


def words(path: Path | None) -> str:
    """What a reader of the page sees."""
    assert path is not None
    text = re.sub(r"<(script|style)\b.*?</\1>", "", path.read_text("utf-8"), flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


Report = Callable[[SweepRecord], ReportFiles]


def test_a_run_that_was_deleted_in_mlflow_is_missed_by_name(
    config: TrackingConfig, tmp_path: Path
) -> None:
    track_record(config, small(demo_record()))
    tracker = config.connect()
    gone = {"ablation-21-101", "confirm-3-22"}
    for run in tracker.trials("demo-20260101-120000"):
        if run.data.tags["trial.key"] in gone:
            tracker.connection.client.delete_run(run.info.run_id)
    files = make_report(config, None, tmp_path / "reports")
    assert "run ablation-21-101 is not in the tracker" in words(files.ablation)
    assert "run confirm-3-22 is not in the tracker" in words(files.index)


def test_an_arm_without_any_run_is_named_and_gets_no_number(report: Report) -> None:
    record = small(demo_record())
    kept = tuple(t for t in record.trials if t.config_key != "arm-image_only")
    files = report(replace(record, trials=kept))
    said = words(files.ablation)
    assert re.search(r"Image only is not compared: .* run ablation-22-101 is not in the tra", said)
    rows = (files.folder / "tables" / "modality_masking.csv").read_text("utf-8").splitlines()
    assert not [row for row in rows if row.startswith("Image only") and re.search(r"\d\.\d", row)]


def test_arms_that_were_measured_on_other_users_are_refused(report: Report) -> None:
    record = small(demo_record())

    def elsewhere(ranked: Rankings) -> Rankings:
        return replace(ranked, users=ranked.users + 1)

    trials = tuple(
        replace(t, rankings={s: elsewhere(r) for s, r in t.rankings.items()})
        if t.config_key == "arm-text_only"
        else t
        for t in record.trials
    )
    said = words(report(replace(record, trials=trials)).ablation)
    assert re.search(r"Text only is not compared: .* measured on other users", said)
    assert not re.search(r"Text only: [−+]0\.\d", said)


def test_a_metric_that_was_never_logged_is_said(report: Report) -> None:
    record = small(demo_record())
    bare = tuple(
        replace(t, metrics={k: v for k, v in t.metrics.items() if k != OBJECTIVE})
        for t in record.trials
    )
    said = words(report(replace(record, trials=bare)).index)
    assert "There is no verdict: none of the 5 trials ended with a finite valid/ndcg_at_10" in said


def test_one_seed_gets_no_interval_and_no_verdict(report: Report) -> None:
    record = small(demo_record())
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
    files = report(single)
    assert "One seed leaves no standard error" in words(files.index)
    assert "one seed, so no interval over seeds" in words(files.ablation)


def test_a_sweep_without_a_trial_makes_a_page(report: Report) -> None:
    files = report(SweepRecord("p", demo_summary(), ()))
    assert "no trial has been run yet" in words(files.index)
    assert files.pages == (files.index,)


def test_values_that_are_not_numbers_are_left_out_and_said(
    config: TrackingConfig, tmp_path: Path
) -> None:
    """Our writer refuses them; another one, or an older version, may have stored them."""
    track_record(config, small(demo_record()))
    tracker = config.connect()
    client = tracker.connection.client
    for run in tracker.trials("demo-20260101-120000"):
        key = run.data.tags["trial.key"]
        metrics = [Metric(f"epoch/{OBJECTIVE}", float("nan"), 2**41, step) for step in (2, 3)]
        metrics += [Metric(f"epoch/{OBJECTIVE}", float("inf"), 2**41, 4)]
        if key in ("search-0-11", "confirm-3-21"):
            metrics += [Metric(OBJECTIVE, float("nan"), 2**41, 0)]
        client.log_batch(run.info.run_id, metrics=metrics)
    files = make_report(config, None, tmp_path / "reports")
    said = words(files.index)
    assert "seed 21 logged no finite valid/ndcg_at_10" in said
    assert not re.search(r"\b(nan|inf)\b", said, re.IGNORECASE)
    data = files.index.read_text("utf-8")
    drawn = re.findall(r'id="figure-data">(.*?)</script>', data, re.DOTALL)[0]
    assert "NaN" not in drawn
    assert "Infinity" not in drawn
    assert "e+308" not in drawn
    assert "e+308" not in "".join(path.read_text("utf-8") for path in files.tables)


def test_ranks_that_cannot_be_read_are_one_clear_error(
    config: TrackingConfig, tmp_path: Path
) -> None:
    track_record(config, small(demo_record()))
    damaged = next((tmp_path / "runs" / "artifacts").rglob("ranks/valid/*.safetensors"))
    damaged.write_bytes(damaged.read_bytes()[:100])
    with pytest.raises(ClairoError, match=r"arrays cannot be read"):
        make_report(config, None, tmp_path / "reports")


@pytest.mark.parametrize("name", [EVIL, RTL, LONG, 'a "quoted" & <b>bold</b>'])
def test_names_are_shown_as_they_are_and_never_run(report: Report, name: str) -> None:
    record = small(demo_record())
    summary = record.summary
    arms = tuple(replace(a, title=name) if a.name == "text_only" else a for a in summary.arms)
    changed = []
    for t in record.trials:
        spelled = t.vocabulary
        if spelled is not None:
            spelled = replace(spelled, titles={**spelled.titles, 1: name})
        changed.append(replace(t, vocabulary=spelled, error=name if t.error else ""))
    hostile = replace(
        record,
        summary=replace(summary, dataset_name=name, notes=(name,), command=name, arms=arms),
        trials=tuple(changed),
    )
    files = report(hostile)
    for page in files.pages:
        text = page.read_text("utf-8")
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert text.count("</script>") == text.count("<script")
    shown = " ".join(name.split()).replace("\u202e", "").replace("\u202c", "")
    assert shown in words_with_markup(files.index)
    assert files.ablation is not None
    assert shown in words_with_markup(files.ablation)
    assert files.vocabulary is not None
    # There the title stands alone in its element, as it is.
    vocabulary = words_with_markup(files.vocabulary)
    assert shown in vocabulary.replace("\u202e", "").replace("\u202c", "")


def test_a_right_to_left_name_does_not_turn_the_numbers_after_it_around(report: Report) -> None:
    record = small(demo_record())
    arms = tuple(replace(a, title=RTL) if a.name == "text_only" else a for a in record.summary.arms)
    files = report(replace(record, summary=replace(record.summary, arms=arms)))
    plain = RTL.replace("\u202e", "").replace("\u202c", "")
    assert f"\u2068{plain}\u2069: −0.062 (−32.8 %)" in words(files.ablation)
    for name in ("modality_masking.csv", "modality_masking.tex"):
        text = (files.folder / "tables" / name).read_text("utf-8")
        assert plain in text
        assert not set(text) & set("\u202e\u202c\u2068\u2069")


def words_with_markup(path: Path) -> str:
    """The page's text with what was escaped as it was written; tags of ours stay."""
    return " ".join(html.unescape(path.read_text("utf-8")).split())


def test_a_report_of_a_sweep_that_is_not_there_names_those_that_are(
    config: TrackingConfig, tmp_path: Path
) -> None:
    tracker: MlflowTracker = config.connect()
    tracker.open_sweep(demo_summary())
    with pytest.raises(SweepError, match=r"got other; known here: demo-20260101-120000"):
        make_report(config, "other", tmp_path)
    assert list(tmp_path.glob("*.html")) == []
