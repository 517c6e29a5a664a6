"""The oracle's exact construction with an index, for corpora that it would take days to merge.

Same rules, same functions; only sequences that hold the pair are looked at, and the best pair
is kept in a queue. This is what a careful person would write in plain Python, so it is what the
compiled construction is timed against.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Sequence as SequenceOf

from tests.merging.oracle import (
    Pair,
    Sequence,
    Vocabulary,
    count_pairs,
    initial_vocabulary,
    merge_everywhere,
)


class _Index:
    """Totals of all pairs, the sequences that hold each, and a queue of totals."""

    def __init__(self, corpus: list[Sequence], scale: int) -> None:
        self.corpus, self.scale = corpus, scale
        self.totals: Counter[Pair] = Counter()
        self.where: dict[Pair, set[int]] = defaultdict(set)
        for number, sequence in enumerate(corpus):
            for pair, count in count_pairs(sequence, scale).items():
                self.totals[pair] += count
                self.where[pair].add(number)
        self.queue = [(-total, pair) for pair, total in self.totals.items()]
        heapq.heapify(self.queue)

    def best(self) -> Pair | None:
        """The pair with the largest total, of equal ones the smallest pair."""
        while self.queue and self.totals[self.queue[0][1]] != -self.queue[0][0]:
            heapq.heappop(self.queue)
        return self.queue[0][1] if self.queue and self.queue[0][0] else None

    def merge(self, pair: Pair, new: int) -> None:
        """Merges a pair everywhere and brings the totals up to date."""
        change: Counter[Pair] = Counter()
        for number in list(self.where[pair]):
            change.update(self._rewrite(number, pair, new))
        for changed, difference in change.items():
            if difference:
                self.totals[changed] += difference
                heapq.heappush(self.queue, (-self.totals[changed], changed))

    def _rewrite(self, number: int, pair: Pair, new: int) -> Counter[Pair]:
        before = count_pairs(self.corpus[number], self.scale)
        merge_everywhere(self.corpus[number], pair, new)
        after = count_pairs(self.corpus[number], self.scale)
        for gone in before.keys() - after.keys():
            self.where[gone].discard(number)
        for come in after.keys() - before.keys():
            self.where[come].add(number)
        after.subtract(before)
        return after


def build_with_index(
    codes: SequenceOf[SequenceOf[int]], sequences: SequenceOf[SequenceOf[int]], num_merges: int
) -> Vocabulary:
    """Constructs a vocabulary under exact counting."""
    vocabulary = initial_vocabulary(codes)
    corpus = [Sequence.of([vocabulary.states[item] for item in s]) for s in sequences]
    index = _Index(corpus, vocabulary.scale)
    for _ in range(num_merges):
        best = index.best()
        if best is None:
            break
        new = len(vocabulary.token2feat)
        vocabulary.token2feat.append((-1, *best))
        vocabulary.priority.append(index.totals[best])
        index.merge(best, new)
    return vocabulary
