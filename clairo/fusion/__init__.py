"""Bringing modalities together, or keeping them apart, before quantization."""

from __future__ import annotations

from clairo.fusion.attention import AttentionConfig
from clairo.fusion.base import Fusion, FusionConfig
from clairo.fusion.cca import CcaConfig
from clairo.fusion.concat import ConcatConfig, ConcatPcaConfig
from clairo.fusion.cross_attention import CrossAttentionConfig
from clairo.fusion.gated import GatedConfig
from clairo.fusion.selection import ImageOnlyConfig, NoFusionConfig, TextOnlyConfig
from clairo.fusion.weighted import WeightedConfig

AnyFusion = (
    TextOnlyConfig
    | ImageOnlyConfig
    | ConcatConfig
    | ConcatPcaConfig
    | WeightedConfig
    | GatedConfig
    | AttentionConfig
    | CrossAttentionConfig
    | CcaConfig
    | NoFusionConfig
)
"""The registry: one member per method."""

__all__ = [
    "AnyFusion",
    "AttentionConfig",
    "CcaConfig",
    "ConcatConfig",
    "ConcatPcaConfig",
    "CrossAttentionConfig",
    "Fusion",
    "FusionConfig",
    "GatedConfig",
    "ImageOnlyConfig",
    "NoFusionConfig",
    "TextOnlyConfig",
    "WeightedConfig",
]
