"""The sentences about a vocabulary: each is computed from the numbers it speaks of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from clairo.reporting.labels import capitalised, number, percent, plural, sentence_list
from clairo.reporting.spelled_info import SpelledInfo
from clairo.reporting.stage_info import MergesInfo
from clairo.reporting.vocabulary_info import (
    Course,
    CrossingInfo,
    EconomyInfo,
    LengthsInfo,
    Saving,
)

VOCABULARY_TITLE = "What the tokens mean"
"""Name of the page that spells merges out."""

Words = tuple[str, str]
"""Title (the point) and subtitle (the data)."""


def say_crossing(info: CrossingInfo) -> Words:
    """How many merges cross, and how that goes from the first to the last."""
    points = []
    if info.modalities is not None:
        points.append(_course(info.modalities, "join text and image"))
    if info.items is not None:
        points.append(_course(info.items, "were made mostly between neighbours"))
    course = info.modalities or info.items
    parts = 0 if course is None else len(course.by_rank)
    return (
        f"Of the merges, {sentence_list(points)}",
        f"Trial {info.trial}, {plural(info.num_merges, 'merge')} in {plural(parts, 'part')}, in "
        "the order they were made. Joining text and image: both are among the codes of the token. "
        "Made mostly between neighbours: at more places between items than within one.",
    )


def _course(course: Course, what: str) -> str:
    """The share of all merges, and of the first and the last part of them."""
    first, last = percent(course.by_rank[0]), percent(course.by_rank[-1])
    return f"{percent(course.share)} {what} (first merges {first}, last {last})"


def say_lengths(info: LengthsInfo) -> Words:
    """How much of the text is merged tokens."""
    shares, where = info.use_shares, "of the tokens in the training text"
    if shares is None:
        shares, where = info.token_shares, "of the vocabulary"
    several = sum(share for codes, share in zip(info.codes, shares, strict=True) if codes > 1)
    mean = float(np.dot(info.codes, shares))
    return (
        f"{percent(several)} {where} stand for several codes, {number(mean, 1)} on average",
        f"Trial {info.trial}: {plural(sum(info.tokens), 'token')}; the longest stands for "
        f"{info.codes[-1]} codes. Open: share of the tokens of the vocabulary; filled: share of "
        f"the {sum(info.uses):,} tokens of the greedy segmentation.",
    )


def say_economy(info: EconomyInfo) -> Words:
    """What an item takes with merging instead of without, in a history where that was read."""
    last = {saving.unit: saving for saving in info.savings}
    in_history = all(saving.in_history for saving in last.values())
    where = "In a training history an item" if in_history else "An item alone"
    return (
        f"{where} takes {sentence_list([_instead(s, info) for s in last.values()])}",
        f"Trial {info.trial}, greedy segmentation: an item alone, and an item in a training "
        "history. Circles: tokens; squares: bits. Uniform: tokens times log2 of the vocabulary, "
        "as if all were equally frequent. Unigram entropy: tokens times the entropy of single "
        "tokens in the training text. Bits are measured on the text that the vocabulary was "
        "built from, and leave the vocabulary's own cost out.",
    )


def _instead(saving: Saving, info: EconomyInfo) -> str:
    """What an item takes, with the tokens that it takes alone beside those in a history."""
    digits = 2 if saving.unit == "tokens" else 1
    after, before = number(saving.after, digits), number(saving.before, digits)
    said = f"{after} {saving.unit} instead of {before}"
    alone = [s for s in info.savings if s.unit == "tokens" and not s.in_history]
    if saving.unit == "tokens" and saving.in_history and alone:
        return f"{said} (alone {number(alone[0].after, digits)})"
    return said


def say_usage(info: EconomyInfo) -> str:
    """How evenly the text uses the vocabulary, in one sentence."""
    if info.usage is None or info.entropy is None or info.described_items is None:
        return "How the training text uses the vocabulary was not logged."
    size = "" if info.vocab_size is None else f" {number(info.vocab_size - 1, 0)}"
    most = info.normalized_entropy
    of_most = "" if most is None else f", {percent(most)} of the most possible"
    read = _read(int(info.described_items), info.training_items)
    return (
        f"The greedy segmentation of {read} "
        f"uses {percent(info.usage)} of the{size} tokens. A token carries "
        f"{number(info.entropy, 2)} bits{of_most}: as much as {number(info.perplexity, 0)} equally "
        "frequent ones. Merged parts that only ever occur inside longer tokens stay unused."
    )


def say_merges(info: MergesInfo, spelled: bool) -> str:
    """What merging did, in some sentences.

    Args:
        info: The merges.
        spelled: Whether the other page has them in titles and pictures.
    """
    parts = [f"{number(info.num_merges, 0)} merges" if info.num_merges is not None else "Merges"]
    if info.cross_modal_share is not None:
        parts.append(f"{percent(info.cross_modal_share)} of them join text and image")
    if info.tokens_per_item is not None:
        parts.append(f"an item alone takes {number(info.tokens_per_item, 2)} tokens on average")
    where = f" The page “{VOCABULARY_TITLE}” spells them out in titles and pictures."
    digit = say_digit([merge.modalities for merge in info.merges])
    return f"Trial {info.trial}: {', '.join(parts)}. {digit}{where if spelled else ''}"


def say_digit(merges: Sequence[Sequence[str]]) -> str:
    """How many merges contain the digit, which means nothing, and how many join modalities.

    Args:
        merges: The modalities of the codes of each of the first merges.
    """
    digit = sum("shared" in modalities for modalities in merges)
    joining = sum({"text", "image"} <= set(modalities) for modalities in merges)
    contain = "contains" if digit == 1 else "contain"
    joins = "joins" if joining == 1 else "join"
    return (
        f"{digit or 'None'} of the first {plural(len(merges), 'merge')} {contain} the digit that "
        f"tells equal items apart, which means nothing; {joining or 'none'} {joins} text and "
        "image by their codes."
    )


def say_spelled(info: SpelledInfo) -> tuple[str, ...]:
    """What the cards show and how to read them."""
    kinds = [card.joins for card in info.cards]
    common = sorted(set(kinds), key=lambda kind: (-kinds.count(kind), kind))
    counted = sentence_list([f"{kinds.count(kind)} {kind}" for kind in common])
    over = sum(card.between_neighbours for card in info.cards)
    pictures = (
        f" There is room for {info.num_pictures} pictures; items named later have a title only."
        if info.lacks_pictures
        else ""
    )
    return (
        capitalised(
            f"{plural(len(info.cards), 'merge')} of trial {info.trial} (seed {info.seed}), in "
            f"the order they were made. By what they join: {counted}. {over} were made mostly "
            "between neighbours."
        ),
        "Under each heading stands at how many places of the training text the merge was made: "
        "where its two sides stood together and no earlier merge had taken their codes. The next "
        "merge is the pair of the highest weighted count (in the table below): a place counts "
        "the less, the more codes stand there to be paired. What is shown further down is found "
        "in items and histories as they are, whatever earlier merges took. "
        f"Neighbours were looked for in {_read(info.read_items, info.training_items)}.",
        "Each side is shown by the items of the catalogue that carry its codes: the words that "
        "mark their titles, the most frequent titles in training, and pictures where a code is "
        "about pictures. Marking words are more frequent in these titles than in all others "
        "(log-odds with a Dirichlet prior, Monroe et al. 2008, at 1 % corrected for the number "
        f"of words tested, and at least two titles).{pictures}",
    )


def _read(items: int, of: float | None) -> str:
    """History items that were read, and of how many where it is not all."""
    if of is None or items >= of:
        return f"{items:,} items of training histories"
    return f"{items:,} of {number(of, 0)} items of training histories, evenly spread over them"
