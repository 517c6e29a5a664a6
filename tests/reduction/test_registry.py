"""No reduction without a contract test."""

from __future__ import annotations

import tests.reduction
from clairo.reduction import AnyReduction
from tests.contracts.reduction import ReductionContract
from tests.contracts.registry import assert_every_kind_has_a_contract_test


def test_every_reduction_has_a_contract_test() -> None:
    assert_every_kind_has_a_contract_test(AnyReduction, ReductionContract, tests.reduction)
