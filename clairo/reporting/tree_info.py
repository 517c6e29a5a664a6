"""The branches of the codes, and leaning items, as people know them: titles, prices, pictures."""

from __future__ import annotations

from dataclasses import dataclass, field

from clairo.core.artifacts import Modality
from clairo.quantization.printing import print_code
from clairo.quantization.representation import Branch, CodeTree, Representation
from clairo.reporting.fusion_info import WeightsInfo, compute_weights
from clairo.reporting.health_info import NO_BEST
from clairo.reporting.search_info import Absent
from clairo.reporting.selection import best_trial, shown_number
from clairo.reporting.spelled_info import UNTITLED, Picture
from clairo.tracking.records import SweepRecord


@dataclass(frozen=True)
class ShopItem:
    """An item as it is shown.

    Attributes:
        picture: With the title.
        price: ``""`` where unknown.
        weight: What the fusion gives the modality in question, where one is.
    """

    picture: Picture
    price: str
    weight: float | None = None


@dataclass(frozen=True)
class BranchCard:
    """Items with the same first codes.

    Attributes:
        codes: As printed.
        num_items: How many.
        share: Of the items that have the modality.
        category: The most frequent, ``""`` where none is known.
        category_share: Its share among items of known category.
        items: The most frequent in training.
        num_branches: How many next codes there are.
        branches: The largest of these.
    """

    codes: str
    num_items: int
    share: float
    category: str
    category_share: float
    items: tuple[ShopItem, ...]
    num_branches: int
    branches: tuple[BranchCard, ...]


@dataclass(frozen=True)
class TreeCard:
    """The largest branches of the codes of one modality."""

    modality: Modality
    num_items: int
    num_branches: int
    branches: tuple[BranchCard, ...]

    @property
    def covered(self) -> float:
        """Share of the items that stand in the branches shown."""
        return sum(branch.share for branch in self.branches)


@dataclass(frozen=True)
class Leaning:
    """Items whose vectors are made of one modality more than those of all others.

    Attributes:
        modality: The one.
        items: With its weight in each, the highest first.
    """

    modality: str
    items: tuple[ShopItem, ...]


@dataclass(frozen=True)
class TreeInfo:
    """Branches and leaning items of one run.

    Attributes:
        trial: Number of the trial shown.
        seed: Seed of the run; codes differ between seeds.
        trees: One for each modality with codes.
        leaning: Items where one modality dominates; empty where the fusion weighs nothing.
        sheet: JPEG with all pictures, ``b""`` without any.
        tile: Pixels of a picture.
        sheet_size: Width and height of the sheet in pixels.
    """

    trial: int
    seed: int
    trees: tuple[TreeCard, ...]
    leaning: tuple[Leaning, ...]
    sheet: bytes = field(repr=False)
    tile: int
    sheet_size: tuple[int, int]


def compute_tree(record: SweepRecord) -> TreeInfo | Absent:
    """Branches of the codes of the best configuration."""
    trial = best_trial(record)
    if trial is None:
        return Absent(NO_BEST)
    number, kept = shown_number(record, trial), trial.representation
    if kept is None:
        return Absent(
            trial.representation_error
            or f"Trial {number} logged no titles and pictures of its codes: only runs on fresh "
            "seeds do, and older versions did not."
        )
    shower, weights = _Shower(kept), compute_weights(record)
    columns = max(1, kept.sheet_columns)
    num_tiles = sum(item.tile is not None for item in kept.items.values())
    return TreeInfo(
        trial=number,
        seed=trial.seed,
        trees=tuple(shower.tree(tree) for tree in kept.trees),
        leaning=shower.leaning(weights) if isinstance(weights, WeightsInfo) else (),
        sheet=kept.sheet,
        tile=kept.tile,
        sheet_size=(columns * kept.tile, -(-num_tiles // columns) * kept.tile),
    )


@dataclass(frozen=True)
class _Shower:
    """Puts titles and pictures to the items of one run."""

    kept: Representation

    def tree(self, tree: CodeTree) -> TreeCard:
        branches = tuple(self.branch(tree, branch) for branch in tree.branches)
        return TreeCard(tree.modality, tree.num_items, tree.num_branches, branches)

    def branch(self, tree: CodeTree, branch: Branch) -> BranchCard:
        codes = (print_code(tree.modality, d, code) for d, code in enumerate(branch.codes))
        return BranchCard(
            codes=" ".join(codes),
            num_items=branch.num_items,
            share=branch.num_items / max(1, tree.num_items),
            category=branch.category,
            category_share=branch.category_share,
            items=tuple(self.item(item) for item in branch.items),
            num_branches=branch.num_branches,
            branches=tuple(self.branch(tree, further) for further in branch.branches),
        )

    def leaning(self, info: WeightsInfo) -> tuple[Leaning, ...]:
        return tuple(
            Leaning(modality, tuple(self.item(item, weight) for item, weight in pairs))
            for modality, pairs in info.weights.leaning.items()
        )

    def item(self, index: int, weight: float | None = None) -> ShopItem:
        known = self.kept.items[index]
        title = known.title or UNTITLED
        if not known.has_picture:
            return ShopItem(Picture(title, "missing"), known.price, weight)
        if known.tile is None:
            return ShopItem(Picture(title, "left out"), known.price, weight)
        row, column = divmod(known.tile, max(1, self.kept.sheet_columns))
        place = Picture(title, "shown", column * self.kept.tile, row * self.kept.tile)
        return ShopItem(place, known.price, weight)
