"""T5 as in ``transformers``, with a forward pass of our own over interchangeable weights.

:class:`T5Network` computes what ``T5ForConditionalGeneration`` computes (tests hold logits and
loss to it) but keeps the projections that read the same input as one matrix, folds the norms'
scales into the matrices, evaluates the output layer at real labels only, and exposes the
steps that a cached beam search needs. :mod:`clairo.modeling.interchange` maps the weights.

Shape suffixes: N examples, T input positions, S target positions, B beams, H heads, K width of
a head, D width of the model, V vocabulary, M real labels.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from clairo.modeling.layers import (
    NO_DROPOUT,
    Dropout,
    attend,
    parameter,
    relative_buckets,
    rms_normalize,
    scaled_linear,
    split_heads,
)

RELATIVE_BUCKETS = 32
RELATIVE_MAX_DISTANCE = 128
EPSILON = 1e-6
_MASKED = torch.finfo(torch.float32).min


@dataclass(frozen=True)
class Architecture:
    """The numbers that fix the shape of every weight.

    Attributes:
        vocab_size: All tokens of the model: padding, the tokenizer's tokens, end of string.
        d_model: Width of the residual stream.
        d_kv: Width of one attention head.
        d_ff: Width inside the feed-forward layers.
        num_heads: Attention heads per layer.
        num_layers: Encoder layers.
        num_decoder_layers: Decoder layers.
    """

    vocab_size: int
    d_model: int
    d_kv: int
    d_ff: int
    num_heads: int
    num_layers: int
    num_decoder_layers: int

    @property
    def inner(self) -> int:
        """Width of all heads together."""
        return self.num_heads * self.d_kv


class _FeedForward(nn.Module):
    """Norm, wide ReLU layer, back to the model's width, residual."""

    def __init__(self, shape: Architecture) -> None:
        super().__init__()
        self.norm = parameter(shape.d_model)
        self.wide = parameter(shape.d_ff, shape.d_model)
        self.narrow = parameter(shape.d_model, shape.d_ff)

    def forward(self, states: Tensor, dropout: Dropout) -> Tensor:
        wide = scaled_linear(rms_normalize(states, EPSILON), self.wide, self.norm)
        return dropout.add(states, F.linear(dropout(F.relu(wide)), self.narrow))


class _SelfAttention(nn.Module):
    """Norm, one matrix for query, key and value, attention, residual."""

    def __init__(self, shape: Architecture) -> None:
        super().__init__()
        self.num_heads = shape.num_heads
        self.norm = parameter(shape.d_model)
        self.qkv = parameter(3 * shape.inner, shape.d_model)
        self.out = parameter(shape.d_model, shape.inner)

    def project(self, states: Tensor) -> tuple[Tensor, ...]:
        """Query, key and value, each ``(N, H, T, K)``."""
        qkv = scaled_linear(rms_normalize(states, EPSILON), self.qkv, self.norm)
        return split_heads(qkv, 3, self.num_heads)

    def forward(self, states: Tensor, bias: Tensor, dropout: Dropout) -> Tensor:
        query, key, value = self.project(states)
        mixed = attend(query, key, value, bias, dropout)
        return dropout.add(states, F.linear(mixed, self.out))


class _CrossAttention(nn.Module):
    """Norm and query of the decoder over keys and values of the encoder, residual."""

    def __init__(self, shape: Architecture) -> None:
        super().__init__()
        self.num_heads = shape.num_heads
        self.norm = parameter(shape.d_model)
        self.query = parameter(shape.inner, shape.d_model)
        self.kv = parameter(2 * shape.inner, shape.d_model)
        self.out = parameter(shape.d_model, shape.inner)

    def forward(
        self, states: Tensor, memory: tuple[Tensor, Tensor], mask: Tensor | None, dropout: Dropout
    ) -> Tensor:
        projected = scaled_linear(rms_normalize(states, EPSILON), self.query, self.norm)
        (query,) = split_heads(projected, 1, self.num_heads)
        mixed = attend(query, *memory, mask, dropout)
        return dropout.add(states, F.linear(mixed, self.out))


class _EncoderLayer(nn.Module):
    def __init__(self, shape: Architecture) -> None:
        super().__init__()
        self.attention, self.feed_forward = _SelfAttention(shape), _FeedForward(shape)


class _DecoderLayer(nn.Module):
    def __init__(self, shape: Architecture) -> None:
        super().__init__()
        self.attention, self.feed_forward = _SelfAttention(shape), _FeedForward(shape)
        self.cross = _CrossAttention(shape)


@dataclass(frozen=True)
class Memory:
    """What the decoder reads of the encoder, computed once per input.

    Attributes:
        layers: Key and value of each decoder layer, ``(N, H, T, K)``.
        mask_N11T: Added to the scores; ``None`` where no input is padded.
    """

    layers: list[tuple[Tensor, Tensor]]
    mask_N11T: Tensor | None


class T5Network(nn.Module):
    """Encoder-decoder with T5's norms, biases and tied embeddings.

    Weights are undefined until loaded (see :mod:`clairo.modeling.interchange`).
    """

    def __init__(self, shape: Architecture) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = parameter(shape.vocab_size, shape.d_model)
        self.encoder = nn.ModuleList(_EncoderLayer(shape) for _ in range(shape.num_layers))
        self.encoder_bias = parameter(RELATIVE_BUCKETS, shape.num_heads)
        self.encoder_norm = parameter(shape.d_model)
        self.decoder = nn.ModuleList(_DecoderLayer(shape) for _ in range(shape.num_decoder_layers))
        self.decoder_bias = parameter(RELATIVE_BUCKETS, shape.num_heads)
        self.decoder_norm = parameter(shape.d_model)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.embedding.device

    @property
    def _decoder_layers(self) -> list[_DecoderLayer]:
        return list(cast("Iterable[_DecoderLayer]", self.decoder))

    def _position_bias(self, queries: Tensor, keys: Tensor, *, encoder: bool) -> Tensor:
        """Learned bias ``(1, H, Q, T)`` of the distance between positions."""
        buckets = relative_buckets(
            queries, keys, RELATIVE_BUCKETS, RELATIVE_MAX_DISTANCE, bidirectional=encoder
        )
        table = self.encoder_bias if encoder else self.decoder_bias
        # Laid out head by head now, while it is small: everything added to it keeps its layout.
        return F.embedding(buckets, table).permute(2, 0, 1).contiguous().unsqueeze(0)

    def encode(
        self, tokens_NT: Tensor, padded_NT: Tensor | None, dropout: Dropout = NO_DROPOUT
    ) -> Memory:
        """Reads the inputs.

        Args:
            tokens_NT: Token ids, padded on the right.
            padded_NT: True at padding; ``None`` where nothing is padded.
            dropout: Active in training.
        """
        here = torch.arange(tokens_NT.shape[1], device=tokens_NT.device)
        bias = self._position_bias(here, here, encoder=True)
        mask = None
        if padded_NT is not None:
            mask = padded_NT[:, None, None, :].to(self.embedding.dtype) * _MASKED
            bias = bias + mask
        # All layers add the same bias: laid out once here instead of in every layer.
        bias = bias.expand(len(tokens_NT), -1, -1, -1).contiguous()
        states = dropout(F.embedding(tokens_NT, self.embedding))
        for layer in cast("Iterable[_EncoderLayer]", self.encoder):
            states = layer.attention(states, bias, dropout)
            states = layer.feed_forward(states, dropout)
        states = dropout(rms_normalize(states, EPSILON) * self.encoder_norm)
        # One product gives the keys and values of all decoder layers.
        weights = torch.cat([layer.cross.kv for layer in self._decoder_layers])
        parts = split_heads(F.linear(states, weights), 2 * len(self.decoder), self.shape.num_heads)
        return Memory(list(zip(parts[::2], parts[1::2], strict=True)), mask)

    def decode(self, tokens_NS: Tensor, memory: Memory, dropout: Dropout = NO_DROPOUT) -> Tensor:
        """Final decoder states ``(N, S, D)`` for known prefixes (teacher forcing)."""
        here = torch.arange(tokens_NS.shape[1], device=tokens_NS.device)
        future = (here[None, :] > here[:, None]).to(self.embedding.dtype) * _MASKED
        bias = self._position_bias(here, here, encoder=False) + future
        states = dropout(F.embedding(tokens_NS, self.embedding))
        for layer, layer_memory in zip(self._decoder_layers, memory.layers, strict=True):
            states = layer.attention(states, bias, dropout)
            states = layer.cross(states, layer_memory, memory.mask_N11T, dropout)
            states = layer.feed_forward(states, dropout)
        return dropout(rms_normalize(states, EPSILON) * self.decoder_norm)

    def logits(self, states: Tensor) -> Tensor:
        """Scores of every token of the vocabulary; the output layer is the embedding."""
        return F.linear(states * self.shape.d_model**-0.5, self.embedding)

    def step(
        self, tokens_NB: Tensor, memory: Memory, cache: list[Tensor]
    ) -> tuple[Tensor, list[Tensor]]:
        """One more token for every beam.

        Args:
            tokens_NB: The newest token of every beam of every input.
            memory: Of the encoder, one entry per input, shared by its beams.
            cache: Per layer the keys and values so far, ``(2, N, B, H, S, K)``; empty lists
                start a string.

        Returns:
            States ``(N, B, D)`` for the next token, and the longer cache.
        """
        length = cache[0].shape[4] if cache else 0
        now = torch.arange(length, length + 1, device=tokens_NB.device)
        bias = self._position_bias(
            now, torch.arange(length + 1, device=tokens_NB.device), encoder=False
        )
        states = F.embedding(tokens_NB, self.embedding)
        grown = []
        for index, layer in enumerate(self._decoder_layers):
            states, entry = _cached_attention(
                layer.attention, states, bias, cache[index] if cache else None
            )
            grown.append(entry)
            states = layer.cross(states, memory.layers[index], memory.mask_N11T, NO_DROPOUT)
            states = layer.feed_forward(states, NO_DROPOUT)
        return rms_normalize(states, EPSILON) * self.decoder_norm, grown


def _cached_attention(
    attention: _SelfAttention, states_NBD: Tensor, bias: Tensor, cache: Tensor | None
) -> tuple[Tensor, Tensor]:
    """Self-attention of one new position per beam over its own past."""
    examples, beams, _ = states_NBD.shape
    query, key, value = attention.project(states_NBD.reshape(examples * beams, 1, -1))
    entry = torch.stack([key, value]).view(2, examples, beams, *key.shape[1:])
    if cache is not None:
        entry = torch.cat([cache, entry], dim=4)
    keys, values = entry.flatten(1, 2).unbind(0)
    mixed = attend(query, keys, values, bias, NO_DROPOUT)
    return states_NBD + F.linear(mixed.view(examples, beams, -1), attention.out), entry
