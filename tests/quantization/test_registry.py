"""No quantizer without a contract test."""

from __future__ import annotations

import tests.quantization
from clairo.quantization import AnyQuantizer
from tests.contracts.quantizer import QuantizerContract
from tests.contracts.registry import assert_every_kind_has_a_contract_test


def test_every_quantizer_has_a_contract_test() -> None:
    assert_every_kind_has_a_contract_test(AnyQuantizer, QuantizerContract, tests.quantization)
