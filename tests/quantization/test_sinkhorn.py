"""Balanced assignments, against plans balanced on paper."""

from __future__ import annotations

import math

import pytest
import torch

from clairo.core.errors import StageError
from clairo.quantization.sinkhorn import balanced_codes, balanced_plan


def test_a_plan_of_two_by_two_is_the_one_found_on_paper() -> None:
    # Scaling rows and columns keeps the cross ratio 1 * 4 / (2 * 3) = 2/3. In a doubly
    # stochastic matrix [[p, 1-p], [1-p, p]] it is (p / (1-p))^2, so p / (1-p) = sqrt(2/3).
    odds = math.sqrt(2 / 3)
    p = odds / (1 + odds)
    plan = balanced_plan(torch.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=torch.float64), 50)
    wanted = torch.tensor([[p, 1 - p], [1 - p, p]], dtype=torch.float64)
    torch.testing.assert_close(plan, wanted)


def test_rows_sum_to_one_and_columns_share_the_rows_equally() -> None:
    kernel = torch.rand((12, 3), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    plan = balanced_plan(kernel, 200)
    torch.testing.assert_close(plan.sum(dim=1), torch.ones(12, dtype=torch.float64))
    torch.testing.assert_close(plan.sum(dim=0), torch.full((3,), 12 / 3, dtype=torch.float64))


def test_rows_that_all_want_one_code_are_split_and_those_leave_that_lose_least() -> None:
    distances = torch.tensor([[0.0, 4.0], [0.0, 1.0], [0.0, 3.0], [0.0, 2.0]])
    assert distances.argmin(dim=1).tolist() == [0, 0, 0, 0]
    assert balanced_codes(distances, 0.05, 500).tolist() == [0, 1, 0, 1]


def test_scaling_and_shifting_distances_changes_no_code() -> None:
    distances = torch.rand((20, 4), generator=torch.Generator().manual_seed(1))
    first = balanced_codes(distances, 0.1, 50)
    assert torch.equal(first, balanced_codes(1000 * distances + 7, 0.1, 50))


def test_the_published_epsilon_stays_finite_where_a_code_is_far_from_all_rows() -> None:
    distances = torch.zeros((64, 8))
    distances[:, 1:] = 1.0 + torch.rand((64, 7), generator=torch.Generator().manual_seed(2))
    codes = balanced_codes(distances, 0.003, 50)
    assert len(codes.unique()) > 1


def test_equal_distances_are_no_division_by_zero() -> None:
    assert balanced_codes(torch.full((3, 2), 5.0), 0.003, 5).tolist() == [0, 0, 0]


def test_a_plan_that_is_not_finite_is_an_error_with_the_cure() -> None:
    with pytest.raises(StageError, match=r"epsilon 0.0001; raise sinkhorn_epsilon"):
        balanced_codes(torch.tensor([[0.0, 1.0], [0.0, 1.0]]), 0.0001, 5)
