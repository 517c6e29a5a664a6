"""Codes that come with a data set."""

from __future__ import annotations

import numpy as np
import pytest

from clairo.core.artifacts import Dataset, GivenCodes, given_modalities
from clairo.core.errors import DataError
from tests.worlds import small_demo

CODES = np.array([[0, 3], [1, 2], [1, 0]], dtype=np.int32)


def test_a_code_beyond_its_codebook_is_refused_by_item_and_column() -> None:
    with pytest.raises(DataError, match="got 3 for item 0 in text column 1 of size 3"):
        GivenCodes("text", CODES, (2, 3))
    with pytest.raises(DataError, match="got -1 for item 2 in image column 0"):
        GivenCodes("image", np.array([[0], [0], [-1]], dtype=np.int32), (2,))


def test_every_column_needs_a_size() -> None:
    with pytest.raises(DataError, match="column_sizes must have 2 entries, got 1"):
        GivenCodes("text", CODES, (4,))


def test_what_is_said_of_codes_makes_them_again() -> None:
    codes = GivenCodes("image", CODES, (2, 4))
    again = GivenCodes.of(codes.about(), CODES)
    assert again.about() == {"modality": "image", "column_sizes": [2, 4]}
    assert again.codes is CODES


def test_modalities_are_listed_once_in_order() -> None:
    parts = [GivenCodes(name, CODES, (2, 4)) for name in ("text", "image", "text")]
    assert given_modalities(parts) == ("text", "image")
    assert given_modalities([]) == ()


def test_codes_need_a_row_for_every_item_of_the_catalogue() -> None:
    world = small_demo().read()
    codes = (GivenCodes("text", CODES, (2, 4)),)
    with pytest.raises(DataError, match="text codes must have 60 entries, got 3"):
        Dataset("x", world.catalog, world.log, world.splits, {}, codes)
