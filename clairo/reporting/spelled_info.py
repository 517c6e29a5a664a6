"""The first merges as cards: codes by name, items by title and picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from clairo.core.artifacts import Modality
from clairo.merging.spelled import Example, ItemGroup, Side, SpelledMerge, SpelledVocabulary
from clairo.reporting.search_info import Absent
from clairo.reporting.selection import best_trial, fact, shown_number
from clairo.reporting.stage_info import (
    Codebook,
    NamedCode,
    codebooks_of,
    in_column_order,
    name_code,
)
from clairo.tracking.records import SweepRecord

UNTITLED = "Untitled item"
_NUM_TITLED = 3

State = Literal["shown", "missing", "left out"]


@dataclass(frozen=True)
class Picture:
    """An item as it is shown.

    Attributes:
        title: Its title.
        state: ``missing`` where the catalogue has no picture, ``left out`` where the sheet has
            no room for it, which the page says once.
        x: Left edge on the sheet in pixels, where it is shown.
        y: Upper edge.
    """

    title: str
    state: State
    x: int = 0
    y: int = 0


@dataclass(frozen=True)
class CarrierGroup:
    """The items that carry one side of a merge, or both.

    Attributes:
        codes: What they carry.
        num_items: How many they are; ``None`` where no item carries them all.
        words: What marks their titles.
        titles: The most frequent ones.
        pictures: Of the most frequent items; empty where no code is about pictures.
        only_digit: Whether the codes are nothing but the disambiguation digit.
        parts: What a side made mostly between neighbours was itself merged from.
    """

    codes: tuple[NamedCode, ...]
    num_items: int | None = None
    words: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()
    only_digit: bool = False
    parts: tuple[CarrierGroup, ...] = ()


@dataclass(frozen=True)
class NeighbourExample:
    """Items next to each other in training histories that carry a merge between them."""

    items: tuple[Picture, ...]
    places: int


@dataclass(frozen=True)
class MergeCard:
    """One merge, spelled out.

    Attributes:
        place: Rank, from 1.
        modalities: What it joins.
        between_neighbours: Whether it was made at more places between neighbours than within an
            item.
        left: Items of its left side.
        right: Items of its right side.
        of_itself: Whether its sides are equal.
        both: Items of both; ``None`` where no item carries both.
        examples: Neighbours that carry it, the most frequent first.
        places: Stretches of neighbours that carry it in the text read.
        left_first: How often the left side is in one item and the right one in the next, where
            that can be said.
        right_first: The same the other way round.
        priority: Weighted count at which it was merged.
        inside: Places within an item where it was made; -1 where that is not known.
        across: Places between neighbours where it was made.
    """

    place: int
    modalities: tuple[Modality, ...]
    between_neighbours: bool
    left: CarrierGroup
    right: CarrierGroup
    of_itself: bool
    both: CarrierGroup | None
    examples: tuple[NeighbourExample, ...]
    places: int
    left_first: int | None
    right_first: int | None
    priority: float
    inside: int
    across: int

    @property
    def joins(self) -> str:
        """What it joins, as printed."""
        names = ["digit" if name == "shared" else name for name in self.modalities]
        return " + ".join(names) if len(names) > 1 else f"{names[0]} only"

    @property
    def made(self) -> str:
        """Where it was made mostly, as printed."""
        return "between neighbours" if self.between_neighbours else "within an item"

    @property
    def digit(self) -> str:
        """Whether the disambiguation digit is among its codes, as printed."""
        return "with the digit" if "shared" in self.modalities else "without the digit"

    @property
    def attaches_digit(self) -> bool:
        """Whether a side is nothing but the digit, so that both are like the other side."""
        return self.left.only_digit or self.right.only_digit

    @property
    def sides(self) -> tuple[tuple[str, CarrierGroup], ...]:
        """Sides that have something to tell, with their headings: no digit, and no side twice."""
        if self.of_itself:
            named = [("Each side", self.left)]
        else:
            named = [("Left side", self.left), ("Right side", self.right)]
        return tuple((name, group) for name, group in named if not group.only_digit)


@dataclass(frozen=True)
class SpelledInfo:
    """The first merges of one configuration, spelled out.

    Attributes:
        trial: Number of the trial shown.
        seed: Seed of the run whose vocabulary it is; codes differ between seeds.
        cards: In the order of the merge list.
        read_items: History items in which neighbours were looked for.
        training_items: All items of training histories.
        num_pictures: Pictures on the sheet.
        lacks_pictures: Whether it had no room for others.
        sheet: JPEG with all pictures, ``b""`` without any.
        tile: Pixels of a picture.
        sheet_size: Width and height of the sheet in pixels.
    """

    trial: int
    seed: int
    cards: tuple[MergeCard, ...]
    read_items: int
    training_items: int
    num_pictures: int
    lacks_pictures: bool
    sheet: bytes = field(repr=False)
    tile: int
    sheet_size: tuple[int, int]


def compute_spelled(record: SweepRecord) -> SpelledInfo | Absent:
    """The spelled merges of the best configuration."""
    trial = best_trial(record)
    if trial is None:
        return Absent("No trial has a value, so there is no best configuration to look into.")
    number, spelled = shown_number(record, trial), trial.vocabulary
    if spelled is None:
        return Absent(
            trial.vocabulary_error
            or f"Trial {number} logged no spelled merges: only runs on fresh seeds do, and older "
            "versions did not."
        )
    if not spelled.merges:
        return Absent(f"The tokenizer of trial {number} made no merges.")
    listed = {int(entry["token"]): entry for entry in fact(trial, "top_merges") or ()}
    namer = _Namer(spelled, codebooks_of(trial))
    columns = max(1, spelled.sheet_columns)
    rows = -(-len(spelled.tiles) // columns)
    return SpelledInfo(
        trial=number,
        seed=trial.seed,
        cards=tuple(
            namer.card(place, merge, listed.get(merge.token, {}))
            for place, merge in enumerate(spelled.merges, start=1)
        ),
        read_items=spelled.read_items,
        training_items=spelled.training_items,
        num_pictures=len(spelled.tiles),
        lacks_pictures=len(spelled.tiles) < len(spelled.pictures),
        sheet=spelled.sheet,
        tile=spelled.tile,
        sheet_size=(columns * spelled.tile, rows * spelled.tile),
    )


@dataclass(frozen=True)
class _Namer:
    """Puts names to codes and items of one run."""

    spelled: SpelledVocabulary
    books: tuple[Codebook, ...]

    def card(self, place: int, merge: SpelledMerge, entry: Mapping[str, Any]) -> MergeCard:
        left, right = self.side(merge.left), self.side(merge.right)
        codes = (*left.codes, *right.codes)
        inside, across = int(entry.get("inside", -1)), int(entry.get("across", -1))
        known = inside >= 0 and across >= 0
        return MergeCard(
            place=place,
            modalities=in_column_order(code.modality for code in codes),
            between_neighbours=across > inside if known else merge.between_neighbours,
            left=left,
            right=right,
            of_itself=merge.left == merge.right,
            both=self.group(codes, merge.both) if merge.both else None,
            examples=tuple(self.example(example) for example in merge.examples),
            places=merge.places,
            left_first=merge.left_first,
            right_first=merge.right_first,
            priority=float(entry.get("priority", 0.0)),
            inside=inside,
            across=across,
        )

    def side(self, side: Side) -> CarrierGroup:
        codes = tuple(name_code(column, value, self.books) for column, value in side.leaves)
        found = CarrierGroup(codes) if side.carriers is None else self.group(codes, side.carriers)
        parts = tuple(self.side(part) for part in side.parts)
        # Of a code and the digit there is no more to tell than of both together.
        told = side.carriers is not None and any(part.only_digit for part in parts)
        return found if told else replace(found, parts=parts)

    def group(self, codes: tuple[NamedCode, ...], group: ItemGroup) -> CarrierGroup:
        kinds = {code.modality for code in codes}
        if kinds == {"shared"}:
            return CarrierGroup(codes, group.num_items, only_digit=True)
        pictured = bool(kinds & {"image", "fused"})
        return CarrierGroup(
            codes=codes,
            num_items=group.num_items,
            words=group.words,
            titles=group.titles[:_NUM_TITLED],
            pictures=tuple(self.picture(item) for item in group.items) if pictured else (),
        )

    def example(self, example: Example) -> NeighbourExample:
        return NeighbourExample(tuple(map(self.picture, example.items)), example.places)

    def picture(self, item: int) -> Picture:
        title = self.spelled.titles.get(item) or UNTITLED
        if item not in self.spelled.pictures:
            return Picture(title, "missing")
        if item not in self.spelled.tiles:
            return Picture(title, "left out")
        row, column = divmod(self.spelled.tiles[item], self.spelled.sheet_columns)
        return Picture(title, "shown", column * self.spelled.tile, row * self.spelled.tile)
