"""Nearest neighbours under one prefix: all of them, none of them, and what chance gives."""

from __future__ import annotations

import numpy as np
import pytest

from clairo.quantization import neighborhoods
from clairo.quantization.neighborhoods import (
    nearest_by_cosine,
    neighbor_preservation,
    share_of_equal_pairs,
)

CLUSTERS, EACH = 4, 11


def clustered() -> np.ndarray:
    """Four groups of eleven items in four directions, so that each has its ten neighbours."""
    noise = np.random.default_rng(0).normal(size=(CLUSTERS * EACH, CLUSTERS), scale=0.01)
    return np.repeat(np.eye(CLUSTERS), EACH, axis=0) + noise


def test_codes_that_are_the_clusters_keep_every_neighbour() -> None:
    codes = np.repeat(np.arange(CLUSTERS), EACH)[:, None]
    found = neighbor_preservation(clustered(), codes, seed=0)
    assert found["neighbors_1"] == 1.0
    assert found["neighbors_chance_1"] == pytest.approx((EACH - 1) / (CLUSTERS * EACH - 1))


def test_codes_that_split_every_cluster_evenly_keep_few_neighbours_and_chance_says_so() -> None:
    codes = (np.arange(CLUSTERS * EACH) % EACH)[:, None]
    found = neighbor_preservation(clustered(), codes, seed=0)
    # The ten neighbours of an item are the others of its cluster, which all have another code.
    assert found["neighbors_1"] == 0.0
    assert found["neighbors_chance_1"] == pytest.approx((CLUSTERS - 1) / (CLUSTERS * EACH - 1))


def test_with_one_code_for_all_nothing_is_better_than_chance() -> None:
    found = neighbor_preservation(clustered(), np.zeros((44, 1), dtype=int), seed=0)
    assert found == {"neighbors_1": 1.0, "neighbors_chance_1": 1.0}


def test_a_second_code_can_only_part_neighbours() -> None:
    first = np.repeat(np.arange(CLUSTERS), EACH)
    second = np.tile(np.arange(EACH) < 1, CLUSTERS).astype(int)
    found = neighbor_preservation(clustered(), np.column_stack([first, second]), seed=0)
    assert found["neighbors_1"] == 1.0
    # In each cluster one item stands alone (0 of 10) and ten see it as one of their neighbours.
    assert found["neighbors_2"] == pytest.approx((0 + 10 * 0.9) / 11)


def test_similarity_is_the_cosine_and_length_plays_no_part() -> None:
    rows = np.array([[1.0, 0.0], [100.0, 1.0], [0.0, 1.0], [0.0, 0.0]])
    assert nearest_by_cosine(rows, np.array([0]), 1).tolist() == [[1]]


def test_blocks_give_what_one_block_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = np.random.default_rng(1).normal(size=(60, 5))
    whole = np.sort(nearest_by_cosine(vectors, np.arange(60), 10), axis=1)
    monkeypatch.setattr(neighborhoods, "_BLOCK", 7 * 60)
    parts = np.sort(nearest_by_cosine(vectors, np.arange(60), 10), axis=1)
    np.testing.assert_array_equal(whole, parts)


def test_a_sample_of_many_items_is_near_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    vectors = rng.normal(size=(1500, 4))
    codes = (vectors[:, :2] > 0).astype(int)
    whole = neighbor_preservation(vectors, codes, seed=0)
    monkeypatch.setattr(neighborhoods, "EXACT_UP_TO", 1000)
    monkeypatch.setattr(neighborhoods, "SAMPLED", 700)
    sampled = neighbor_preservation(vectors, codes, seed=0)
    assert sampled != whole
    assert sampled == pytest.approx(whole, abs=0.03)
    assert sampled == neighbor_preservation(vectors, codes, seed=0)


def test_fewer_items_than_ten_neighbours_have_all_others_and_one_item_has_none() -> None:
    codes = np.array([[0], [0], [1]])
    found = neighbor_preservation(np.eye(3), codes, seed=0)
    # Each item's neighbours are both others: 1 of 2, 1 of 2, 0 of 2.
    assert found["neighbors_1"] == pytest.approx(1 / 3) == found["neighbors_chance_1"]
    assert neighbor_preservation(np.eye(1), codes[:1], seed=0) == {}


def test_equal_pairs_are_counted_without_an_item_and_itself() -> None:
    assert share_of_equal_pairs(np.array([[0, 1], [0, 1], [0, 2]])) == pytest.approx(2 / 6)
