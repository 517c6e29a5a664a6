"""Vectors to codes: quantizers, disambiguation, diagnostics and printing."""

from __future__ import annotations

from clairo.quantization.base import Quantizer, QuantizerConfig
from clairo.quantization.given import GivenConfig
from clairo.quantization.opq import OpqConfig
from clairo.quantization.pq import PqConfig
from clairo.quantization.rq_kmeans import RqKmeansConfig
from clairo.quantization.rq_vae import RqVaeConfig
from clairo.quantization.vq_vae import VqVaeConfig

AnyQuantizer = OpqConfig | PqConfig | RqKmeansConfig | RqVaeConfig | VqVaeConfig
"""The registry: one member per method that turns vectors into codes."""

__all__ = [
    "AnyQuantizer",
    "GivenConfig",
    "OpqConfig",
    "PqConfig",
    "Quantizer",
    "QuantizerConfig",
    "RqKmeansConfig",
    "RqVaeConfig",
    "VqVaeConfig",
]
