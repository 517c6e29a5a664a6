"""Diagnostics against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from clairo.quantization.diagnostics import (
    bits_per_item,
    codebook_diagnostics,
    collision_diagnostics,
    reconstruction_error,
)


def test_perplexity_of_uneven_codes_follows_the_entropy() -> None:
    found = codebook_diagnostics(np.array([0, 0, 0, 2]), size=4)
    entropy = -(3 / 4 * np.log2(3 / 4) + 1 / 4 * np.log2(1 / 4))
    assert found["entropy"] == pytest.approx(entropy)
    assert found["perplexity"] == pytest.approx(2**entropy)
    assert found["counts"] == [3, 0, 1, 0]
    assert (found["usage"], found["dead_codes"]) == (0.5, 2)


def test_a_collapsed_codebook_has_perplexity_one() -> None:
    found = codebook_diagnostics(np.zeros(5, dtype=int), size=8)
    assert (found["perplexity"], found["entropy"], found["usage"]) == (1.0, 0.0, 1 / 8)


def test_the_error_is_the_share_of_variance_that_is_lost() -> None:
    vectors = np.array([[0.0, 0.0], [4.0, 0.0]])
    assert reconstruction_error(vectors, vectors) == 0
    assert reconstruction_error(vectors, np.array([[1.0, 0.0], [3.0, 0.0]])) == 2 / 8


def test_equal_vectors_lose_nothing_or_everything() -> None:
    same = np.ones((3, 2))
    assert reconstruction_error(same, same) == 0
    assert reconstruction_error(same, same + 1) == 1


def test_collisions_are_counted_before_disambiguation() -> None:
    found = collision_diagnostics(np.array([[1], [1], [1], [2], [2], [3]]))
    assert found == {
        "num_items": 6,
        "num_distinct": 3,
        "collision_rate": 1 - 3 / 6,
        "largest_bucket": 3,
    }


def test_bits_are_the_sum_over_columns() -> None:
    assert bits_per_item([4, 8]) == 2 + 3
