"""The sentences about a vocabulary: each is computed from the numbers it speaks of."""

from __future__ import annotations

import numpy as np

from clairo.reporting.labels import capitalised, number, percent, plural, sentence_list
from clairo.reporting.spelled_info import SpelledInfo
from clairo.reporting.vocabulary_figures import say_saving
from clairo.reporting.vocabulary_info import Course, CrossingInfo, EconomyInfo, LengthsInfo

Words = tuple[str, str]
"""Title (the point) and subtitle (the data)."""


def say_crossing(info: CrossingInfo) -> Words:
    """How many merges cross, and how that goes from the first to the last."""
    points = []
    if info.modalities is not None:
        points.append(_course(info.modalities, "join text and image"))
    if info.items is not None:
        points.append(_course(info.items, "reach over neighbouring items"))
    course = info.modalities or info.items
    parts = 0 if course is None else len(course.by_rank)
    return (
        f"Of the merges, {sentence_list(points)}",
        f"Trial {info.trial}, {plural(info.num_merges, 'merge')} in {plural(parts, 'part')}, in "
        "the order they were made. Joining text and image: both are among the codes of the token. "
        "Reaching over neighbours: made at more places between items than within one.",
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
    """What merging takes an item from and to."""
    last = {saving.unit: saving for saving in info.savings}
    return (
        f"Merging takes an item from {sentence_list([say_saving(s) for s in last.values()])}",
        f"Trial {info.trial}, greedy segmentation: an item alone, and an item in a training "
        "history. Circles: tokens; squares: bits. Uniform: tokens times log2 of the vocabulary, "
        "as if all were equally frequent. Unigram entropy: tokens times the entropy of single "
        "tokens in the training text.",
    )


def say_usage(info: EconomyInfo) -> str:
    """How evenly the text uses the vocabulary, in one sentence."""
    if info.usage is None or info.entropy is None or info.described_items is None:
        return "How the training text uses the vocabulary was not logged."
    size = "" if info.vocab_size is None else f" {number(info.vocab_size - 1, 0)}"
    most = info.normalized_entropy
    of_most = "" if most is None else f", {percent(most)} of the most possible"
    return (
        f"The greedy segmentation of {number(info.described_items, 0)} items of training histories "
        f"uses {percent(info.usage)} of the{size} tokens. A token carries "
        f"{number(info.entropy, 2)} bits{of_most}: as much as {number(info.perplexity, 0)} equally "
        "frequent ones. Merged parts that only ever occur inside longer tokens stay unused."
    )


def say_spelled(info: SpelledInfo) -> tuple[str, ...]:
    """What the cards show and how to read them."""
    kinds = [card.joins for card in info.cards]
    common = sorted(set(kinds), key=lambda kind: (-kinds.count(kind), kind))
    counted = sentence_list([f"{kinds.count(kind)} {kind}" for kind in common])
    over = sum(card.between_neighbours for card in info.cards)
    return (
        capitalised(
            f"{plural(len(info.cards), 'merge')} of trial {info.trial} (seed {info.seed}), in "
            f"the order they were made. By what they join: {counted}. {over} reach over "
            "neighbouring items."
        ),
        "Each side is shown by the items of the catalogue that carry its codes: the words that "
        "mark their titles, the most frequent titles in training, and pictures where a code is "
        "about pictures. Marking words are more frequent in these titles than in all others "
        "(log-odds with a Dirichlet prior, Monroe et al. 2008, at least 1.96 standard "
        "deviations and two titles).",
        f"Neighbours were looked for in {info.read_items:,} items of training histories.",
    )
