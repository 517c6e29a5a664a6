"""Who is best, who is tied with it, and what is said without confirmation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from clairo.reporting.findings import say_curves, verdict_claims
from clairo.reporting.outcome_info import (
    CurvesInfo,
    VerdictInfo,
    compute_candidates,
    compute_curves,
    compute_verdict,
)
from clairo.reporting.search_info import Absent
from clairo.tracking.records import Candidate, SweepRecord
from tests.reporting.records import FAILURE, OBJECTIVE, demo_record, trial


@pytest.fixture(scope="module")
def record() -> SweepRecord:
    return demo_record()


def confirmed(record: SweepRecord, *levels: tuple[float, ...]) -> SweepRecord:
    """Two or more configurations whose fresh seeds have exactly these values."""
    runs, candidates = [], []
    for number, values in enumerate(levels):
        keys = []
        for seed, value in enumerate(values):
            run = trial(number, "confirm", seed=seed)
            runs.append(replace(run, metrics={OBJECTIVE: value}))
            keys.append(run.key)
        candidates.append(Candidate(f"config-{number:02d}", 0.5, tuple(keys)))
    search = tuple(t for t in record.trials if t.role == "search")
    summary = replace(record.summary, candidates=tuple(candidates))
    return replace(record, summary=summary, trials=(*search, *runs))


def test_the_best_is_the_best_mean_on_fresh_seeds(record: SweepRecord) -> None:
    verdict = compute_verdict(record)
    assert isinstance(verdict, VerdictInfo)
    winner = record.summary.candidates[0]
    values = [t.metrics[OBJECTIVE] for t in record.trials if t.key in winner.trial_keys]
    assert verdict.confirmed
    assert verdict.best.number == 3
    assert verdict.value == pytest.approx(np.mean(values))
    assert verdict.error == pytest.approx(np.std(values, ddof=1) / np.sqrt(3))
    assert verdict.num_seeds == 3


def test_ties_lie_within_one_standard_error_of_the_best(record: SweepRecord) -> None:
    # Means .40 and .391 and .38; the best has a standard error of .01.
    made = confirmed(record, (0.39, 0.41), (0.391, 0.391), (0.38, 0.38))
    assert [c.tied for c in compute_candidates(made)] == [True, True, False]


def test_a_later_candidate_with_a_better_mean_is_called_best(record: SweepRecord) -> None:
    verdict = compute_verdict(confirmed(record, (0.30, 0.31), (0.40, 0.41)))
    assert isinstance(verdict, VerdictInfo)
    assert verdict.best.number == 1


def test_one_fresh_seed_has_no_error_and_no_ties(record: SweepRecord) -> None:
    verdict = compute_verdict(confirmed(record, (0.4,), (0.4,)))
    assert isinstance(verdict, VerdictInfo)
    assert verdict.error is None
    assert verdict.tied_trials == ()
    assert "One seed leaves no standard error" in verdict_claims(verdict, "NDCG@10")[1]


def test_a_search_value_alone_is_not_called_best(record: SweepRecord) -> None:
    verdict = compute_verdict(replace(record, summary=replace(record.summary, candidates=())))
    assert isinstance(verdict, VerdictInfo)
    assert not verdict.confirmed
    claim = verdict_claims(verdict, "NDCG@10")[0]
    assert "not called best" in claim
    assert "is best" not in claim


def test_missing_fresh_seeds_are_named_with_their_reason(record: SweepRecord) -> None:
    broken = tuple(
        replace(t, state="failed", metrics={}, error=FAILURE) if t.key == "confirm-3-21" else t
        for t in record.trials
    )
    best = compute_candidates(replace(record, trials=broken))
    spread = next(c for c in best if c.number == 3).valid
    assert spread.seeds == (22, 23)
    assert spread.missing == (f"seed 21 ended failed: {FAILURE}",)


def test_no_finished_trial_means_no_verdict_and_the_first_error(record: SweepRecord) -> None:
    found = compute_verdict(replace(record, trials=(trial(0, state="failed"),)))
    assert isinstance(found, Absent)
    assert FAILURE in found.reason
    assert isinstance(compute_verdict(replace(record, trials=())), Absent)


def test_scale_comes_from_the_data_set_s_own_facts(record: SweepRecord) -> None:
    verdict = compute_verdict(record)
    assert isinstance(verdict, VerdictInfo)
    assert (verdict.ceiling, verdict.popularity) == (0.52, 0.06)
    claim = verdict_claims(verdict, "NDCG@10")[-1]
    assert f"{100 * verdict.value / 0.52:.0f} % of the best score possible" in claim


def test_curves_leave_out_what_is_not_finite_and_end_with_the_best(record: SweepRecord) -> None:
    key = f"epoch/{OBJECTIVE}"
    first = replace(record.trials[0], history={key: ((1, float("nan")), (2, 0.1))})
    info = compute_curves(replace(record, trials=(first, *record.trials[1:])))
    assert isinstance(info, CurvesInfo)
    assert next(curve for curve in info.curves if curve[0] == 0)[2:] == ((2,), (0.1,))
    assert info.curves[-1][:2] == (3, True)
    without = compute_curves(replace(record, trials=(replace(first, history={}),)))
    assert isinstance(without, Absent)


def test_a_trained_configuration_s_lighter_evaluation_is_said(record: SweepRecord) -> None:
    heavy = {"model": {"valid_users": 500}, "evaluation": {"max_users": 1000, "ensemble": 3}}
    trials = tuple(replace(t, config={**t.config, **heavy}) for t in record.trials)
    info = compute_curves(replace(record, trials=trials))
    assert isinstance(info, CurvesInfo)
    assert info.light_users == 500
    assert "500 users are asked and one segmentation" in say_curves(info, "NDCG@10")[1]
    same = {"model": {"valid_users": 500}, "evaluation": {"max_users": 500, "ensemble": 1}}
    trials = tuple(replace(t, config={**t.config, **same}) for t in record.trials)
    info = compute_curves(replace(record, trials=trials))
    assert isinstance(info, CurvesInfo)
    assert info.light_users is None


def test_the_share_of_the_ceiling_is_printed_for_test_as_well(record: SweepRecord) -> None:
    verdict = compute_verdict(record)
    assert isinstance(verdict, VerdictInfo)
    assert (verdict.test_ceiling, verdict.num_test_reads) == (0.50, 9)
    mean = verdict.candidates[0].test.mean
    assert mean is not None
    said = verdict_claims(verdict, "NDCG@10")
    assert any(f"{100 * mean / 0.5:.0f} % of the ceiling." in claim for claim in said)
