"""Sides and differences: grouped by configuration, paired by seed and user, refused with reason."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from clairo.evaluation.significance import crossed_interval
from clairo.reporting.compare_sides import compute_sides, side_spread
from clairo.reporting.pairing import gains
from clairo.tracking.run_reader import TrackedRun
from tests.reporting.comparisons import compared, failed, make_rankings, ranked, run, runs


def letters_and_seeds(*tracked: object) -> list[tuple[str, list[int]]]:
    sides = compute_sides(tracked)  # type: ignore[arg-type]
    return [(side.letter, [trial.seed for trial in side.trials]) for side in sides]


def test_seeds_of_one_configuration_are_one_side() -> None:
    mixed = [run(0, 1), run(1, 1), run(0, 2), run(1, 7)]
    assert letters_and_seeds(*mixed) == [("A", [1, 2]), ("B", [1, 7])]


def test_one_seed_run_twice_makes_two_sides() -> None:
    again = run(0, 1, run_id="another")
    assert letters_and_seeds(run(0, 1), again, run(0, 2)) == [("A", [1, 2]), ("B", [1])]


@pytest.mark.parametrize(
    "other",
    [
        {"dataset_digest": "other"},
        {"environment": {"commit": "ffff", "dirty": False}},
        {"environment": {"commit": "0123abcd", "dirty": True}},
        {"environment": {"commit": "0123abcd", "dirty": False, "packages": {"torch": "3"}}},
    ],
    ids=["data", "commit", "dirty", "packages"],
)
def test_other_data_or_code_is_another_side(other: dict[str, object]) -> None:
    sides = compute_sides([run(0, 1), run(0, 2, summary=other)])
    assert [side.letter for side in sides] == ["A", "B"]


def test_another_sweep_or_machine_alone_is_the_same_side() -> None:
    other = {"sweep_id": "run-2", "environment": {"commit": "0123abcd", "dirty": False, "cpu": "x"}}
    (side,) = compute_sides([run(0, 1), run(0, 2, summary=other)])
    assert side.title == "2 runs of demo-20260101-120000 and run-2"


@pytest.mark.parametrize(
    ("seeds", "title"),
    [
        ((1,), "trial 4 of demo-20260101-120000"),
        ((1, 2), "trials 4 and 4 of demo-20260101-120000"),
        ((1, 2, 3, 4), "4 trials of demo-20260101-120000, from 4"),
    ],
)
def test_a_side_is_named_by_its_trials(seeds: tuple[int, ...], title: str) -> None:
    (side,) = compute_sides(runs(4, 0.0, seeds))
    assert side.title == title


def test_a_metric_leaves_out_what_is_not_finite_and_what_did_not_end_well() -> None:
    key = "valid/ndcg_at_10"
    broken = run(0, 2, metrics={key: math.nan})
    early = run(0, 3, state="running", metrics={key: 0.9})
    (side,) = compute_sides([run(0, 1), broken, early])
    found = side_spread(side, key)
    assert found.seeds == (1,)
    assert found.values == (run(0, 1).trial.metrics[key],)
    assert found.missing == (f"seed 2 logged no finite {key}", "seed 3 ended running")
    assert set(side.finished) == {1, 2}


def test_a_difference_is_the_mean_over_users_of_each_shared_seed() -> None:
    # NDCG@10 of ranks 1, 2, none is 1, 1 / log2(3), 0; of 1, 1, 3 it is 1, 1, 1 / 2.
    info = compared([ranked(0, 1, (1, 2, 0))], [ranked(1, 1, (1, 1, 3))])
    (contrast,) = info.contrasts
    ndcg, recall = contrast.differences
    assert (ndcg.metric, ndcg.split, recall.metric) == ("ndcg_at_10", "valid", "recall_at_10")
    before, after = (1 + 1 / np.log2(3)) / 3, (1 + 1 + 1 / 2) / 3
    assert ndcg.deltas == {1: pytest.approx(after - before)}
    assert ndcg.percent == pytest.approx((after - before) / before)
    assert recall.deltas == {1: pytest.approx(1 / 3)}
    assert (ndcg.shares.better, ndcg.shares.equal, ndcg.shares.worse) == (
        pytest.approx(2 / 3),
        pytest.approx(1 / 3),
        0.0,
    )
    assert ndcg.num_users == 3


def test_users_are_paired_whatever_their_order() -> None:
    first, second = ranked(0, 1, (1, 2, 0)), ranked(1, 1, (1, 2, 0))
    order = np.array([2, 0, 1])
    found = second.trial.rankings["valid"]
    turned = replace(
        found, users=found.users[order], targets=found.targets[order], ranks=found.ranks[order]
    )
    shuffled = replace(second, trial=replace(second.trial, rankings={"valid": turned}))
    (contrast,) = compared([first], [shuffled]).contrasts
    assert contrast.differences[0].shares.equal == 1.0


def test_only_shared_seeds_are_paired() -> None:
    info = compared(runs(0, 0.0, (1, 2, 3)), runs(1, 0.05, (2, 3, 9)))
    found = info.contrasts[0].primary
    assert found is not None
    assert set(found.deltas) == {2, 3}


def test_the_interval_is_that_of_the_paired_seeds() -> None:
    info = compared(runs(0, 0.0), runs(1, 0.05))
    found = info.contrasts[0].primary
    assert found is not None
    assert found.split == "test"
    expected = [
        run(1, s, 0.05).trial.metrics["test/ndcg_at_10"]
        - run(0, s).trial.metrics["test/ndcg_at_10"]
        for s in (1, 2, 3, 4, 5)
    ]
    assert list(found.deltas.values()) == pytest.approx(expected)
    assert found.interval.mean == pytest.approx(np.mean(expected))
    pairs = [(run(1, s, 0.05).trial, run(0, s).trial) for s in (1, 2, 3, 4, 5)]
    table = [[gains(t.rankings["test"], "ndcg_at_10") for t in both] for both in pairs]
    wanted = crossed_interval(np.array([theirs - ours for theirs, ours in table]))
    assert (found.interval.low, found.interval.high) == pytest.approx((wanted.low, wanted.high))


def asked(tracked: TrackedRun, *users: int) -> TrackedRun:
    """The run, asked by some of its users only."""
    found = tracked.trial.rankings["valid"]
    rows = np.array(users)
    cut = replace(
        found,
        users=found.users[rows],
        targets=found.targets[rows],
        ranks=found.ranks[rows],
        top_items=found.top_items[rows],
    )
    return replace(tracked, trial=replace(tracked.trial, rankings={"valid": cut}))


def test_only_users_who_were_asked_in_every_seed_enter() -> None:
    first = [asked(ranked(0, 1, (0, 0, 0)), 0, 1), asked(ranked(0, 2, (0, 0, 0)), 1, 2)]
    second = [asked(ranked(1, 1, (1, 2, 0)), 0, 1), asked(ranked(1, 2, (0, 1, 1)), 1, 2)]
    ndcg, recall = compared(first, second).contrasts[0].differences
    # User 1 alone: ranks 2 and 1 where the reference found nothing.
    assert ndcg.num_users == 1
    assert ndcg.deltas == {1: pytest.approx(1 / np.log2(3)), 2: pytest.approx(1.0)}
    assert recall.deltas == {1: 1.0, 2: 1.0}


def test_seeds_without_a_common_user_are_not_compared() -> None:
    first, second = (
        [asked(ranked(n, 1, (1, 1)), 0), asked(ranked(n, 2, (1, 1)), 1)] for n in (0, 1)
    )
    assert refused(first, second) == "on valid, no user was asked in every shared seed"


def test_seeds_with_other_targets_are_not_compared() -> None:
    first, second = ([ranked(n, 1, (1, 2)), ranked(n, 2, (1, 2), targets=(1, 0))] for n in (0, 1))
    assert refused(first, second) == "on valid, one user was asked for other targets in other seeds"


def test_five_shared_seeds_make_a_verdict_and_four_do_not() -> None:
    for count, verdict in ((4, "exploratory"), (5, "better")):
        seeds = range(1, count + 1)
        info = compared(runs(0, -0.1, seeds), runs(1, 0.2, seeds))
        assert {found.verdict for found in info.differences} == {verdict}
        assert info.exploratory == (verdict == "exploratory")


def test_a_clear_loss_is_worse() -> None:
    info = compared(runs(0, 0.2), runs(1, -0.1))
    assert {found.verdict for found in info.differences} == {"worse"}


def test_equal_runs_are_never_called_equivalent() -> None:
    again = [replace(one, trial=replace(one.trial, run_id=f"again-{one.trial.seed}"))
             for one in runs(0, 0.0)]  # fmt: skip
    info = compared(runs(0, 0.0), again)
    assert {found.verdict for found in info.differences} == {"inconclusive"}
    assert all(set(found.deltas.values()) == {0.0} for found in info.differences)


def test_holm_covers_every_difference_of_the_page() -> None:
    info = compared(runs(0, 0.0), runs(1, 0.02), runs(2, 0.01))
    assert len(info.differences) == 2 * 2 * 2  # sides, splits, metrics
    smallest = min(info.differences, key=lambda found: found.interval.p or 0.0)
    assert smallest.adjusted_p == pytest.approx(min(1.0, 8 * (smallest.interval.p or 0.0)))


def refused(*sides: list[TrackedRun]) -> str:
    info = compared(*sides)
    (contrast,) = info.contrasts
    assert contrast.differences == ()
    assert contrast.primary is None
    assert contrast.pairs == {}
    assert info.exploratory
    return contrast.refused


def test_other_data_is_refused() -> None:
    other = {"dataset_digest": "ab" * 32, "dataset_name": "Other world"}
    assert refused([run(0)], [run(1, summary=other)]) == (
        "measured on other data, Other world (abababababab) against Demo world (9f2c)"
    )
    assert not compared([run(0)], [run(1, summary=other)]).same_data


def test_other_targets_or_users_are_refused() -> None:
    why = "on valid, seed 1 was asked for other users or targets"
    assert refused([ranked(0, 1, (1, 2))], [ranked(1, 1, (1, 2), targets=(1, 0))]) == why
    assert refused([ranked(0, 1, (1, 2))], [ranked(1, 1, (1, 2, 3))]) == why


def test_one_seed_of_other_users_refuses_the_whole_side() -> None:
    first = [ranked(0, 1, (1, 2)), ranked(0, 2, (1, 2))]
    second = [ranked(1, 1, (1, 2)), ranked(1, 2, (1, 2), targets=(1, 0))]
    assert "seed 2 was asked" in refused(first, second)


def test_sides_without_a_shared_seed_are_not_compared() -> None:
    assert refused(runs(0, 0.0, (1, 2)), runs(1, 0.0, (7,))) == (
        "no seed is shared, 7 against 1 and 2; run both on the same seeds"
    )


def test_a_failed_side_is_not_compared_and_says_its_error() -> None:
    assert refused([run(0)], [failed(1)]) == (
        "B has no finished run (seed 1 ended failed: StageError: no codes.)"
    )
    assert refused([failed(0)], [run(1)]).startswith("A has no finished run")


def test_a_running_side_is_not_compared_though_it_has_ranks() -> None:
    assert refused([run(0)], [run(1, state="running")]) == (
        "B has no finished run (seed 1 ended running)"
    )


def test_runs_without_ranks_are_not_compared() -> None:
    assert refused([run(0)], [run(1, rankings={})]) == "no shared seed kept per-user ranks of both"


def test_a_split_that_only_one_side_read_is_left_out() -> None:
    info = compared([run(0)], [run(1, splits=("valid",))])
    assert {found.split for found in info.differences} == {"valid"}


def test_a_reference_of_zero_has_no_percent() -> None:
    info = compared([ranked(0, 1, (0, 0))], [ranked(1, 1, (1, 0))])
    found = info.contrasts[0].primary
    assert found is not None
    assert found.percent is None
    assert found.interval.mean == pytest.approx(0.5)


def test_one_seed_has_no_interval_over_seeds_but_one_over_users() -> None:
    found = compared([run(0)], [run(1, level=0.1)]).contrasts[0].primary
    assert found is not None
    assert (found.interval.low, found.interval.high, found.adjusted_p) == (None, None, None)
    low, high = found.users
    assert low < found.interval.mean < high
    assert found.digits == 3  # an interval of about 0.02 to each side


def test_ranks_of_users_who_were_asked_in_another_order_of_seeds_stay_apart() -> None:
    pair = make_rankings((1, 0)), make_rankings((0, 1))
    assert pair[0].ranks.tolist() != pair[1].ranks.tolist()
    info = compared([ranked(0, 1, (1, 0)), ranked(0, 2, (0, 1))],
                    [ranked(1, 2, (0, 1)), ranked(1, 1, (1, 0))])  # fmt: skip
    found = info.contrasts[0].primary
    assert found is not None
    assert found.deltas == {1: 0.0, 2: 0.0}
