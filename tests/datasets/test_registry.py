"""No data set without a test of its contract."""

from __future__ import annotations

import tests.datasets
from clairo.datasets import AnyDataset
from tests.contracts.datasets import DatasetContract
from tests.contracts.registry import assert_every_kind_has_a_contract_test


def test_every_data_set_has_a_contract_test() -> None:
    assert_every_kind_has_a_contract_test(AnyDataset, DatasetContract, tests.datasets)
