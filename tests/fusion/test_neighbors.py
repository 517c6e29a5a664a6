"""Neighbors are drawn from the training sequences, and from nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from clairo.core.ragged import Ragged
from clairo.fusion.neighbors import NOBODY, Neighbors, ragged


def drawn(sequences, item: int, window: int, usable=None, draws: int = 2000) -> dict[int, float]:
    """Share of each neighbor among many draws."""
    usable = np.ones(10, dtype=bool) if usable is None else usable
    neighbors = Neighbors.of(Ragged.from_sequences(sequences), usable, window)
    found = neighbors.draw(np.full(draws, item), np.random.default_rng(0))
    values, counts = np.unique(found, return_counts=True)
    return dict(zip(values.tolist(), (counts / draws).tolist(), strict=True))


def test_only_items_within_the_window_are_drawn_evenly() -> None:
    found = drawn([[0, 1, 2, 3, 4, 5]], item=2, window=2)
    assert set(found) == {0, 1, 3, 4}
    assert all(share == pytest.approx(1 / 4, abs=0.04) for share in found.values())


def test_the_window_ends_with_the_sequence() -> None:
    assert set(drawn([[7, 8], [0, 1, 2], [9, 8]], item=0, window=2)) == {1, 2}
    assert set(drawn([[7, 8], [0, 1, 2], [9, 8]], item=2, window=2)) == {0, 1}


def test_every_occurrence_is_as_probable_as_any_other() -> None:
    found = drawn([[0, 1], [0, 1], [0, 2], [3, 4]], item=0, window=1)
    assert found[1] == pytest.approx(2 / 3, abs=0.04)
    assert found[2] == pytest.approx(1 / 3, abs=0.04)


def test_items_that_may_not_be_drawn_are_taken_out_and_distances_close_up() -> None:
    usable = np.arange(10) != 1
    assert set(drawn([[0, 1, 2]], item=0, window=1, usable=usable)) == {2}
    assert set(drawn([[0, 1], [1, 0]], item=0, window=1, usable=usable)) == {NOBODY}


def test_an_item_is_not_its_own_neighbor() -> None:
    assert set(drawn([[5, 5]], item=5, window=3)) == {NOBODY}


def test_items_with_neighbors_are_counted_once() -> None:
    neighbors = Neighbors.of(
        Ragged.from_sequences([[0, 1, 0], [2], []]), np.ones(4, dtype=bool), window=1
    )
    assert neighbors.num_items == 2


def test_sequences_that_are_ragged_already_are_not_copied() -> None:
    packed = Ragged.from_sequences([[1, 2]])
    assert ragged(packed) is packed
    assert [row.tolist() for row in ragged(np.array([i, i]) for i in range(2))] == [[0, 0], [1, 1]]
