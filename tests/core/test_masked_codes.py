"""Masked codes are kept whole and refuse rows that match no items."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from clairo.core.errors import DataError
from clairo.core.masked_codes import MaskedCodes

CODES = np.array([[1, 2], [1, 0]], dtype=np.int32)
UNKNOWN = np.array([[False, True], [False, False]])


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    saved = MaskedCodes(("a", "b"), CODES, UNKNOWN, {"unknown_items": 0.5})
    saved.save(tmp_path)
    loaded = MaskedCodes.load(tmp_path)
    assert (loaded.item_ids, loaded.facts) == (saved.item_ids, saved.facts)
    np.testing.assert_array_equal(loaded.codes, CODES)
    np.testing.assert_array_equal(loaded.unknown, UNKNOWN)


@pytest.mark.parametrize(
    ("ids", "unknown", "named"),
    [
        (("a",), UNKNOWN, "codes must have 1 entries, got 2"),
        (("a", "b"), UNKNOWN[:1], "unknown must have 2 entries, got 1"),
        (("a", "b"), UNKNOWN[:, :1], "unknown columns must have 2 entries, got 1"),
    ],
)
def test_tables_of_other_sizes_are_refused(
    ids: tuple[str, ...], unknown: np.ndarray, named: str
) -> None:
    with pytest.raises(DataError, match=named):
        MaskedCodes(ids, CODES, unknown)
