"""Plain-Python token merging: every rule spelled out, nothing made fast.

A corpus is a list of sequences. A sequence is a :class:`Sequence`: ``sets`` holds one list of
tokens per item, ``slots[i]`` is the token between set ``i`` and set ``i + 1`` or ``None``.
Totals are integers: fractions times ``scale = lcm(1..columns) ** 2``. The compiled code must
give the same vocabulary, priorities and segmentations for every input.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Callable, Iterator
from collections.abc import Sequence as SequenceOf
from dataclasses import dataclass, field
from fractions import Fraction

Pair = tuple[int, int]


@dataclass
class Sequence:
    """The sets of one user's items and the context slots between them."""

    sets: list[list[int]]
    slots: list[int | None]

    @classmethod
    def of(cls, sets: SequenceOf[SequenceOf[int]]) -> Sequence:
        """A fresh sequence: all slots are empty."""
        return cls([list(tokens) for tokens in sets], [None] * max(len(sets) - 1, 0))

    def flatten(self) -> list[int]:
        """Tokens from left to right, each slot after the set before it."""
        flat = []
        for index, tokens in enumerate(self.sets):
            flat.extend(tokens)
            if index < len(self.slots) and self.slots[index] is not None:
                flat.append(self.slots[index])
        return flat


def ordered(left: int, right: int) -> Pair:
    """A pair by its smaller token first."""
    return (left, right) if left <= right else (right, left)


def pair_weights(sequence: Sequence) -> Iterator[tuple[Pair, Fraction]]:
    """Every pair of one sequence with what it adds to the pair's total."""
    sets, slots = sequence.sets, sequence.slots
    for index, tokens in enumerate(sets):
        for i in range(len(tokens)):
            for j in range(i + 1, len(tokens)):
                yield ordered(tokens[i], tokens[j]), Fraction(2, len(tokens))
        if index == len(sets) - 1:
            continue
        slot, following = slots[index], sets[index + 1]
        if slot is None:
            for left in tokens:
                for right in following:
                    yield ordered(left, right), Fraction(1, len(tokens) * len(following))
        else:
            for side in (tokens, following):
                for token in side:
                    yield ordered(token, slot), Fraction(1, len(side))


def count_pairs(sequence: Sequence, scale: int) -> Counter[Pair]:
    """Integer total of every pair of one sequence."""
    totals: Counter[Pair] = Counter()
    for pair, weight in pair_weights(sequence):
        totals[pair] += int(weight * scale)
    return totals


def tidy(sequence: Sequence) -> None:
    """Empty sets take over the slot before them, or vanish with an empty slot after them."""
    sets, slots = sequence.sets, sequence.slots
    changed = True
    while changed:
        changed = False
        for index in range(1, len(sets)):
            if not sets[index] and slots[index - 1] is not None:
                sets[index], slots[index - 1], changed = [slots[index - 1]], None, True
        index = 0
        while index < len(sets) - 1:
            if not sets[index] and slots[index] is None:
                del sets[index], slots[index]
                changed = True
            else:
                index += 1


def merge_everywhere(sequence: Sequence, pair: Pair, new: int) -> tuple[int, int]:
    """One merge over a whole sequence; how often it happened inside and across sets."""
    sets, slots = sequence.sets, sequence.slots
    small, large = pair
    inside = across = 0
    for index, tokens in enumerate(sets):
        if small != large and small in tokens and large in tokens:
            tokens.remove(small)
            tokens.remove(large)
            tokens.insert(0, new)
            inside += 1
        if index == len(sets) - 1:
            continue
        following = sets[index + 1]
        if slots[index] is not None:
            for side in (tokens, following):
                if slots[index] in pair:
                    other = large if slots[index] == small else small
                    if other in side:
                        side.remove(other)
                        slots[index] = new
                        across += 1
        else:
            for left, right in ((small, large), (large, small)):
                if slots[index] is None and left in tokens and right in following:
                    tokens.remove(left)
                    following.remove(right)
                    slots[index] = new
                    across += 1
    tidy(sequence)
    return inside, across


@dataclass
class Vocabulary:
    """What a construction gives."""

    token2feat: list[tuple[int, ...]]
    priority: list[int]
    scale: int
    states: list[list[int]]
    places: list[tuple[int, int]] = field(default_factory=list)

    def pair_to_token(self) -> dict[Pair, int]:
        """Pair -> token; of a pair that was chosen twice, the later token."""
        return {feat[1:]: token for token, feat in enumerate(self.token2feat) if len(feat) == 3}


def initial_vocabulary(codes: SequenceOf[SequenceOf[int]]) -> Vocabulary:
    """Padding, then one token per column and value that occurs, column by column."""
    columns = len(codes[0])
    features = sorted({(c, row[c]) for row in codes for c in range(columns)})
    token = {feature: index + 1 for index, feature in enumerate(features)}
    states = [[token[c, row[c]] for c in range(columns)] for row in codes]
    scale = math.lcm(*range(1, columns + 1)) ** 2
    return Vocabulary([(-1, -1), *features], [0] * (len(features) + 1), scale, states)


class ExactRanking:
    """The best pair that may be taken, looked for among all totals."""

    def __init__(self, totals: Counter[Pair]) -> None:
        self.totals = totals

    def take(self, allowed: Callable[[Pair], bool]) -> Pair | None:
        """The pair with the largest total, of equal ones the smallest pair."""
        free = [pair for pair, total in self.totals.items() if total and allowed(pair)]
        return min(free, key=lambda pair: (-self.totals[pair], pair), default=None)

    def changed(self, pair: Pair) -> None:
        """Nothing to note."""


class ReleaseRanking:
    """The public code's queue: entries stay, and count again when the total returns to them.

    The quota has a second queue for the pairs that cross modalities.
    """

    def __init__(self, totals: Counter[Pair], crosses: Callable[[Pair], bool]) -> None:
        self.totals, self.crosses = totals, crosses
        self.queues: tuple[list[tuple[int, Pair]], ...] = ([], [])
        for pair in totals:
            self.changed(pair)

    def take(self, allowed: Callable[[Pair], bool]) -> Pair | None:
        """Drops outdated entries from the top of the queues in use, then takes the best."""
        tops = []
        for queue in self.queues:
            while queue and allowed(queue[0][1]) and self.totals[queue[0][1]] != -queue[0][0]:
                heapq.heappop(queue)
            if queue and allowed(queue[0][1]):
                tops.append(queue)
        return heapq.heappop(min(tops))[1] if tops else None

    def changed(self, pair: Pair) -> None:
        """One more entry."""
        heapq.heappush(self.queues[self.crosses(pair)], (-self.totals[pair], pair))


def build(
    codes: SequenceOf[SequenceOf[int]],
    sequences: SequenceOf[SequenceOf[int]],
    num_merges: int,
    counting: str = "exact",
    modalities: SequenceOf[str] = (),
    share: Fraction = Fraction(1),
) -> Vocabulary:
    """Constructs a vocabulary; after n merges at most ``share * n`` cross modalities."""
    vocabulary = initial_vocabulary(codes)
    corpus = [Sequence.of([vocabulary.states[item] for item in s]) for s in sequences]
    known = {"text", "image"}
    leaves = [
        known & {modalities[f[0]]} if modalities and f[0] >= 0 else set()
        for f in vocabulary.token2feat
    ]
    totals: Counter[Pair] = Counter()
    for sequence in corpus:
        totals.update(count_pairs(sequence, vocabulary.scale))

    def crosses(pair: Pair) -> bool:
        return len(leaves[pair[0]] | leaves[pair[1]]) > 1

    ranking = ExactRanking(totals) if counting == "exact" else ReleaseRanking(totals, crosses)
    crossed = 0
    for number in range(1, num_merges + 1):
        full = crossed + 1 > share * number
        best = ranking.take(lambda pair, full=full: not (full and crosses(pair)))
        if best is None:
            break
        crossed += crosses(best)
        new = len(vocabulary.token2feat)
        vocabulary.token2feat.append((-1, *best))
        vocabulary.priority.append(totals[best])
        leaves.append(leaves[best[0]] | leaves[best[1]])
        places, change = [0, 0], Counter[Pair]()
        for sequence in corpus:
            old = count_pairs(sequence, vocabulary.scale)
            if best not in old:
                continue
            inside, across = merge_everywhere(sequence, best, new)
            places = [places[0] + inside, places[1] + across]
            fresh = count_pairs(sequence, vocabulary.scale)
            for pair in old.keys() | fresh.keys() if counting == "exact" else fresh.keys():
                change[pair] += fresh[pair] - old[pair]
        for pair, difference in change.items():
            if difference:
                totals[pair] += difference
                ranking.changed(pair)
        vocabulary.places.append((places[0], places[1]))
    return vocabulary


def encode_flat(
    vocabulary: Vocabulary, tokens: SequenceOf[int], known: dict[Pair, int] | None = None
) -> list[int]:
    """Plain BPE over a flat list: the earliest merge that applies anywhere, leftmost first."""
    known, flat = known or vocabulary.pair_to_token(), list(tokens)
    while True:
        found = [(known.get(ordered(*flat[i : i + 2]), math.inf), i) for i in range(len(flat) - 1)]
        token, index = min(found, default=(math.inf, 0))
        if token == math.inf:
            return flat
        flat[index : index + 2] = [int(token)]


def greedy_candidates(
    sequence: Sequence,
) -> Iterator[tuple[int, int, float, Callable[[int], None]]]:
    """Every place where two tokens meet: the tokens, the divisor, and how to merge them there."""
    sets, slots = sequence.sets, sequence.slots

    def inside(index: int, left: int, right: int, new: int) -> None:
        sets[index] = [new, *(t for t in sets[index] if t not in (left, right))]

    def across(index: int, left: int | None, right: int | None, new: int) -> None:
        if left is not None:
            sets[index].remove(left)
        if right is not None:
            sets[index + 1].remove(right)
        slots[index] = new

    for at, tokens in enumerate(sets):
        for i, left in enumerate(tokens):
            for right in tokens[i + 1 :]:
                yield (
                    left,
                    right,
                    len(tokens) / 2,
                    lambda n, a=at, x=left, y=right: inside(a, x, y, n),
                )
        if at == len(sets) - 1:
            continue
        slot, following = slots[at], sets[at + 1]
        if slot is None:
            for left in tokens:
                for right in following:
                    size = len(tokens) * len(following)
                    yield left, right, size, lambda n, a=at, x=left, y=right: across(a, x, y, n)
        else:
            for token in tokens:
                yield token, slot, len(tokens), lambda n, a=at, x=token: across(a, x, None, n)
            for token in following:
                yield slot, token, len(following), lambda n, a=at, y=token: across(a, None, y, n)


def encode_greedy(vocabulary: Vocabulary, states: SequenceOf[SequenceOf[int]]) -> list[int]:
    """Merges one pair at a time on the set structure, the highest score first."""
    known, sequence = vocabulary.pair_to_token(), Sequence.of(states)
    while True:
        best, apply, new = -1.0, None, 0
        for left, right, divisor, merge in greedy_candidates(sequence):
            token = known.get(ordered(left, right))
            if token is not None and vocabulary.priority[token] / divisor > best:
                best, apply, new = vocabulary.priority[token] / divisor, merge, token
        if apply is None:
            return sequence.flatten()
        apply(new)
        tidy(sequence)
