"""What a vocabulary looks like in numbers, over its catalogue and its training text."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool, Int64

from clairo.core.ragged import Ragged
from clairo.merging.coded_items import MODALITY_BITS

if TYPE_CHECKING:
    from clairo.merging.tokenizer import Tokenizer

NUM_TOP_MERGES = 100
"""Merges that are listed one by one, and spelled out in words."""

DESCRIBED_ITEMS = 1_000_000
"""History items that are segmented for the description at most, from all over the text."""

_PARTS = 20


def crossing_merges(tokenizer: Tokenizer) -> Bool[np.ndarray, " merges"]:
    """Which merges cross modalities: text and image are both among the leaves."""
    crossing: Bool[np.ndarray, " merges"] = (
        _trace(tokenizer).modality_bits[tokenizer.num_initial :] == 3
    )
    return crossing


def spread_sequences(training: Ragged, max_items: int) -> Ragged:
    """Whole sequences, evenly spread over the text, that hold so many items at most.

    All of them where they fit, and always at least one.

    Example:
        >>> spread_sequences(Ragged.from_sequences([[0, 1], [2], [3, 4], [5]]), 4).values.tolist()
        [0, 1, 3, 4]
    """
    lengths, items = training.lengths, len(training.values)
    rows = kept = len(training)
    while items > max_items and kept > 1:
        # Too many by some share: so many sequences fewer. It ends, for the share is below one.
        kept = max(1, kept * max_items // items)
        items = int(lengths[_spread(kept, rows)].sum())
    return training if kept == rows else training.take(_spread(kept, rows))


def _spread(kept: int, of: int) -> Int64[np.ndarray, " kept"]:
    """So many of so many rows, at even distances."""
    return np.arange(kept, dtype=np.int64) * of // kept


def describe(tokenizer: Tokenizer, training: Ragged | None = None) -> dict[str, Any]:
    """Facts of a tokenizer, and of what it makes of a text.

    All values are finite and fit JSON; what has no value is left out. ``V`` is the number of
    tokens without padding, ``V0`` the number of those that no merge made, ``C`` the number of
    columns.

    Args:
        tokenizer: Any tokenizer.
        training: The sequences it was built from, where they are at hand.

    Returns:
        The tokenizer's own facts, and

        - ``cross_modal_share_of_merges``: share of merges with text and image among the leaves;
          ``cross_modal_by_rank``: the same in 20 parts of the merge list (of ``np.array_split``:
          the first may have one merge more), earliest first.
        - ``cross_item_share``: share of merges that were made at more places between
          neighbouring items than within one; ``cross_item_by_rank``: the same in 20 parts.
        - ``token_lengths``: rows ``[codes, tokens, uses]``: how many tokens stand for so many
          codes, and how often the text uses them (0 without a text).
        - ``top_merges``: the first 100: ``token``, ``leaves`` as (column, value), ``priority``
          as a plain number, ``inside`` and ``across`` as numbers of places.
        - ``tokens_per_item_before`` (``C``) and ``tokens_per_item``: mean over the catalogue,
          each item alone, greedy.
        - ``uniform_bits_per_item_before`` (``C log2 V0``) and ``uniform_bits_per_item``
          (``tokens_per_item log2 V``): bits where every token takes the same number of them.

        With a text, of whole sequences evenly spread over it with at most a million items:

        - ``described_items``: how many items these are; ``training_items``: of how many.
        - ``tokens_per_history_item``: greedy tokens of the sequences for each item.
        - ``uniform_bits_per_history_item``: ``tokens_per_history_item log2 V``.
        - ``unigram_entropy``: ``H = -sum p log2 p`` over the shares ``p`` of the tokens in the
          greedy segmentation, in bits; ``unigram_entropy_normalized``: ``H / log2 V``;
          ``token_perplexity``: ``2 ** H``.
        - ``unigram_bits_per_history_item``: ``tokens_per_history_item H``, what an ideal code
          for single tokens takes; ``unigram_bits_per_item_before``: ``C H0``, with ``H0`` the
          same entropy over the codes themselves.
        - ``vocabulary_usage``: share of the ``V`` tokens that occur in the segmentation.
    """
    text = None
    if training is not None and len(training.values):
        text = spread_sequences(training, DESCRIBED_ITEMS)
    tokens = None if text is None else tokenizer.encode_histories(text, "greedy", 0).values
    facts = {**tokenizer.facts, **_merge_facts(tokenizer), **_catalog_facts(tokenizer)}
    uses = np.zeros(tokenizer.vocab_size, dtype=np.int64)
    if training is not None and text is not None and tokens is not None:
        uses += np.bincount(tokens, minlength=tokenizer.vocab_size)
        facts |= _text_facts(tokenizer, text, uses)
        facts["training_items"] = len(training.values)
    return {**facts, "token_lengths": _token_lengths(_trace(tokenizer).lengths, uses)}


@dataclass(frozen=True)
class _Trace:
    """What the tokens stand for.

    Attributes:
        modality_bits: Modalities among the leaves of each token.
        lengths: Number of leaves of each token, 0 for padding.
    """

    modality_bits: Int64[np.ndarray, " tokens"]
    lengths: Int64[np.ndarray, " tokens"]


def _trace(tokenizer: Tokenizer) -> _Trace:
    names = [tokenizer.modalities[column] for column in tokenizer.features[:, 0].tolist()]
    bits = [0, *(MODALITY_BITS[name] for name in names)]
    lengths = [0, *(1 for _ in names)]
    # A merge looks back at earlier tokens, so this is a loop; on lists, 40,000 merges take 10 ms.
    for left, right in tokenizer.merge_pairs.tolist():
        bits.append(bits[left] | bits[right])
        lengths.append(lengths[left] + lengths[right])
    return _Trace(np.array(bits, dtype=np.int64), np.array(lengths, dtype=np.int64))


def _merge_facts(tokenizer: Tokenizer) -> dict[str, Any]:
    crossing = crossing_merges(tokenizer)
    facts: dict[str, Any] = {
        "cross_modal_share_of_merges": _share(crossing),
        "cross_modal_by_rank": _by_rank(crossing),
        "top_merges": [
            _listed(tokenizer, number) for number in range(tokenizer.num_merges)[:NUM_TOP_MERGES]
        ],
    }
    if (tokenizer.merge_places >= 0).all():
        across = tokenizer.merge_places[:, 1] > tokenizer.merge_places[:, 0]
        facts |= {"cross_item_share": _share(across), "cross_item_by_rank": _by_rank(across)}
    return facts


def _catalog_facts(tokenizer: Tokenizer) -> dict[str, float]:
    columns = len(tokenizer.modalities)
    facts = {"tokens_per_item_before": float(columns)}
    if tokenizer.num_initial > 1:
        facts["uniform_bits_per_item_before"] = columns * math.log2(tokenizer.num_initial - 1)
    if len(tokenizer.codes):
        tokens = float(tokenizer.encode_items().lengths.mean())
        facts["tokens_per_item"] = tokens
        facts["uniform_bits_per_item"] = tokens * math.log2(tokenizer.vocab_size - 1)
    return facts


def _text_facts(
    tokenizer: Tokenizer, text: Ragged, uses: Int64[np.ndarray, " tokens"]
) -> dict[str, float]:
    columns, items = len(tokenizer.modalities), len(text.values)
    per_item = float(uses.sum()) / items
    most = math.log2(tokenizer.vocab_size - 1)
    entropy = _entropy(uses)
    item_uses = np.bincount(text.values, minlength=len(tokenizer.codes))
    code_uses = np.bincount(
        tokenizer.states.reshape(-1), weights=np.repeat(item_uses, columns)
    ).astype(np.int64)
    facts = {
        "described_items": items,
        "tokens_per_history_item": per_item,
        "uniform_bits_per_history_item": per_item * most,
        "unigram_entropy": entropy,
        "token_perplexity": 2.0**entropy,
        "unigram_bits_per_item_before": columns * _entropy(code_uses),
        "unigram_bits_per_history_item": per_item * entropy,
        "vocabulary_usage": float((uses > 0).sum()) / (tokenizer.vocab_size - 1),
    }
    return facts | ({"unigram_entropy_normalized": entropy / most} if most > 0 else {})


def _entropy(uses: Int64[np.ndarray, " tokens"]) -> float:
    """Entropy of the shares of some tokens, in bits."""
    shares = uses[uses > 0] / uses.sum()
    return float(np.abs((shares * np.log2(shares)).sum()))


def _token_lengths(
    lengths: Int64[np.ndarray, " tokens"], uses: Int64[np.ndarray, " tokens"]
) -> list[list[int]]:
    codes, place, tokens = np.unique(lengths[1:], return_inverse=True, return_counts=True)
    used = np.bincount(place, weights=uses[1:], minlength=len(codes)).astype(np.int64)
    return np.stack([codes, tokens, used], axis=1).tolist()


def _by_rank(flags: Bool[np.ndarray, " merges"]) -> list[float]:
    return [_share(part) for part in np.array_split(flags, _PARTS) if len(part)]


def _share(flags: Bool[np.ndarray, " merges"]) -> float:
    return float(flags.mean()) if len(flags) else 0.0


def _listed(tokenizer: Tokenizer, number: int) -> dict[str, Any]:
    inside, across = tokenizer.merge_places[number].tolist()
    return {
        "token": tokenizer.num_initial + number,
        "leaves": [list(leaf) for leaf in tokenizer.leaves(tokenizer.num_initial + number)],
        "priority": float(tokenizer.merge_totals[number] / tokenizer.count_scale),
        "inside": inside,
        "across": across,
    }
