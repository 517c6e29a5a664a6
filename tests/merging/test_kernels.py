"""The parts of the compiled construction, each against something obvious."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from clairo.merging.coded_items import pair_weights
from clairo.merging.kernels.linked_sets import (
    EMPTY_SLOT,
    FIRST,
    LENGTH,
    NEXT,
    NO_SET,
    PREVIOUS,
    SLOT,
    LinkedSets,
    add_inside,
    add_link,
    drop,
    holds,
    is_removable,
    link_sequences,
    put_first,
    remove,
    take_over_slot,
)
from clairo.merging.kernels.pair_ranking import (
    NOTHING,
    best_total,
    fill,
    heap_with_room,
    is_crossing,
    new_heap,
    pop,
    push,
    ready,
    take,
)
from clairo.merging.kernels.pair_totals import (
    PairChanges,
    add_change,
    add_total,
    clear_changes,
    new_changes,
    new_totals,
    pair_key,
    total_of,
    totals_with_room,
    with_room,
)
from tests.merging import oracle


def as_counter(changes: PairChanges) -> Counter[tuple[int, int]]:
    slots = changes.slots[: changes.used[0]]
    return Counter(
        {
            (int(key) >> 32, int(key) & 0xFFFFFFFF): int(total)
            for key, total in zip(changes.keys[slots], changes.totals[slots], strict=True)
        }
    )


class TestPairTotals:
    def test_a_key_knows_no_order_and_sorts_as_pairs_do(self) -> None:
        pairs = [(1, 1), (1, 2), (1, 2**31 - 1), (2, 2), (7, 9)]
        keys = [pair_key(left, right) for left, right in pairs]
        assert keys == sorted(keys)
        assert keys == [pair_key(right, left) for left, right in pairs]

    def test_growing_tables_add_up_like_a_counter(self) -> None:
        rng = np.random.default_rng(0)
        wanted: Counter[int] = Counter()
        table = new_totals(64)
        for _ in range(5000):
            key, amount = pair_key(*rng.integers(1, 60, 2).tolist()), int(rng.integers(-3, 9))
            wanted[key] += amount
            table = totals_with_room(table, 1)
            assert add_total(table, key, amount) == wanted[key]
        assert all(total_of(table, key) == total for key, total in wanted.items())
        assert total_of(table, pair_key(70, 71)) == 0

    def test_zeros_leave_when_a_table_grows(self) -> None:
        table = new_totals(64)
        for token in range(1, 45):
            add_total(table, pair_key(token, token), token % 2)
        grown = totals_with_room(table, 40)
        assert grown.used[0] == 22
        assert total_of(grown, pair_key(3, 3)) == 1

    def test_changes_are_forgotten_when_cleared(self) -> None:
        changes = new_changes(8)
        for token in range(1, 30):
            changes = with_room(changes, 1)
            add_change(changes, pair_key(token, token), token)
        assert as_counter(changes) == {(token, token): token for token in range(1, 30)}
        clear_changes(changes)
        assert as_counter(changes) == {}
        assert (changes.keys == -1).all()


class TestPairRanking:
    BITS = np.array([0, 1, 2, 0, 3], dtype=np.int8)

    def test_pairs_come_out_by_total_then_by_pair(self) -> None:
        rng = np.random.default_rng(0)
        table, heap = new_totals(4096), new_heap(4, False)
        heap.state[1] = 1
        entries = {
            pair_key(*rng.integers(1, 40, 2).tolist()): int(rng.integers(1, 6)) for _ in range(300)
        }
        for key, total in entries.items():
            add_total(table, key, total)
            heap = heap_with_room(heap, table, 1)
            push(heap, key, total)
        found = []
        while best_total(heap, table) > 0:
            found.append((-int(heap.totals[0]), int(heap.keys[0])))
            pop(heap)
        assert found == sorted((-total, key) for key, total in entries.items())

    def test_an_entry_counts_only_while_it_equals_the_total(self) -> None:
        table, heap = new_totals(64), new_heap(8, False)
        heap.state[1] = 1
        add_total(table, pair_key(1, 2), 5)
        push(heap, pair_key(1, 2), 5)
        add_total(table, pair_key(1, 2), -2)
        assert best_total(heap, table) == 0

    def test_a_heap_lowers_its_threshold_until_it_finds_something(self) -> None:
        table = new_totals(64)
        for left, total in ((1, 100), (2, 60), (3, 3)):
            add_total(table, pair_key(left, left), total)
        heap = ready(new_heap(8, False), table, self.BITS, False)
        assert (heap.state[0], heap.totals[0]) == (2, 100)
        add_total(table, pair_key(1, 1), -100)
        add_total(table, pair_key(2, 2), -60)
        heap = ready(heap, table, self.BITS, False)
        assert (heap.state[0], heap.totals[0]) == (1, 3)
        add_total(table, pair_key(3, 3), -3)
        assert ready(heap, table, self.BITS, False).state[0] == 0

    @pytest.mark.parametrize(
        ("left", "right", "crossing"),
        [(1, 1, False), (1, 2, True), (1, 3, False), (3, 3, False), (3, 4, True)],
    )
    def test_a_pair_crosses_when_its_leaves_have_two_modalities(
        self, left: int, right: int, crossing: bool
    ) -> None:
        assert is_crossing(pair_key(left, right), self.BITS) == crossing

    def test_of_two_heaps_the_better_top_is_taken_if_it_may_cross(self) -> None:
        table = new_totals(64)
        add_total(table, pair_key(1, 3), 4)
        add_total(table, pair_key(1, 2), 9)
        free = fill(new_heap(8, False), table, self.BITS, False, 1)
        crossing = fill(new_heap(8, False), table, self.BITS, True, 1)
        assert take(free, crossing, True) == pair_key(1, 2)
        assert take(free, crossing, False) == pair_key(1, 3)
        assert take(new_heap(8, False), crossing, False) == NOTHING


class TestLinkedSets:
    @pytest.fixture
    def rows(self) -> np.ndarray:
        """Two sequences, of three sets and of one; tokens 1 to 6."""
        states = np.array([[1, 4], [2, 5], [3, 6]], dtype=np.int32)
        return link_sequences(
            states, np.array([0, 1, 2, 1], dtype=np.int32), np.array([0, 3, 4], dtype=np.int64)
        )

    def test_links_stay_within_a_sequence(self, rows: np.ndarray) -> None:
        assert rows[:, NEXT].tolist() == [1, 2, NO_SET, NO_SET]
        assert rows[:, PREVIOUS].tolist() == [NO_SET, 0, 1, NO_SET]
        assert (rows[:, SLOT] == EMPTY_SLOT).all()

    def test_a_merged_token_comes_first_and_the_others_keep_their_order(
        self, rows: np.ndarray
    ) -> None:
        drop(rows, 0, 1)
        put_first(rows, 0, 9)
        assert rows[0, FIRST : FIRST + rows[0, LENGTH]].tolist() == [9, 4]
        assert holds(rows, 0, 9)
        assert not holds(rows, 0, 1)

    def test_an_empty_set_takes_over_and_the_set_before_it_vanishes(self, rows: np.ndarray) -> None:
        # {} 9 {} ...: the second set takes the 9, then nothing is left of the first.
        rows[0, LENGTH], rows[1, LENGTH], rows[0, SLOT] = 0, 0, 9
        assert not is_removable(rows, 0)
        assert take_over_slot(rows, 1) == 0
        assert is_removable(rows, 0)
        remove(rows, 0)
        assert (rows[1, PREVIOUS], rows[1, FIRST], rows[1, LENGTH]) == (NO_SET, 9, 1)

    def test_a_filled_set_takes_nothing_and_a_last_set_stays(self, rows: np.ndarray) -> None:
        rows[0, SLOT] = 9
        assert take_over_slot(rows, 1) == NO_SET
        rows[3, LENGTH] = 0
        assert take_over_slot(rows, 3) == NO_SET
        assert not is_removable(rows, 3)

    def test_counts_are_those_of_the_oracle_and_cancel(self, rows: np.ndarray) -> None:
        sets, changes = LinkedSets(rows, *pair_weights(2)), new_changes(256)
        rows[1, SLOT] = 9
        for node in range(3):
            add_inside(sets, node, 1, changes)
            add_link(sets, node, 1, changes)
        sequence = oracle.Sequence([[1, 4], [2, 5], [3, 6]], [None, 9])
        assert as_counter(changes) == oracle.count_pairs(sequence, 4)
        for node in range(3):
            add_inside(sets, node, -1, changes)
            add_link(sets, node, -1, changes)
        assert not any(as_counter(changes).values())
