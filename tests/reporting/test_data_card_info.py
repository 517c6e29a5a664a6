"""Numbers of a data card, counted on paper (see ``data_cards``)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clairo.core.dataset import Dataset
from clairo.datasets.splits import leave_last_out
from clairo.datasets.ties import count_tied_users
from clairo.reporting.data_card_info import (
    DataCardInfo,
    DuplicateItem,
    FieldCoverage,
    FunnelStep,
    data_card_info,
    interaction_counts,
)
from clairo.reporting.data_card_log import (
    Histogram,
    Segment,
    TieInfo,
    compute_popularity,
    compute_spread,
    compute_ties,
    train_rows,
)
from clairo.reporting.data_card_time import TimelineInfo, check_split, compute_timeline
from clairo.reporting.search_info import Absent
from tests.reporting.data_cards import (
    DAY,
    FIELD_COVERAGE,
    HISTORIES,
    MUG,
    POT,
    codes_only,
    kitchen,
    make_log,
    recorded_kitchen,
    without_interactions,
)
from tests.worlds import tiny_dataset


@pytest.fixture(scope="module")
def info() -> DataCardInfo:
    return data_card_info(kitchen())


def test_sizes_are_counted_with_repeats_apart(info: DataCardInfo) -> None:
    sizes = info.sizes
    assert (sizes.interactions, sizes.users, sizes.items) == (11, 4, 5)
    # ann and cid each meet the cup twice.
    assert sizes.repeats == 2
    assert sizes.density == (11 - 2) / (4 * 5)
    assert sizes.train == 2 + 2 + 3 + 0
    assert (sizes.valid_users, sizes.test_users) == (2, 2)
    assert sizes.training_only == 2  # bob, and dan of whom nothing is known


def test_lengths_of_histories_have_quantiles_that_occur(info: DataCardInfo) -> None:
    # Sorted: 0, 2, 4, 5.
    assert info.histories is not None
    assert info.histories.mean == 11 / 4
    assert dict(info.histories.quantiles) == {
        0: 0,
        0.05: 0,
        0.25: 0,
        0.5: 2,
        0.75: 4,
        0.95: 5,
        1: 5,
    }
    assert info.histories.histogram == Histogram((0, 1, 2, 3, 4, 5, 6), (1, 0, 1, 0, 1, 1), 0)


def test_counts_of_items_and_their_training_part() -> None:
    counts, train_counts = interaction_counts(kitchen())
    assert counts.tolist() == [4, 3, 3, 1, 0]
    assert train_counts.tolist() == [2, 3, 2, 0, 0]


def test_popularity_is_a_cumulative_share_of_sorted_items(info: DataCardInfo) -> None:
    found = info.popularity
    assert found is not None
    assert found.item_shares == (0, 1 / 5, 2 / 5, 3 / 5, 4 / 5, 1)
    assert found.interaction_shares == (0, 4 / 11, 7 / 11, 10 / 11, 1, 1)
    # A tenth of five items is rounded up to one; cup and mug hold 7 of 11.
    assert (found.top_items, found.top_share) == (1, 4 / 11)
    assert (found.items_for_half, found.items_without) == (2, 1)


def test_a_large_catalogue_gives_a_short_curve() -> None:
    found = compute_popularity(np.arange(10_000, dtype=np.int64))
    assert found is not None
    assert len(found.item_shares) == 201
    assert (found.item_shares[-1], found.interaction_shares[-1]) == (1.0, 1.0)
    # The top thousand of 0 .. 9999 hold the sum of 9000 .. 9999.
    assert found.top_share == pytest.approx(1000 * 9499.5 / (9999 * 10_000 / 2))


def test_small_worlds_are_all_tail_and_unseen_items_are_counted_apart(info: DataCardInfo) -> None:
    assert info.segments == (
        Segment("head", 0, 0, 0, 0),
        Segment("torso", 0, 0, 0, 0),
        Segment("tail", 5, 7, 2, 2),
        # The pan is asked of cid on valid and was never seen in training.
        Segment("unseen", 2, 0, 1, 0),
    )


def test_head_and_torso_hold_what_training_makes_them() -> None:
    # Eight users see mug, mug, pot and are asked for pot and mug: training has 16 mugs, 8 pots.
    histories = {f"user-{n}": [(MUG, 1), (MUG, 2), (POT, 3), (POT, 4), (MUG, 5)] for n in range(8)}
    log = make_log(histories)
    found = data_card_info(replace(kitchen(), log=log, splits=leave_last_out(log)))
    assert found.segments[:3] == (
        Segment("head", 1, 16, 0, 8),
        Segment("torso", 1, 8, 8, 0),
        Segment("tail", 3, 0, 0, 0),
    )


def test_ties_are_within_a_user_and_name_the_targets_they_touch(info: DataCardInfo) -> None:
    # ann's first two, cid's last two; ann's last and bob's first share day 30 and are no tie.
    assert info.ties == TieInfo(interactions=4, users=2, valid_targets=1, test_targets=1)


def test_empty_histories_at_either_end_do_not_move_the_borders() -> None:
    log = make_log({"nil": [], **HISTORIES, "end": []})
    assert compute_ties(log, leave_last_out(log)).users == 2


@given(st.lists(st.lists(st.integers(0, 3), max_size=6), max_size=6))
def test_tied_users_are_those_that_the_reader_counts(times: list[list[int]]) -> None:
    log = make_log(
        {str(user): [(0, time) for time in sorted(row)] for user, row in enumerate(times)}
    )
    assert compute_ties(log, leave_last_out(log)).users == count_tied_users(log)


def test_training_rows_are_the_training_sequences() -> None:
    for dataset in (kitchen(), tiny_dataset(), codes_only()):
        joined = dataset.train_sequences().values
        assert (
            dataset.log.items[train_rows(dataset.log, dataset.splits)].tolist() == joined.tolist()
        )
        assert interaction_counts(dataset)[1].tolist() == dataset.train_counts().tolist()


def test_time_is_drawn_by_day_where_it_is_short(info: DataCardInfo) -> None:
    found = info.timeline
    assert isinstance(found, TimelineInfo)
    assert (found.step, found.first, found.last) == ("day", "1970-01-11", "1970-02-10")
    assert len(found.starts) == len(found.counts) == 40 - 10 + 1
    assert (found.counts[0], found.counts[-1], sum(found.counts)) == (2, 2, 11)
    # Sorted days: 10 10 11 12 13 [20] 30 30 31 40 40.
    assert found.middle == "1970-01-21"
    # Half of the test targets (days 30 and 40) had happened by day 30; of 7 training days
    # (10 10 30 31 11 12 13) only 31 is later.
    assert found.late_train == 1 / 7


def test_milliseconds_are_the_same_calendar() -> None:
    log = make_log(HISTORIES, unit=1000 * DAY)
    assert compute_timeline(replace(kitchen(time_unit="ms"), log=log)) == compute_timeline(
        kitchen()
    )


@pytest.mark.parametrize(
    ("last", "step", "bars", "second"),
    [(90, "day", 91, "1970-01-02"), (364, "month", 12, "1970-02-01"), (4000, "year", 11,
                                                                        "1971-01-01")],
)  # fmt: skip
def test_long_times_are_drawn_in_longer_steps(last: int, step: str, bars: int, second: str) -> None:
    log = make_log({"ann": [(MUG, 0), (POT, last)]})
    found = compute_timeline(replace(kitchen(), log=log, splits=leave_last_out(log)))
    assert isinstance(found, TimelineInfo)
    assert (found.step, len(found.starts), found.starts[1]) == (step, bars, second)
    assert (found.counts[0], found.counts[-1], sum(found.counts)) == (1, 1, 2)
    assert found.late_train is None  # two interactions: nobody is asked


def test_times_before_1970_are_dated_too() -> None:
    log = make_log({"ann": [(MUG, -1), (POT, 1)]})
    found = compute_timeline(replace(kitchen(), log=log, splits=leave_last_out(log)))
    assert isinstance(found, TimelineInfo)
    assert found.first == "1969-12-31"
    assert found.counts == (1, 0, 1)


def test_positions_have_neither_calendar_nor_ties() -> None:
    found = data_card_info(kitchen(time_unit="position"))
    assert isinstance(found.timeline, Absent)
    assert "positions" in found.timeline.reason
    assert isinstance(found.ties, Absent)


def test_an_unrecorded_unit_is_not_guessed_and_ties_are_counted_all_the_same() -> None:
    found = data_card_info(kitchen(time_unit=None))
    assert isinstance(found.timeline, Absent)
    assert "not recorded" in found.timeline.reason
    assert isinstance(found.ties, TieInfo)


def test_milliseconds_taken_for_seconds_are_refused_a_calendar() -> None:
    log = make_log(HISTORIES, unit=1000 * DAY)
    found = compute_timeline(replace(kitchen(time_unit="s"), log=log))
    assert isinstance(found, TimelineInfo)  # 30,000 days are 82 years: no proof of an error
    far = make_log({"ann": [(MUG, 1), (POT, 201 * 366)]})
    refused = compute_timeline(replace(kitchen(), log=far, splits=leave_last_out(far)))
    assert isinstance(refused, Absent)
    assert "1970-01-02" in refused.reason
    assert "wrong unit" in refused.reason


def test_a_sound_split_passes_every_check(info: DataCardInfo) -> None:
    assert [check.violations for check in info.checks] == [0, 0, 0, 0]
    assert info.leaks == ()


def test_every_way_of_leaking_is_found() -> None:
    dataset = kitchen()
    splits = dataset.splits
    longer = replace(splits, train_lengths=np.array([3, 2, 5, 0], dtype=np.int32))
    # ann trains on her validation target; cid on both targets.
    assert _violations(replace(dataset, splits=longer)) == [2, 1, 0, 0]
    swapped = replace(
        splits, valid_positions=splits.test_positions, test_positions=splits.valid_positions
    )
    assert _violations(replace(dataset, splits=swapped)) == [0, 0, 2, 0]
    twice = replace(splits, valid_positions=splits.test_positions)
    # Asked for one interaction on both splits: it is not before itself.
    assert _violations(replace(dataset, splits=twice)) == [0, 0, 2, 0]
    backwards = make_log({**HISTORIES, "bob": [(MUG, 31), (POT, 30)]})
    assert _violations(replace(dataset, log=backwards)) == [0, 0, 0, 1]


def _violations(dataset: Dataset) -> list[int | None]:
    return [check.violations for check in check_split(dataset)]


def test_a_split_by_time_is_held_to_its_cuts() -> None:
    facts = {"split": "global_time", "valid_from": 20 * DAY, "test_from": 30 * DAY}
    # Training holds bob's days 30 and 31; of the validation days 20 and 40 the second is too late;
    # the test days 30 and 40 are not too early.
    assert _violations(kitchen(**facts))[4:] == [2, 0, 1, 0]
    # On the day of a cut it has begun: day 30 is no training any more, day 40 no validation but
    # test. Too early are validation on day 20 and test on day 30.
    late = {**facts, "valid_from": 30 * DAY, "test_from": 40 * DAY}
    assert _violations(kitchen(**late))[4:] == [2, 1, 1, 1]


def test_a_cut_that_was_not_recorded_is_said_and_not_guessed() -> None:
    checks = check_split(kitchen(split="global_time"))[4:]
    assert [check.violations for check in checks] == [None] * 4
    assert {check.reason for check in checks} == {"The time of the cut was not recorded."}


def test_coverage_is_the_readers_where_it_was_recorded(info: DataCardInfo) -> None:
    assert info.content.coverage == (
        FieldCoverage("any text", "text", 4, 4 / 5),
        FieldCoverage("picture", "image", 3, 3 / 5),
        FieldCoverage("title", "text", 5, 1.0),
        FieldCoverage("price", "text", 2, 2 / 5),
        FieldCoverage("category", "text", 3, 3 / 5),
    )
    assert not info.content.fields_recorded
    recorded = data_card_info(recorded_kitchen()).content
    assert {field.name: field.items for field in recorded.coverage[2:]} == FIELD_COVERAGE
    assert recorded.fields_recorded


def test_texts_and_pictures_that_two_items_share_are_counted(info: DataCardInfo) -> None:
    assert (info.content.shared_texts, info.content.shared_pictures) == (2, 2)
    texts = info.content.texts
    assert texts is not None
    # "Red ware." twice, "Pot. $9.00. Boils.", "Flat".
    assert texts.mean == (9 + 9 + 18 + 4) / 4
    assert (texts.smallest, texts.median, texts.largest) == (4, 9, 18)


def test_recorded_facts_become_counts_and_their_absence_none(info: DataCardInfo) -> None:
    content = info.content
    assert (content.without_metadata, content.undecodable, content.with_address) == (None,) * 3
    assert (info.duplicate_rows, info.duplicates, info.funnel) == (None, (), ())
    found = data_card_info(recorded_kitchen())
    content = found.content
    assert (content.without_metadata, content.undecodable, content.with_address) == (1, 1, 3)
    assert found.duplicate_rows == 3
    assert found.duplicates == (
        DuplicateItem("pan-1", "Pan <script>alert(1)</script>", (3, 8, 1200), 1200),
        DuplicateItem("mug-1", "Mug", (2, 9), 2),
    )
    assert found.funnel[1] == FunnelStep("minimum rating 3", 11, 4, 5)


def test_a_catalogue_without_interactions_has_no_spreads() -> None:
    found = data_card_info(without_interactions())
    assert found.sizes.density is None
    assert (found.histories, found.item_counts, found.popularity) == (None, None, None)
    assert isinstance(found.timeline, Absent)
    assert isinstance(found.ties, Absent)
    assert [segment.items for segment in found.segments] == [0, 0, 5, 5]
    assert found.content.texts is not None
    assert [check.violations for check in found.checks] == [0] * 4


def test_codes_alone_have_no_text_and_no_picture() -> None:
    content = data_card_info(codes_only()).content
    assert [field.items for field in content.coverage] == [0] * 5
    assert content.texts is None
    assert (content.shared_texts, content.shared_pictures) == (0, 0)


@given(st.lists(st.integers(0, 5000), min_size=1, max_size=300))
def test_a_histogram_loses_nobody_and_has_few_bars(values: list[int]) -> None:
    spread = compute_spread(np.array(values))
    assert spread is not None
    bars = spread.histogram
    assert sum(bars.counts) + bars.beyond == len(values)
    assert len(bars.counts) <= 41
    assert bars.beyond <= len(values) / 100
    for start, count in zip(bars.edges, bars.counts, strict=False):
        assert count == sum(start <= value < start + bars.width for value in values)


def test_one_extreme_value_leaves_the_others_their_bars() -> None:
    spread = compute_spread(np.array([5] * 120 + [6] * 79 + [100_000]))
    assert spread is not None
    assert spread.histogram == Histogram((5, 6, 7), (120, 79), 1)
