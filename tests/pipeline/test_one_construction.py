"""One construction serves every merge budget of a sweep, and nothing depends on that."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clairo.core.stage import Runtime
from clairo.pipeline.config import PipelineConfig
from clairo.pipeline.plan import make_plan, reach_of
from clairo.pipeline.runner import StageRunner, always
from clairo.pipeline.trial import TrialEnvironment, TrialSpec, run_trial
from clairo.stages import STAGES
from clairo.store import FilesystemStore
from clairo.store.protocol import CUT_FROM
from clairo.sweep.search_space import parse_space
from clairo.tracking.records import StageRecord
from clairo.workflows.space import PreparedSpace
from tests.conftest import REPOSITORY
from tests.pipeline.small import SETTINGS, small_config
from tests.worlds import small_demo

BUDGETS = (0, 2, 5, 8, 12)
REACH = {"merging": max(BUDGETS)}

SWEEPER = """
import json, pathlib, sys
from dataclasses import replace

import clairo.pipeline.plan as plan
from clairo.core.stage import Runtime
from clairo.pipeline.runner import StageRunner
from clairo.store import FilesystemStore
from tests.pipeline.small import small_config

root, budgets = pathlib.Path(sys.argv[1]), json.loads(sys.argv[2])

def recorded(stage):
    def run(settings, *rest):
        with (root / "constructed.txt").open("a") as stream:
            stream.write(f"{settings.num_merges} ")
        return stage.run(settings, *rest)
    return replace(stage, run=run)

plan.PIPELINE = tuple(recorded(s) if s.name == "merging" else s for s in plan.PIPELINE)
print("ready", flush=True)
sys.stdin.readline()
for budget in budgets:
    made = plan.make_plan(small_config(merging={"num_merges": budget}), 0, {})
    runner = StageRunner(made, FilesystemStore(root), Runtime(), 0, reach={"merging": 12})
    runner.get("merging")
    record = runner.records["merging"]
    print(record.cached, record.entry, record.cut_from or "-")
"""


def budget_runner(
    root: Path, budget: int, reach: dict[str, int] | None = None, **merging: Any
) -> StageRunner:
    config = small_config(merging={"num_merges": budget, **merging})
    plan = make_plan(config, 0, {})
    return StageRunner(plan, FilesystemStore(root), Runtime(), 0, reach=reach or {})


def merge(
    root: Path, budget: int, reach: dict[str, int] | None = None, **merging: Any
) -> StageRecord:
    runner = budget_runner(root, budget, reach, **merging)
    runner.get("merging")
    return runner.records["merging"]


def entry(root: Path, budget: int) -> Path:
    return root / budget_runner(root, budget).plan.step("merging").fingerprint.entry


def data_files(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.name != "manifest.json"}


def damage(folder: Path) -> None:
    (folder / "arrays.safetensors").write_bytes(b"no tensors")


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The budgets of all vocabularies that were constructed, in order."""
    constructed: list[int] = []
    stage = STAGES["merging"]

    def record(settings: Any, *rest: Any) -> Any:
        constructed.append(settings.num_merges)
        return stage.run(settings, *rest)

    recording = replace(stage, run=record)
    pipeline = tuple(recording if s.name == "merging" else s for s in STAGES.values())
    monkeypatch.setattr("clairo.pipeline.plan.PIPELINE", pipeline)
    return constructed


@pytest.mark.parametrize("budgets", [BUDGETS, BUDGETS[::-1], (5, 12, 0, 8, 2)])
def test_five_budgets_over_one_code_table_make_one_construction(
    tmp_path: Path, built: list[int], budgets: Sequence[int]
) -> None:
    space = parse_space({"merging": {"num_merges": {"choice": list(budgets)}}}, "five", "five.yaml")
    prepared = PreparedSpace(space, {**SETTINGS, "dataset": small_demo()}, ())
    reach = reach_of(prepared.configs())
    for point in (space.settings_of({"merging.num_merges": budget}) for budget in budgets):
        plan = make_plan(prepared.config(point), 0, {})
        runner = StageRunner(plan, FilesystemStore(tmp_path), Runtime(), 0, reach=reach)
        runner.get("merging")
    assert built == [12]
    assert len(list((tmp_path / "merging").iterdir())) == len(budgets)


def test_without_a_sweep_around_it_a_trial_builds_its_own_budget(
    tmp_path: Path, built: list[int]
) -> None:
    record = merge(tmp_path, 5)
    assert built == [5]
    assert (record.cut_from, record.borrowed_seconds) == ("", 0.0)


def test_the_longest_budget_is_stored_once_and_says_nothing_of_cutting(
    tmp_path: Path, built: list[int]
) -> None:
    merge(tmp_path, 5, REACH)
    record = merge(tmp_path, 12, REACH)
    assert built == [12]
    assert record.cached
    assert record.cut_from == ""
    assert len(list((tmp_path / "merging").iterdir())) == 2


@pytest.mark.parametrize("merging", [{}, {"counting": "release"}, {"cross_modal_share": 0.25}])
def test_cut_and_built_entries_are_equal_to_the_byte(
    tmp_path: Path, merging: dict[str, Any]
) -> None:
    for budget in BUDGETS:
        cut = merge(tmp_path / "cut", budget, REACH, **merging)
        alone = merge(tmp_path / "built", budget, **merging)
        assert cut.entry == alone.entry
        assert bool(cut.cut_from) == (budget != 12)
        assert cut.facts == alone.facts
        files = [data_files(tmp_path / root / cut.entry) for root in ("cut", "built")]
        assert files[0] == files[1]


def test_what_comes_after_cannot_tell_a_cut_vocabulary_from_a_built_one(tmp_path: Path) -> None:
    cut = budget_runner(tmp_path / "cut", 5, REACH)
    alone = budget_runner(tmp_path / "built", 5)
    ranks = [runner.get("valid_evaluation").ranks.tolist() for runner in (cut, alone)]
    assert ranks[0] == ranks[1]
    assert cut.records["merging"].cut_from
    named = [{n: r.entry for n, r in runner.records.items()} for runner in (cut, alone)]
    assert named[0] == named[1]


def test_other_options_or_other_codes_are_other_constructions(
    tmp_path: Path, built: list[int]
) -> None:
    merge(tmp_path, 5, REACH)
    merge(tmp_path, 5, REACH, cross_modal_share=0.0)
    other = small_config(quantization={"codebook_size": 4})
    store = FilesystemStore(tmp_path)
    StageRunner(make_plan(other, 0, {}), store, Runtime(), 0, reach=REACH).get("merging")
    assert built == [12, 12, 12]


def test_the_manifest_the_record_and_the_log_say_what_was_cut(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "clairo"):
        record = merge(tmp_path, 5, REACH)
    longest = entry(tmp_path, 12).relative_to(tmp_path).as_posix()
    runner = budget_runner(tmp_path, 5)
    manifest = runner.store.manifest(runner.plan.step("merging").fingerprint)
    assert record.cut_from == longest == manifest.about[CUT_FROM]["entry"]
    assert manifest.about["config"]["num_merges"] == 5
    assert f"made {longest}" in caplog.text
    assert f"cut from {longest}: {record.entry}" in caplog.text


def test_a_construction_is_paid_by_who_made_it_and_saved_by_nobody_who_only_cut(
    tmp_path: Path,
) -> None:
    maker, cutter = merge(tmp_path, 2, REACH), merge(tmp_path, 8, REACH)
    finder, longest = merge(tmp_path, 8, REACH), merge(tmp_path, 12, REACH)
    store = budget_runner(tmp_path, 12)
    whole = store.store.manifest(store.plan.step("merging").fingerprint).seconds
    assert [r.cached for r in (maker, cutter, finder, longest)] == [False, False, True, True]
    assert whole < maker.computed_seconds <= maker.seconds
    assert cutter.computed_seconds <= cutter.seconds
    assert cutter.saved_seconds == maker.saved_seconds == 0
    assert finder.computed_seconds == cutter.computed_seconds
    assert longest.computed_seconds == whole
    # Found or cut or made: from nothing, everybody would have spent construction and cutting.
    for record in (cutter, finder):
        spent = record.seconds + record.saved_seconds + record.borrowed_seconds
        assert spent >= whole + record.computed_seconds - 1e-9
    assert maker.borrowed_seconds == longest.borrowed_seconds == 0


def test_asking_again_computes_cuts_and_reads_nothing_longer(
    tmp_path: Path, built: list[int]
) -> None:
    merge(tmp_path, 5, REACH)
    damage(entry(tmp_path, 12))
    assert merge(tmp_path, 5, REACH).cached
    assert built == [12]


def test_a_damaged_longer_entry_is_recomputed(tmp_path: Path, built: list[int]) -> None:
    merge(tmp_path, 5, REACH)
    intact = data_files(entry(tmp_path, 12))
    damage(entry(tmp_path, 12))
    assert merge(tmp_path, 8, REACH).cut_from
    assert built == [12, 12]
    assert data_files(entry(tmp_path, 12)) == intact
    assert len(list((tmp_path / "damaged").iterdir())) == 1


def test_a_longer_vocabulary_of_an_earlier_sweep_is_used(tmp_path: Path, built: list[int]) -> None:
    merge(tmp_path, 12, REACH)
    narrow = merge(tmp_path, 2, {"merging": 5})
    alone = merge(tmp_path, 8)
    longest = entry(tmp_path, 12).relative_to(tmp_path).as_posix()
    assert built == [12]
    assert narrow.cut_from == alone.cut_from == longest


def test_a_vocabulary_that_was_noted_and_removed_is_not_missed(
    tmp_path: Path, built: list[int]
) -> None:
    merge(tmp_path, 12)
    entry(tmp_path, 12).rename(tmp_path / "away")
    assert merge(tmp_path, 5).cut_from == ""
    assert built == [12, 5]


@pytest.mark.parametrize(("found_by", "reach"), [(12, {}), (8, REACH)])
def test_a_vocabulary_whose_maker_was_stopped_before_noting_it_is_noted_when_found(
    tmp_path: Path, built: list[int], found_by: int, reach: dict[str, int]
) -> None:
    merge(tmp_path, 12)
    (note,) = (tmp_path / ".lengths").rglob("12")
    note.unlink()
    merge(tmp_path, found_by, reach)
    assert note.exists()
    assert merge(tmp_path, 5).cut_from == entry(tmp_path, 12).relative_to(tmp_path).as_posix()
    assert built == [12]


def test_a_longer_construction_that_stops_early_gives_the_facts_of_each_budget(
    tmp_path: Path,
) -> None:
    beyond = {"merging": 1_000_000}
    most = merge(tmp_path, 1_000_000, beyond).facts["num_merges"]
    assert most < 1_000_000
    for budget in (3, most, most + 5):
        facts = merge(tmp_path, budget, beyond).facts
        assert facts["requested_merges"] == budget
        assert facts["num_merges"] == min(budget, most)
        assert facts["reached_budget"] == (budget <= most)
        assert facts == merge(tmp_path / "built", budget).facts


def test_a_tokenizer_without_a_budget_is_never_cut(tmp_path: Path) -> None:
    config = small_config(merging={"kind": "identity"})
    assert reach_of([config]) == {}
    runner = StageRunner(
        make_plan(config, 0, {}), FilesystemStore(tmp_path), Runtime(), 0, reach=REACH
    )
    runner.get("merging")
    assert runner.records["merging"].cut_from == ""


def test_the_reach_is_the_largest_budget_among_configurations() -> None:
    configs: list[PipelineConfig] = [
        small_config(merging={"num_merges": budget}) for budget in (5, 12, 8)
    ]
    assert reach_of([*configs, small_config(merging={"kind": "identity"})]) == {"merging": 12}
    assert reach_of([]) == {}


def test_a_failing_construction_fails_the_trial_and_names_what_was_being_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("codes are too deep")

    broken = replace(STAGES["merging"], run=fail)
    pipeline = tuple(broken if s.name == "merging" else s for s in STAGES.values())
    monkeypatch.setattr("clairo.pipeline.plan.PIPELINE", pipeline)
    spec = TrialSpec("sweep-1", 0, "search", small_config(merging={"num_merges": 5}), seed=0)
    environment = TrialEnvironment(tmp_path, {}, reach=REACH)
    outcome = run_trial(spec, environment, always)
    assert (outcome.state, outcome.error) == ("failed", "ValueError: codes are too deep")
    assert not entry(tmp_path, 12).exists()
    assert not entry(tmp_path, 5).exists()
    with pytest.raises(ValueError, match="too deep") as failed:
        budget_runner(tmp_path, 5, REACH).get("merging")
    (note,) = failed.value.__notes__
    assert note.startswith(entry(tmp_path, 12).relative_to(tmp_path).as_posix())


def test_two_processes_at_once_make_one_construction(tmp_path: Path) -> None:
    budget_runner(tmp_path, 0).get("quantization")
    sweepers = [sweeper(tmp_path, "[2, 5, 8, 12, 0]"), sweeper(tmp_path, "[0, 2, 8, 5, 12]")]
    for process in sweepers:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in sweepers:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [process.communicate(timeout=120)[0] for process in sweepers]
    records = [line.split() for answer in answers for line in answer.splitlines()]
    assert len(records) == 2 * len(BUDGETS)
    assert (tmp_path / "constructed.txt").read_text() == "12 "
    longest = entry(tmp_path, 12).relative_to(tmp_path).as_posix()
    assert {cut_from for _, name, cut_from in records if name != longest} == {longest}
    made = sorted(name for cached, name, _ in records if cached == "False")
    assert made == sorted({name for _, name, _ in records} - {longest})


def sweeper(root: Path, budgets: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SWEEPER, str(root), budgets]
    return subprocess.Popen(
        command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
