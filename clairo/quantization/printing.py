"""How codes are printed for people and files."""

from __future__ import annotations

import string

from clairo.core.artifacts import CodeTable, Modality
from clairo.core.errors import DataError


def print_code(modality: Modality, column_in_modality: int, value: int) -> str:
    """One code in brackets.

    Text codes have capital letters and image codes small ones, one letter per codebook;
    codes of fused vectors are ``f`` with the codebook's number, the disambiguation is ``#``.

    Args:
        modality: What the column was made from.
        column_in_modality: Position among the columns of that modality, from 0.
        value: The code.

    Raises:
        DataError: A modality has more codebooks than there are letters.

    Example:
        >>> [print_code("text", 1, 7), print_code("image", 0, 5)]
        ['<B_7>', '<a_5>']
        >>> [print_code("fused", 2, 5), print_code("shared", 0, 3)]
        ['<f2_5>', '<#_3>']
    """
    if modality == "fused":
        return f"<f{column_in_modality}_{value}>"
    if modality == "shared":
        return f"<#_{value}>"
    letters = string.ascii_uppercase if modality == "text" else string.ascii_lowercase
    if column_in_modality >= len(letters):
        raise DataError(
            f"Codes are printed with one letter per codebook, got {modality} codebook "
            f"{column_in_modality}; use at most {len(letters)} codebooks."
        )
    return f"<{letters[column_in_modality]}_{value}>"


def print_semantic_id(table: CodeTable, item: int) -> str:
    """All codes of one item, for example ``<A_5><B_7><#_3>``."""
    seen: dict[str, int] = {}
    printed = []
    for modality, value in zip(table.column_modalities, table.codes[item], strict=True):
        printed.append(print_code(modality, seen.get(modality, 0), int(value)))
        seen[modality] = seen.get(modality, 0) + 1
    return "".join(printed)
