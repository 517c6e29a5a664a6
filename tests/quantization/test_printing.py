"""Codes as people and files see them."""

from __future__ import annotations

import numpy as np
import pytest

from clairo.core.artifacts import CodeTable
from clairo.core.errors import DataError
from clairo.quantization.printing import print_code, print_semantic_id


@pytest.mark.parametrize(
    ("modality", "column", "printed"),
    [
        ("text", 0, "<A_5>"),
        ("text", 1, "<B_5>"),
        ("image", 0, "<a_5>"),
        ("image", 3, "<d_5>"),
        ("fused", 0, "<f0_5>"),
        ("shared", 0, "<#_5>"),
    ],
)
def test_each_modality_has_its_own_letters(modality, column: int, printed: str) -> None:
    assert print_code(modality, column, 5) == printed


def test_more_codebooks_than_letters_are_an_error() -> None:
    with pytest.raises(DataError, match="at most 26"):
        print_code("text", 26, 0)


def test_an_item_prints_column_by_column() -> None:
    table = CodeTable(
        ("a",),
        np.array([[5, 7, 1, 3]], dtype=np.int32),
        ("text", "text", "image", "shared"),
        (8, 8, 8, 4),
    )
    assert print_semantic_id(table, 0) == "<A_5><B_7><a_1><#_3>"
