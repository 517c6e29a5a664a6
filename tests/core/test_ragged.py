"""Ragged tables against lists of lists."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clairo.core.errors import DataError
from clairo.core.ragged import Ragged

TABLES = st.lists(st.lists(st.integers(-5, 5), max_size=4), min_size=1, max_size=8)


@given(table=TABLES, data=st.data())
def test_taking_rows_is_picking_from_a_list(table: list[list[int]], data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.integers(0, len(table) - 1), max_size=10))
    taken = Ragged.from_sequences(table).take(rows)
    assert [row.tolist() for row in taken] == [table[row] for row in rows]
    assert taken.lengths.tolist() == [len(table[row]) for row in rows]


@pytest.mark.parametrize(
    ("values", "message"),
    [([[1.7, 0.2]], "whole numbers, got float64"), ([[2**32 + 1]], "of 32 bits, got 4294967297")],
)
def test_values_that_would_become_others_are_refused(values, message):
    with pytest.raises(DataError, match=message):
        Ragged.from_sequences(values)
