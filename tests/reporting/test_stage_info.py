"""What the stages did: codebooks, merges in words, seconds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from clairo.reporting.findings import say_collisions, say_cost
from clairo.reporting.search_info import Absent
from clairo.reporting.stage_info import (
    CodebooksInfo,
    CostInfo,
    MergesInfo,
    compute_codebooks,
    compute_cost,
    compute_merges,
)
from clairo.reporting.stage_tables import cost_table
from clairo.reporting.vocabulary_findings import VOCABULARY_TITLE, say_merges
from clairo.tracking.records import StageRecord, SweepRecord
from tests.reporting.records import demo_record


@pytest.fixture(scope="module")
def record() -> SweepRecord:
    return demo_record()


def with_stage_facts(record: SweepRecord, name: str, **facts: object) -> SweepRecord:
    """The record with facts of one stage replaced in every trial."""

    def change(stage: StageRecord) -> StageRecord:
        return replace(stage, facts=facts) if stage.name == name else stage

    trials = (replace(t, stages=tuple(change(s) for s in t.stages)) for t in record.trials)
    return replace(record, trials=tuple(trials))


def test_codebooks_come_text_first_with_counts_sorted_by_use(record: SweepRecord) -> None:
    info = compute_codebooks(record)
    assert isinstance(info, CodebooksInfo)
    names = [(book.modality, book.index) for book in info.codebooks]
    assert names == [("text", 0), ("text", 1), ("image", 0), ("image", 1)]
    for book in info.codebooks:
        assert list(book.counts) == sorted(book.counts, reverse=True)
        assert book.usage == np.mean(np.array(book.counts) > 0)


def test_merges_are_spelled_in_codes_and_say_what_they_join(record: SweepRecord) -> None:
    info = compute_merges(record)
    assert isinstance(info, MergesInfo)
    assert info.merges[1].parts == ("<A_1>", "<a_1>")
    assert info.merges[1].modalities == ("text", "image")
    facts = next(t for t in record.trials if t.key == "confirm-3-21").stages[4].facts
    assert info.merges[1].words == tuple(
        f"{name} 1 code 1 ({facts[f'{name}/0/counts'][1]} items)" for name in ("text", "image")
    )
    # 90 places inside items and 4 between them at first, 27 and 67 at the eighth.
    assert [info.merges[i].across for i in (0, 7, 8)] == [False, True, None]
    # Column 4 stands after two text and two image codebooks: the disambiguation digit.
    assert info.merges[-1].parts == ("<A_1>", "<B_2>", "<#_0>")
    assert info.merges[-1].modalities == ("text", "shared")


def test_the_value_after_the_last_code_is_said_to_be_missing(record: SweepRecord) -> None:
    merge = {"leaves": [[0, 1], [2, 32]], "priority": 3.0}
    info = compute_merges(with_stage_facts(record, "merging", top_merges=[merge]))
    assert isinstance(info, MergesInfo)
    assert info.merges[0].parts == ("<A_1>", "<a_32> (no image)")
    assert info.merges[0].words[1] == "no image"


def test_what_was_not_stored_is_said_and_not_drawn(record: SweepRecord) -> None:
    codes = compute_codebooks(with_stage_facts(record, "quantization"))
    merges = compute_merges(with_stage_facts(record, "merging"))
    assert isinstance(codes, Absent)
    assert "no code histograms" in codes.reason
    assert isinstance(merges, Absent)
    empty = replace(record, trials=())
    for found in (compute_codebooks(empty), compute_merges(empty), compute_cost(empty)):
        assert isinstance(found, Absent)


def test_seconds_add_up_over_all_trials(record: SweepRecord) -> None:
    info = compute_cost(record)
    assert isinstance(info, CostInfo)
    stages = [stage for trial in record.trials for stage in trial.stages]
    assert info.spent == pytest.approx(sum(stage.seconds for stage in stages))
    saved = sum(s.computed_seconds - s.seconds for s in stages if s.cached)
    assert info.saved == pytest.approx(saved)
    assert info.spent + info.other == pytest.approx(sum(trial.seconds for trial in record.trials))
    counted = sum(stage.num_computed + stage.num_cached for stage in info.stages)
    assert counted == len(stages)


def test_waiting_for_what_another_trial_makes_is_no_computing(record: SweepRecord) -> None:
    # One second of cutting after nine of waiting for the longer vocabulary.
    cut = StageRecord("merging", "bpe", "merging/bpe-01", 10.0, 1.0, False, 8, {}, "merging/bpe-02")
    trial = replace(record.trials[0], stages=(cut,), seconds=10.0)
    info = compute_cost(replace(record, trials=(trial,)))
    assert isinstance(info, CostInfo)
    (cost,) = info.stages
    assert (cost.computed, cost.loaded, cost.saved) == (1.0, 9.0, 0.0)
    assert (cost.num_computed, cost.num_cached) == (1, 0)


def test_writing_what_was_computed_is_called_storing_and_loading(record: SweepRecord) -> None:
    # Two seconds of computing, one of writing, checksumming and reading back.
    made = StageRecord("text", "lsa", "text/lsa-01", 3.0, 2.0, False, 8, {})
    trial = replace(record.trials[0], stages=(made,), seconds=3.0)
    info = compute_cost(replace(record, trials=(trial,)))
    assert isinstance(info, CostInfo)
    assert (info.stages[0].computed, info.stages[0].loaded, info.spent) == (2.0, 1.0, 3.0)
    table = cost_table(info)
    shown = {c.name: cell.value for c, cell in zip(table.columns, table.rows[0], strict=True)}
    assert shown["Storing and loading (s)"] == 1.0
    (words,) = [c.help for c in table.columns if c.name == "Storing and loading (s)"]
    assert words.startswith("Writing and checksumming what was computed")


def test_a_sweep_that_finds_everything_says_so(record: SweepRecord) -> None:
    info = compute_cost(record)
    assert isinstance(info, CostInfo)
    found = sum(stage.num_cached for stage in info.stages)
    assert f"{found} of {info.num_runs} stage runs were found" in say_cost(info)[1]
    stages = tuple(
        replace(stage, num_computed=0, num_cached=stage.num_cached + stage.num_computed)
        for stage in info.stages
    )
    assert say_cost(replace(info, stages=stages))[0].startswith("No stage was computed again; ")


def test_merges_with_the_digit_are_counted(record: SweepRecord) -> None:
    merges = [
        {"leaves": [[0, 1], [4, 0]], "priority": 3.0},
        {"leaves": [[0, 1], [2, 1]], "priority": 2.0},
    ]
    info = compute_merges(with_stage_facts(record, "merging", top_merges=merges))
    assert isinstance(info, MergesInfo)
    said = say_merges(info, spelled=False)
    assert "1 of the first 2 merges contains the digit" in said
    assert "1 joins text and image by their codes" in said
    assert VOCABULARY_TITLE not in said


def test_codes_without_collisions_are_said_to_need_no_digit(record: SweepRecord) -> None:
    info = compute_codebooks(record)
    assert isinstance(info, CodebooksInfo)
    assert "at most 3 items share one tuple" in say_collisions(info)
    assert "tells nothing apart" in say_collisions(replace(info, collision_rate=0.0))
