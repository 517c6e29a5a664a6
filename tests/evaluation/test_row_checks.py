"""Checks of result rows against arithmetic done here by hand, and against ranks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clairo.core.errors import DataError
from clairo.evaluation.ranking import ranking_metrics
from clairo.evaluation.row_checks import (
    AccuracyRow,
    check_row,
    exact,
    printed,
    ratio,
    say_out_of_line,
)

ALL = ("range", "recall order", "ndcg gain", "ndcg over recall")


def row(r5: str = "", n5: str = "", r10: str = "", n10: str = "", r1: str = "") -> AccuracyRow:
    recall = {k: printed(text) for k, text in ((1, r1), (5, r5), (10, r10)) if text}
    ndcg = {k: printed(text) for k, text in ((5, n5), (10, n10)) if text}
    return AccuracyRow(recall, ndcg)


def of_ranks(ranks: np.ndarray) -> AccuracyRow:
    found = ranking_metrics(ranks)
    recall = {k: exact(found[f"recall_at_{k}"]) for k in (5, 10)}
    return AccuracyRow(recall, {k: exact(found[f"ndcg_at_{k}"]) for k in (5, 10)})


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [(".0340", 0.03395, 0.03405), ("0.5", 0.45, 0.55), ("1", 0.5, 1.5)],
)
def test_a_printed_number_stands_for_all_that_round_to_it(
    text: str, low: float, high: float
) -> None:
    reading = printed(text)
    assert (reading.low, reading.high) == pytest.approx((low, high), abs=1e-12)
    assert reading.text == text


@pytest.mark.parametrize("text", ["", "3.4 %", "1e-3", "nan", ".", "0,034", "<b>1</b>"])
def test_what_is_no_plain_decimal_is_refused(text: str) -> None:
    with pytest.raises(DataError, match="plain decimal"):
        printed(text)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_is_not_finite_is_not_checked(value: float) -> None:
    with pytest.raises(DataError, match="must be finite"):
        exact(value)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=60))
def test_no_ranking_ever_fails(ranks: list[int]) -> None:
    verdict = check_row(of_ranks(np.array(ranks, np.int32)))
    assert verdict.impossible == ()
    assert set(ALL[:3]) <= set(verdict.made)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=60), st.integers(2, 4))
def test_no_ranking_fails_for_being_printed_with_few_digits(ranks: list[int], digits: int) -> None:
    found = ranking_metrics(np.array(ranks, np.int32))
    texts = [
        f"{found[key]:.{digits}f}"
        for key in ("recall_at_5", "ndcg_at_5", "recall_at_10", "ndcg_at_10")
    ]
    assert check_row(row(*texts)).impossible == ()


def test_all_hits_at_the_first_or_the_last_rank_lie_on_the_bounds() -> None:
    for rank, share in ((1, 1.0), (5, 1 / np.log2(6))):
        found = ratio(of_ranks(np.full(8, rank, np.int32)))
        assert found is not None
        assert found.middle == pytest.approx(share)
    for rank, gain in ((6, 1 / np.log2(7)), (10, 1 / np.log2(11))):
        made = of_ranks(np.array([1, rank], np.int32))
        assert made.ndcg[10].middle - made.ndcg[5].middle == pytest.approx(gain / 2)
        assert check_row(made).impossible == ()


def test_recall_that_falls_with_the_cutoff_fails() -> None:
    verdict = check_row(row(".0400", ".0250", ".0398", ".0260"))
    assert "Recall@5 of .0400 is above Recall@10 of .0398." in verdict.impossible
    # Both may be .0400 and .0400 before rounding to two digits.
    assert check_row(row(".04", ".03", ".04", ".03")).impossible == ()


def test_ndcg_that_gains_more_than_recall_allows_fails_with_its_numbers() -> None:
    # .0100 x 1/log2(7) = .00356, at the edges of rounding .0101 x 1/log2(7) = .00360.
    assert 0.0101 / np.log2(7) == pytest.approx(0.0036, abs=2e-5)
    (said,) = check_row(row(".0400", ".0250", ".0500", ".0290")).impossible
    assert said == (
        "NDCG@10 − NDCG@5 is 0.0040, and Recall@10 − Recall@5 of 0.0100 allows 0.0029 to 0.0036."
    )
    assert check_row(row(".0400", ".0250", ".0500", ".0285")).impossible == ()
    (said,) = check_row(row(".0400", ".0250", ".0500", ".0275")).impossible
    assert "is 0.0025" in said


def test_ndcg_over_recall_outside_its_bounds_fails() -> None:
    (low,) = check_row(row(".1000", ".0380")).impossible
    assert low == "NDCG@5 / Recall@5 is 0.38, and 0.39 to 1 is allowed."
    (high,) = check_row(row(".1000", ".1010")).impossible
    assert "is 1.01" in high
    assert check_row(row(".1000", ".0387")).impossible == ()  # 1 / log2(6) = .38685


def test_values_outside_zero_and_one_fail() -> None:
    verdict = check_row(row("-.0400", "", "1.0400"))
    assert [s for s in verdict.impossible if "within 0 and 1" in s] == [
        "Recall@5 of -.0400 is not within 0 and 1.",
        "Recall@10 of 1.0400 is not within 0 and 1.",
    ]


def test_only_the_checks_that_the_numbers_allow_are_made() -> None:
    assert check_row(row()).made == ()
    assert check_row(row(r10=".0745", n10=".0402")).made == ("range", "ndcg over recall")
    assert check_row(row(r5=".04", r10=".05")).made == ("range", "recall order")
    assert check_row(row(".04", ".03", ".05", ".033")).made == ALL


def test_a_missing_ndcg_is_bridged_by_the_recalls_between() -> None:
    """HR@1 is NDCG@1, so NDCG@10 can be checked without NDCG@5."""
    # .0763 + .0295 x [1/log2(6), 1/log2(3)] + .0233 x [1/log2(11), 1/log2(7)] = .0944 to .1032
    bounds = [0.0763 + 0.0295 / np.log2(a) + 0.0233 / np.log2(b) for a, b in ((6, 11), (3, 7))]
    assert bounds == pytest.approx([0.0944, 0.1032], abs=1e-4)
    seen = check_row(row(".1058", "", ".1291", ".0997", r1=".0763"))
    assert (seen.made, seen.impossible) == (ALL, ())
    assert check_row(row(".1058", "", ".1291", ".1040", r1=".0763")).impossible != ()
    assert check_row(row(".1058", "", ".1291", ".0940", r1=".0763")).impossible != ()
    assert check_row(row(".1058", "", ".1291", ".0950", r1=".0763")).impossible == ()


OTHERS = [row(".1000", text) for text in (".0640", ".0660", ".0710")]


@pytest.mark.parametrize(("n5", "far"), [(".0780", False), (".0790", True), (".0560", True)])
def test_a_ratio_is_out_of_line_beyond_the_width_of_the_others(n5: str, far: bool) -> None:
    """The others have .64 to .71, so that .57 to .78 is in line."""
    said = say_out_of_line(row(".1000", n5), OTHERS, "other rows")
    assert said is not None
    assert bool(said) is far
    if n5 == ".0790":
        assert said == "NDCG@5 / Recall@5 is 0.79, where 3 other rows have 0.64 to 0.71."


def test_without_three_ratios_or_its_own_a_row_is_not_compared() -> None:
    assert say_out_of_line(row(".1000", ".0900"), OTHERS[:2], "other rows") is None
    assert say_out_of_line(row(r10=".1000", n10=".0900"), OTHERS, "other rows") is None
    assert say_out_of_line(row("0.0000", "0.0000"), OTHERS, "other rows") is None
    only_at_10 = [row(r10=".1", n10=".06")] * 5
    assert say_out_of_line(row(".1000", ".0900"), only_at_10, "other rows") is None
