from __future__ import annotations

import pytest

from clairo.tracking.null import NullTracker
from clairo.tracking.protocol import Tracker
from tests.contracts.tracker import TRIAL_TAGS, TrackerContract


class TestContract(TrackerContract):
    @pytest.fixture
    def tracker(self) -> Tracker:
        return NullTracker()


def test_a_trial_needs_no_sweep_where_nothing_is_kept() -> None:
    assert NullTracker().open_trial("sweep-1", "key-1", "trial", TRIAL_TAGS).run_id
