"""What items share a code, in titles and pictures, and whom the fusion listened to.

These records are what a run logs as a folder, reads back and puts on the page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

from pydantic import TypeAdapter, ValidationError

from clairo.core.artifacts import Modality
from clairo.core.errors import ArtifactError
from clairo.core.files import read_json, write_json

REPRESENTATION_FILE, SHEET_FILE = "representation.json", "pictures.jpg"


@dataclass(frozen=True)
class Branch:
    """Items with the same first codes.

    Attributes:
        codes: These codes.
        num_items: How many items there are.
        category: The most frequent category among them, ``""`` where none is known.
        category_share: Its share among those of known category.
        items: Indices of the three most frequent in training.
        num_branches: How many next codes they have.
        branches: The largest of these.
    """

    codes: tuple[int, ...]
    num_items: int
    category: str
    category_share: float
    items: tuple[int, ...]
    num_branches: int = 0
    branches: tuple[Branch, ...] = ()


@dataclass(frozen=True)
class CodeTree:
    """The largest branches of the codes of one modality.

    Attributes:
        modality: What the codes were made from.
        num_items: Items that have the modality.
        num_branches: First codes in use.
        branches: The largest of them, largest first.
    """

    modality: Modality
    num_items: int
    num_branches: int
    branches: tuple[Branch, ...]


@dataclass(frozen=True)
class CategoryWeights:
    """Weights of one modality among the items of one category.

    Attributes:
        category: Its name, ``""`` for items of unknown category.
        num_items: Items of it that were weighed.
        quantiles: By modality, the weights that 5, 25, 50, 75 and 95 % of these items do not
            exceed.
    """

    category: str
    num_items: int
    quantiles: Mapping[str, tuple[float, float, float, float, float]]


@dataclass(frozen=True)
class FusionWeights:
    """How a fusion shared out its attention, over all items that have several modalities.

    Attributes:
        num_items: Items with several modalities.
        num_single: Items with one modality, which has all the weight and is not counted below.
        histogram: By modality, items in equal parts of the range from 0 to 1.
        means: By modality, the mean weight.
        categories: The most frequent categories.
        leaning: By modality, the items that give it the highest weight, with this weight.
    """

    num_items: int
    num_single: int
    histogram: Mapping[str, tuple[int, ...]]
    means: Mapping[str, float]
    categories: tuple[CategoryWeights, ...]
    leaning: Mapping[str, tuple[tuple[int, float], ...]]


@dataclass(frozen=True)
class ShownItem:
    """An item as people know it.

    Attributes:
        title: ``""`` where unknown.
        price: As shown to people, ``""`` where unknown.
        has_picture: Whether the catalogue has a picture that decodes.
        tile: Place of the picture on the sheet, ``None`` where it is not on it.
    """

    title: str
    price: str
    has_picture: bool
    tile: int | None = None


@dataclass(frozen=True)
class Representation:
    """What the codes of one run mean.

    Attributes:
        trees: One for each modality that has codes.
        weights: Of the fusion, ``None`` where it weighs nothing.
        items: Every item that is named, by index.
        sheet: One JPEG with all small pictures, ``b""`` without any.
        tile: Width and height of a picture on the sheet in pixels.
        sheet_columns: Pictures in a row of the sheet.
    """

    trees: tuple[CodeTree, ...]
    weights: FusionWeights | None
    items: Mapping[int, ShownItem]
    sheet: bytes = field(default=b"", repr=False)
    tile: int = 0
    sheet_columns: int = 0

    def named_items(self) -> tuple[int, ...]:
        """Every item that is named, once; leaning items first, then branch by branch."""
        leaning = self.weights.leaning if self.weights else {}
        found = [item for pairs in leaning.values() for item, _ in pairs]
        for tree in self.trees:
            found += [item for branch in walk(tree.branches) for item in branch.items]
        return tuple(dict.fromkeys(found))

    def save(self, folder: Path) -> None:
        """Writes ``representation.json``, and ``pictures.jpg`` where there are pictures."""
        about = asdict(self)
        del about["sheet"]
        write_json(folder / REPRESENTATION_FILE, about)
        if self.sheet:
            (folder / SHEET_FILE).write_bytes(self.sheet)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Reads what :meth:`save` wrote.

        Raises:
            ArtifactError: The file is not what this version writes.
        """
        about, sheet = read_json(folder / REPRESENTATION_FILE), folder / SHEET_FILE
        picture = {"sheet": sheet.read_bytes() if sheet.exists() else b""}
        whole = about | picture if isinstance(about, dict) else about
        try:
            found = TypeAdapter(cls).validate_python(whole)
        except ValidationError as error:
            first = error.errors()[0]
            raise ArtifactError(
                f"{folder / REPRESENTATION_FILE} holds something else than a representation as "
                f"this version writes it, at {'.'.join(map(str, first['loc'])) or 'its top'}: "
                f"{first['msg']}; restore the artifact."
            ) from error
        unknown = set(found.named_items()) - set(found.items)
        if unknown:
            raise ArtifactError(
                f"{folder / REPRESENTATION_FILE} must describe every item that it names, it lacks "
                f"{len(unknown)}, such as item {min(unknown)}; restore the artifact."
            )
        return found


def walk(branches: tuple[Branch, ...]) -> Iterator[Branch]:
    """Branches, each before those it parts into."""
    for branch in branches:
        yield branch
        yield from walk(branch.branches)
