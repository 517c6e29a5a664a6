"""Codes that a data set brings with it, so that nothing has to make them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
from jaxtyping import Int32

from clairo.core.checks import require_length
from clairo.core.errors import DataError

GivenModality = Literal["text", "image"]
"""What given codes were made from."""


@dataclass(frozen=True)
class GivenCodes:
    """Published codes of every item, made from one modality.

    Attributes:
        modality: What the codes were made from.
        codes: Rows in catalogue order; column ``c`` holds values from 0 to
            ``column_sizes[c] - 1``. Tuples may repeat: two items can share all codes.
        column_sizes: Entries of each codebook.
    """

    modality: GivenModality
    codes: Int32[np.ndarray, "items columns"]
    column_sizes: tuple[int, ...]

    def __post_init__(self) -> None:
        require_length("column_sizes", len(self.column_sizes), self.codes.shape[1])
        outside = (self.codes < 0) | (self.codes >= np.asarray(self.column_sizes))
        if outside.any():
            row, column = (int(place[0]) for place in np.nonzero(outside))
            raise DataError(
                f"A given code must lie from 0 to its column size - 1, got "
                f"{int(self.codes[row, column])} for item {row} in {self.modality} column {column} "
                f"of size {self.column_sizes[column]}; correct the code or the size."
            )

    def about(self) -> dict[str, Any]:
        """All but the array, as a JSON value."""
        return {"modality": self.modality, "column_sizes": list(self.column_sizes)}

    @classmethod
    def of(cls, about: Mapping[str, Any], codes: Int32[np.ndarray, "items columns"]) -> Self:
        """Codes from what :meth:`about` gave, and the array."""
        return cls(about["modality"], codes, tuple(about["column_sizes"]))


def given_modalities(codes: Sequence[GivenCodes]) -> tuple[GivenModality, ...]:
    """The distinct modalities, in order.

    Example:
        >>> one = np.zeros((1, 1), dtype=np.int32)
        >>> given_modalities([GivenCodes("text", one, (1,)), GivenCodes("text", one, (1,))])
        ('text',)
    """
    return tuple(dict.fromkeys(part.modality for part in codes))
