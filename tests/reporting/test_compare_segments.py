"""A comparison by segment: on shared seeds, and user by user where the segments are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from clairo.evaluation.segments import SegmentIndex
from clairo.evaluation.significance import crossed_interval
from clairo.reporting.compare_info import compute_comparison
from clairo.reporting.compare_segment_tables import segments_table
from clairo.reporting.compare_segments import SegmentsInfo, compute_segments, split_of
from clairo.reporting.compare_sides import compute_sides
from clairo.reporting.pairing import gains
from clairo.reporting.search_info import Absent
from clairo.tracking.records import Arm
from clairo.tracking.run_reader import TrackedRun
from tests.reporting.ablation_records import ITEMS, segment_index, train_counts
from tests.reporting.comparisons import failed, run, runs


def segments_of(*tracked: TrackedRun) -> SegmentsInfo:
    found = compute_segments(compute_comparison(tracked))
    assert isinstance(found, SegmentsInfo)
    return found


def segment_run(number: int, seed: int, tail: float, users: int = 80) -> TrackedRun:
    metrics = {"valid/tail/ndcg_at_10": tail, "valid/tail/num_users": float(users),
               "valid/unseen/num_users": 0.0}  # fmt: skip
    return run(number, seed, metrics=metrics)


def test_segments_without_users_are_left_out() -> None:
    info = segments_of(segment_run(0, 1, 0.2), segment_run(1, 1, 0.3))
    assert [row.name for row in info.rows] == ["tail"]
    assert info.rows[0].users == (80, 80)


def test_a_segment_is_compared_on_shared_seeds_only() -> None:
    info = segments_of(segment_run(0, 1, 0.2), segment_run(0, 2, 0.6), segment_run(1, 1, 0.3))
    assert [value.mean for value in info.rows[0].values] == [pytest.approx(0.4), 0.3]
    assert info.rows[0].deltas == (0.0, pytest.approx(0.3 - 0.2))


def test_a_segment_of_sides_without_a_shared_seed_has_no_difference() -> None:
    info = segments_of(segment_run(0, 1, 0.2), segment_run(1, 2, 0.3))
    assert info.rows[0].deltas[1] is None


def test_the_table_of_segments_leaves_out_differences_of_sides_that_are_not_compared() -> None:
    info = segments_of(segment_run(0, 1, 0.2), segment_run(1, 1, 0.3), segment_run(2, 1, 0.1, 9))
    table = segments_table(info, ["B"])
    assert [column.name for column in table.columns] == ["Segment", "Users", "A", "B", "C", "B − A"]
    assert table.rows[0][1].text == "80 or 9"
    assert table.rows[0][5].text.startswith("+0.1")
    assert "Tail: targets with 5 training interactions or fewer" in table.notes[0]


def test_segments_that_nobody_logged_are_said() -> None:
    found = compute_segments(compute_comparison([run(0, metrics={}), failed(1)]))
    assert isinstance(found, Absent)
    assert found.reason == "No finished run logged metrics by segment."


def test_segments_are_of_test_only_where_every_finished_side_was_read_there() -> None:
    assert split_of(compute_sides([run(0), run(1)])) == "test"
    assert split_of(compute_sides([run(0), failed(1)])) == "test"
    assert split_of(compute_sides([run(0), run(1, splits=("valid",))])) == "valid"
    assert split_of(compute_sides([failed(0), failed(1)])) == "valid"


def known(tracked: list[TrackedRun], index: SegmentIndex, group: str = "") -> list[TrackedRun]:
    return [replace(one, segments={group: index}) for one in tracked]


def test_users_of_a_segment_are_paired_where_it_is_known() -> None:
    sides = (runs(0, 0.0), runs(1, 0.05))
    info = segments_of(*known([*sides[0], *sides[1]], segment_index()))
    # records.rankings: user u is asked for item 7 u modulo 300.
    rare = train_counts()[np.arange(400) * 7 % ITEMS] <= 5
    before, after = (
        np.array([gains(one.trial.rankings["test"], "ndcg_at_10") for one in side])
        for side in sides
    )
    wanted, found = crossed_interval((after - before)[:, rare]), info.paired["B"]["tail"]
    assert info.unpaired == ()
    assert found.users == rare.sum()
    assert found.interval is not None
    assert found.interval.mean == pytest.approx(wanted.mean)
    assert (found.interval.low, found.interval.high) == pytest.approx((wanted.low, wanted.high))
    table = segments_table(info, ["B"])
    assert [column.name for column in table.columns][-2:] == ["B − A", "B − A, 95 %"]
    tail = next(row for row in table.rows if row[0].text == "Tail")
    assert tail[-2].value == pytest.approx(wanted.mean)
    assert " to " in tail[-1].text
    assert not any("without intervals" in note for note in table.notes)


def test_a_sweep_that_logged_no_segments_leaves_the_difference_without_interval() -> None:
    info = segments_of(*known(runs(0, 0.0), segment_index()), *runs(1, 0.05))
    assert info.paired == {}
    ((letter, why),) = info.unpaired
    assert letter == "B"
    assert why.endswith("did not log which users belong to which segment")
    table = segments_table(info, ["B"])
    assert [column.name for column in table.columns][-1] == "B − A"
    assert any(note.startswith("B has no intervals: ") for note in table.notes)


def test_sides_that_put_users_into_other_segments_are_not_paired() -> None:
    other = replace(segment_index(), train_counts=train_counts() + 1)
    info = segments_of(*known(runs(0, 0.0), segment_index()), *known(runs(1, 0.05), other))
    assert info.unpaired[0][1].endswith("put users into other segments")


def test_an_index_of_other_data_is_said() -> None:
    small = replace(segment_index(), train_counts=train_counts()[:10])
    info = segments_of(*known([*runs(0, 0.0), *runs(1, 0.05)], small))
    assert "the index belongs to other data" in info.unpaired[0][1]


def test_a_run_of_a_group_is_asked_by_the_segments_of_its_group() -> None:
    def of_group(one: TrackedRun) -> TrackedRun:
        arm = Arm("full", "modality_masking", "Full", {}, (one.trial.key,), group="toys")
        return replace(one, summary=replace(one.summary, arms=(arm,)))

    made = [of_group(one) for one in (*runs(0, 0.0), *runs(1, 0.05))]
    assert "B" in segments_of(*known(made, segment_index(), "toys")).paired
    assert segments_of(*known(made, segment_index(), "beauty")).paired == {}
