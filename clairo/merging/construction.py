"""Builds a vocabulary: gives the compiled steps their memory and calls them until they are done.

The steps never allocate what grows with the corpus. They come back when an array is too small,
and also every so many merges, so that progress can be shown and Ctrl-C is heard.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Int8, Int32, Int64

from clairo.core.ragged import Ragged
from clairo.merging.kernels.compiled import announce, call_apart
from clairo.merging.kernels.exact_step import (
    CROSSING_FULL,
    EXHAUSTED,
    FREE_FULL,
    MADE,
    NEEDED,
    REACHED,
    TABLE_FULL,
    Merges,
    Plan,
    advance_exact,
)
from clairo.merging.kernels.ledger import Ledger, count_corpus, settle
from clairo.merging.kernels.linked_sets import LinkedSets, link_sequences, row_width
from clairo.merging.kernels.merge_step import Journal, Worklists, room_for_sets
from clairo.merging.kernels.occurrences import Occurrences, list_occurrences
from clairo.merging.kernels.pair_log import CHUNK, PairLog
from clairo.merging.kernels.pair_ranking import (
    PairHeap,
    count_above,
    fill,
    largest_total,
)
from clairo.merging.kernels.pair_totals import PairTotals, count_alive, has_room, move_totals
from clairo.merging.kernels.release_step import advance_release, own_sequences
from clairo.merging.memory import require_memory

_LOG = logging.getLogger(__name__)

_SLICE_SECONDS = 0.5
"""About so long the compiled steps run before they come back to be heard of."""

_REPORT_SECONDS = 5.0
_SMALLEST_TABLE = 1 << 16
_SMALLEST_HEAP = 1 << 16
_UNREACHABLE = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Corpus:
    """Coded sequences, and the weights of pairs.

    Attributes:
        states: Initial tokens of each item, one per column.
        training: Item indices of all sequences.
        weights: Scaled weights by set sizes; see
            :class:`~clairo.merging.kernels.linked_sets.LinkedSets`.
        modality_bits: Per initial token (padding first) one bit for its modality, none for
            *shared*.
        factors: By the bits of two tokens, what the weight of a pair is multiplied with.
    """

    states: Int32[np.ndarray, "items columns"]
    training: Ragged
    weights: Int64[np.ndarray, "sizes sizes"]
    modality_bits: Int8[np.ndarray, " initial"]
    factors: Int64[np.ndarray, "4 4"]


@dataclass(frozen=True)
class Budget:
    """What to build.

    Attributes:
        num_merges: At most so many.
        quota: After ``n`` merges at most ``n * quota[0] / quota[1]`` cross modalities.
        apart: So many merges stay within modalities first, while there are any.
    """

    num_merges: int
    quota: tuple[int, int]
    apart: int

    @property
    def ranks_apart(self) -> bool:
        """Whether pairs that cross modalities are ranked by themselves.

        Not where nothing depends on it: the public code has one ranking, and which of its
        outdated entries count again depends on that.
        """
        return self.apart > 0 or self.quota[0] < self.quota[1]


class Construction:
    """One construction under way; its arrays are changed in place."""

    def __init__(self, corpus: Corpus, budget: Budget, *, release: bool) -> None:
        self._budget, self._release = budget, release
        num_initial = len(corpus.modality_bits)
        self._plan = Plan(num_initial, budget.quota, budget.apart)
        self._sets = _link(corpus)
        num_sets, num_columns = len(self._sets.rows), corpus.states.shape[1]
        capacity = num_initial + budget.num_merges
        self._occurrences = Occurrences(
            np.empty(2 * num_sets * num_columns, np.int32),
            np.zeros(capacity, np.int64),
            np.zeros(capacity, np.int64),
            np.zeros(2, np.int64),
        )
        list_occurrences(self._sets.rows, num_initial, self._occurrences)
        journal = Journal(
            np.zeros((num_sets, 2), np.int32),
            np.empty(2 * num_sets, np.int32),
            np.array([0, 0, not release]),
        )
        lists = Worklists(np.empty(num_sets, np.int32), np.empty(2 * num_sets, np.int32))
        self._scratch = (journal, lists)
        bits = np.zeros(capacity, np.int8)
        bits[:num_initial] = corpus.modality_bits
        ranked_bits = bits.copy() if budget.ranks_apart else np.zeros_like(bits)
        self._ledger = Ledger(
            _new_table(_SMALLEST_TABLE),
            _new_heap(_SMALLEST_HEAP, release),
            _new_heap(_SMALLEST_HEAP, release),
            _new_log(num_columns),
            bits,
            ranked_bits,
            corpus.factors,
        )
        self._sequences = own_sequences(corpus.training.offsets) if release else None
        self.merges = Merges(
            np.zeros((budget.num_merges, 2), np.int32),
            np.zeros(budget.num_merges, np.int64),
            np.zeros((budget.num_merges, 2), np.int32),
            np.zeros(3, np.int64),
        )
        self._count()

    @property
    def num_made(self) -> int:
        """Merges made so far."""
        return int(self.merges.progress[MADE])

    def rank_above(self, depth: int) -> None:
        """Under release counting: ranks all pairs of at least ``largest total >> depth``, once."""
        table, bits = self._ledger.table, self._ledger.ranked_bits
        threshold = max(int(largest_total(table)) >> depth, 1)
        heaps = []
        for crossing in (False, True):
            found = int(count_above(table, bits, crossing, threshold))
            heap = _new_heap(found + _SMALLEST_HEAP, keeps=True)
            fill(heap, table, bits, crossing, threshold)
            heaps.append(heap)
        self._ledger = self._ledger._replace(free=heaps[0], crossing=heaps[1])

    def run(self) -> None:
        """Makes merges until the budget is reached or no pair is left.

        Raises:
            DataError: The table of pairs has outgrown the memory.
        """
        budget, progress, size = self._budget.num_merges, _Progress(self._budget.num_merges), 1
        why = REACHED
        while self.num_made < budget and why != EXHAUSTED:
            started = time.perf_counter()
            why = self._advance(min(self.num_made + size, budget))
            self._make_room(why, int(self.merges.progress[NEEDED]))
            quick = time.perf_counter() - started < _SLICE_SECONDS
            size = 2 * size if quick else max(size // 2, 1)
            progress.tell(self.num_made)
        if why == EXHAUSTED:
            _LOG.info("No pair is left to merge after %d merges", self.num_made)

    def _advance(self, until: int) -> int:
        fixed = (self._sets, self._occurrences, self._scratch)
        asked = (self._plan, until)
        if not self._release:
            return int(advance_exact(*fixed, self._ledger, asked, self.merges))
        assert self._sequences is not None
        why, free, crossing = call_apart(
            advance_release, *fixed, (self._ledger, self._sequences), asked, self.merges
        )
        self._ledger = self._ledger._replace(free=free, crossing=crossing)
        return int(why)

    def _make_room(self, why: int, needed: int) -> None:
        """Replaces what was too small."""
        if why == TABLE_FULL:
            self._grow_table(needed)
        elif why == FREE_FULL:
            self._ledger = self._ledger._replace(free=_larger(self._ledger.free, needed))
        elif why == CROSSING_FULL:
            self._ledger = self._ledger._replace(crossing=_larger(self._ledger.crossing, needed))

    def _grow_table(self, extra: int) -> None:
        table = self._ledger.table
        num_slots, alive = len(table.cells), int(count_alive(table))
        while 2 * (alive + extra) > num_slots:
            num_slots *= 2
        require_memory(
            16 * num_slots,
            f"a table for {alive + extra:,} pairs of tokens, 16 bytes x {num_slots:,}",
        )
        fresh = PairTotals(np.empty((num_slots, 2), np.int64), np.zeros(1, np.int64))
        move_totals(table, fresh)
        self._ledger = self._ledger._replace(table=fresh)

    def _count(self) -> None:
        """Totals of all pairs before the first merge."""
        node, num_sets = 0, len(self._sets.rows)
        while True:
            node = int(count_corpus(self._sets, self._ledger, node))
            if not has_room(self._ledger.table, self._ledger.log.used[0]):
                # Four times as large: what is counted first is counted again and again.
                self._grow_table(2 * len(self._ledger.table.cells))
            elif node == num_sets:
                break
        settle(self._ledger)


def _link(corpus: Corpus) -> LinkedSets:
    states, training = corpus.states, corpus.training
    rows = np.empty((len(training.values), row_width(states.shape[1])), np.int32)
    link_sequences(states, training.values, training.offsets, rows)
    return LinkedSets(rows, corpus.weights)


def _new_table(num_slots: int) -> PairTotals:
    empty = PairTotals(np.empty((0, 2), np.int64), np.zeros(1, np.int64))
    table = PairTotals(np.empty((num_slots, 2), np.int64), np.zeros(1, np.int64))
    move_totals(empty, table)
    return table


def _new_log(num_columns: int) -> PairLog:
    room = int(room_for_sets(num_columns))
    return PairLog(np.empty((CHUNK + room, 2), np.int64), np.zeros(1, np.int64))


def _new_heap(capacity: int, keeps: bool) -> PairHeap:
    """An empty ranking whose threshold nothing reaches."""
    require_memory(16 * capacity, f"a ranking of {capacity:,} pairs, 16 bytes each")
    return PairHeap(
        np.empty((capacity, 2), np.int64),
        np.array([0, _UNREACHABLE, keeps]),
        np.zeros(64, np.int64),
    )


def _larger(heap: PairHeap, needed: int) -> PairHeap:
    """An empty ranking: one that is about to be refilled holds nothing."""
    require_memory(16 * needed, f"a ranking of {needed:,} pairs, 16 bytes each")
    return heap._replace(entries=np.empty((needed, 2), np.int64))


@dataclass
class _Progress:
    """Says in the log how far a long construction is."""

    budget: int
    started: float = field(default_factory=time.perf_counter)
    told: float = field(default_factory=time.perf_counter)

    def tell(self, num_made: int) -> None:
        now = time.perf_counter()
        if now - self.told > _REPORT_SECONDS and num_made:
            self.told = now
            left = (now - self.started) * (self.budget - num_made) / num_made
            _LOG.info("%d of %d merges made, at most %.0f s left", num_made, self.budget, left)


def _bytes_per_set(num_columns: int) -> int:
    """Row, stamps, units, sites, emptied sets, owner, and two occurrences of each token."""
    return 4 * (row_width(num_columns) + 2 + 2 + 1 + 2 + 1 + 2 * num_columns)


def construct(corpus: Corpus, budget: Budget, depths: tuple[int, ...] = ()) -> Merges:
    """Builds the merges of a vocabulary; the log is told how far it is.

    Args:
        corpus: The coded sequences.
        budget: What to build.
        depths: Under release counting, how deep the ranking reaches below the largest total:
            the next depth is tried where the merges run out before the budget is reached. None
            counts exactly.

    Returns:
        As many rows as merges were made.

    Raises:
        DataError: The corpus does not fit into memory.
    """
    num_sets, num_columns = len(corpus.training.values), corpus.states.shape[1]
    each = _bytes_per_set(num_columns)
    require_memory(
        num_sets * each,
        f"{num_sets:,} interactions x {each} bytes at {num_columns} columns, before any pair",
    )
    announce(advance_release if depths else advance_exact)
    for depth in depths or (None,):
        made = Construction(corpus, budget, release=depth is not None)
        if depth is not None:
            made.rank_above(depth)
        made.run()
        if made.num_made == budget.num_merges:
            break
    merges, count = made.merges, made.num_made
    return Merges(
        merges.pairs[:count], merges.totals[:count], merges.places[:count], merges.progress
    )
