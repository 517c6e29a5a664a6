"""Starts, moving averages, gradients and restarts of codebooks, done on paper."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from clairo.quantization import RqVaeConfig
from clairo.quantization.codebook_learning import (
    LearnedCodebooks,
    kmeans_codebooks,
    random_codebooks,
)
from clairo.quantization.residual_vae import residual_codes, summed_codes
from tests.worlds import grid_points

ROWS = torch.tensor([[1.0], [3.0], [2.0], [10.0]])
"""With codes at 0 and 10, the first three choose code 0 and the last one code 1."""


def learned(codes: list[float], **settings: object) -> LearnedCodebooks:
    """One codebook of one dimension, for batches of four rows."""
    config = RqVaeConfig.model_validate({"ema_decay": 0.5, "dead_code_restart": False, **settings})
    return LearnedCodebooks(torch.tensor(codes)[None, :, None], config, batch_rows=4)


def stream() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_codes_of_grid_points_are_those_counted_by_hand() -> None:
    world = grid_points()
    points = torch.from_numpy(world.points).float()
    books = torch.stack([torch.from_numpy(b).float() for b in (world.first, world.second)])
    codes = residual_codes(points, books)
    assert codes.tolist() == world.codes.tolist()
    assert torch.equal(summed_codes(codes, books), points)


def test_kmeans_finds_the_grid_level_by_level() -> None:
    world = grid_points()
    points = torch.from_numpy(world.points).float()
    errors = []
    for seed in range(20):
        books = kmeans_codebooks(points, 2, 4, seed)
        codes = residual_codes(points, books)
        errors.append(float((summed_codes(codes, books) - points).abs().max()))
        if errors[-1] < 1e-3:
            first = codes[:, 0].numpy()
            pairs = np.unique(np.stack([first, world.codes[:, 0]]), axis=1)
            assert pairs.shape[1] == 4
    # A single start often merges two corners: four of 16 points lie in four of them once in 7.
    assert min(errors) < 1e-3


def test_random_codes_fill_a_cube_of_the_published_width() -> None:
    codes = random_codebooks(2, 50, 30, stream())
    assert codes.abs().max() <= 1 / 50
    assert codes.abs().max() > 0.95 / 50
    assert abs(float(codes.mean())) < 0.1 / 50


def test_moving_averages_are_those_of_paper_and_pencil() -> None:
    codebooks = learned([0.0, 10.0])
    codebooks.follow(codebooks.choose(ROWS), stream())
    # Both codes begin with 2 of the 4 rows. Code 0: (2 + 3) / 2 rows, (2 * 0 + 6) / 2 in sum.
    # Code 1: (2 + 1) / 2 rows, (2 * 10 + 10) / 2 in sum.
    assert codebooks.counts[0].tolist() == [2.5, 1.5]
    assert codebooks.sums[0, :, 0].tolist() == [3.0, 15.0]
    np.testing.assert_allclose(codebooks.values[0, :, 0].numpy(), [3.0 / 2.5, 15.0 / 1.5])


def test_a_code_that_nothing_chooses_stays_where_it_is() -> None:
    codebooks = learned([0.0, 1000.0])
    for _ in range(100):
        codebooks.follow(codebooks.choose(ROWS), stream())
    assert codebooks.counts[0, 1] < 1e-6
    assert float(codebooks.values[0, 1, 0]) == pytest.approx(1000.0, rel=1e-5)


def test_a_planted_dead_code_is_put_on_a_row_of_the_batch() -> None:
    codebooks = learned([0.0, 1000.0], dead_code_restart=True, restart_below=0.3)
    # Even use is 2 rows, so dead is below 0.6; halved, the count is 1.0, then 0.5.
    codebooks.follow(codebooks.choose(ROWS), stream())
    assert float(codebooks.values[0, 1, 0]) == 1000.0
    codebooks.follow(codebooks.choose(ROWS), stream())
    assert float(codebooks.values[0, 1, 0]) in ROWS[:, 0].tolist()
    assert float(codebooks.counts[0, 1]) == 2.0
    assert float(codebooks.sums[0, 1, 0]) == 2.0 * float(codebooks.values[0, 1, 0])


def test_a_dead_code_stays_dead_where_restarts_are_off() -> None:
    codebooks = learned([0.0, 1000.0], dead_code_restart=False)
    for _ in range(5):
        codebooks.follow(codebooks.choose(ROWS), stream())
    assert float(codebooks.values[0, 1, 0]) == 1000.0


def test_more_dead_codes_than_rows_are_restarted_as_far_as_rows_go() -> None:
    codebooks = learned([0.0, *[1000.0 + code for code in range(7)]], dead_code_restart=True)
    restarted = []
    for _ in range(5):
        codebooks.follow(codebooks.choose(ROWS), stream())
        restarted.append(int((codebooks.values[0, :, 0] < 500).sum()) - 1)
    # Counts of 1/2 are halved by each batch; dead is below 1/20, so after four batches.
    assert restarted == [0, 0, 0, len(ROWS), 7]


def test_gradients_of_codes_and_rows_are_those_of_paper_and_pencil() -> None:
    codebooks = learned([0.0, 10.0], codebook_update="ste")
    latents = ROWS.clone().requires_grad_()
    choice = codebooks.choose(latents)
    # (1 + 9 + 4 + 0) / 4, whichever side moves.
    assert choice.commitment.item() == choice.fitting.item() == 3.5
    choice.fitting.backward()
    # 2 / 4 of (code - row), summed over the rows of a code: 0 - 6 and 10 - 10.
    assert codebooks.values.grad is not None
    assert codebooks.values.grad[0, :, 0].tolist() == [-3.0, 0.0]
    assert latents.grad is None
    choice.commitment.backward()
    assert latents.grad is not None
    assert latents.grad[:, 0].tolist() == [0.5, 1.5, 1.0, 0.0]


def test_only_codes_by_gradient_are_parameters() -> None:
    assert learned([0.0, 1.0], codebook_update="ste").values.requires_grad
    assert not learned([0.0, 1.0], codebook_update="ema").values.requires_grad


def test_gradient_codes_are_not_moved_by_averages() -> None:
    codebooks = learned([0.0, 10.0], codebook_update="ste")
    codebooks.follow(codebooks.choose(ROWS), stream())
    assert codebooks.values[0, :, 0].tolist() == [0.0, 10.0]
    assert codebooks.counts[0].tolist() == [2.5, 1.5]


def test_the_balanced_plan_chooses_on_the_last_level_alone() -> None:
    config = RqVaeConfig(sinkhorn_last=True, sinkhorn_epsilon=0.05, sinkhorn_iterations=500)
    start = torch.tensor([[[0.0], [100.0]], [[0.0], [20.0]]])
    codes = LearnedCodebooks(start, config, batch_rows=4).choose(ROWS).codes
    # All are nearest to 0 on both levels. On the last, the two that lose least move to 20.
    assert codes[0].tolist() == [0, 0, 0, 0]
    assert codes[1].tolist() == [0, 1, 0, 1]
