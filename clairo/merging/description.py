"""What a vocabulary looks like in numbers, over its catalogue and its training text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool

from clairo.core.ragged import Ragged
from clairo.merging.coded_items import MODALITY_BITS

if TYPE_CHECKING:
    from clairo.merging.tokenizer import Tokenizer

_BINS, _TOP = 20, 50


def crossing_merges(tokenizer: Tokenizer) -> Bool[np.ndarray, " merges"]:
    """Which merges cross modalities: text and image are both among the leaves."""
    bits = np.zeros(tokenizer.vocab_size, dtype=np.int8)
    bits[1 : tokenizer.num_initial] = [
        MODALITY_BITS[tokenizer.modalities[column]] for column in tokenizer.features[:, 0]
    ]
    for number, (left, right) in enumerate(tokenizer.merge_pairs.tolist()):
        bits[tokenizer.num_initial + number] = bits[left] | bits[right]
    crossing: Bool[np.ndarray, " merges"] = bits[tokenizer.num_initial :] == 3
    return crossing


def describe(tokenizer: Tokenizer, training: Ragged | None = None) -> dict[str, Any]:
    """Facts of a tokenizer and of what it makes of a text; takes longer than building it.

    Args:
        tokenizer: Any tokenizer.
        training: The sequences it was built from, where they are at hand.

    Returns:
        The tokenizer's own facts; ``tokens_per_item`` (mean over the catalogue, greedy);
        ``tokens_per_history_item`` (greedy tokens of the training sequences for each of their
        items); ``cross_modal_share_of_merges``; ``cross_item_share`` (share of merges that were
        made more often between neighbouring items than within one); ``cross_modal_by_rank``
        (share of crossing merges in 20 equal parts of the merge list, earliest first);
        ``top_merges`` (the first 50: ``leaves`` as (column, value), ``priority`` as a plain
        number, ``inside`` and ``across`` as numbers of places).
    """
    crossing = crossing_merges(tokenizer)
    facts: dict[str, Any] = {
        **tokenizer.facts,
        "cross_modal_share_of_merges": _share(crossing),
        "cross_modal_by_rank": [
            _share(part) for part in np.array_split(crossing, _BINS) if len(part)
        ],
        "top_merges": [_spell(tokenizer, number) for number in range(tokenizer.num_merges)[:_TOP]],
    }
    if (tokenizer.merge_places >= 0).all():
        across = tokenizer.merge_places[:, 1] > tokenizer.merge_places[:, 0]
        facts["cross_item_share"] = _share(across)
    if len(tokenizer.codes):
        facts["tokens_per_item"] = float(tokenizer.encode_items().lengths.mean())
    if training is not None and len(training.values):
        tokens = tokenizer.encode_histories(training, "greedy", 0)
        facts["tokens_per_history_item"] = len(tokens.values) / len(training.values)
    return facts


def _share(flags: Bool[np.ndarray, " merges"]) -> float:
    return float(flags.mean()) if len(flags) else 0.0


def _spell(tokenizer: Tokenizer, number: int) -> dict[str, Any]:
    inside, across = tokenizer.merge_places[number].tolist()
    return {
        "token": tokenizer.num_initial + number,
        "leaves": [list(leaf) for leaf in tokenizer.leaves(tokenizer.num_initial + number)],
        "priority": float(tokenizer.merge_totals[number] / tokenizer.count_scale),
        "inside": inside,
        "across": across,
    }
