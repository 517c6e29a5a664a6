"""Decoding whole sets of histories: sorted by length, batch by batch, results in input order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from jaxtyping import Float, Float32

from clairo.core.errors import ConfigError, DataError
from clairo.core.ragged import Ragged
from clairo.modeling.batching import encoder_tensors
from clairo.modeling.beam_search import (
    FreeExpansion,
    TrieExpansion,
    TrieTensors,
    search,
)
from clairo.modeling.data import Generated, check_tokens
from clairo.modeling.network import Memory, T5Network
from clairo.modeling.padding import pad_rows
from clairo.modeling.prefix_trie import NO_ITEM, PrefixTrie, list_items

_ORACLE_STRINGS = 1024


@contextmanager
def matrix_products(precision: str) -> Iterator[None]:
    """Sets how torch multiplies float32 matrices, and sets it back.

    Args:
        precision: ``highest`` for float32, ``medium`` for bfloat16 factors where the hardware
            has them (see ``torch.set_float32_matmul_precision``).
    """
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(precision)
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


def generate_items(
    network: T5Network,
    inputs: Ragged,
    trie: PrefixTrie,
    *,
    num_beams: int,
    top_k: int,
    batch_size: int,
) -> Generated:
    """The most probable real items of each input; see :meth:`TrainedModel.generate`."""
    check_widths(num_beams=num_beams, top_k=top_k, batch_size=batch_size)
    expansion = TrieExpansion(_prepare(network, inputs, trie))
    # A beam as wide as the catalogue prunes nothing, so a wider one finds the same.
    width = min(num_beams, trie.num_strings)
    kept = min(top_k, width)
    strings = np.full((len(inputs), kept), NO_ITEM, dtype=np.int32)
    found = np.full((len(inputs), kept), -np.inf, dtype=np.float32)
    with matrix_products("highest"), torch.inference_mode():
        for rows, memory in _encoded(network, inputs, batch_size):
            pool = search(
                network, memory, expansion, num_beams=width, keep=kept, max_length=trie.depth + 1
            )
            strings[rows] = pool.items[:, :kept].cpu().numpy()
            found[rows] = pool.scores[:, :kept].cpu().numpy()
    items, columns = list_items(trie, strings, top_k)
    scores = np.take_along_axis(found, np.maximum(columns, 0), axis=1)
    return Generated(items, np.where(items == NO_ITEM, np.float32(-np.inf), scores))


def generate_free(
    network: T5Network,
    inputs: Ragged,
    trie: PrefixTrie,
    *,
    num_beams: int,
    max_length: int,
    batch_size: int,
) -> Float32[np.ndarray, "rows k"]:
    """Which of the most probable strings are items; see :meth:`TrainedModel.generate_free`."""
    check_widths(num_beams=num_beams, max_length=max_length, batch_size=batch_size)
    expansion = FreeExpansion(_prepare(network, inputs, trie), _end_token(network))
    valid = np.zeros((len(inputs), num_beams), dtype=np.float32)
    with matrix_products("highest"), torch.inference_mode():
        for rows, memory in _encoded(network, inputs, batch_size):
            pool = search(
                network,
                memory,
                expansion,
                num_beams=num_beams,
                keep=num_beams,
                max_length=max_length,
            )
            valid[rows] = (pool.items != NO_ITEM).cpu().numpy()
    return valid


def score_items(
    network: T5Network, inputs: Ragged, trie: PrefixTrie
) -> Float[np.ndarray, "rows items"]:
    """Log-probability of every item's string for every input, without search or cache.

    The oracle that beam search is held to: every string is read whole by the decoder.
    """
    _prepare(network, inputs, trie)
    strings = trie.strings()
    labels_np, real_np = pad_rows(strings, _end_token(network))
    prefixes_np = np.zeros_like(labels_np)
    prefixes_np[:, 1:] = labels_np[:, :-1]
    prefixes, labels, real = (
        torch.from_numpy(array).to(network.device) for array in (prefixes_np, labels_np, real_np)
    )
    scores = np.empty((len(inputs), len(strings)), dtype=np.float32)
    with matrix_products("highest"), torch.inference_mode():
        for rows, memory in _encoded(network, inputs, 1):
            for at in range(0, len(strings), _ORACLE_STRINGS):
                part = slice(at, at + _ORACLE_STRINGS)
                repeated = _repeat(memory, len(prefixes[part]))
                logits = network.logits(network.decode(prefixes[part], repeated))
                chosen = logits.log_softmax(2).gather(2, labels[part].unsqueeze(2)).squeeze(2)
                scores[rows, part] = (chosen * real[part]).sum(1).cpu().numpy()
    return scores


def check_widths(**numbers: int) -> None:
    """Refuses beams that cannot give what is asked.

    Raises:
        ConfigError: A number is below 1, or ``top_k`` exceeds ``num_beams``.
    """
    for name, value in numbers.items():
        if value < 1:
            raise ConfigError(f"{name} must be at least 1, got {value}; give a positive number.")
    top_k, num_beams = numbers.get("top_k", 1), numbers["num_beams"]
    if top_k > num_beams:
        raise ConfigError(
            f"A beam must be at least as wide as the list it fills, got num_beams={num_beams} "
            f"for top_k={top_k}; widen the beam or ask for fewer items."
        )


def _end_token(network: T5Network) -> int:
    return network.shape.vocab_size - 1


def _prepare(network: T5Network, inputs: Ragged, trie: PrefixTrie) -> TrieTensors:
    """Checks that model, histories and trie speak one vocabulary."""
    check_tokens(inputs, _end_token(network), "Histories")
    if trie.tokens.max() >= _end_token(network):
        raise DataError(
            f"Item tokens must be below {_end_token(network)}, the trie has {trie.tokens.max()}; "
            "build it with the tokenizer the model was trained with."
        )
    return TrieTensors.of(trie, network.device)


def _encoded(
    network: T5Network, inputs: Ragged, batch_size: int
) -> Iterator[tuple[np.ndarray, Memory]]:
    """Row numbers and their encoder memory, inputs of similar length together."""
    order = np.argsort(-inputs.lengths, kind="stable")
    for at in range(0, len(order), batch_size):
        rows = order[at : at + batch_size]
        tokens, padded = encoder_tensors(inputs, _end_token(network), rows)
        if padded is not None:
            padded = padded.to(network.device, non_blocking=True)
        yield rows, network.encode(tokens.to(network.device, non_blocking=True), padded)


def _repeat(memory: Memory, times: int) -> Memory:
    """One input's memory for many target strings."""
    layers = [(k.expand(times, -1, -1, -1), v.expand(times, -1, -1, -1)) for k, v in memory.layers]
    return Memory(layers, memory.mask_N11T)
