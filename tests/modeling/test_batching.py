"""Batches hold every example once, with little padding."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clairo.core.ragged import Ragged
from clairo.modeling.batching import encoder_tensors, make_batch, plan_batches
from clairo.modeling.padding import pad_rows
from tests.modeling.small import random_rows


@given(num_rows=st.integers(1, 200), batch_size=st.integers(1, 40), seed=st.integers(0, 9))
@settings(max_examples=40, deadline=None)
def test_every_example_is_in_exactly_one_batch(num_rows: int, batch_size: int, seed: int) -> None:
    lengths = random_rows(seed, num_rows).lengths
    batches = plan_batches(lengths, lengths, batch_size, np.random.default_rng(seed))
    assert sorted(np.concatenate(batches).tolist()) == list(range(num_rows))
    assert len(batches) == -(-num_rows // batch_size)
    assert max(map(len, batches)) <= batch_size


def test_batches_of_similar_length_are_hardly_padded() -> None:
    rows = random_rows(1, 2000, lengths=(1, 40))

    def padded_share(batches: list[np.ndarray]) -> float:
        cells = sum(len(batch) * int(rows.lengths[batch].max()) for batch in batches)
        return 1 - rows.lengths.sum() / cells

    sorted_batches = plan_batches(rows.lengths, rows.lengths, 50, np.random.default_rng(0))
    shuffled = np.array_split(np.random.default_rng(0).permutation(2000), 40)
    assert padded_share(sorted_batches) < 0.06
    assert padded_share(list(shuffled)) > 0.4


def test_batches_come_in_another_order_from_another_stream() -> None:
    lengths = random_rows(2, 100).lengths
    one, other = (
        plan_batches(lengths, lengths, 10, np.random.default_rng(seed))[0].tolist()
        for seed in (0, 1)
    )
    assert one != other


def test_rows_are_ended_and_padded() -> None:
    tokens, real = pad_rows(Ragged.from_sequences([[3], [4, 5, 6]]), end_token=9)
    assert tokens.tolist() == [[3, 9, 0, 0], [4, 5, 6, 9]]
    assert real.tolist() == [[True, True, False, False], [True] * 4]


def test_a_batch_shifts_targets_and_labels_only_real_tokens() -> None:
    inputs = Ragged.from_sequences([[1, 2], [3, 4]])
    targets = Ragged.from_sequences([[5], [6, 7]])
    batch = make_batch(inputs, targets, end_token=9)
    assert batch.padded is None
    assert batch.inputs.tolist() == [[1, 2, 9], [3, 4, 9]]
    assert batch.prefixes.tolist() == [[0, 5, 9], [0, 6, 7]]
    assert batch.label_rows.tolist() == [0, 1, 3, 4, 5]
    assert batch.labels.tolist() == [5, 9, 6, 7, 9]


@pytest.mark.parametrize("rows", [[[1], [2, 3]], [[2, 3], [1]]])
def test_padding_is_marked(rows: list[list[int]]) -> None:
    _, padded = encoder_tensors(Ragged.from_sequences(rows), 9)
    assert padded is not None
    assert padded.sum().item() == 1
