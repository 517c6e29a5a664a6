"""The parts of the compiled construction, each against something obvious."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from clairo.merging.coded_items import pair_weights
from clairo.merging.kernels.ledger import Ledger, settle
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
    row_width,
    take_over_slot,
)
from clairo.merging.kernels.pair_changes import (
    PairChanges,
    add_change,
    add_log,
    clear_changes,
    new_changes,
    with_room,
)
from clairo.merging.kernels.pair_log import CHUNK, PairLog, is_full, write
from clairo.merging.kernels.pair_ranking import (
    PairHeap,
    best_total,
    crossing_is_better,
    fill,
    is_crossing,
    is_empty,
    keep_more,
    make_room,
    pop,
    push,
    ready,
)
from clairo.merging.kernels.pair_totals import (
    KEY,
    TOTAL,
    PairTotals,
    add_total,
    count_alive,
    has_room,
    move_totals,
    new_cells,
    pair_key,
    total_of,
)
from clairo.merging.pair_factors import ModalityWeights
from tests.merging import oracle


def as_counter(changes: PairChanges) -> Counter[tuple[int, int]]:
    cells = changes.cells[changes.slots[: changes.used[0]]]
    return Counter(
        {(int(key) >> 32, int(key) & 0xFFFFFFFF): int(total) for key, total in cells.tolist()}
    )


def empty_table(num_slots: int = 64) -> PairTotals:
    return PairTotals(new_cells(num_slots), np.zeros(1, np.int64))


def empty_log() -> PairLog:
    return PairLog(np.empty((CHUNK + 512, 2), np.int64), np.zeros(1, np.int64))


def empty_heap(capacity: int, *, keeps: bool = False, threshold: int | None = None) -> PairHeap:
    lowest = np.iinfo(np.int64).max if threshold is None else threshold
    return PairHeap(
        np.empty((capacity, 2), np.int64), np.array([0, lowest, keeps]), np.zeros(64, np.int64)
    )


def drain(heap: PairHeap, table: PairTotals) -> list[tuple[int, int]]:
    """Current entries from the best to the last, as (-total, key)."""
    found = []
    while best_total(heap, table) > 0:
        found.append((-int(heap.entries[0, TOTAL]), int(heap.entries[0, KEY])))
        pop(heap)
    return found


class TestPairTotals:
    def test_a_key_knows_no_order_and_sorts_as_pairs_do(self) -> None:
        pairs = [(1, 1), (1, 2), (1, 2**31 - 1), (2, 2), (7, 9)]
        keys = [pair_key(left, right) for left, right in pairs]
        assert keys == sorted(keys)
        assert keys == [pair_key(right, left) for left, right in pairs]

    def test_growing_tables_add_up_like_a_counter(self) -> None:
        rng = np.random.default_rng(0)
        wanted: Counter[int] = Counter()
        table = empty_table(64)
        for _ in range(5000):
            key, amount = pair_key(*rng.integers(1, 60, 2).tolist()), int(rng.integers(-3, 9))
            wanted[key] += amount
            if not has_room(table, 1):
                larger = empty_table(2 * len(table.cells))
                move_totals(table, larger)
                table = larger
            assert add_total(table, key, amount) == wanted[key]
        assert all(total_of(table, key) == total for key, total in wanted.items())
        assert total_of(table, pair_key(70, 71)) == 0

    def test_zeros_leave_when_a_table_grows(self) -> None:
        table, grown = empty_table(64), empty_table(128)
        for token in range(1, 45):
            add_total(table, pair_key(token, token), token % 2)
        move_totals(table, grown)
        assert grown.used[0] == count_alive(table) == 22
        assert total_of(grown, pair_key(3, 3)) == 1

    def test_changes_are_forgotten_when_cleared(self) -> None:
        small = changes = new_changes(8)
        for token in range(1, 30):
            changes = with_room(changes, 1)
            add_change(changes, pair_key(token, token), token)
        assert as_counter(changes) == {(token, token): token for token in range(1, 30)}
        clear_changes(changes)
        assert as_counter(changes) == {}
        assert (changes.cells[:, KEY] == -1).all()
        assert (small.cells[:, KEY] == -1).all(), "an outgrown table is left empty"

    def test_a_log_adds_up_and_is_emptied(self) -> None:
        log, changes = empty_log(), new_changes(8)
        for number in range(CHUNK):
            assert not is_full(log)
            write(log, pair_key(1, 1 + number % 3), 1)
        assert is_full(log)
        changes = add_log(changes, log)
        assert sum(as_counter(changes).values()) == CHUNK
        assert log.used[0] == 0


class TestPairRanking:
    BITS = np.array([0, 1, 2, 0, 3], dtype=np.int8)

    def test_pairs_come_out_by_total_then_by_pair(self) -> None:
        rng = np.random.default_rng(0)
        table, heap = empty_table(4096), empty_heap(400, threshold=1)
        entries = {
            pair_key(*rng.integers(1, 40, 2).tolist()): int(rng.integers(1, 6)) for _ in range(300)
        }
        for key, total in entries.items():
            add_total(table, key, total)
            push(heap, key, total)
        assert drain(heap, table) == sorted((-total, key) for key, total in entries.items())

    def test_an_entry_that_is_too_high_is_corrected_at_the_top(self) -> None:
        table, heap = empty_table(), empty_heap(8, threshold=1)
        for left, total in ((1, 9), (2, 7)):
            add_total(table, pair_key(left, left), total)
            push(heap, pair_key(left, left), total)
        add_total(table, pair_key(1, 1), -4)
        assert drain(heap, table) == [(-7, pair_key(2, 2)), (-5, pair_key(1, 1))]

    def test_a_kept_entry_counts_again_when_the_total_returns_to_it(self) -> None:
        table, heap = empty_table(), empty_heap(8, keeps=True, threshold=1)
        for amount, total in ((5, 5), (4, 9), (-4, 5)):
            add_total(table, pair_key(1, 2), amount)
            push(heap, pair_key(1, 2), total)
        assert drain(heap, table) == [(-5, pair_key(1, 2))] * 2

    def test_a_heap_lowers_its_threshold_until_it_finds_something(self) -> None:
        table, heap = empty_table(), empty_heap(1 << 16)
        for left, total in ((1, 100), (2, 60), (3, 3)):
            add_total(table, pair_key(left, left), total)
        assert ready(heap, table, self.BITS, False) == 0
        assert (heap.state[0], heap.entries[0, TOTAL]) == (3, 100)
        for left, total in ((1, 100), (2, 60), (3, 3)):
            add_total(table, pair_key(left, left), -total)
        assert ready(heap, table, self.BITS, False) == 0
        assert is_empty(heap)

    def test_a_refill_that_does_not_fit_says_how_much_it_needs(self) -> None:
        table, heap = empty_table(), empty_heap(8)
        add_total(table, pair_key(1, 1), 5)
        needed = ready(heap, table, self.BITS, False)
        larger = heap._replace(entries=np.empty((needed, 2), np.int64))
        assert ready(larger, table, self.BITS, False) == 0
        assert drain(larger, table) == [(-5, pair_key(1, 1))]

    def test_a_full_ranking_drops_its_lowest_and_they_come_back(self) -> None:
        table, heap = empty_table(256), empty_heap(16, threshold=1)
        for token in range(1, 13):
            add_total(table, pair_key(token, token), 2**token)
            push(heap, pair_key(token, token), 2**token)
        make_room(heap, table, 5)
        best = [(-(2**token), pair_key(token, token)) for token in range(12, 0, -1)]
        kept = drain(heap, table)
        # So many that as many again, and 5 more, have room: 2 (3 + 5) = 16.
        assert kept == best[:3]
        refilled = heap._replace(entries=np.empty((1 << 16, 2), np.int64))
        assert ready(refilled, table, np.zeros(13, np.int8), False) == 0
        assert drain(refilled, table) == best

    def test_a_ranking_that_keeps_everything_grows(self) -> None:
        table, heap = empty_table(), empty_heap(1, keeps=True, threshold=1)
        for token in range(1, 9):
            heap = keep_more(heap, 1)
            add_total(table, pair_key(token, token), token)
            push(heap, pair_key(token, token), token)
        assert [-total for total, _ in drain(heap, table)] == list(range(8, 0, -1))

    @pytest.mark.parametrize(
        ("left", "right", "crossing"),
        [(1, 1, False), (1, 2, True), (1, 3, False), (3, 3, False), (3, 4, True)],
    )
    def test_a_pair_crosses_when_its_leaves_have_two_modalities(
        self, left: int, right: int, crossing: bool
    ) -> None:
        assert is_crossing(pair_key(left, right), self.BITS) == crossing

    def test_of_two_heaps_the_better_top_is_taken_if_it_may_cross(self) -> None:
        table, free, crossing = empty_table(), empty_heap(64), empty_heap(64)
        add_total(table, pair_key(1, 3), 4)
        add_total(table, pair_key(1, 2), 9)
        fill(free, table, self.BITS, False, 1)
        fill(crossing, table, self.BITS, True, 1)
        assert crossing_is_better(free, crossing, True)
        assert not crossing_is_better(free, crossing, False)
        assert not crossing_is_better(free, empty_heap(8), True)


class TestLedger:
    def ledger(self, num_slots: int) -> Ledger:
        return Ledger(
            table=empty_table(num_slots),
            free=empty_heap(1 << 15, threshold=1),
            crossing=empty_heap(1 << 15, threshold=1),
            log=empty_log(),
            bits=np.array([0, 1, 2, 0], dtype=np.int8),
            ranked_bits=np.array([0, 1, 2, 0], dtype=np.int8),
            factors=ModalityWeights(text_image=3.0).factors(),
        )

    def test_what_is_written_reaches_totals_and_rankings_with_its_weight(self) -> None:
        ledger = self.ledger(64)
        for left, right, amount in ((1, 2, 5), (1, 3, 4), (1, 2, -1), (3, 3, 0)):
            write(ledger.log, pair_key(left, right), amount)
        settle(ledger)
        assert ledger.log.used[0] == 0
        assert total_of(ledger.table, pair_key(1, 2)) == 3 * (5 - 1)
        assert drain(ledger.crossing, ledger.table) == [(-12, pair_key(1, 2))]
        assert drain(ledger.free, ledger.table) == [(-4, pair_key(1, 3))]

    def test_a_table_that_is_too_small_is_an_error_and_no_endless_search(self) -> None:
        ledger = self.ledger(4)
        for token in range(1, 4):
            write(ledger.log, pair_key(token, token), 1)
            write(ledger.log, pair_key(token, 3), 1)
        with pytest.raises(RuntimeError, match="too small for a merge"):
            settle(ledger)


class TestLinkedSets:
    @pytest.fixture
    def rows(self) -> np.ndarray:
        """Two sequences, of three sets and of one; tokens 1 to 6."""
        states = np.array([[1, 4], [2, 5], [3, 6]], dtype=np.int32)
        linked = np.empty((4, row_width(2)), np.int32)
        items, offsets = np.array([0, 1, 2, 1], dtype=np.int32), np.array([0, 3, 4])
        link_sequences(states, items, offsets, linked)
        return linked

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
        sets, log, changes = LinkedSets(rows, pair_weights(2)), empty_log(), new_changes(256)
        rows[1, SLOT] = 9
        for node in range(3):
            add_inside(sets, node, 1, log)
            add_link(sets, node, 1, log)
        changes = add_log(changes, log)
        sequence = oracle.Sequence([[1, 4], [2, 5], [3, 6]], [None, 9])
        assert as_counter(changes) == oracle.count_pairs(sequence, 4)
        for node in range(3):
            add_inside(sets, node, -1, log)
            add_link(sets, node, -1, log)
        changes = add_log(changes, log)
        assert not any(as_counter(changes).values())
