"""Numbers of a data card against a plain loop over users, on generated and on real data."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clairo.core.dataset import Dataset
from clairo.datasets.amazon import AmazonConfig
from clairo.datasets.splits import leave_last_out
from clairo.reporting.data_card_info import data_card_info
from clairo.reporting.data_card_log import TieInfo
from clairo.reporting.labels import share_label
from tests.reporting.data_cards import kitchen_catalog, make_log

Histories = list[list[tuple[int, int]]]
HISTORIES = st.lists(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 5)), max_size=8), max_size=8
)


def dataset_of(histories: Histories) -> Dataset:
    """Users with these (item, day) pairs, put in time order."""
    ordered = {
        str(user): sorted(rows, key=lambda row: row[1]) for user, rows in enumerate(histories)
    }
    log = make_log(ordered)
    return Dataset("Drawn", kitchen_catalog(), log, leave_last_out(log), {"time_unit": "s"})


def tied_places(dataset: Dataset, user: int) -> list[bool]:
    """Which interactions of a user share their time with another one."""
    start, stop = dataset.log.offsets[user : user + 2]
    times = dataset.log.timestamps[start:stop].tolist()
    return [times.count(time) > 1 for time in times]


@given(HISTORIES)
def test_sizes_ties_and_segments_are_those_of_a_loop_over_users(histories: Histories) -> None:
    dataset = dataset_of(histories)
    info, splits = data_card_info(dataset), dataset.splits
    users = range(len(histories))
    assert info.sizes.repeats == sum(len(rows) - len({i for i, _ in rows}) for rows in histories)
    train = Counter(dataset.train_sequences().values.astype(int).tolist())
    tail, unseen = info.segments[2:]
    assert tail.train == sum(count for count in train.values() if count <= 5)
    assert unseen.items == 5 - len(train)
    asked = [user for user in users if splits.test_positions[user] >= 0]
    targets = [int(dataset.log.history(user)[splits.test_positions[user]]) for user in asked]
    assert unseen.test == sum(target not in train for target in targets)
    assert sum(segment.test for segment in info.segments[:3]) == len(asked)
    if len(dataset.log):
        tied = [tied_places(dataset, user) for user in users]
        assert info.ties == TieInfo(
            interactions=sum(map(sum, tied)),
            users=sum(map(any, tied)),
            valid_targets=sum(tied[user][splits.valid_positions[user]] for user in asked),
            test_targets=sum(tied[user][splits.test_positions[user]] for user in asked),
        )
    assert info.leaks == ()


@given(st.integers(0, 10**7), st.integers(1, 10**7))
def test_a_share_is_never_rounded_to_none_or_all(part: int, whole: int) -> None:
    part = min(part, whole)
    label = share_label(part / whole)
    assert (label == "0 %") == (part == 0)
    assert (label == "100 %") == (part == whole)


@pytest.mark.shared
def test_the_card_of_gift_cards_holds_what_is_known_of_them(shared: Path) -> None:
    config = AmazonConfig(category="Gift_Cards", release="2018", data_dir=shared / "data")
    info = data_card_info(config.read())
    assert (info.sizes.interactions, info.sizes.users, info.sizes.items) == (2972, 458, 148)
    assert info.content.picture.items == 115
    assert isinstance(info.ties, TieInfo)
    assert (info.ties.users, info.ties.test_targets) == (439, 292)
    assert info.leaks == ()
