"""Users drawn again: the blocks give what one draw after the other gives."""

from __future__ import annotations

import numpy as np
import pytest
from jaxtyping import Float

from clairo.core.errors import DataError
from clairo.evaluation import bootstrap
from clairo.evaluation.bootstrap import bootstrap_users


def one_by_one(
    deltas: Float[np.ndarray, "seeds users"], replicates: int, seed: int
) -> tuple[float, float]:
    """The definition: draw users, average each seed over those drawn who were asked, then seeds."""
    rng, num_users = np.random.default_rng(seed), deltas.shape[1]
    means = []
    for _ in range(replicates):
        drawn = deltas[:, rng.integers(num_users, size=num_users)]
        some = ~np.isnan(drawn).all(axis=1)
        means.append(np.nanmean(drawn[some], axis=1).mean())
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def table(num_seeds: int, num_users: int, unasked: float = 0.0) -> Float[np.ndarray, "seeds users"]:
    rng = np.random.default_rng([num_seeds, num_users])
    deltas = rng.normal(0.01, 0.2, size=(num_seeds, num_users))
    deltas[rng.random(deltas.shape) < unasked] = np.nan
    return deltas


def test_the_bootstrap_over_users_repeats_itself_and_brackets_the_mean() -> None:
    deltas = np.random.default_rng(3).normal(0.1, 1.0, size=(3, 400))
    low, high = bootstrap_users(deltas)
    assert (low, high) == bootstrap_users(deltas)
    assert low < deltas.mean() < high
    # Users are crossed with seeds: the width is that of the users' means, not of 3 x 400 values.
    width = 2 * 1.96 * deltas.mean(axis=0).std(ddof=1) / np.sqrt(400)
    assert high - low == pytest.approx(width, rel=0.1)


def test_the_bootstrap_refuses_an_empty_table() -> None:
    with pytest.raises(DataError, match="needs users and seeds"):
        bootstrap_users(np.zeros((2, 0)))


@pytest.mark.parametrize("replicates", [1, 64, 65, 300])
@pytest.mark.parametrize("unasked", [0.0, 0.3])
def test_blocks_give_what_the_definition_gives(replicates: int, unasked: float) -> None:
    deltas = table(5, 400, unasked)
    wanted = one_by_one(deltas, replicates, seed=4)
    assert bootstrap_users(deltas, replicates, seed=4) == pytest.approx(wanted, rel=0, abs=1e-12)


def test_a_seed_none_of_whose_users_were_drawn_is_left_out_of_that_replicate() -> None:
    # The second seed asked one user of three: 8 of 27 draws leave that user out.
    deltas = np.array([[0.1, 0.2, 0.4], [np.nan, np.nan, 0.9]])
    wanted = one_by_one(deltas, 500, seed=0)
    assert bootstrap_users(deltas, 500) == pytest.approx(wanted, rel=0, abs=1e-12)


def test_draws_that_are_too_many_to_keep_are_the_same_draws(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deltas = table(3, 200)
    kept = bootstrap_users(deltas, 300, seed=1)
    monkeypatch.setattr(bootstrap, "_MOST_KEPT", 0)
    assert bootstrap_users(deltas, 300, seed=1) == kept


def test_another_table_or_seed_is_not_answered_from_what_was_kept() -> None:
    first, other = table(3, 200), -table(3, 200)
    low, high = bootstrap_users(first, 300)
    assert bootstrap_users(other, 300) == pytest.approx((-high, -low))
    assert bootstrap_users(first, 300, seed=1) != (low, high)
