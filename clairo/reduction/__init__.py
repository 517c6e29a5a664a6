"""Fewer dimensions per modality, before fusion and quantization."""

from __future__ import annotations

from clairo.reduction.base import Reduction, ReductionConfig
from clairo.reduction.identity import IdentityReductionConfig
from clairo.reduction.pca import PcaConfig

AnyReduction = PcaConfig | IdentityReductionConfig
"""The registry: one member per method."""

__all__ = [
    "AnyReduction",
    "IdentityReductionConfig",
    "PcaConfig",
    "Reduction",
    "ReductionConfig",
]
