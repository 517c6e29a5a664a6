"""Numbers behind what a vocabulary means: what crosses, how long tokens are, what they save."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clairo.reporting.search_info import Absent
from clairo.reporting.selection import best_trial, fact, number_fact, shown_number
from clairo.tracking.records import SweepRecord, TrialRecord


@dataclass(frozen=True)
class Course:
    """How often something holds over the list of merges.

    Attributes:
        share: Of all merges.
        by_rank: Of the merges of each part of the list, earliest first. The parts are those of
            ``np.array_split``, so that the first may hold one merge more than the last.
    """

    share: float
    by_rank: tuple[float, ...]

    def edges(self, num_merges: int) -> tuple[float, ...]:
        """Where the parts begin and the last one ends, as shares of the list."""
        sizes = [len(part) for part in np.array_split(np.arange(num_merges), len(self.by_rank))]
        return (0.0, *(float(end) / num_merges for end in np.cumsum(sizes)))


@dataclass(frozen=True)
class CrossingInfo:
    """Which merges cross modalities and items, by rank.

    Attributes:
        trial: Number of the trial shown.
        num_merges: All merges made.
        modalities: Merges that join text and image; ``None`` where the codes have not both
            modalities.
        items: Merges made mostly between neighbours; ``None`` where the tokenizer does not know.
    """

    trial: int
    num_merges: int
    modalities: Course | None
    items: Course | None


@dataclass(frozen=True)
class LengthsInfo:
    """How many codes tokens stand for.

    Attributes:
        trial: Number of the trial shown.
        codes: Lengths that occur, ascending.
        tokens: Tokens of each length.
        uses: Uses of tokens of each length in the training text, 0 where none was read.
    """

    trial: int
    codes: tuple[int, ...]
    tokens: tuple[int, ...]
    uses: tuple[int, ...]

    @property
    def token_shares(self) -> tuple[float, ...]:
        """Share of the vocabulary of each length."""
        return tuple(count / sum(self.tokens) for count in self.tokens)

    @property
    def use_shares(self) -> tuple[float, ...] | None:
        """Share of the text of each length, ``None`` where none was read."""
        total = sum(self.uses)
        return tuple(count / total for count in self.uses) if total else None


@dataclass(frozen=True)
class Saving:
    """One cost of an item, before and after merging.

    Attributes:
        name: What is counted, and where.
        unit: ``tokens`` or ``bits``.
        in_history: Whether of an item in a training history rather than alone.
        before: With the codes alone.
        after: With the merged tokens.
    """

    name: str
    unit: str
    in_history: bool
    before: float
    after: float

    @property
    def share(self) -> float:
        """What is left of it."""
        return self.after / self.before


@dataclass(frozen=True)
class EconomyInfo:
    """What merging saves, and how evenly the vocabulary is used.

    Attributes:
        trial: Number of the trial shown.
        savings: Tokens first, then bits.
        described_items: History items that were read.
        training_items: All history items; ``None`` where an older version did not say.
        vocab_size: Tokens, padding included.
        usage: Share of tokens that occur in the text.
        entropy: Bits per token of the text.
        normalized_entropy: The same as a share of the most possible.
        perplexity: Effective number of tokens.
    """

    trial: int
    savings: tuple[Saving, ...]
    described_items: float | None
    training_items: float | None
    vocab_size: float | None
    usage: float | None
    entropy: float | None
    normalized_entropy: float | None
    perplexity: float | None


_SAVINGS = (
    ("Tokens alone", "tokens", "tokens_per_item_before", "tokens_per_item"),
    ("Tokens in a history", "tokens", "tokens_per_item_before",
     "tokens_per_history_item"),
    ("Bits alone, uniform", "bits", "uniform_bits_per_item_before",
     "uniform_bits_per_item"),
    ("Bits in a history, uniform", "bits", "uniform_bits_per_item_before",
     "uniform_bits_per_history_item"),
    ("Bits in a history, unigram entropy", "bits",
     "unigram_bits_per_item_before", "unigram_bits_per_history_item"),
)  # fmt: skip


def compute_crossing(record: SweepRecord) -> CrossingInfo | Absent:
    """Shares of crossing merges of the best configuration."""
    trial = best_trial(record)
    if trial is None:
        return Absent("No trial has a value, so there is no best configuration to look into.")
    modalities = _course(trial, "cross_modal_share_of_merges", "cross_modal_by_rank")
    items = _course(trial, "cross_item_share", "cross_item_by_rank")
    merges = number_fact(trial, "num_merges")
    if not merges or not (modalities or items):
        return _lacks(record, trial, "shares of crossing merges")
    return CrossingInfo(
        trial=shown_number(record, trial),
        num_merges=int(merges),
        modalities=modalities if _has_two_modalities(trial) else None,
        items=items,
    )


def compute_lengths(record: SweepRecord) -> LengthsInfo | Absent:
    """Lengths of the tokens of the best configuration."""
    trial = best_trial(record)
    if trial is None:
        return Absent("No trial has a value, so there is no best configuration to look into.")
    rows = fact(trial, "token_lengths")
    if not rows:
        return _lacks(record, trial, "token lengths")
    codes, tokens, uses = (tuple(int(v) for v in column) for column in zip(*rows, strict=True))
    return LengthsInfo(shown_number(record, trial), codes, tokens, uses)


def compute_economy(record: SweepRecord) -> EconomyInfo | Absent:
    """Tokens and bits of an item before and after merging, of the best configuration."""
    trial = best_trial(record)
    if trial is None:
        return Absent("No trial has a value, so there is no best configuration to look into.")
    savings = []
    for name, unit, *keys in _SAVINGS:
        before, after = (number_fact(trial, key) for key in keys)
        if before and after is not None:
            savings.append(Saving(name, unit, "history" in keys[1], before, after))
    if not savings:
        return _lacks(record, trial, "tokens and bits before and after merging")
    return EconomyInfo(
        trial=shown_number(record, trial),
        savings=tuple(savings),
        described_items=number_fact(trial, "described_items"),
        training_items=number_fact(trial, "training_items"),
        vocab_size=number_fact(trial, "vocab_size"),
        usage=number_fact(trial, "vocabulary_usage"),
        entropy=number_fact(trial, "unigram_entropy"),
        normalized_entropy=number_fact(trial, "unigram_entropy_normalized"),
        perplexity=number_fact(trial, "token_perplexity"),
    )


def _course(trial: TrialRecord, whole: str, by_rank: str) -> Course | None:
    share, shares = number_fact(trial, whole), fact(trial, by_rank)
    return Course(share, tuple(shares)) if share is not None and shares else None


def _has_two_modalities(trial: TrialRecord) -> bool:
    """Whether some codes are of text and others of images, so that merges can join them."""
    found = {key.split("/")[0] for stage in trial.stages for key in stage.facts if "/0/" in key}
    return {"text", "image"} <= found


def _lacks(record: SweepRecord, trial: TrialRecord, what: str) -> Absent:
    return Absent(
        f"Trial {shown_number(record, trial)} made no merges, or an older version that stored "
        f"no {what} ran it."
    )
