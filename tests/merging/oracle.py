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
from itertools import combinations, product

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


def inside_weights(tokens: SequenceOf[int], scale: int) -> Iterator[tuple[Pair, int]]:
    """Pairs inside one set: 2 / m each."""
    for left, right in combinations(tokens, 2):
        yield ordered(left, right), 2 * scale // len(tokens)


def across_weights(
    left: SequenceOf[int], right: SequenceOf[int], scale: int
) -> Iterator[tuple[Pair, int]]:
    """Pairs between two neighbours, of which one may be a slot: 1 / (m n) each."""
    for pair in product(left, right):
        yield ordered(*pair), scale // (len(left) * len(right))


def pair_weights(sequence: Sequence, scale: int) -> Iterator[tuple[Pair, int]]:
    """Every pair of one sequence with what it adds to the pair's total."""
    for tokens in sequence.sets:
        yield from inside_weights(tokens, scale)
    for left, slot, right in zip(sequence.sets, sequence.slots, sequence.sets[1:], strict=False):
        if slot is None:
            yield from across_weights(left, right, scale)
        else:
            yield from across_weights(left, [slot], scale)
            yield from across_weights([slot], right, scale)


def count_pairs(sequence: Sequence, scale: int) -> Counter[Pair]:
    """Integer total of every pair of one sequence; ``scale`` makes every weight whole."""
    totals: Counter[Pair] = Counter()
    for pair, weight in pair_weights(sequence, scale):
        totals[pair] += weight
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


def merge_inside(tokens: list[int], pair: Pair, new: int) -> int:
    """Merges within one set; how often."""
    small, large = pair
    if small == large or small not in tokens or large not in tokens:
        return 0
    tokens.remove(small)
    tokens.remove(large)
    tokens.insert(0, new)
    return 1


def merge_with_slot(sequence: Sequence, index: int, pair: Pair, new: int) -> int:
    """Merges a filled slot with the set before it, then with the one after it; how often."""
    times = 0
    for side in sequence.sets[index : index + 2]:
        slot = sequence.slots[index]
        other = pair[1] if slot == pair[0] else pair[0]
        if slot in pair and other in side:
            side.remove(other)
            sequence.slots[index] = new
            times += 1
    return times


def merge_neighbours(sequence: Sequence, index: int, pair: Pair, new: int) -> int:
    """Merges across an empty slot; how often."""
    left, right = sequence.sets[index : index + 2]
    for first, second in (pair, pair[::-1]):
        if first in left and second in right:
            left.remove(first)
            right.remove(second)
            sequence.slots[index] = new
            return 1
    return 0


def merge_everywhere(sequence: Sequence, pair: Pair, new: int) -> tuple[int, int]:
    """One merge over a whole sequence; how often it happened inside and across sets."""
    inside = across = 0
    for index, tokens in enumerate(sequence.sets):
        inside += merge_inside(tokens, pair, new)
        if index < len(sequence.slots):
            empty = sequence.slots[index] is None
            merge = merge_neighbours if empty else merge_with_slot
            across += merge(sequence, index, pair, new)
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


def merge_corpus(
    corpus: list[Sequence], pair: Pair, new: int, scale: int, counting: str
) -> tuple[Counter[Pair], tuple[int, int]]:
    """One merge over all sequences: what the totals change by, and where it happened."""
    change: Counter[Pair] = Counter()
    inside = across = 0
    for sequence in corpus:
        old = count_pairs(sequence, scale)
        if pair not in old:
            continue
        here = merge_everywhere(sequence, pair, new)
        inside, across = inside + here[0], across + here[1]
        fresh = count_pairs(sequence, scale)
        for changed in old.keys() | fresh.keys() if counting == "exact" else fresh.keys():
            change[changed] += fresh[changed] - old[changed]
    return change, (inside, across)


def leaf_modalities(vocabulary: Vocabulary, modalities: SequenceOf[str]) -> list[set[str]]:
    """Which of text and image each initial token belongs to."""
    return [
        {"text", "image"} & {modalities[feature[0]]} if modalities and feature[0] >= 0 else set()
        for feature in vocabulary.token2feat
    ]


@dataclass(frozen=True)
class Options:
    """How modalities are treated.

    Attributes:
        share: After n merges at most ``share * n`` cross modalities.
        first: So many merges stay within modalities, while there are any.
        weights: What pairs of text, of images, and of both count.
    """

    share: Fraction = Fraction(1)
    first: int = 0
    weights: tuple[Fraction, Fraction, Fraction] = (Fraction(1), Fraction(1), Fraction(1))

    @property
    def weight_scale(self) -> int:
        """What makes the weights whole numbers."""
        return math.lcm(*(weight.denominator for weight in self.weights))

    def factor(self, leaves: set[str]) -> int:
        """Whole weight of a pair by the modalities among its leaves."""
        by_leaves = {
            frozenset(): Fraction(1),
            frozenset({"text"}): self.weights[0],
            frozenset({"image"}): self.weights[1],
            frozenset({"text", "image"}): self.weights[2],
        }
        return int(by_leaves[frozenset(leaves)] * self.weight_scale)

    def choose(
        self,
        ranking: ExactRanking | ReleaseRanking,
        number: int,
        crossed: int,
        crosses: Callable[[Pair], bool],
    ) -> Pair | None:
        """The pair of merge ``number`` (from 1), after ``crossed`` merges that crossed."""
        if number <= self.first:
            best = ranking.take(lambda pair: not crosses(pair))
            if best is not None:
                return best
        full = crossed + 1 > self.share * number
        return ranking.take(lambda pair: not (full and crosses(pair)))


def build(
    codes: SequenceOf[SequenceOf[int]],
    sequences: SequenceOf[SequenceOf[int]],
    num_merges: int,
    counting: str = "exact",
    modalities: SequenceOf[str] = (),
    options: Options = Options(),
) -> Vocabulary:
    """Constructs a vocabulary."""
    vocabulary = initial_vocabulary(codes)
    corpus = [Sequence.of([vocabulary.states[item] for item in s]) for s in sequences]
    leaves = leaf_modalities(vocabulary, modalities)

    def joined(pair: Pair) -> set[str]:
        return leaves[pair[0]] | leaves[pair[1]]

    def crosses(pair: Pair) -> bool:
        return len(joined(pair)) > 1

    totals: Counter[Pair] = Counter()
    for sequence in corpus:
        for pair, count in count_pairs(sequence, vocabulary.scale).items():
            totals[pair] += count * options.factor(joined(pair))

    # The public code has one queue; a second one is there only where a rule needs it.
    split = crosses if options.share < 1 or options.first else lambda pair: False
    ranking = ExactRanking(totals) if counting == "exact" else ReleaseRanking(totals, split)
    crossed = 0
    for number in range(1, num_merges + 1):
        best = options.choose(ranking, number, crossed, crosses)
        if best is None:
            break
        crossed += crosses(best)
        new = len(vocabulary.token2feat)
        vocabulary.token2feat.append((-1, *best))
        vocabulary.priority.append(totals[best])
        leaves.append(leaves[best[0]] | leaves[best[1]])
        change, merged = merge_corpus(corpus, best, new, vocabulary.scale, counting)
        vocabulary.places.append(merged)
        for pair in (pair for pair, difference in change.items() if difference):
            totals[pair] += change[pair] * options.factor(joined(pair))
            ranking.changed(pair)
    vocabulary.scale *= options.weight_scale
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


@dataclass(frozen=True)
class Place:
    """Where two tokens meet: in set ``index``, or on the link to its right."""

    index: int
    left: int
    right: int
    divisor: float
    kind: str

    def merge(self, sequence: Sequence, new: int) -> None:
        """Merges the two tokens here."""
        here = sequence.sets[self.index]
        if self.kind == "inside":
            here[:] = [new, *(token for token in here if token not in (self.left, self.right))]
        else:
            if self.kind != "slot and right":
                here.remove(self.left)
            if self.kind != "left and slot":
                sequence.sets[self.index + 1].remove(self.right)
            sequence.slots[self.index] = new
        tidy(sequence)


def places(sequence: Sequence) -> Iterator[Place]:
    """Every place where two tokens meet, from left to right."""
    for at, tokens in enumerate(sequence.sets):
        for left, right in combinations(tokens, 2):
            yield Place(at, left, right, len(tokens) / 2, "inside")
        if at < len(sequence.slots):
            yield from link_places(at, tokens, sequence.slots[at], sequence.sets[at + 1])


def link_places(at: int, before: list[int], slot: int | None, after: list[int]) -> Iterator[Place]:
    """Places on one link."""
    if slot is None:
        for left, right in product(before, after):
            yield Place(at, left, right, len(before) * len(after), "left and right")
        return
    for token in before:
        yield Place(at, token, slot, len(before), "left and slot")
    for token in after:
        yield Place(at, slot, token, len(after), "slot and right")


def encode_greedy(
    vocabulary: Vocabulary,
    states: SequenceOf[SequenceOf[int]],
    known: dict[Pair, int] | None = None,
) -> list[int]:
    """Merges one pair at a time on the set structure, the highest score first."""
    known, sequence = known or vocabulary.pair_to_token(), Sequence.of(states)
    while True:
        best, chosen, new = 0.0, None, 0
        for place in places(sequence):
            token = known.get(ordered(place.left, place.right))
            if token is not None and float(vocabulary.priority[token]) / place.divisor > best:
                best = float(vocabulary.priority[token]) / place.divisor
                chosen, new = place, token
        if chosen is None:
            return sequence.flatten()
        chosen.merge(sequence, new)
