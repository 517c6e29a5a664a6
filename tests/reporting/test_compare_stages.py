"""Stage by stage: same store entry or not, where sides part, what they state differently."""

from __future__ import annotations

from clairo.reporting.compare_sides import compute_sides
from clairo.reporting.compare_stage_tables import entries_table, facts_table, stages_table
from clairo.reporting.compare_stages import StagesInfo, compute_stages
from clairo.reporting.search_info import Absent
from clairo.tracking.run_reader import TrackedRun
from tests.reporting.comparisons import stage, staged


def stages_of(*tracked: TrackedRun) -> StagesInfo:
    reference, side = compute_sides(tracked)
    found = compute_stages(side, reference)
    assert isinstance(found, StagesInfo)
    return found


def relations(info: StagesInfo) -> dict[str, str]:
    return {pair.name: pair.relation for pair in info.stages}


def test_stages_are_the_same_where_they_have_one_store_entry() -> None:
    info = stages_of(
        staged(0, 1, stage("dataset", "1"), stage("fusion", "2"), stage("merging", "3")),
        staged(1, 1, stage("dataset", "1"), stage("fusion", "9"), stage("merging", "8")),
    )
    assert relations(info) == {"dataset": "same", "fusion": "different", "merging": "different"}
    assert (info.parts_at, info.num_shared, info.seeds) == ("fusion", 1, (1,))


def test_runs_that_share_everything_part_nowhere() -> None:
    info = stages_of(staged(0, 1, stage("dataset", "1")), staged(1, 1, stage("dataset", "1")))
    assert (info.parts_at, info.num_shared) == ("", 1)


def test_a_stage_is_the_same_only_if_it_is_in_every_shared_seed() -> None:
    info = stages_of(
        staged(0, 1, stage("training", "1")),
        staged(0, 2, stage("training", "2")),
        staged(1, 1, stage("training", "1")),
        staged(1, 2, stage("training", "7")),
    )
    assert relations(info) == {"training": "different"}
    assert info.seeds == (1, 2)


def test_a_stage_that_differs_by_seed_alike_in_both_is_the_same() -> None:
    info = stages_of(
        staged(0, 1, stage("training", "1")),
        staged(0, 2, stage("training", "2")),
        staged(1, 2, stage("training", "2")),
        staged(1, 1, stage("training", "1")),
    )
    assert relations(info) == {"training": "same"}
    (pair,) = info.stages
    assert pair.ours is not None
    assert pair.ours.entries == ("training/kind-1", "training/kind-2")


def test_a_stage_that_one_side_lacks_parts_them_too() -> None:
    info = stages_of(
        staged(0, 1, stage("text", "1"), stage("image", "2"), stage("fusion", "3")),
        staged(1, 1, stage("text", "1"), stage("fusion", "4")),
    )
    assert relations(info) == {"text": "same", "image": "only one", "fusion": "different"}
    assert info.parts_at == "image"
    table = stages_table(info, "A")
    assert [row[1].text for row in table.rows] == [
        "same result",
        "only in A, parts here",
        "different",
    ]
    assert [row[0].strong for row in table.rows] == [False, True, False]


def test_stages_that_only_the_second_has_stand_where_it_has_them() -> None:
    info = stages_of(
        staged(0, 1, stage("text", "1"), stage("fusion", "3")),
        staged(1, 1, stage("text", "1"), stage("image", "2"), stage("fusion", "4")),
    )
    assert list(relations(info)) == ["text", "image", "fusion"]
    assert stages_table(info, "A").rows[1][1].text == "only in B, parts here"


def test_without_a_shared_seed_one_run_each_is_compared_and_that_is_said() -> None:
    info = stages_of(
        staged(0, 1, stage("dataset", "1"), stage("training", "2")),
        staged(1, 2, stage("dataset", "1"), stage("training", "3")),
    )
    assert info.seeds == ()
    assert info.parts_at == "training"
    table = stages_table(info, "A")
    assert "on other seeds" in table.caption
    assert "another result with another seed" in table.notes[0]


def test_a_run_that_stopped_early_is_compared_as_far_as_it_came() -> None:
    info = stages_of(
        staged(0, 1, stage("dataset", "1"), stage("training", "2")),
        staged(1, 1, stage("dataset", "1")),
    )
    assert relations(info) == {"dataset": "same", "training": "only one"}


def test_a_side_without_stages_is_said() -> None:
    reference, side = compute_sides([staged(0, 1, stage("dataset", "1")), staged(1, 1)])
    found = compute_stages(side, reference)
    assert isinstance(found, Absent)
    assert found.reason == "No run of B logged what its stages did."


def test_times_and_sizes_are_means_and_findings_are_counted() -> None:
    info = stages_of(
        staged(0, 1, stage("fusion", "1", 2.0)),
        staged(0, 2, stage("fusion", "2c", 4.0)),
        staged(1, 1, stage("fusion", "3", 1.0)),
        staged(1, 2, stage("fusion", "4", 1.0)),
    )
    row = [cell.text for cell in stages_table(info, "A").rows[0]]
    assert row == [
        *("fusion", "parts here", "kind", "3.00", "1.00"),
        *("1 of 2", "0 of 2", "1.00", "1.00"),
    ]


def test_of_one_run_it_is_said_whether_the_result_was_found() -> None:
    info = stages_of(staged(0, 1, stage("fusion", "1c")), staged(1, 1, stage("fusion", "2")))
    row = stages_table(info, "A").rows[0]
    assert [row[5].text, row[6].text] == ["found", "computed"]


def test_entries_are_named_as_the_store_names_them_and_several_are_counted() -> None:
    info = stages_of(
        staged(0, 1, stage("fusion", "1"), stage("training", "3")),
        staged(0, 2, stage("fusion", "1"), stage("training", "4")),
        staged(1, 1, stage("fusion", "2")),
        staged(1, 2, stage("fusion", "2")),
    )
    table = entries_table(info, "A")
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["fusion", "1", "2"],
        ["training", "2 entries", "–"],
    ]
    assert table.rows[0][1].value == "fusion/kind-1"
    assert table.rows[1][1].value == "training/kind-3 training/kind-4"


def test_a_long_value_is_cut_on_the_page_and_whole_in_the_files() -> None:
    info = stages_of(
        staged(0, 1, stage("dataset", "1", digest="ab" * 32)),
        staged(1, 1, stage("dataset", "2", digest="cd" * 32)),
    )
    cell = facts_table(info, "A").rows[0][2]
    assert (cell.text, cell.value) == ("ab" * 12 + "…", "ab" * 32)


def test_only_single_values_that_both_state_differently_are_facts() -> None:
    ours = {"num": 4, "share": 0.5, "name": "x", "same": 1, "counts": [1], "lone": 1,
            "text/0/usage": 0.5}  # fmt: skip
    theirs = {"num": 6, "share": 0.25, "name": "y", "same": 1, "counts": [2], "other": 1,
              "text/0/usage": 0.9}  # fmt: skip
    info = stages_of(
        staged(0, 1, stage("quantization", "1", **ours)),
        staged(1, 1, stage("quantization", "2", **theirs)),
    )
    assert [fact.name for fact in info.stages[0].facts] == ["num", "share", "name"]
    table = facts_table(info, "A")
    assert [[cell.text for cell in row[1:]] for row in table.rows] == [
        ["num", "4", "6", "+2"],
        ["share", "0.5", "0.25", "−0.25"],
        ["name", "x", "y", "–"],
    ]
    assert table.notes == ("2 more values only one of them states.",)


def test_results_are_no_facts_of_a_stage() -> None:
    info = stages_of(
        staged(0, 1, stage("test_evaluation", "1", ndcg_at_10=0.1)),
        staged(1, 1, stage("test_evaluation", "2", ndcg_at_10=0.2)),
    )
    assert info.stages[0].facts == ()


def test_a_changed_kind_is_shown_with_both() -> None:
    first, second = stage("fusion", "1"), stage("fusion", "2")
    changed = type(second)(**{**vars(second), "kind": "concat"})
    info = stages_of(staged(0, 1, first), staged(1, 1, changed))
    assert stages_table(info, "A").rows[0][2].text == "kind → concat"
