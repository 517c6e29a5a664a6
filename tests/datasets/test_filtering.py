"""Filters against plain Python, and what order, threads, memory and seeds must not change."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clairo.core.errors import DataError
from clairo.core.interaction_table import InteractionTable
from clairo.datasets import filtering
from clairo.datasets.engine import OWN_MB, open_engine
from clairo.datasets.filtering import Filters, NumberedInteractions, filter_interactions
from clairo.datasets.ingestion import RawFile, ingest
from clairo.datasets.row_format import RowFormat
from tests.datasets.filter_oracle import Row, apply

Event = tuple[str, str, float | None, int]
ROWS = RowFormat("json", user="u", item="i", timestamp="t", rating="r")
SMALLEST_MB = 768


def ingested(folder: Path, *files: Sequence[Event]) -> InteractionTable:
    """Real raw files of the events, read."""
    raw = []
    for number, events in enumerate(files):
        path = folder / f"raw{number}.json"
        lines = [json.dumps(dict(zip("uirt", event, strict=True))) for event in events]
        path.write_text("".join(f"{line}\n" for line in lines))
        raw.append(RawFile(path, ROWS))
    return ingest(raw)


def filtered(
    table: InteractionTable, num_threads: int = 1, memory_mb: int = SMALLEST_MB, **filters: Any
) -> NumberedInteractions:
    with open_engine(memory_mb, num_threads) as engine:
        return filter_interactions(table, Filters(**filters), engine, keep_sources=True)


def histories(found: NumberedInteractions) -> dict[str, list[tuple[str, int]]]:
    return {
        user: [
            (found.item_ids[found.items[place]], int(found.timestamps[place]))
            for place in range(found.offsets[number], found.offsets[number + 1])
        ]
        for number, user in enumerate(found.user_ids)
    }


def rows_of(*files: Sequence[Event]) -> list[Row]:
    return [
        Row(*event, place=(number, line))
        for number, events in enumerate(files)
        for line, event in enumerate(events, 1)
    ]


_EVENTS = st.lists(
    st.tuples(
        st.sampled_from("uvwxyz"),
        st.sampled_from("abcde"),
        st.sampled_from([1.0, 3.5, 4.1, 5.0]),
        st.integers(0, 3),
    ),
    max_size=30,
)
_FILTERS = st.builds(
    Filters,
    min_rating=st.sampled_from([None, 1.0, 3.5, 4.1, 4.2]),
    duplicates=st.sampled_from(["all", "first"]),
    user_core=st.integers(1, 3),
    item_core=st.integers(1, 3),
    pictured=st.none() | st.sets(st.sampled_from("abcdf")).map(sorted),
    pictured_when=st.sampled_from(["before_core", "after_core"]),
)
_SLOWLY = settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])


@_SLOWLY
@given(first=_EVENTS, second=_EVENTS, filters=_FILTERS, num_threads=st.sampled_from([1, 2]))
def test_filters_are_those_of_plain_python(
    tmp_path: Path, first: list[Event], second: list[Event], filters: Filters, num_threads: int
) -> None:
    # A file must hold something; what is alone in the world is told apart by its ids.
    first = [*first, ("only", "one", 5.0, 9)]
    second = [*second, ("only", "two", 5.0, 9)]
    expected = apply(rows_of(first, second), filters)
    table = ingested(tmp_path, first, second)
    if not expected.histories:
        with pytest.raises(DataError, match="The filters must leave interactions, they leave none"):
            filtered(table, num_threads, **vars(filters))
        return
    found = filtered(table, num_threads, **vars(filters))
    assert list(histories(found).items()) == list(expected.histories.items())
    assert list(found.item_ids) == expected.item_ids
    counts = [(step.interactions, step.users, step.items) for step in found.funnel]
    assert counts == expected.counts
    assert not found.only_positions


def test_the_funnel_names_its_steps_in_their_order(tmp_path: Path) -> None:
    events = [
        ("ann", "a", 5.0, 1), ("ann", "a", 5.0, 2), ("ann", "b", 5.0, 3), ("ann", "c", 1.0, 4),
        ("bob", "a", 5.0, 1), ("bob", "b", 5.0, 2), ("bob", "d", 5.0, 3), ("cat", "d", 5.0, 1),
        ("dan", "e", 5.0, 1), ("dan", "a", 5.0, 2), ("dan", "d", 5.0, 3),
    ]  # fmt: skip
    table = ingested(tmp_path, events)
    everything: dict[str, Any] = {
        "min_rating": 4,
        "duplicates": "first",
        "user_core": 2,
        "item_core": 2,
        "pictured": ["a", "b", "d"],
        "sample_users": 1,
    }
    found = filtered(table, **everything, pictured_when="before_core")
    assert [(s.step, s.interactions, s.users, s.items) for s in found.funnel][:-1] == [
        ("raw files", 11, 4, 5),
        ("rating of 4 or more", 10, 4, 4),  # ann's c
        ("first of repeated interactions", 9, 4, 4),  # ann's second a
        ("items with a picture (before the core)", 8, 4, 3),  # dan's e
        ("2-core of users, 2-core of items", 7, 3, 3),  # cat, who has one
    ]
    assert found.funnel[-1].step == "sample of 1 users"
    assert found.funnel[-1].users == 1
    after = filtered(table, **everything, pictured_when="after_core").funnel
    assert [step.step for step in after[3:5]] == [
        "2-core of users, 2-core of items",
        "items with a picture (after the core)",
    ]


def test_a_picture_before_the_core_and_after_it_make_different_data(tmp_path: Path) -> None:
    # Item c has no picture. Before the core, bob is left with one item and goes, and with him
    # the second interaction of b. After it, all four of a and b stay.
    events = [("ann", "a", 5.0, 1), ("ann", "b", 5.0, 2), ("ann", "a", 5.0, 3)]
    events += [("bob", "b", 5.0, 1), ("bob", "c", 5.0, 2), ("cat", "c", 5.0, 1)]
    events += [("cat", "c", 5.0, 2)]
    table = ingested(tmp_path, events)
    cores: dict[str, Any] = {"user_core": 2, "item_core": 2, "pictured": ["a", "b"]}
    before = filtered(table, **cores, pictured_when="before_core")
    after = filtered(table, **cores, pictured_when="after_core")
    assert histories(before) == {"ann": [("a", 1), ("a", 3)]}
    assert histories(after) == {"ann": [("a", 1), ("b", 2), ("a", 3)], "bob": [("b", 1)]}


def test_ties_keep_the_order_of_the_files_and_of_their_lines(tmp_path: Path) -> None:
    first = [("ann", "c", None, 5), ("ann", "a", None, 5), ("ann", "z", None, 9)]
    second = [("ann", "b", None, 5), ("ann", "d", None, 1)]
    found = filtered(ingested(tmp_path, first, second))
    assert [item for item, _ in histories(found)["ann"]] == ["d", "c", "a", "b", "z"]
    assert found.sources.tolist() == [1, 0, 0, 1, 0]


@_SLOWLY
@given(events=_EVENTS, seed=st.integers(0, 10**6))
def test_shuffling_lines_moves_only_what_is_tied(
    tmp_path: Path, events: list[Event], seed: int
) -> None:
    events = [*events, ("only", "one", 5.0, 9)]
    shuffled = Random(seed).sample(events, len(events))
    before = histories(filtered(ingested(tmp_path, events)))
    after = histories(filtered(ingested(tmp_path, shuffled)))
    assert before.keys() == after.keys()
    for user, history in before.items():
        assert [time for _, time in after[user]] == [time for _, time in history]
        for time in {time for _, time in history}:
            here = sorted(item for item, when in history if when == time)
            assert sorted(item for item, when in after[user] if when == time) == here


@_SLOWLY
@given(events=_EVENTS, seed=st.integers(0, 10**6))
def test_the_lines_of_others_never_change_a_history(
    tmp_path: Path, events: list[Event], seed: int
) -> None:
    events = [*events, ("only", "one", 5.0, 9)]
    draw = Random(seed)
    queues = {user: [event for event in events if event[0] == user] for user, *_ in events}
    # Another merge of the same lines: each user's own stay in order.
    owners = draw.sample([event[0] for event in events], len(events))
    merged = [queues[user].pop(0) for user in owners]
    before = histories(filtered(ingested(tmp_path, events)))
    assert histories(filtered(ingested(tmp_path, merged))) == before


def many_events(count: int = 6_000) -> list[Event]:
    """Users of many lengths, ties, repeats, all ratings."""
    draw = np.random.default_rng(0)
    users, items = draw.geometric(0.01, count), draw.geometric(0.02, count)
    times, ratings = draw.integers(0, 50, count), draw.integers(1, 6, count)
    return [
        (f"u{user}", f"i{item}", float(rating), int(time))
        for user, item, rating, time in zip(users, items, ratings, times, strict=True)
    ]


def test_threads_and_memory_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = ingested(tmp_path, many_events())
    chosen: dict[str, Any] = {
        "min_rating": 2,
        "duplicates": "first",
        "user_core": 5,
        "item_core": 5,
        "pictured": [f"i{n}" for n in range(1, 200, 2)],
        "sample_users": 100,
        "sample_seed": 3,
    }
    usual = filtered(table, num_threads=1, memory_mb=OWN_MB + 2048, **chosen)
    assert len(usual.items) > 300
    for num_threads in (1, 2):
        found = filtered(table, num_threads=num_threads, memory_mb=SMALLEST_MB, **chosen)
        assert found.user_ids == usual.user_ids
        assert found.item_ids == usual.item_ids
        assert found.funnel == usual.funnel
        for name in ("items", "timestamps", "offsets", "sources"):
            np.testing.assert_array_equal(getattr(found, name), getattr(usual, name))
    monkeypatch.setattr(filtering, "_PAIR_ROWS", 100)
    in_pieces = filtered(table, **chosen)
    assert histories(in_pieces) == histories(usual)
    assert in_pieces.funnel == usual.funnel


def test_a_sample_keeps_all_that_its_users_did(tmp_path: Path) -> None:
    table = ingested(tmp_path, many_events(2_000))
    everyone = histories(filtered(table, user_core=3, item_core=3))
    drawn = histories(filtered(table, user_core=3, item_core=3, sample_users=20))
    assert len(drawn) == 20
    assert drawn == {user: everyone[user] for user in everyone if user in drawn}


def test_a_sample_is_named_by_its_seed(tmp_path: Path) -> None:
    table = ingested(tmp_path, many_events(2_000))
    draws = [
        list(filtered(table, sample_users=20, sample_seed=seed).user_ids) for seed in (0, 0, 1)
    ]
    assert draws[0] == draws[1]
    assert draws[0] != draws[2]


def test_a_sample_of_more_users_than_there_are_is_all_of_them(tmp_path: Path) -> None:
    table = ingested(tmp_path, [("ann", "a", 5.0, 1), ("bob", "a", 5.0, 1)])
    found = filtered(table, sample_users=5)
    assert list(found.user_ids) == ["ann", "bob"]
    assert [step.step for step in found.funnel] == ["raw files"]


@pytest.mark.parametrize("seed", range(5))
def test_users_who_lost_all_items_are_not_drawn(tmp_path: Path, seed: int) -> None:
    events = [(f"u{n}", "a" if n < 3 else "b", 5.0, 1) for n in range(30)]
    found = filtered(ingested(tmp_path, events), pictured=["a"], sample_users=2, sample_seed=seed)
    assert len(found.user_ids) == 2
    assert set(found.user_ids) < {"u0", "u1", "u2"}


def test_nothing_left_is_an_error_that_names_each_filter(tmp_path: Path) -> None:
    table = ingested(tmp_path, [("ann", "a", 5.0, 1), ("bob", "b", 2.0, 1)])
    with pytest.raises(DataError) as caught:
        filtered(table, min_rating=3, user_core=2)
    assert str(caught.value) == (
        "The filters must leave interactions, they leave none of 2: rating of 3 or more left 1; "
        "2-core of users, 1-core of items left 0 (user_core=2, item_core=1); loosen one of them."
    )
    with pytest.raises(DataError, match=r"rating of 5\.5 or more left 0"):
        filtered(table, min_rating=5.5)
    with pytest.raises(DataError, match=r"picture \(after the core\) left 0"):
        filtered(table, pictured=["other"])


def test_a_lowest_rating_needs_ratings(tmp_path: Path) -> None:
    table = ingested(tmp_path, [("ann", "a", 5.0, 1), ("bob", "b", None, 1)])
    with pytest.raises(DataError, match="needs a rating in every row, 1 have none; leave min_rat"):
        filtered(table, min_rating=3)
    assert len(filtered(table).items) == 2


@pytest.mark.parametrize("name", ["it's", "a[1]*?", "with space", "ünï"])
def test_a_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    ingested(tmp_path, [("ann", "a'b", 5.0, 1), ('bob "x"', "b", 5.0, 1)]).save(folder)
    found = filtered(InteractionTable.load(folder), pictured=["a'b", "b"])
    assert list(found.user_ids) == ["ann", 'bob "x"']


SEQUENCES = {"ann": "abcd", "bob": "bca", "cat": "ed", "dan": "cdba"}


def rebuilt(times: Sequence[int] = (10, 20, 30, 40)) -> list[Event]:
    """Sequences as interactions, the timestamp being the place."""
    return [
        (user, item, 5.0, time)
        for user, items in SEQUENCES.items()
        for item, time in zip(items, times, strict=False)
    ]


def test_timestamps_that_are_positions_are_told_from_times(tmp_path: Path) -> None:
    assert filtered(ingested(tmp_path, rebuilt())).only_positions
    one_day_later = [*rebuilt()[:-1], ("dan", "a", 5.0, 41)]
    assert not filtered(ingested(tmp_path, one_day_later)).only_positions
    assert not filtered(ingested(tmp_path, rebuilt((10, 20, 20, 40)))).only_positions
    assert not filtered(ingested(tmp_path, rebuilt()[:4])).only_positions


@pytest.mark.parametrize(
    "filters", [{"pictured": ["a", "b", "d"]}, {"item_core": 3}, {"user_core": 4}]
)
def test_positions_stay_positions_when_filters_leave_gaps(
    tmp_path: Path, filters: dict[str, Any]
) -> None:
    found = filtered(ingested(tmp_path, rebuilt()), **filters)
    assert len(found.items) < len(rebuilt())
    assert found.only_positions


def many_rebuilt(seed: int = 0) -> list[Event]:
    """Forty sequences of 5 to 14 items, the timestamp being the place, a day each."""
    draw = random.Random(seed)
    return [
        (f"user{user}", f"item{draw.randrange(30)}", 5.0, 86_400 * (place + 1))
        for user in range(40)
        for place in range(5 + user % 10)
    ]


def test_positions_are_told_where_rows_were_lost(tmp_path: Path) -> None:
    rows = many_rebuilt()
    assert filtered(ingested(tmp_path, rows)).only_positions
    assert filtered(ingested(tmp_path, rows[1:])).only_positions
    lost = random.Random(2)
    some = [row for row in rows if lost.random() < 0.7]
    assert 0.6 * len(rows) < len(some) < 0.8 * len(rows)
    assert filtered(ingested(tmp_path, some)).only_positions


def test_whole_days_are_times_where_users_begin_on_days_of_their_own(tmp_path: Path) -> None:
    draw = random.Random(1)
    begins = {f"user{user}": draw.randrange(100) for user in range(40)}
    days = [(u, i, r, t + 86_400 * begins[u]) for u, i, r, t in many_rebuilt()]
    assert not filtered(ingested(tmp_path, days)).only_positions


def test_days_with_two_interactions_are_times(tmp_path: Path) -> None:
    twice = [(u, i, r, t // 2 // 86_400 * 86_400) for u, i, r, t in many_rebuilt()]
    assert not filtered(ingested(tmp_path, twice)).only_positions


def test_no_source_is_kept_unless_asked_for(tmp_path: Path) -> None:
    table = ingested(tmp_path, [("ann", "a", 5.0, 1)])
    with open_engine(SMALLEST_MB, 1) as engine:
        found = filter_interactions(table, Filters(), engine)
    assert found.sources.tolist() == []
