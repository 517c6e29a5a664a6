"""Histories follow the rules, and the ceilings follow from the rules."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest

from clairo.core.artifacts import Dataset
from clairo.core.dataset import InteractionLog
from clairo.datasets import DemoConfig
from clairo.datasets.demo_ceiling import best_ndcg, expected_gains, next_item_probabilities
from clairo.datasets.demo_histories import draw_log
from clairo.datasets.demo_world import DemoWorld, build_world
from clairo.evaluation import (
    popularity_lists,
    ranking_metrics,
    rankings_from_lists,
)
from tests.worlds import small_demo


def steps_of(world: DemoWorld, log: InteractionLog) -> tuple[np.ndarray, np.ndarray]:
    """Items and their followers, over all users."""
    follows = np.ones(len(log), dtype=bool)
    follows[log.offsets[:-1]] = False
    return log.items[:-1][follows[1:]], log.items[follows]


def test_the_route_visits_every_theme_once() -> None:
    world = build_world(DemoConfig(seed=7))

    visited, theme = [], 0
    for _ in range(world.config.num_themes):
        visited.append(theme)
        theme = int(world.next_theme[theme])

    assert theme == 0
    assert sorted(visited) == list(range(world.config.num_themes))


def test_items_are_spread_evenly_over_cells_and_popularities_sum_to_one() -> None:
    world = build_world(DemoConfig(num_items=300))

    sizes = np.bincount(world.cells)
    assert set(sizes.tolist()) == {2, 3}
    assert len(sizes) == 144
    np.testing.assert_allclose(np.bincount(world.cells, weights=world.popularity), 1.0)


def test_the_next_theme_follows_the_route_as_often_as_the_share_says() -> None:
    world = build_world(small_demo(num_users=3000, text_share=0.7))
    before, after = steps_of(world, draw_log(world))

    followed = world.themes[after] == world.next_theme[world.themes[before]]

    # Wandering hits the route's theme by chance, one time in five.
    wanted = 0.7 + 0.3 / 5
    assert followed.mean() == pytest.approx(wanted, abs=4 * np.sqrt(0.25 / len(after)))


def test_with_full_shares_every_history_is_the_route_in_one_look() -> None:
    world = build_world(small_demo(text_share=1.0, visual_share=1.0))
    log = draw_log(world)
    before, after = steps_of(world, log)

    assert (world.themes[after] == world.next_theme[world.themes[before]]).all()
    assert (world.looks[after] == world.looks[before]).all()


def test_without_shares_themes_and_looks_are_uniform() -> None:
    world = build_world(small_demo(num_users=3000, text_share=0.0, visual_share=0.0))
    cells = np.bincount(world.cells[draw_log(world).items])

    # Poisson counts: five standard deviations around the mean.
    mean = cells.sum() / len(cells)
    assert (np.abs(cells - mean) < 5 * np.sqrt(mean)).all()


def test_items_of_a_cell_are_drawn_by_popularity() -> None:
    world = build_world(small_demo(num_users=5000, num_items=20, num_themes=2, num_looks=2))
    counts = np.bincount(draw_log(world).items, minlength=20)

    totals = np.bincount(world.cells, weights=counts)[world.cells]
    np.testing.assert_allclose(counts / totals, world.popularity, atol=0.02)


def test_the_taste_is_inferred_from_the_looks_seen() -> None:
    world = build_world(small_demo(visual_share=0.5))  # four looks

    # a = 0.5 + 0.5/4 = 0.625, b = 0.125; seen: look 0 twice, look 1 once.
    weights = np.array([0.625**2 * 0.125, 0.625 * 0.125**2, 0.125**3, 0.125**3])
    wanted = 0.5 * weights / weights.sum() + 0.125
    np.testing.assert_allclose(world.look_probabilities(np.array([[2, 1, 0, 0]]))[0], wanted)


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_conditional_probabilities_sum_to_one(share: float) -> None:
    world = build_world(small_demo(text_share=share, visual_share=share))
    log = draw_log(world)
    users = np.arange(len(log.user_ids))

    for sight in ("both", "text_only", "image_only"):
        given = next_item_probabilities(world, log, users, np.full(len(users), 3), sight)  # type: ignore[arg-type]
        np.testing.assert_allclose(given.sum(axis=1), 1.0)


def test_conditional_probabilities_are_calibrated() -> None:
    world = build_world(small_demo(num_users=20_000, mean_length=5))
    log = draw_log(world)
    users = np.arange(20_000)

    given = next_item_probabilities(world, log, users, np.full(20_000, 3))
    best, right = given.argmax(axis=1), log.items[log.offsets[users] + 3]

    # The best guess is right as often as it claims to be; sd of a mean of 20,000 is 0.0035.
    assert (best == right).mean() == pytest.approx(given.max(axis=1).mean(), abs=0.015)


def test_gains_are_averaged_over_orders_among_equals() -> None:
    discounts = 1 / np.log2(np.arange(1, 11) + 1)

    all_equal = expected_gains(np.zeros((1, 40)), np.array([5]))
    assert all_equal[0] == pytest.approx(discounts.sum() / 40)
    eleventh = expected_gains(-np.arange(12.0)[None, :], np.array([10]))
    assert eleventh[0] == 0
    small = expected_gains(np.zeros((1, 3)), np.array([1]))
    assert small[0] == pytest.approx((1 + 1 / np.log2(3) + 1 / 2) / 3)


@pytest.fixture(scope="module")
def default_world() -> tuple[DemoWorld, Dataset]:
    config = DemoConfig(seed=11)
    return build_world(config), config.read()


def test_a_certain_world_has_the_ceiling_of_its_cells() -> None:
    config = small_demo(num_users=2000, text_share=1.0, visual_share=1.0, popularity_spread=0.0)

    # The cell is known and its three items are equally likely.
    wanted = (1 + 1 / np.log2(3) + 1 / np.log2(4)) / 3
    facts = config.read().facts
    assert facts["ceiling_test_ndcg_at_10"] == pytest.approx(wanted)


def test_an_unpredictable_world_has_the_ceiling_of_chance() -> None:
    config = small_demo(text_share=0.0, visual_share=0.0, popularity_spread=0.0)

    chance = (1 / np.log2(np.arange(1, 11) + 1)).sum() / 60
    facts = config.read().facts
    for sight in ("", "_text_only", "_image_only"):
        assert facts[f"ceiling_valid_ndcg_at_10{sight}"] == pytest.approx(chance)


@pytest.mark.parametrize("split", ["valid", "test"])
def test_both_modalities_are_needed_and_popularity_is_far_below(
    default_world: tuple[DemoWorld, Dataset], split: str
) -> None:
    facts = default_world[1].facts
    ceiling = facts[f"ceiling_{split}_ndcg_at_10"]

    assert 0.4 < ceiling < 0.9
    assert facts[f"ceiling_{split}_ndcg_at_10_text_only"] < 0.5 * ceiling
    assert facts[f"ceiling_{split}_ndcg_at_10_image_only"] < 0.5 * ceiling
    assert facts[f"popularity_{split}_ndcg_at_10"] < 0.1 * ceiling


def test_without_a_visual_share_the_picture_tells_nothing() -> None:
    facts = DemoConfig(seed=3, visual_share=0.0).read().facts

    both, text = facts["ceiling_test_ndcg_at_10"], facts["ceiling_test_ndcg_at_10_text_only"]
    assert both == pytest.approx(text)
    assert facts["ceiling_test_ndcg_at_10_image_only"] < 0.25 * text


def test_without_a_text_share_the_text_tells_nothing() -> None:
    facts = DemoConfig(seed=3, text_share=0.0).read().facts

    both, image = facts["ceiling_test_ndcg_at_10"], facts["ceiling_test_ndcg_at_10_image_only"]
    assert both == pytest.approx(image)
    assert facts["ceiling_test_ndcg_at_10_text_only"] < 0.25 * image


@pytest.mark.parametrize("split", ["valid", "test"])
def test_the_popularity_floor_is_the_one_that_evaluation_measures(
    default_world: tuple[DemoWorld, Dataset], split: Literal["valid", "test"]
) -> None:
    dataset = default_world[1]
    users = np.arange(len(dataset.log.user_ids))
    targets = dataset.log.items[dataset.log.offsets[users] + dataset.splits.positions(split)]
    lists = popularity_lists(dataset.train_counts(), len(users), 10)

    measured = ranking_metrics(rankings_from_lists(split, users, targets, lists).ranks)
    wanted = pytest.approx(measured["ndcg_at_10"])
    assert dataset.facts[f"popularity_{split}_ndcg_at_10"] == wanted


def test_the_ceiling_is_what_evaluation_measures_on_the_true_ranking(
    default_world: tuple[DemoWorld, Dataset],
) -> None:
    world, dataset = default_world
    users, log = np.arange(len(dataset.log.user_ids)), dataset.log
    positions = dataset.splits.test_positions
    truth = next_item_probabilities(world, log, users, positions)
    lists = np.argsort(-truth, axis=1, kind="stable")[:, :10]

    rankings = rankings_from_lists("test", users, log.items[log.offsets[users] + positions], lists)
    measured = ranking_metrics(rankings.ranks)["ndcg_at_10"]
    assert dataset.facts["ceiling_test_ndcg_at_10"] == pytest.approx(measured, abs=1e-3)


def test_rules_counted_from_training_data_nearly_reach_the_ceiling(
    default_world: tuple[DemoWorld, Dataset],
) -> None:
    """A learner that factorizes: theme steps, look steps and item counts, nothing of the truth."""
    world, dataset = default_world
    config, log = world.config, dataset.log
    theme_steps = np.full((config.num_themes, config.num_themes), 0.1)
    look_steps = np.full((config.num_looks, config.num_looks), 0.1)
    for sequence in dataset.train_sequences():
        np.add.at(theme_steps, (world.themes[sequence[:-1]], world.themes[sequence[1:]]), 1)
        earlier, later = np.triu_indices(len(sequence), k=1)
        np.add.at(look_steps, (world.looks[sequence[earlier]], world.looks[sequence[later]]), 1)
    theme_steps /= theme_steps.sum(axis=1, keepdims=True)
    look_steps /= look_steps.sum(axis=1, keepdims=True)

    scores = []
    for user, position in enumerate(dataset.splits.test_positions):
        known = log.history(user)[:position]
        theme = theme_steps[world.themes[known[-1]]]
        looks = look_steps[world.looks[known]].mean(axis=0)
        scores.append(theme[world.themes] * looks[world.looks] * (dataset.train_counts() + 0.5))
    targets = log.items[log.offsets[:-1] + dataset.splits.test_positions]

    reached = expected_gains(np.array(scores), targets).mean()
    assert reached > 0.85 * dataset.facts["ceiling_test_ndcg_at_10"]


def test_users_are_scored_in_pieces_without_a_difference(
    default_world: tuple[DemoWorld, Dataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    world, dataset = default_world
    whole = best_ndcg(world, dataset.log, dataset.splits, "valid")

    monkeypatch.setattr("clairo.datasets.demo_ceiling._USERS_AT_ONCE", 7)

    assert best_ndcg(world, dataset.log, dataset.splits, "valid") == pytest.approx(whole)
