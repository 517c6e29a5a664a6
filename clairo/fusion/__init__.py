"""Bringing modalities together, or keeping them apart, before quantization."""

from __future__ import annotations

from clairo.fusion.base import Fusion, FusionConfig
from clairo.fusion.concat import ConcatConfig, ConcatPcaConfig
from clairo.fusion.selection import ImageOnlyConfig, NoFusionConfig, TextOnlyConfig

AnyFusion = TextOnlyConfig | ImageOnlyConfig | ConcatConfig | ConcatPcaConfig | NoFusionConfig
"""The registry: one member per method."""

__all__ = [
    "AnyFusion",
    "ConcatConfig",
    "ConcatPcaConfig",
    "Fusion",
    "FusionConfig",
    "ImageOnlyConfig",
    "NoFusionConfig",
    "TextOnlyConfig",
]
