"""Weights by the names of ``transformers``: drawn by it, read from it, given to it.

Files and states carry the names and shapes of ``T5ForConditionalGeneration``, so that a
checkpoint of ours loads there and the other way round; the network itself keeps projections
of one input in one matrix.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from clairo.core.errors import ArtifactError
from clairo.core.torchvision_compat import prepare_torchvision
from clairo.modeling.network import (
    EPSILON,
    RELATIVE_BUCKETS,
    RELATIVE_MAX_DISTANCE,
    Architecture,
    T5Network,
)

PADDING = 0
"""Fills short rows, and starts every target string."""


def published_config(shape: Architecture) -> dict[str, Any]:
    """The architecture as keyword arguments of ``transformers.T5Config``."""
    return {
        "vocab_size": shape.vocab_size,
        "d_model": shape.d_model,
        "d_kv": shape.d_kv,
        "d_ff": shape.d_ff,
        "num_layers": shape.num_layers,
        "num_decoder_layers": shape.num_decoder_layers,
        "num_heads": shape.num_heads,
        "relative_attention_num_buckets": RELATIVE_BUCKETS,
        "relative_attention_max_distance": RELATIVE_MAX_DISTANCE,
        "layer_norm_epsilon": EPSILON,
        "feed_forward_proj": "relu",
        "pad_token_id": PADDING,
        "decoder_start_token_id": PADDING,
        "eos_token_id": shape.vocab_size - 1,
    }


def draw_weights(shape: Architecture, seed: int) -> dict[str, Tensor]:
    """Random initial weights, as ``T5ForConditionalGeneration`` draws them.

    The global random state of torch is left as it was.
    """
    prepare_torchvision()
    from transformers import T5Config, T5ForConditionalGeneration

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = T5ForConditionalGeneration(T5Config(**published_config(shape)))
    state = model.state_dict()
    return {name: state[name].clone() for names in _names(shape).values() for name in names}


def import_weights(network: T5Network, weights: Mapping[str, Tensor]) -> None:
    """Puts weights by published names into a network.

    Raises:
        ArtifactError: A weight is missing, or has another shape than the architecture says.
    """
    names = _names(network.shape)
    missing = [name for group in names.values() for name in group if name not in weights]
    if missing:
        raise ArtifactError(
            f"A T5 checkpoint must hold every weight, {missing[0]} and {len(missing) - 1} others "
            "are missing; give the settings it was trained with."
        )
    state = {own: torch.cat([weights[name] for name in group]) for own, group in names.items()}
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise ArtifactError(
            f"A T5 checkpoint must fit the architecture {network.shape}: {error}"
        ) from error


def export_weights(tensors: Mapping[str, Tensor], shape: Architecture) -> dict[str, Tensor]:
    """Tensors by our names (weights, or anything shaped like them) under the published names."""
    published: dict[str, Tensor] = {}
    for own, group in _names(shape).items():
        parts = tensors[own].detach().chunk(len(group))
        published |= {name: part.clone() for name, part in zip(group, parts, strict=True)}
    return published


def fuse_weights(tensors: Mapping[str, Tensor], shape: Architecture) -> dict[str, Tensor]:
    """The inverse of :func:`export_weights`."""
    return {
        own: torch.cat([tensors[name] for name in group]) for own, group in _names(shape).items()
    }


def _names(shape: Architecture) -> dict[str, list[str]]:
    """Our name of each weight, and the published names of its parts, stacked in that order."""
    return {
        "embedding": ["shared.weight"],
        **dict(_stack_names("encoder", shape.num_layers)),
        **dict(_stack_names("decoder", shape.num_decoder_layers)),
    }


def _stack_names(stack: str, num_layers: int) -> Iterator[tuple[str, list[str]]]:
    bias = f"{stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight"
    yield f"{stack}_bias", [bias]
    yield f"{stack}_norm", [f"{stack}.final_layer_norm.weight"]
    for index in range(num_layers):
        own, parts = f"{stack}.{index}", f"{stack}.block.{index}.layer"
        attention = f"{parts}.0.SelfAttention"
        yield f"{own}.attention.norm", [f"{parts}.0.layer_norm.weight"]
        yield f"{own}.attention.qkv", [f"{attention}.{part}.weight" for part in "qkv"]
        yield f"{own}.attention.out", [f"{attention}.o.weight"]
        last = 1
        if stack == "decoder":
            cross, last = f"{parts}.1.EncDecAttention", 2
            yield f"{own}.cross.norm", [f"{parts}.1.layer_norm.weight"]
            yield f"{own}.cross.query", [f"{cross}.q.weight"]
            yield f"{own}.cross.kv", [f"{cross}.{part}.weight" for part in "kv"]
            yield f"{own}.cross.out", [f"{cross}.o.weight"]
        yield f"{own}.feed_forward.norm", [f"{parts}.{last}.layer_norm.weight"]
        yield f"{own}.feed_forward.wide", [f"{parts}.{last}.DenseReluDense.wi.weight"]
        yield f"{own}.feed_forward.narrow", [f"{parts}.{last}.DenseReluDense.wo.weight"]
