"""What PCA kept, and what it saved in bytes and in the stages behind it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clairo.reporting.reduction_info import (
    DownstreamSeconds,
    ReducedModality,
    ReductionInfo,
    compute_downstream,
    compute_reduction,
)
from clairo.reporting.representation_findings import say_downstream, say_reduction
from clairo.reporting.representation_tables import reduction_table
from clairo.reporting.search_info import Absent
from clairo.reporting.table import to_csv
from clairo.tracking.records import SweepRecord, TrialRecord
from tests.reporting.records import demo_record
from tests.reporting.representations import described_record


def with_seconds(full: float, no_pca: float) -> SweepRecord:
    """The sweep with other costs of the codes in the runs of two arms, found in the store."""
    record = described_record()
    arms = {key: arm.name for arm in record.summary.arms for key in arm.trial_keys}
    costs = {"full": full, "no_pca": no_pca}

    def change(trial: TrialRecord) -> TrialRecord:
        cost = costs.get(arms.get(trial.key, ""))
        if cost is None:
            return trial
        stages = (
            replace(s, cached=True, seconds=0.01, computed_seconds=cost)
            if s.name == "quantization"
            else s
            for s in trial.stages
        )
        return replace(trial, stages=tuple(stages))

    return replace(record, trials=tuple(change(trial) for trial in record.trials))


def test_dims_variance_and_bytes_are_listed_by_modality() -> None:
    info = compute_reduction(described_record())
    assert isinstance(info, ReductionInfo)
    text, image = info.modalities
    assert (text.dims_before, text.dims_kept, text.variance_kept) == (384, 96, 0.95)
    # 288 dropped dims of 300 items at 4 bytes each.
    assert (text.saved_share, text.saved_bytes) == (0.75, 288 * 300 * 4)
    assert to_csv(reduction_table(info)).splitlines()[1] == "text,384,96,0.95,0.75,345600"
    assert "96 of 384 text dims with 95 % of the variance" in say_reduction(info)
    assert "and saves 75 % of the bytes of these vectors." in say_reduction(info)
    assert image.modality == "image"


def test_seconds_are_those_of_fusion_and_codes_when_they_were_computed() -> None:
    info = compute_downstream(with_seconds(full=1.7, no_pca=3.7))
    assert isinstance(info, DownstreamSeconds)
    # Each run adds 0.3 s of fusion: 2.0 against 4.0.
    assert info.reduced == pytest.approx((2.0, 2.0))
    assert info.whole == pytest.approx((4.0, 4.0))
    assert info.saved_share == pytest.approx(0.5)
    assert say_downstream(info).startswith(
        "Fusion and codes took 2.0 s with PCA and 4.0 s without, 50 % less (means of 2 runs "
        "each, on the same seeds; seconds of computing, not of reading from the store)"
    )


def test_only_seeds_that_both_arms_ran_are_compared() -> None:
    record = with_seconds(full=1.7, no_pca=3.7)
    arms = {arm.name: arm.trial_keys for arm in record.summary.arms}
    lost = replace(
        record, trials=tuple(t for t in record.trials if t.key != arms["no_pca"][0])
    )  # fmt: skip
    info = compute_downstream(lost)
    assert isinstance(info, DownstreamSeconds)
    assert (len(info.reduced), len(info.whole)) == (1, 1)


def test_codes_whose_seconds_are_not_known_are_not_measured() -> None:
    info = compute_downstream(with_seconds(full=0.0, no_pca=3.7))
    assert isinstance(info, Absent)
    assert "on the same seed logged how long its codes took" in info.reason


def test_bytes_are_those_of_the_stored_table() -> None:
    halves = ReducedModality("text", 384, 96, 0.9, bytes_before=2 * 384, bytes_after=2 * 96)
    assert halves.saved_bytes == 2 * 288
    assert replace(halves, bytes_after=None).saved_bytes is None


def test_what_takes_longer_with_pca_is_said_as_plainly() -> None:
    assert "100 % more" in say_downstream(DownstreamSeconds((4.0,), (2.0,)))
    assert "just as long (" in say_downstream(DownstreamSeconds((2.0,), (2.0,)))


def test_a_sweep_without_that_arm_says_it_was_not_measured() -> None:
    record = described_record()
    arms = tuple(arm for arm in record.summary.arms if arm.name != "no_pca")
    info = compute_downstream(replace(record, summary=replace(record.summary, arms=arms)))
    assert isinstance(info, Absent)
    assert say_downstream(info).startswith("Seconds saved downstream: not measured in this sweep")


def test_arms_whose_runs_were_lost_say_so() -> None:
    record = described_record()
    kept = tuple(trial for trial in record.trials if trial.role != "ablation")
    info = compute_downstream(replace(record, trials=kept))
    assert isinstance(info, Absent)
    assert "no run of the arms" in info.reason


def test_a_record_without_dims_says_so() -> None:
    assert isinstance(compute_reduction(demo_record()), Absent)
    assert isinstance(compute_reduction(replace(demo_record(), trials=())), Absent)
