"""Verdicts and what stands beside them: arithmetic on paper.

How often a verdict errs is counted in ``test_calibration.py``.
"""

from __future__ import annotations

import numpy as np
import pytest

from clairo.core.errors import DataError
from clairo.evaluation.intervals import student_interval
from clairo.evaluation.significance import (
    decide,
    effect_size,
    equivalent_within,
    holm,
    sign_flip_p,
    user_shares,
)


def test_sign_flip_counts_every_pattern() -> None:
    # |+-1 +-2 +-3| is at least 4 for (+,+,+), (-,+,+) and their mirror images: 4 of 8.
    assert sign_flip_p([-1.0, 2.0, 3.0]) == 4 / 8
    assert sign_flip_p([0.1, 0.1]) == 2 / 4
    assert sign_flip_p([0.0, 0.0, 0.0]) == 1.0


def test_five_seeds_cannot_go_below_one_sixteenth() -> None:
    assert sign_flip_p([1.0, 2.0, 3.0, 4.0, 5.0]) == 2 / 2**5


@pytest.mark.parametrize("count", [0, 17])
def test_sign_flip_refuses_what_it_cannot_enumerate(count: int) -> None:
    with pytest.raises(DataError, match=f"got {count}"):
        sign_flip_p([0.1] * count)


def test_holm_steps_down_and_never_decreases() -> None:
    adjusted = holm([0.01, 0.04, 0.03, 0.005])
    assert adjusted == pytest.approx((0.03, 0.06, 0.06, 0.02))


def test_holm_counts_the_arms_that_could_not_be_tested() -> None:
    assert holm([0.02, None, None]) == (pytest.approx(0.06), None, None)
    assert holm([]) == ()


def test_a_verdict_needs_evidence_in_its_direction() -> None:
    assert decide(-0.02, 0.01, 0.9) == "worse"
    assert decide(-0.02, None, None) == "inconclusive"
    assert decide(0.001, 0.01, 0.01) == "equivalent"


def test_user_shares_and_effect_size_average_seeds_first() -> None:
    deltas = np.array([[0.2, 0.0, -0.1, 0.4], [0.0, 0.0, -0.3, np.nan]])
    shares = user_shares(deltas)
    assert (shares.better, shares.equal, shares.worse) == (0.5, 0.25, 0.25)
    means = np.array([0.1, 0.0, -0.2, 0.4])
    assert effect_size(deltas) == pytest.approx(means.mean() / means.std(ddof=1))
    assert effect_size(np.zeros((2, 3))) is None


@pytest.mark.parametrize("freedom", [1.0, 4.0, 300.0])
def test_better_is_never_said_of_an_effect_surely_within_the_margin(freedom: float) -> None:
    said = set()
    for mean in np.linspace(-0.03, 0.03, 61):
        for error in (0.0, 1e-4, 1e-3, 3e-3, 1e-2):
            wide = student_interval(float(mean), error, freedom, confidence=0.95)
            inner = student_interval(float(mean), error, freedom, confidence=0.90)
            assert inner.low is not None
            assert inner.high is not None
            verdict = decide(inner.mean, wide.p, equivalent_within(inner, 0.01))
            assert (verdict == "equivalent") == (inner.low > -0.01 and inner.high < 0.01)
            if verdict == "better":
                assert wide.low is not None
                assert wide.low > 0
            said.add(verdict)
    assert said == {"better", "worse", "equivalent", "inconclusive"}


@pytest.mark.parametrize(
    "numbers", [(np.nan, 0.01, 0.9), (0.02, np.nan, 0.9), (0.02, 0.01, np.nan)]
)
def test_no_verdict_is_made_of_a_missing_number(numbers: tuple[float, float, float]) -> None:
    with pytest.raises(DataError, match="A verdict needs numbers"):
        decide(*numbers)


@pytest.mark.parametrize("p", [np.nan, -0.1, 1.5])
def test_holm_refuses_what_is_no_p_value(p: float) -> None:
    with pytest.raises(DataError, match="between 0 and 1"):
        holm([0.01, p])
