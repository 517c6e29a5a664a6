"""The last digit makes items unique and uses all buckets."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clairo.core.errors import DataError
from clairo.quantization.disambiguation import counter_column, hash_column

TUPLES = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=30)


@settings(deadline=None, max_examples=50)
@given(TUPLES, st.integers(0, 2**31 - 1))
def test_no_two_items_share_codes_and_bucket(tuples: list, seed: int) -> None:
    codes = np.array(tuples)
    digits = hash_column(codes, 32, seed)
    assert len({(*row, digit) for row, digit in zip(tuples, digits.tolist(), strict=True)}) == len(
        tuples
    )
    assert digits.dtype == np.int32
    assert digits.min() >= 0
    assert digits.max() < 32


def test_unique_items_spread_over_the_buckets() -> None:
    digits = hash_column(np.arange(400)[:, None], 4, seed=0)
    counts = np.bincount(digits, minlength=4)
    # 400 draws of 4: a standard deviation is sqrt(400 * 1/4 * 3/4), below 9.
    assert np.abs(counts - 100).max() < 5 * 9


def test_the_seed_decides() -> None:
    codes = np.arange(50)[:, None]
    np.testing.assert_array_equal(hash_column(codes, 64, 1), hash_column(codes, 64, 1))
    assert (hash_column(codes, 64, 1) != hash_column(codes, 64, 2)).any()


def test_a_full_tuple_uses_every_bucket_once() -> None:
    assert sorted(hash_column(np.zeros((8, 3), dtype=np.int32), 8, 0).tolist()) == list(range(8))


def test_one_item_too_many_is_an_error_with_numbers_and_cure() -> None:
    with pytest.raises(DataError, match=r"got 9 items with codes \[0, 0\].*=8; raise"):
        hash_column(np.zeros((9, 2), dtype=np.int32), 8, 0)


def test_no_items_have_no_digits() -> None:
    assert hash_column(np.zeros((0, 3), dtype=np.int32), 8, 0).shape == (0,)


@settings(deadline=None, max_examples=50)
@given(TUPLES)
def test_a_counter_counts_the_items_before_with_the_same_codes(tuples: list) -> None:
    column = counter_column(np.array(tuples))
    assert column.tolist() == [tuples[:item].count(row) for item, row in enumerate(tuples)]
    assert column.dtype == np.int32
