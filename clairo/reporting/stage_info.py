"""Numbers behind what the stages did: codebooks, merges, time and cache."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from clairo.core.artifacts import Modality
from clairo.quantization.printing import print_code
from clairo.reporting.labels import plural
from clairo.reporting.search_info import Absent
from clairo.reporting.selection import best_trial, fact, number_fact, shown_number
from clairo.tracking.records import SweepRecord, TrialRecord

_COUNTS = re.compile(r"^(text|image|fused)/(\d+)/counts$")
_MODALITY_ORDER: dict[str, int] = {"text": 0, "image": 1, "fused": 2}


@dataclass(frozen=True)
class Codebook:
    """How items spread over the codes of one codebook.

    Attributes:
        modality: What it quantises.
        index: Place among the codebooks of this modality, from 0.
        counts: Items per code, most used first.
        perplexity: Effective number of codes, ``None`` where it was not logged.
        usage: Share of codes that any item uses.
    """

    modality: Modality
    index: int
    counts: tuple[int, ...]
    perplexity: float | None
    usage: float


@dataclass(frozen=True)
class CodebooksInfo:
    """Codebooks of one configuration.

    Attributes:
        trial: Number of the trial shown.
        codebooks: In column order.
        collision_rate: Share of items whose codes are not unique before disambiguation.
        largest_bucket: Items that share one tuple at most, before disambiguation.
    """

    trial: int
    codebooks: tuple[Codebook, ...]
    collision_rate: float | None
    largest_bucket: float | None


@dataclass(frozen=True)
class Merge:
    """One learned token.

    Attributes:
        parts: Codes that it stands for, as printed.
        words: The same codes in words, with the number of items that carry each.
        modalities: Modalities it joins, in column order.
        priority: Weighted count at which it was merged.
        across: Whether it was made more often between neighbours than within an item; ``None``
            where the tokenizer does not know.
    """

    parts: tuple[str, ...]
    words: tuple[str, ...]
    modalities: tuple[Modality, ...]
    priority: float
    across: bool | None = None


@dataclass(frozen=True)
class MergesInfo:
    """The strongest merges of one configuration.

    Attributes:
        trial: Number of the trial shown.
        merges: In the order of the tokenizer's own list.
        num_merges: All merges made.
        cross_modal_share: Share of all merges that join text and image.
        tokens_per_item: Mean tokens of an item after merging.
    """

    trial: int
    merges: tuple[Merge, ...]
    num_merges: float | None
    cross_modal_share: float | None
    tokens_per_item: float | None


@dataclass(frozen=True)
class StageCost:
    """Where the time of one stage went, over all trials.

    Attributes:
        name: Stage.
        computed: Seconds spent computing.
        loaded: All other seconds, spent with the store: writing and checksumming what was
            computed and reading it back, reading what was found, and waiting for what another
            trial was making. Records do not tell these apart.
        saved: Seconds that stored results saved.
        num_computed: How often it was computed.
        num_cached: How often it was found.
    """

    name: str
    computed: float
    loaded: float
    saved: float
    num_computed: int
    num_cached: int


@dataclass(frozen=True)
class CostInfo:
    """Where the time of a sweep went.

    Attributes:
        stages: In pipeline order.
        other: Seconds of trials outside any stage.
    """

    stages: tuple[StageCost, ...]
    other: float

    @property
    def num_runs(self) -> int:
        """How often any stage was asked for."""
        return sum(stage.num_computed + stage.num_cached for stage in self.stages)

    @property
    def spent(self) -> float:
        """Seconds spent in stages."""
        return sum(stage.computed + stage.loaded for stage in self.stages)

    @property
    def saved(self) -> float:
        """Seconds saved by the store."""
        return sum(stage.saved for stage in self.stages)


def compute_codebooks(record: SweepRecord) -> CodebooksInfo | Absent:
    """Histograms of the best configuration's codes."""
    trial = best_trial(record)
    if trial is None:
        return Absent("No trial has a value, so there is no best configuration to look into.")
    books = codebooks_of(trial)
    if not books:
        return Absent(f"Trial {shown_number(record, trial)} stored no code histograms.")
    return CodebooksInfo(
        shown_number(record, trial),
        books,
        number_fact(trial, "collision_rate"),
        number_fact(trial, "largest_bucket"),
    )


def codebooks_of(trial: TrialRecord) -> tuple[Codebook, ...]:
    """The codebooks of a run that stored their histograms, in column order."""
    places = {m.groups() for s in trial.stages for key in s.facts if (m := _COUNTS.match(key))}
    books = []
    modality: Any  # a Modality, by the pattern
    for modality, index in sorted(places, key=lambda p: (_MODALITY_ORDER[p[0]], int(p[1]))):
        counts = sorted((int(n) for n in fact(trial, f"{modality}/{index}/counts")), reverse=True)
        if not counts:
            continue
        books.append(
            Codebook(
                modality=modality,
                index=int(index),
                counts=tuple(counts),
                perplexity=number_fact(trial, f"{modality}/{index}/perplexity"),
                usage=sum(n > 0 for n in counts) / len(counts),
            )
        )
    return tuple(books)


def compute_merges(record: SweepRecord) -> MergesInfo | Absent:
    """The strongest merges of the best configuration, in words."""
    trial = best_trial(record)
    if trial is None:
        return Absent("No trial has a value, so there is no best configuration to look into.")
    listed = fact(trial, "top_merges")
    if not listed:
        name = shown_number(record, trial)
        return Absent(f"The tokenizer of trial {name} made no merges, or listed none.")
    books = codebooks_of(trial)
    return MergesInfo(
        trial=shown_number(record, trial),
        merges=tuple(_merge(entry, books, trial) for entry in listed),
        num_merges=number_fact(trial, "num_merges"),
        cross_modal_share=number_fact(trial, "cross_modal_share_of_merges"),
        tokens_per_item=number_fact(trial, "tokens_per_item"),
    )


def has_merges(record: SweepRecord) -> bool:
    """Whether the best configuration has merges to speak of."""
    return isinstance(compute_merges(record), MergesInfo)


def _merge(entry: Mapping[str, Any], books: tuple[Codebook, ...], trial: TrialRecord) -> Merge:
    leaves = [name_code(int(column), int(value), books) for column, value in entry["leaves"]]
    inside, across = int(entry.get("inside", -1)), int(entry.get("across", -1))
    return Merge(
        parts=tuple(leaf.printed + (f" ({leaf.words})" if leaf.missing else "") for leaf in leaves),
        words=tuple(leaf.words + _carriers(leaf, trial) for leaf in leaves),
        modalities=in_column_order(leaf.modality for leaf in leaves),
        priority=float(entry["priority"]),
        across=across > inside if min(inside, across) >= 0 else None,
    )


@dataclass(frozen=True)
class NamedCode:
    """A code as people name it.

    Attributes:
        printed: In brackets, for example ``<A_5>``.
        words: For example ``text 1 code 5``, ``no image`` or ``digit 2``.
        modality: What it was made from.
        book: Index of its codebook among those of its modality.
        value: The code.
        missing: Whether it stands for items that lack the modality.
    """

    printed: str
    words: str
    modality: Modality
    book: int
    value: int
    missing: bool


def name_code(column: int, value: int, books: tuple[Codebook, ...]) -> NamedCode:
    """A code of a column as people name it."""
    # The disambiguation column stands after all codebooks and belongs to no modality.
    if column >= len(books):
        printed = print_code("shared", 0, value)
        return NamedCode(printed, f"digit {value}", "shared", 0, value, False)
    book = books[column]
    # The value after the last code marks items that lack the modality.
    missing = value == len(book.counts)
    words = f"no {book.modality}" if missing else f"{book.modality} {book.index + 1} code {value}"
    printed = print_code(book.modality, book.index, value)
    return NamedCode(printed, words, book.modality, book.index, value, missing)


def in_column_order(modalities: Iterable[Modality]) -> tuple[Modality, ...]:
    """The distinct modalities, text first and the digit last."""
    return tuple(sorted(set(modalities), key=lambda name: _MODALITY_ORDER.get(name, 3)))


def _carriers(leaf: NamedCode, trial: TrialRecord) -> str:
    """How many items carry a code, in brackets; nothing for a digit and for *missing*."""
    if leaf.missing or leaf.modality == "shared":
        return ""
    counts = fact(trial, f"{leaf.modality}/{leaf.book}/counts")
    return f" ({plural(int(counts[leaf.value]), 'item')})"


def compute_cost(record: SweepRecord) -> CostInfo | Absent:
    """Seconds computed, spent with the store and saved, by stage, over trials of all roles."""
    totals: dict[str, StageCost] = {}
    other = 0.0
    for trial in record.trials:
        other += max(0.0, trial.seconds - sum(stage.seconds for stage in trial.stages))
        for stage in trial.stages:
            seen = totals.get(stage.name, StageCost(stage.name, 0.0, 0.0, 0.0, 0, 0))
            # Who cuts a result may first have waited for the longer one; that is no computing.
            computed = 0.0 if stage.cached else min(stage.seconds, stage.computed_seconds)
            totals[stage.name] = StageCost(
                name=stage.name,
                computed=seen.computed + computed,
                loaded=seen.loaded + stage.seconds - computed,
                saved=seen.saved + stage.saved_seconds,
                num_computed=seen.num_computed + (not stage.cached),
                num_cached=seen.num_cached + stage.cached,
            )
    if not totals:
        return Absent("No trial recorded what its stages did.")
    return CostInfo(tuple(totals.values()), other)
