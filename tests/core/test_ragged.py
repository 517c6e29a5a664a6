"""Ragged tables against lists of lists."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from clairo.core.ragged import Ragged

TABLES = st.lists(st.lists(st.integers(-5, 5), max_size=4), min_size=1, max_size=8)


@given(table=TABLES, data=st.data())
def test_taking_rows_is_picking_from_a_list(table: list[list[int]], data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.integers(0, len(table) - 1), max_size=10))
    taken = Ragged.from_sequences(table).take(rows)
    assert [row.tolist() for row in taken] == [table[row] for row in rows]
    assert taken.lengths.tolist() == [len(table[row]) for row in rows]
