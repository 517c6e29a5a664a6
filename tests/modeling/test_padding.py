"""Compiled padding gives what a plain loop gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clairo.core.ragged import Ragged
from clairo.modeling import padding
from clairo.modeling.padding import pad_rows
from tests.modeling.small import random_rows


@given(seed=st.integers(0, 50), num_rows=st.integers(1, 30))
@settings(max_examples=30, deadline=None)
def test_chosen_rows_are_ended_and_padded_as_a_loop_would(seed: int, num_rows: int) -> None:
    table = random_rows(seed, num_rows)
    chosen = np.random.default_rng(seed).integers(0, num_rows, size=num_rows)
    tokens, real = pad_rows(table, 12, chosen)
    for row, number in enumerate(chosen):
        ended = [*table[number].tolist(), 12]
        assert tokens[row, : len(ended)].tolist() == ended
        assert not tokens[row, len(ended) :].any()
        assert real[row].tolist() == [place < len(ended) for place in range(tokens.shape[1])]
    assert tokens.shape[1] == 1 + table.lengths[chosen].max()


@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.int64])
def test_any_integers_are_read_also_from_memory_that_may_not_be_written(dtype: type) -> None:
    values = np.array([3, 4, 5], dtype=dtype)
    values.setflags(write=False)
    tokens, _ = pad_rows(Ragged(values, np.array([0, 1, 3])), 9)
    assert tokens.tolist() == [[3, 9, 0], [4, 5, 9]]
    assert tokens.dtype == np.int64


def test_a_row_that_is_not_there_is_an_error() -> None:
    with pytest.raises(IndexError, match="out of bounds"):
        pad_rows(random_rows(0, 3), 12, [3])


def test_a_warm_up_leaves_nothing_to_compile_for_a_training() -> None:
    padding.warm_up()
    before = len(padding._pad.signatures)
    pad_rows(random_rows(0, 3), 12, np.array([2, 0], dtype=np.int32))
    assert len(padding._pad.signatures) == before
