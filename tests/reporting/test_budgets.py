"""Budgets of arms and of sides: ranges over runs, what is unequal is marked and said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from clairo.reporting.ablation_budgets import arm_budgets_table, compute_arm_budgets
from clairo.reporting.compare_budgets import compute_side_budgets, side_budgets_table
from clairo.reporting.compare_info import ComparisonInfo
from clairo.reporting.table import Table
from clairo.tracking.records import StageRecord, SweepRecord, TrialRecord
from clairo.tracking.run_reader import TrackedRun
from tests.reporting.ablation_records import change, groups_record, kinds_record, masking
from tests.reporting.comparisons import compared, failed, run, runs


@pytest.fixture(scope="module")
def record() -> SweepRecord:
    return kinds_record()


def test_budgets_are_ranges_over_seeds_and_unequal_ones_are_said(record: SweepRecord) -> None:
    def larger(run: TrialRecord) -> TrialRecord:
        stages = tuple(
            replace(s, facts={**s.facts, "num_parameters": 130_000}) if s.name == "training" else s
            for s in run.stages
        )
        return replace(run, stages=stages)

    info = masking(change(record, "text_only", larger))
    table = arm_budgets_table(info, compute_arm_budgets(record, info))
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
    notes = arm_budgets_table(info, compute_arm_budgets(record, info)).notes
    assert notes[0] == "≠ Tuned unequally: between 0 and 8 trials an arm."


def test_training_steps_are_counted_on_the_data_of_each_group() -> None:
    record = groups_record()
    info = masking(record)
    budgets = compute_arm_budgets(record, info)
    steps = next(q for q in budgets.quantities if q.key == "training_steps")
    # 2,000 to 2,500 prefixes in batches of 256, five epochs at most.
    highest = [budget.high for budget in steps.budgets[:6]]
    assert highest == [5 * -(-(2000 + 100 * place) // 256) for place in range(6)]


def trained(number: int, seed: int, epochs: int, **facts: float) -> TrackedRun:
    """A run whose training took so many epochs, of 3,000 examples in batches of 256."""
    made = run(number, seed).trial
    training = StageRecord(
        "training", "t5", f"training/{seed}", 9.0, 9.0, False, 1, {"epochs_done": epochs, **facts}
    )
    stages = (*(found for found in made.stages if found.name != "training"), training)
    model = {**made.config["model"], "batch_size": 256, "max_examples": 3000}
    return run(number, seed, stages=stages, config={**made.config, "model": model})


def sides_table(info: ComparisonInfo, changes: Mapping[str, str] | None = None) -> Table:
    return side_budgets_table(info, compute_side_budgets(info, changes or {}))


def cells_of(table: Table) -> dict[str, dict[str, str]]:
    head = [column.name for column in table.columns]
    return {
        row[0].text: dict(zip(head, (cell.text for cell in row), strict=True)) for row in table.rows
    }


def test_sides_are_marked_where_they_differ_from_the_reference() -> None:
    info = compared(runs(0, 0.0, (1, 2)), runs(1, 0.05, (1, 2)))
    table = sides_table(info, {"B": "fusion concat (A: none)"})
    cells = cells_of(table)
    assert [row["Changes"] for row in cells.values()] == [
        "the reference", "fusion concat (A: none)",
    ]  # fmt: skip
    # records.code_facts: 4 bits a codebook; configuration 0 has 2 codebooks, 1 has 3.
    assert [row["Bits per item"] for row in cells.values()] == ["8.0", "12.0 ≠"]
    assert table.notes[0] == (
        "Bits per item differ from A's 8.0: B 12.0. Part of their difference may be the codes' "
        "capacity."
    )
    assert table.notes[-1] == "No run states its parameters, epochs and training steps."


def test_equal_bits_of_sides_are_said_and_tuning_is_not_claimed() -> None:
    table = sides_table(compared([run(0)], [run(0, run_id="again")]))
    assert table.notes[0] == "Bits per item are equal in all sides (8.0)."
    assert table.rows[1][1].text == "nothing"
    assert "Tuning trials" not in [column.name for column in table.columns]
    assert not any("tuned" in note.lower() for note in table.notes)


def test_budgets_of_sides_are_ranges_over_their_finished_runs() -> None:
    first = [trained(0, 1, 4), trained(0, 2, 6), failed(0, 3)]
    other = [trained(1, 1, 4, num_parameters=9000), trained(1, 2, 4, num_parameters=9000)]
    table = sides_table(compared(first, other))
    cells = cells_of(table)
    assert [row["Epochs"] for row in cells.values()] == ["4 to 6", "4 ≠"]
    # 3,000 examples in batches of 256 are 12 steps an epoch.
    assert [row["Training steps"] for row in cells.values()] == [
        f"{4 * 12} to {6 * 12}", f"{4 * 12} ≠",
    ]  # fmt: skip
    # What the reference does not state cannot be called unequal.
    assert [row["Parameters"] for row in cells.values()] == ["–", "9,000"]
    assert "epochs (B); training steps (B). A difference may come from them." in table.notes[-1]


def test_a_side_of_which_nothing_finished_has_no_budgets() -> None:
    cells = cells_of(sides_table(compared([run(0)], [failed(1)])))
    assert (cells["A"]["Bits per item"], cells["B"]["Bits per item"]) == ("8.0", "–")
