"""No fusion without a contract test."""

from __future__ import annotations

import tests.fusion
from clairo.fusion import AnyFusion
from tests.contracts.fusion import FusionContract
from tests.contracts.registry import assert_every_kind_has_a_contract_test


def test_every_fusion_has_a_contract_test() -> None:
    assert_every_kind_has_a_contract_test(AnyFusion, FusionContract, tests.fusion)
