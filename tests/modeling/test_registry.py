"""No model without a test of its contract."""

from __future__ import annotations

import tests.modeling
from clairo.modeling import AnyModel
from tests.contracts.model import ModelContract
from tests.contracts.registry import assert_every_kind_has_a_contract_test


def test_every_model_has_a_contract_test() -> None:
    assert_every_kind_has_a_contract_test(AnyModel, ModelContract, tests.modeling)
