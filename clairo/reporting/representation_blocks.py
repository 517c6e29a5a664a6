"""Blocks of pages that show items by code and by weight; all draw on one sheet of pictures."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from clairo.reporting.tree_info import Leaning, TreeCard, TreeInfo


@dataclass(frozen=True)
class Caution:
    """A sentence that warns, as large as the text around it."""

    text: str
    kind: str = "caution"


@dataclass(frozen=True)
class SheetBlock:
    """The sheet of pictures, put on the page once; it shows nothing by itself.

    Attributes:
        info: Holds it.
    """

    info: TreeInfo
    kind: str = "sheet"

    @property
    def address(self) -> str:
        """The sheet as a data address, so that each picture is in the page once."""
        return jpeg_address(self.info.sheet)


@dataclass(frozen=True)
class Trees:
    """Branches of codes, to be opened one in the other.

    Attributes:
        info: The run they are of; its sheet is on the page.
    """

    info: TreeInfo
    kind: str = "trees"

    @property
    def trees(self) -> tuple[TreeCard, ...]:
        """One for each modality with codes."""
        return self.info.trees


@dataclass(frozen=True)
class LeaningItems:
    """Items where one modality weighs most.

    Attributes:
        leaning: The modality and its items.
        tile: Pixels of a picture on the sheet.
    """

    leaning: Leaning
    tile: int
    kind: str = "leaning"


def jpeg_address(data: bytes) -> str:
    """A data address, ``""`` for no data."""
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode('ascii')}" if data else ""
