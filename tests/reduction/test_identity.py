"""Identity leaves vectors alone."""

from __future__ import annotations

import numpy as np
import pytest

from clairo.reduction import IdentityReductionConfig
from tests.contracts.reduction import TRAIN_ITEMS, ReductionContract, make_table


class TestIdentity(ReductionContract):
    config_type = IdentityReductionConfig

    @pytest.fixture
    def config(self) -> IdentityReductionConfig:
        return IdentityReductionConfig()


def test_vectors_are_unchanged_and_nothing_is_saved() -> None:
    after = IdentityReductionConfig().fit(make_table(), TRAIN_ITEMS, 0).transform(make_table())
    np.testing.assert_array_equal(after.vectors, make_table().vectors)
    assert after.facts["variance_kept"] == 1
    assert after.facts["bytes_saved_share"] == 0
