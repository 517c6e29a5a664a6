"""Factorials whose answers are known: additive games, twins, dummies, and every order by hand."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from jaxtyping import Float

from clairo.core.errors import DataError
from clairo.evaluation.crossed import crossed_interval
from clairo.evaluation.factorial import (
    Cell,
    factorial_cells,
    factorial_contrasts,
    interaction_weights,
    main_weights,
    shapley_weights,
    stack_cells,
)
from clairo.evaluation.intervals import paired_interval

NAMES = ("image", "merges", "pca", "ensemble")


def game(names: tuple[str, ...], seeds: int = 3) -> dict[Cell, Float[np.ndarray, " seeds"]]:
    """Any game: whole numbers without a pattern."""
    rng = np.random.default_rng(len(names))
    return {cell: rng.integers(0, 100, seeds) * 24.0 for cell in factorial_cells(names)}


def test_cells_follow_their_bit_pattern() -> None:
    cells = factorial_cells(NAMES)
    assert len(set(cells)) == 2**4
    assert cells[0b0000] == frozenset()
    assert cells[0b0101] == {"image", "pca"}
    assert cells[0b1111] == set(NAMES)


@pytest.mark.parametrize("names", [(), ("a", "b", "c", "d", "e"), ("a", "b", "a")])
def test_a_factorial_of_none_of_too_many_or_of_twins_by_name_is_refused(
    names: tuple[str, ...],
) -> None:
    with pytest.raises(DataError, match="1 to 4 different components"):
        factorial_cells(names)


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_shapley_values_average_what_is_added_over_every_order(count: int) -> None:
    names = NAMES[:count]
    values = game(names)
    for contrast in factorial_contrasts("shapley", names, values):
        (name,) = contrast.components
        added = []
        for order in permutations(names):
            before = frozenset(order[: order.index(name)])
            added.append(values[before | {name}] - values[before])
        assert contrast.by_seed == pytest.approx(np.mean(added, axis=0))


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_shapley_values_sum_to_full_minus_empty_in_every_seed(count: int) -> None:
    names = NAMES[:count]
    values = game(names)
    total = np.sum([c.by_seed for c in factorial_contrasts("shapley", names, values)], axis=0)
    assert total == pytest.approx(values[frozenset(names)] - values[frozenset()], rel=1e-12)
    # The weights themselves: every cell but the two ends cancels.
    ends = np.zeros(2**count)
    ends[0], ends[-1] = -1.0, 1.0
    assert shapley_weights(names).sum(axis=0) == pytest.approx(ends, abs=1e-15)


@pytest.mark.parametrize("kind", ["shapley", "main"])
def test_in_an_additive_game_a_component_is_worth_its_effect(kind: str) -> None:
    effects = dict(zip(NAMES, (0.03, -0.01, 0.0, 0.02), strict=True))
    values = {
        cell: np.array([0.1, 0.2]) + sum(effects[name] for name in cell)
        for cell in factorial_cells(NAMES)
    }
    for contrast in factorial_contrasts(kind, NAMES, values):
        assert contrast.by_seed == pytest.approx([effects[contrast.components[0]]] * 2)
    for contrast in factorial_contrasts("interaction", NAMES, values):
        assert contrast.by_seed == pytest.approx([0.0, 0.0])


def test_of_two_redundant_components_each_is_worth_half_and_a_dummy_nothing() -> None:
    names = ("image", "text", "dummy")
    values = {
        cell: np.array([0.10, 0.12]) + (0.04 if cell & {"image", "text"} else 0.0)
        for cell in factorial_cells(names)
    }
    image, text, dummy = factorial_contrasts("shapley", names, values)
    assert image.by_seed == pytest.approx([0.04 / 2] * 2)
    assert text.by_seed == pytest.approx(image.by_seed)
    assert dummy.by_seed == (0.0, 0.0)
    assert dummy.interval.p == 1.0
    # Leaving one out would have shown nothing at all.
    assert values[frozenset(names)] == pytest.approx(values[frozenset(names) - {"image"}])
    both, *others = factorial_contrasts("interaction", names, values)
    # The second adds 0 where the first is on and 0.04 where it is off.
    assert both.components == ("image", "text")
    assert both.by_seed == pytest.approx([0.0 - 0.04] * 2)
    assert [pair.by_seed for pair in others] == [pytest.approx([0.0, 0.0])] * 2


def test_main_effects_and_interactions_are_differences_of_means() -> None:
    names = NAMES[:3]
    values = game(names)
    for contrast in factorial_contrasts("main", names, values):
        on = [values[cell] for cell in values if contrast.components[0] in cell]
        off = [values[cell] for cell in values if contrast.components[0] not in cell]
        assert contrast.by_seed == pytest.approx(np.mean(on, axis=0) - np.mean(off, axis=0))
    pca_with_image, pca_without = (
        np.mean([values[c | {"pca"}] - values[c] for c in rest], axis=0)
        for rest in (
            [frozenset({"image"}), frozenset({"image", "merges"})],
            [frozenset(), frozenset({"merges"})],
        )
    )
    found = {c.components: c for c in factorial_contrasts("interaction", names, values)}
    assert found["image", "pca"].by_seed == pytest.approx(pca_with_image - pca_without)


def test_one_component_has_no_interaction_and_two_have_shapley_for_main_effects() -> None:
    values = {frozenset(): np.array([0.1, 0.2]), frozenset({"image"}): np.array([0.3, 0.5])}
    assert factorial_contrasts("interaction", ["image"], values) == ()
    assert interaction_weights(["image"]).shape == (0, 2)
    assert np.array_equal(shapley_weights(NAMES[:2]), main_weights(NAMES[:2]))


def test_values_by_seed_have_the_paired_interval() -> None:
    for contrast in factorial_contrasts("shapley", NAMES, game(NAMES, seeds=5)):
        assert contrast.interval == paired_interval(contrast.by_seed)
        assert contrast.interval.freedom == 4.0


def test_values_by_user_have_the_crossed_interval_of_the_same_contrast() -> None:
    rng = np.random.default_rng(2)
    names = NAMES[:2]
    values = {cell: rng.normal(len(cell), 1.0, (4, 30)) for cell in factorial_cells(names)}
    empty, image, merges, full = (values[cell] for cell in factorial_cells(names))
    table = ((image - empty) + (full - merges)) / 2
    found, _ = factorial_contrasts("shapley", names, values)
    assert found.by_seed == pytest.approx(table.mean(axis=1))
    assert found.interval.mean == pytest.approx(crossed_interval(table).mean)
    assert found.interval.p == pytest.approx(crossed_interval(table).p)
    narrow, _ = factorial_contrasts("shapley", names, values, confidence=0.5)
    assert narrow.interval.high == pytest.approx(crossed_interval(table, 0.5).high)


def test_a_user_whom_one_cell_did_not_ask_in_a_seed_stays_out_of_the_interval() -> None:
    rng = np.random.default_rng(5)
    values = {cell: rng.normal(0.1, 1.0, (3, 12)) for cell in factorial_cells(NAMES[:2])}
    whole, _ = factorial_contrasts("main", NAMES[:2], {c: v[:, :11] for c, v in values.items()})
    values[frozenset({"merges"})][1, 11] = np.nan
    found, _ = factorial_contrasts("main", NAMES[:2], values)
    assert found.interval.p == pytest.approx(whole.interval.p)
    assert found.by_seed[1] == pytest.approx(whole.by_seed[1])


def test_one_seed_has_values_and_no_interval() -> None:
    (image,) = factorial_contrasts(
        "shapley", ["image"], {frozenset(): np.array([0.1]), frozenset({"image"}): np.array([0.4])}
    )
    assert image.by_seed == pytest.approx((0.3,))
    assert image.interval.low is None


def test_missing_and_unknown_cells_are_named() -> None:
    values = game(NAMES[:2])
    values[frozenset({"pca"})] = values.pop(frozenset({"image", "merges"}))
    del values[frozenset()]
    with pytest.raises(DataError, match=r"none for \{\}, \{image, merges\}; unknown ones: \{pca\}"):
        stack_cells(NAMES[:2], values)


def test_cells_on_other_seeds_are_refused() -> None:
    values = game(NAMES[:1])
    values[frozenset()] = values[frozenset()][:2]
    with pytest.raises(DataError, match=r"'\{image\}': \(3,\)"):
        factorial_contrasts("main", NAMES[:1], values)


def test_values_with_more_axes_than_seeds_and_users_are_refused() -> None:
    values = {cell: np.zeros((2, 3, 4)) for cell in factorial_cells(NAMES[:1])}
    with pytest.raises(DataError, match="got 3 axes"):
        factorial_contrasts("main", NAMES[:1], values)
