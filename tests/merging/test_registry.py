"""No merging without a test of its contract."""

from __future__ import annotations

import tests.merging
from clairo.merging import AnyMerging
from tests.contracts.merging import MergingContract
from tests.contracts.registry import assert_every_kind_has_a_contract_test


def test_every_merging_has_a_contract_test() -> None:
    assert_every_kind_has_a_contract_test(AnyMerging, MergingContract, tests.merging)
