"""Vectors to codes: quantizers, disambiguation, diagnostics and printing."""

from __future__ import annotations

from clairo.quantization.base import Quantizer, QuantizerConfig
from clairo.quantization.given import GivenConfig
from clairo.quantization.opq import OpqConfig
from clairo.quantization.pq import PqConfig
from clairo.quantization.rq_kmeans import RqKmeansConfig

AnyQuantizer = OpqConfig | PqConfig | RqKmeansConfig
"""The registry: one member per method that turns vectors into codes."""

__all__ = [
    "AnyQuantizer",
    "GivenConfig",
    "OpqConfig",
    "PqConfig",
    "Quantizer",
    "QuantizerConfig",
    "RqKmeansConfig",
]
