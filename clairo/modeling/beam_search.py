"""Beam search over cached decoder states: all beams of a batch of inputs in one tensor.

The rules are those of ``transformers.generate`` without length penalty: at every step the
candidates of all beams and their possible ends compete; the best ``num_beams`` unfinished ones
go on, and an end counts if it is among the best ``num_beams`` candidates of its step. Since
log-probabilities only fall, a hypothesis that is no better than the worst kept result is
dropped at once, which changes nothing and lets the search narrow.

Shape suffixes: U inputs (users), B live beams, C candidates, V vocabulary, P pool of results.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from clairo.modeling.network import Memory, T5Network
from clairo.modeling.prefix_trie import NO_ITEM, ROOT, PrefixTrie

_NEVER = float("-inf")
_START = 0


@dataclass(frozen=True)
class TrieTensors:
    """A :class:`PrefixTrie` on the device of the model."""

    child_offsets: Tensor
    tokens: Tensor
    items: Tensor
    parents: Tensor
    dead_node: int

    @classmethod
    def of(cls, trie: PrefixTrie, device: torch.device) -> TrieTensors:
        """Copies the arrays; on a CPU indices are widened once instead of at every step."""

        def move(array: object) -> Tensor:
            return torch.as_tensor(array, device=device).long()

        return cls(
            move(trie.child_offsets),
            move(trie.tokens),
            move(trie.items),
            move(trie.parents),
            trie.dead_node,
        )


@dataclass(frozen=True)
class Beams:
    """Live hypotheses, best first for each input.

    Attributes:
        tokens: Newest token ``(U, B)``.
        nodes: Place in the trie; the dead node for what is no prefix of an item.
        scores: Log-probability so far; -inf for an empty place.
        cache: Per decoder layer, keys and values so far.
    """

    tokens: Tensor
    nodes: Tensor
    scores: Tensor
    cache: list[Tensor]


@dataclass(frozen=True)
class Candidates:
    """Possible next steps.

    Attributes:
        scores: ``(U, C)``; -inf for an empty place.
        follow: Columns ``(U, B)`` to the beam each extends, its token and its trie node.
    """

    scores: Tensor
    follow: Callable[[Tensor], tuple[Tensor, Tensor, Tensor]]


class Expansion(Protocol):
    """How hypotheses may go on."""

    @property
    def trie(self) -> TrieTensors:
        """All items."""
        ...

    @property
    def ends_anywhere(self) -> bool:
        """Whether strings that are no items may end."""
        ...

    def candidates(self, beams: Beams, token_scores_UBV: Tensor) -> Candidates:
        """All continuations by one token, given the score of each token after each beam."""
        ...


@dataclass(frozen=True)
class TrieExpansion:
    """Only prefixes of real items, only complete items end."""

    trie: TrieTensors
    ends_anywhere: bool = False

    def candidates(self, beams: Beams, token_scores_UBV: Tensor) -> Candidates:
        """Gathers the scores of the children of every beam's node."""
        inputs, width, vocabulary = token_scores_UBV.shape
        nodes = beams.nodes.flatten()
        starts = self.trie.child_offsets[nodes]
        counts = self.trie.child_offsets[nodes + 1] - starts
        before = counts.cumsum(0) - counts
        total = int(counts.sum())
        beam = torch.repeat_interleave(counts, output_size=total)
        within = torch.arange(total, device=nodes.device)
        slots = within + (starts - before)[beam]
        rows = torch.div(beam, width, rounding_mode="floor")
        columns = within - before[::width][rows]
        most = int(counts.view(inputs, width).sum(1).max())
        values = token_scores_UBV.flatten()[beam * vocabulary + self.trie.tokens[slots]]
        scores = values.new_full((inputs, most), _NEVER)
        scores[rows, columns] = values
        table = nodes.new_zeros((2, inputs, most))
        table[0, rows, columns] = beam % width
        table[1, rows, columns] = slots

        def follow(picked: Tensor) -> tuple[Tensor, Tensor, Tensor]:
            parents, slot = table[0].gather(1, picked), table[1].gather(1, picked)
            return parents, self.trie.tokens[slot], slot + 1

        return Candidates(scores, follow)


@dataclass(frozen=True)
class FreeExpansion:
    """Any token of the vocabulary; a string may end anywhere, item or not."""

    trie: TrieTensors
    end_token: int
    ends_anywhere: bool = True

    def candidates(self, beams: Beams, token_scores_UBV: Tensor) -> Candidates:
        """All tokens but the end; the trie is only followed, to know which strings are items."""
        vocabulary = token_scores_UBV.shape[2]
        scores = token_scores_UBV.clone()
        scores[:, :, self.end_token] = _NEVER

        def follow(picked: Tensor) -> tuple[Tensor, Tensor, Tensor]:
            parents = torch.div(picked, vocabulary, rounding_mode="floor")
            tokens = picked % vocabulary
            return parents, tokens, self._child(beams.nodes.gather(1, parents), tokens, vocabulary)

        return Candidates(scores.flatten(1), follow)

    def _child(self, nodes: Tensor, tokens: Tensor, vocabulary: int) -> Tensor:
        # Level order makes (parent, token) ascend over all nodes, so one bisection finds all.
        keys = self.trie.parents * vocabulary + self.trie.tokens
        wanted = nodes * vocabulary + tokens
        place = torch.searchsorted(keys, wanted).clamp(max=len(keys) - 1)
        found = keys[place] == wanted
        return torch.where(found, place + 1, self.trie.dead_node)


@dataclass(frozen=True)
class Pool:
    """The best finished strings so far, ``(U, P)``, best first."""

    scores: Tensor
    items: Tensor

    def add(self, scores: Tensor, items: Tensor) -> Pool:
        """The best of these and those."""
        scores, items = torch.cat([self.scores, scores], 1), torch.cat([self.items, items], 1)
        best = scores.topk(self.scores.shape[1], dim=1)
        return Pool(best.values, items.gather(1, best.indices))


def search(
    network: T5Network,
    memory: Memory,
    expansion: Expansion,
    *,
    num_beams: int,
    keep: int,
    max_length: int,
) -> Pool:
    """Finds the most probable strings of each input.

    Args:
        network: The model.
        memory: The encoded inputs.
        expansion: Which strings there are.
        num_beams: Hypotheses that go on at every step.
        keep: Results that will be read; at most ``num_beams``.
        max_length: Steps after which what is unfinished ends as it is, without an item.

    Returns:
        ``num_beams`` results, of which the first ``keep`` are final; missing ones score -inf.
    """
    beams = _first_beams(memory, network.device)
    inputs = len(beams.tokens)
    pool = Pool(
        beams.scores.new_full((inputs, num_beams), _NEVER),
        beams.nodes.new_full((inputs, num_beams), NO_ITEM),
    )
    for _ in range(max_length):
        states, cache = network.step(beams.tokens, memory, beams.cache)
        logits = network.logits(states)
        token_scores = logits.sub_((logits.logsumexp(2) - beams.scores).unsqueeze_(2))
        candidates = expansion.candidates(beams, token_scores)
        pool = _finish(pool, expansion, beams, token_scores[:, :, -1], candidates.scores)
        beams = _advance(candidates, pool.scores[:, keep - 1], num_beams, cache, expansion)
        if beams.tokens.shape[1] == 0:
            return pool
    return pool.add(beams.scores, torch.full_like(beams.nodes, NO_ITEM))


def _first_beams(memory: Memory, device: torch.device) -> Beams:
    inputs = len(memory.layers[0][0])
    start = torch.full((inputs, 1), _START, device=device)
    return Beams(start, torch.full_like(start, ROOT), torch.zeros((inputs, 1), device=device), [])


def _finish(
    pool: Pool, expansion: Expansion, beams: Beams, end_scores_UB: Tensor, others_UC: Tensor
) -> Pool:
    """Moves complete strings that are among the best of this step into the pool."""
    items = expansion.trie.items[beams.nodes]
    ends = end_scores_UB
    if not expansion.ends_anywhere:
        ends = ends.masked_fill(items == NO_ITEM, _NEVER)
    contest = torch.cat([others_UC, ends], 1)
    last = min(pool.scores.shape[1], contest.shape[1])
    bar = contest.topk(last, dim=1).values[:, -1:]
    return pool.add(ends.masked_fill(ends < bar, _NEVER), items)


def _advance(
    candidates: Candidates,
    bar_U: Tensor,
    num_beams: int,
    cache: list[Tensor],
    expansion: Expansion,
) -> Beams:
    """Picks the best candidates that can still beat the results, and their cached past."""
    best = candidates.scores.topk(min(num_beams, candidates.scores.shape[1]), dim=1)
    alive = best.values > bar_U[:, None]
    width = int(alive.sum(1).max()) if alive.shape[1] else 0
    alive, picked = alive[:, :width], best.indices[:, :width]
    parents, tokens, nodes = candidates.follow(picked)
    return Beams(
        tokens,
        torch.where(alive, nodes, expansion.trie.dead_node),
        best.values[:, :width].masked_fill(~alive, _NEVER),
        [_follow_parents(entry, parents) for entry in cache],
    )


def _follow_parents(entry: Tensor, parents_UB: Tensor) -> Tensor:
    """The past of every new beam: that of the beam it extends."""
    parts, inputs, beams, *rest = entry.shape
    first = torch.arange(inputs, device=entry.device)[:, None] * beams
    chosen = entry.flatten(1, 2).index_select(1, (first + parents_UB).flatten())
    return chosen.view(parts, inputs, parents_UB.shape[1], *rest)
