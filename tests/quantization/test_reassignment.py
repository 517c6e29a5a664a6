"""Items that share their codes move to near ones, worked out on a line of points."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clairo.core.artifacts import EmbeddingTable
from clairo.core.errors import DataError
from clairo.quantization.reassignment import CodedVectors, reassign
from clairo.quantization.rq_kmeans import RqKmeans

# Codes (tens, units) stand for 0 1 2 3, 10 11 12 13, ... on a line.
LINE = RqKmeans(
    {}, np.array([[[0], [10], [20], [30]], [[0], [1], [2], [3]]], dtype=np.float32), beam=4
)


def on_the_line(values: list[float], missing: tuple[int, ...] = ()) -> CodedVectors:
    present = ~np.isin(np.arange(len(values)), missing)
    vectors = np.where(present, values, 0)[:, None].astype(np.float32)
    return CodedVectors(LINE, EmbeddingTable("text", tuple(map(str, values)), vectors, present), 4)


def codes_of(part: CodedVectors) -> np.ndarray:
    return LINE.encode(part.table.vectors)


def test_the_best_coded_stays_and_others_take_the_nearest_last_code() -> None:
    # All three are coded as 11. 11.1 is nearest to it; 11.2 goes next and finds 12, which is
    # 0.8 away; for 11.3 the nearest that is left is 10, 1.3 away (13 is 1.7 away).
    part = on_the_line([11.3, 11.1, 11.2])
    found, facts = reassign(codes_of(part), [part])
    assert LINE.decode(found)[:, 0].tolist() == [10, 11, 12]
    assert facts["reassigned_items"] == 2
    spread = 3 * np.var([11.3, 11.1, 11.2])
    lost = 1.3**2 + 0.1**2 + 0.8**2
    assert facts["text/reassigned_reconstruction_error"] == pytest.approx(lost / spread, rel=1e-3)


def test_the_code_before_changes_when_all_last_ones_are_taken() -> None:
    # 10 to 13 are full. The next tens for 13.4 are 20 (then 20 itself, 6.6 away), which is
    # nearer than those of 0 (3, 10.4 away).
    part = on_the_line([10, 11, 12, 13, 13.4])
    found, _ = reassign(codes_of(part), [part])
    assert LINE.decode(found)[:, 0].tolist() == [10, 11, 12, 13, 20]


def test_ties_are_settled_by_the_catalogue() -> None:
    part = on_the_line([22, 22, 22])
    found, _ = reassign(codes_of(part), [part])
    assert LINE.decode(found)[:, 0].tolist() == [22, 21, 23]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(0, 34), min_size=1, max_size=16))
def test_up_to_as_many_items_as_codes_always_find_a_place(values: list[int]) -> None:
    part = on_the_line(values)
    before = codes_of(part)
    found, facts = reassign(before, [part])
    assert len(np.unique(found, axis=0)) == len(values)
    assert facts["reassigned_items"] == len(values) - len(np.unique(before, axis=0))


def test_one_item_more_than_codes_is_an_error_with_the_cure() -> None:
    part = on_the_line([float(value) for value in range(17)])
    with pytest.raises(DataError, match=r"found none for item \d+ .* among 17 items; use more"):
        reassign(codes_of(part), [part])


def test_two_items_without_vectors_are_an_error() -> None:
    nobody = on_the_line([1, 2, 1, 1], missing=(2, 3))
    codes = codes_of(nobody)
    codes[2:] = 4
    with pytest.raises(DataError, match=r"found none for item 3 with codes \[4, 4\]"):
        reassign(codes, [nobody])


def test_of_two_modalities_the_last_that_an_item_has_is_changed() -> None:
    text, image = on_the_line([11, 11, 2, 2]), on_the_line([30, 30, 2, 2], missing=(2, 3))
    codes = np.hstack([codes_of(text), codes_of(image)])
    codes[2:, 2:] = 4
    found, _ = reassign(codes, [text, image])
    assert (found[:2, :2] == codes[:2, :2]).all()
    assert LINE.decode(found[:2, 2:])[:, 0].tolist() == [30, 31]
    assert (found[2:, 2:] == 4).all()
    # 1 and 3 are as near to 2: the smaller code.
    assert LINE.decode(found[2:, :2])[:, 0].tolist() == [2, 1]
