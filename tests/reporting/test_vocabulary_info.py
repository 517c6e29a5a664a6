"""Numbers, figures and sentences about a vocabulary."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from clairo.reporting import vocabulary_figures, vocabulary_findings
from clairo.reporting.search_info import Absent
from clairo.reporting.vocabulary_info import (
    Course,
    CrossingInfo,
    EconomyInfo,
    LengthsInfo,
    compute_crossing,
    compute_economy,
    compute_lengths,
)
from clairo.tracking.records import SweepRecord
from tests.reporting.records import demo_record, token_facts
from tests.reporting.test_stage_info import with_stage_facts


@pytest.fixture(scope="module")
def record() -> SweepRecord:
    """The winner, trial 3, has 2 codebooks a modality, so 5 tokens an item before merging."""
    return demo_record()


def test_crossing_shares_come_by_rank(record: SweepRecord) -> None:
    info = compute_crossing(record)
    assert isinstance(info, CrossingInfo)
    assert info.modalities == Course(0.5, (0.2, 0.4, 0.6, 0.8))
    assert info.items == Course(0.2, (0.0, 0.0, 0.5, 0.3))
    title, subtitle = vocabulary_findings.say_crossing(info)
    assert "50 % join text and image (first merges 20 %, last 80 %)" in title
    assert "20 % were made mostly between neighbours (first merges 0 %, last 30 %)" in title
    assert "180 merges in 4 parts" in subtitle
    figure = vocabulary_figures.plot_crossing(info)
    drawn = {trace.name: list(trace.y) for trace in figure.data}
    assert drawn["join text and image"] == [20, 40, 60, 80, 80]


def test_parts_of_unequal_size_neither_bend_the_share_nor_the_figure(record: SweepRecord) -> None:
    # 50 merges of which the first 30 cross: ten parts of 3, then ten of 2.
    flags = np.arange(50) < 30
    by_rank = [float(part.mean()) for part in np.array_split(flags, 20)]
    facts = {
        **token_facts(2, 50), "cross_modal_by_rank": by_rank,
        "cross_modal_share_of_merges": float(flags.mean()),
    }  # fmt: skip
    info = compute_crossing(with_stage_facts(record, "merging", **facts))
    assert isinstance(info, CrossingInfo)
    title, subtitle = vocabulary_findings.say_crossing(info)
    assert "60 % join text and image (first merges 100 %, last 0 %)" in title
    assert "50 merges in 20 parts" in subtitle
    line = vocabulary_figures.plot_crossing(info).data[0]
    assert list(line.x[:11]) == [6.0 * part for part in range(11)]
    assert list(line.x[10:]) == [60.0 + 4 * part for part in range(11)]
    assert list(line.y) == [100.0] * 10 + [0.0] * 11


def test_codes_of_one_modality_cannot_cross_and_no_line_says_so(record: SweepRecord) -> None:
    fused = {"fused/0/counts": [3, 2], "fused/1/counts": [1, 4]}
    info = compute_crossing(with_stage_facts(record, "quantization", **fused))
    assert isinstance(info, CrossingInfo)
    assert info.modalities is None
    assert len(vocabulary_figures.plot_crossing(info).data) == 1
    assert "text and image" not in vocabulary_findings.say_crossing(info)[0]


def test_lengths_are_shares_of_the_vocabulary_and_of_the_text(record: SweepRecord) -> None:
    info = compute_lengths(record)
    assert isinstance(info, LengthsInfo)
    assert info.token_shares == (33 / 93, 40 / 93, 20 / 93)
    assert info.use_shares == (0.2, 0.5, 0.3)
    # 0.2 x 1 + 0.5 x 2 + 0.3 x 5
    assert (
        "80 % of the tokens in the training text stand for several codes, 2.7 on average"
        in (vocabulary_findings.say_lengths(info)[0])
    )
    unread = replace(info, uses=(0, 0, 0))
    assert unread.use_shares is None
    assert "of the vocabulary" in vocabulary_findings.say_lengths(unread)[0]
    assert len(vocabulary_figures.plot_lengths(unread).data) == 1


def test_savings_are_what_is_left_of_tokens_and_bits(record: SweepRecord) -> None:
    info = compute_economy(record)
    assert isinstance(info, EconomyInfo)
    assert [saving.unit for saving in info.savings] == ["tokens"] * 2 + ["bits"] * 3
    assert [saving.share for saving in info.savings[1:]] == [0.4, 0.8, 0.7, 0.75]
    title, subtitle = vocabulary_findings.say_economy(info)
    assert title == (
        "In a training history an item takes 2.00 tokens instead of 5.00 (alone 2.00) and 15.0 "
        "bits instead of 20.0"
    )
    assert "leave the vocabulary's own cost out" in subtitle
    said = vocabulary_findings.say_usage(info)
    assert "3,000 of 4,000 items of training histories, evenly spread over them" in said
    all_read = vocabulary_findings.say_usage(replace(info, training_items=3000))
    assert "of 3,000 items of training histories uses" in all_read
    assert "uses 75 %" in said
    assert "5.50 bits, 90 % of the most possible: as much as 45 equally" in said


def test_what_an_older_version_did_not_store_is_said(record: SweepRecord) -> None:
    known = ("num_merges", "tokens_per_item", "top_merges")
    old = {name: token_facts(2, 180)[name] for name in known}
    older = with_stage_facts(record, "merging", **old)
    for found in (compute_crossing(older), compute_lengths(older), compute_economy(older)):
        assert isinstance(found, Absent)
        assert "older version" in found.reason
    empty = replace(record, trials=())
    for found in (compute_crossing(empty), compute_lengths(empty), compute_economy(empty)):
        assert isinstance(found, Absent)


def test_a_history_that_was_not_read_leaves_only_items_alone(record: SweepRecord) -> None:
    facts = {
        name: value
        for name, value in token_facts(2, 180).items()
        if "history" not in name and not name.startswith("unigram")
    }
    info = compute_economy(with_stage_facts(record, "merging", **facts))
    assert isinstance(info, EconomyInfo)
    assert [saving.unit for saving in info.savings] == ["tokens", "bits"]
    assert "was not logged" in vocabulary_findings.say_usage(info)
    assert vocabulary_findings.say_economy(info)[0] == (
        "An item alone takes 2.00 tokens instead of 5.00 and 20.0 bits instead of 25.0"
    )
