"""Product quantization of parts as they are."""

from __future__ import annotations

from clairo.quantization import PqConfig
from tests.contracts.quantizer import QuantizerContract


class TestPq(QuantizerContract):
    config_type = PqConfig
