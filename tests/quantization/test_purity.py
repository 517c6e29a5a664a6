"""Categories under one prefix, against categories dealt out at random."""

from __future__ import annotations

import numpy as np
import pytest

from clairo.quantization.purity import category_purity, majority_share

KINDS = ("lamp", "rug", "sofa", "vase")


def test_codes_that_are_the_categories_are_pure_and_chance_is_a_quarter() -> None:
    labels = np.arange(4000) % 4
    found = category_purity([KINDS[i] for i in labels], labels[:, None], seed=0)
    assert found["num_categories"] == 4
    assert found["purity_1"] == 1.0
    # 1,000 items a group: the majority of dealt categories is a quarter and a little more.
    assert found["purity_chance_1"] == pytest.approx(0.25, abs=0.03)


def test_the_majority_of_each_group_counts() -> None:
    categories = ["lamp", "lamp", "rug", "rug", "sofa"]
    codes = np.array([[0], [0], [0], [1], [1]])
    assert category_purity(categories, codes, seed=0)["purity_1"] == (2 + 1) / 5


def test_purity_rises_with_depth_by_chance_alone() -> None:
    rng = np.random.default_rng(3)
    codes = rng.integers(0, 8, size=(400, 4))
    categories = [KINDS[i] for i in rng.integers(0, 4, size=400)]
    found = category_purity(categories, codes, seed=0)
    assert found["purity_4"] > 0.9  # 4,096 groups for 400 items: nearly each stands alone
    for depth in range(1, 5):
        assert found[f"purity_{depth}"] == pytest.approx(found[f"purity_chance_{depth}"], abs=0.05)


def test_items_of_unknown_category_are_left_out() -> None:
    codes = np.array([[0], [0], [1], [1], [1]])
    known = category_purity(["lamp", "lamp", "rug", "", ""], codes, seed=0)
    assert known == category_purity(["lamp", "lamp", "rug"], codes[:3], seed=0)
    assert known["purity_1"] == 1.0


@pytest.mark.parametrize("categories", [["", "", ""], ["lamp", "lamp", ""]])
def test_fewer_than_two_categories_say_nothing(categories: list[str]) -> None:
    assert category_purity(categories, np.zeros((3, 2), dtype=int), seed=0) == {}


def test_the_seed_deals_and_the_purity_itself_has_no_chance_in_it() -> None:
    rng = np.random.default_rng(4)
    codes = rng.integers(0, 5, size=(90, 1))
    categories = [KINDS[i] for i in rng.integers(0, 4, size=90)]
    one, same, other = (category_purity(categories, codes, seed) for seed in (0, 0, 1))
    assert one == same
    assert one["purity_1"] == other["purity_1"]
    assert one["purity_chance_1"] != other["purity_chance_1"]


def test_ties_of_the_majority_count_once() -> None:
    assert majority_share(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])) == 0.5
