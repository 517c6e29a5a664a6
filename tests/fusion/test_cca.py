"""Canonical correlation finds what text and images share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.cross_decomposition import CCA

from clairo.core.artifacts import EmbeddingTable, Modalities
from clairo.core.errors import DataError
from clairo.fusion import CcaConfig
from tests.contracts.fusion import (
    BOTH,
    NO_IMAGE,
    RUNTIME,
    TRAIN_SEQUENCES,
    FusionContract,
    make_modalities,
)


class TestCca(FusionContract):
    config_type = CcaConfig
    names = ("fused",)

    @pytest.fixture
    def config(self) -> CcaConfig:
        return CcaConfig(num_components=3, variance=1.0)


def correlated(noise: float, num_items: int = 400) -> Modalities:
    """One hidden number per item that both modalities show, among others that they do not."""
    rng = np.random.default_rng(0)
    hidden = rng.normal(size=(num_items, 1))
    ids, everything = tuple(map(str, range(num_items))), np.ones(num_items, dtype=bool)
    tables = []
    for name, dims in (("text", 6), ("image", 4)):
        own = rng.normal(size=(num_items, dims))
        own[:, :1] = hidden + noise * own[:, :1]
        turn, _ = np.linalg.qr(rng.normal(size=(dims, dims)))
        tables.append(EmbeddingTable(name, ids, (own @ turn).astype(np.float32), everything))
    return Modalities(tuple(tables))


def test_the_first_component_is_the_number_that_both_modalities_show() -> None:
    world = correlated(noise=0.1)
    fitted = CcaConfig(num_components=1, variance=1.0).fit(world, [], 0, RUNTIME)
    fused = fitted.transform(world).get("fused")
    hidden = np.random.default_rng(0).normal(size=(400, 1))[:, 0]
    assert abs(np.corrcoef(fused.vectors[:, 0], hidden)[0, 1]) > 0.99
    # Each shows it with variance 1 + 0.1^2, of which 1 is common.
    assert fused.facts["correlation_first"] == pytest.approx(1 / 1.01, abs=0.01)


def test_correlations_are_those_of_scikit_learns_iterative_algorithm() -> None:
    world = correlated(noise=0.5)
    fitted = CcaConfig(num_components=3, variance=1.0).fit(world, [], 0, RUNTIME)
    text, image = (table.vectors.astype(np.float64) for table in world.tables)
    first, second = CCA(n_components=3, tol=1e-10, max_iter=10_000).fit_transform(text, image)
    wanted = [abs(np.corrcoef(first[:, k], second[:, k])[0, 1]) for k in range(3)]
    assert fitted.facts["correlation_first"] == pytest.approx(wanted[0], abs=1e-4)
    assert fitted.facts["correlation_mean"] == pytest.approx(np.mean(wanted), abs=1e-4)


def test_an_item_with_one_modality_is_the_mean_to_be_expected_from_it() -> None:
    before = make_modalities()
    fitted = CcaConfig(num_components=3, variance=1.0).fit(before, TRAIN_SEQUENCES, 0, RUNTIME)
    text = before.get("text").vectors[[NO_IMAGE]]
    projected = fitted.axes[0].project(text) @ fitted.rotations[0]
    wanted = projected * (1 + fitted.correlations) / 2
    found = fitted.transform(before).get("fused").vectors[[NO_IMAGE]]
    np.testing.assert_allclose(found, wanted, rtol=1e-4)


def test_squared_lengths_are_those_of_means_that_are_known_and_expected() -> None:
    world = correlated(noise=0.5, num_items=4000)
    fitted = CcaConfig(num_components=3, variance=1.0).fit(world, [], 0, RUNTIME)
    text, image = world.tables
    alone = np.arange(4000) < 2000
    vectors = np.where(alone[:, None], 0, image.vectors)
    halved = Modalities((text, replace(image, vectors=vectors, present=~alone)))
    found = np.square(fitted.transform(halved).get("fused").vectors).sum(axis=1)
    # Only the first components correlate: each is 1 + 0.5^2 in variance, of which 1 is common.
    shares = (1 + np.array([1 / 1.25, 0, 0])) / 2
    assert found[~alone].mean() == pytest.approx(shares.sum(), rel=0.05)
    assert found[alone].mean() == pytest.approx(np.square(shares).sum(), rel=0.05)


def test_one_modality_gives_the_best_linear_guess_of_the_mean_of_both() -> None:
    world = correlated(noise=0.5)
    fitted = CcaConfig(num_components=3, variance=1.0).fit(world, [], 0, RUNTIME)
    text, image = world.tables
    nobody = replace(image, vectors=0 * image.vectors, present=~image.present)
    both = fitted.join(world).vectors
    guess = fitted.join(Modalities((text, nobody))).vectors
    # A least squares fit of each component on the guess finds nothing to scale.
    np.testing.assert_allclose((both * guess).sum(axis=0) / np.square(guess).sum(axis=0), 1, 1e-3)


def test_an_item_with_both_is_the_mean_of_two_projections() -> None:
    before = make_modalities()
    fitted = CcaConfig(num_components=3, variance=1.0).fit(before, TRAIN_SEQUENCES, 0, RUNTIME)
    halves = [
        axes.project(table.vectors[BOTH]) @ rotation / 2
        for axes, table, rotation in zip(fitted.axes, before.tables, fitted.rotations, strict=True)
    ]
    found = fitted.transform(before).get("fused").vectors[BOTH]
    np.testing.assert_allclose(found, halves[0] + halves[1], atol=1e-5)


def test_there_are_no_more_components_than_kept_axes_and_the_facts_say_so() -> None:
    before = make_modalities()
    fitted = CcaConfig(num_components=16, variance=1.0).fit(before, [], 0, RUNTIME)
    assert fitted.transform(before).get("fused").facts["dims"] == 4


def test_too_few_items_with_both_are_an_error() -> None:
    with pytest.raises(DataError, match="than components, got 17 for 17; lower num_components"):
        CcaConfig(num_components=17).fit(make_modalities(), [], 0, RUNTIME)


def test_equal_vectors_are_an_error() -> None:
    text, image = make_modalities().tables
    constant = replace(image, vectors=np.full_like(image.vectors, 2.0) * image.present[:, None])
    with pytest.raises(DataError, match="needs image vectors that differ, got 17 equal ones"):
        CcaConfig(num_components=3).fit(Modalities((text, constant)), [], 0, RUNTIME)


def test_fitted_on_train_items_it_counts_them_alone() -> None:
    config = CcaConfig(num_components=3, fit_on="train")
    # The histories hold items 0 to 14, of which three lack a modality.
    facts = config.fit(make_modalities(), TRAIN_SEQUENCES, 0, RUNTIME).facts
    assert facts["fitted_on"] == 15 - 3
