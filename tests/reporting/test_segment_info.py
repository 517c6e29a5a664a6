"""Effects by segment: where they are largest, and what is said where it is not known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clairo.reporting.ablation_page import make_ablation_page
from clairo.reporting.segment_figures import say_segments
from clairo.reporting.segment_info import SegmentsInfo, compute_segments
from clairo.tracking.records import SweepRecord, TrialRecord
from tests.reporting.ablation_records import change, kinds_record, masking, ranked
from tests.reporting.printed import missing


@pytest.fixture(scope="module")
def record() -> SweepRecord:
    return kinds_record()


def test_segments_say_where_the_effect_is_largest(record: SweepRecord) -> None:
    found = compute_segments(record, masking(record))
    assert isinstance(found, SegmentsInfo)
    # Targets that are rare lose more without images, by construction.
    assert say_segments(found, "NDCG@10")[0].startswith("Images help most in the tail (text only:")


def test_without_an_index_segments_are_said_to_be_missing(record: SweepRecord) -> None:
    said = missing(make_ablation_page(replace(record, segments={})))
    assert "was not logged with these runs" in said["Effects by segment"]


def test_an_index_of_other_data_leaves_its_arms_out(record: SweepRecord) -> None:
    small = replace(record.segments[""], train_counts=record.segments[""].train_counts[:10])
    said = missing(make_ablation_page(replace(record, segments={"": small})))
    assert "belongs to other data" in said["Effects by segment"]


def test_segments_without_a_clear_effect_claim_nothing(record: SweepRecord) -> None:
    def as_full(run: TrialRecord) -> TrialRecord:
        # Other draws at the level of the reference: no arm does anything.
        return replace(run, rankings={"valid": ranked(0.05, run.seed * 1000 + 77)})

    alike = change(change(record, "text_only", as_full), "image_only", as_full)
    found = compute_segments(alike, masking(alike))
    assert isinstance(found, SegmentsInfo)
    assert say_segments(found, "NDCG@10")[0].startswith("No segment of targets shows a clear")
