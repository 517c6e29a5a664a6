"""Words that the titles of some items have more often than those of all others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Self

import numpy as np
from jaxtyping import Bool, Float

NUM_WORDS = 5
PRIOR_TITLES = 10
"""The prior weighs as much as so many titles of the catalogue."""

CHANCE = 0.01
"""Chance that a group which is like all others is given any word, were the score exactly normal."""

MIN_TITLES = 2
"""Titles of the group that must have the word."""

_WORD = r"(?u)\b(?!\d+\b)\w\w+\b"


@dataclass(frozen=True)
class TitleWords:
    """Which words the titles of a catalogue have.

    A title counts a word once, however often it repeats it; case, English stop words, single
    letters and bare numbers are left out.

    Attributes:
        words: In alphabetical order.
        has_word: Sparse (items, words), 1 where the title has the word.
        counts: Titles that have each word.
    """

    words: tuple[str, ...]
    has_word: Any
    counts: Float[np.ndarray, " words"]

    @classmethod
    def of(cls, titles: Sequence[str]) -> Self:
        """Reads the titles."""
        from sklearn.feature_extraction.text import CountVectorizer

        reader = CountVectorizer(binary=True, stop_words="english", token_pattern=_WORD)
        read = reader.build_analyzer()
        if not any(read(title) for title in titles):  # scikit-learn refuses such titles
            return cls((), None, np.zeros(0))
        has_word = reader.fit_transform(titles)
        counts = np.asarray(has_word.sum(axis=0), dtype=np.float64).reshape(-1)
        return cls(tuple(reader.get_feature_names_out()), has_word, counts)

    def distinctive(self, items: Bool[np.ndarray, " items"]) -> tuple[str, ...]:
        """At most five words that mark a group of items, the most certain first.

        Log-odds ratio with an informative Dirichlet prior: with ``y`` titles of the group that
        have a word, ``n`` the sum of ``y`` over all words, ``a`` the prior of the word (its
        share of the catalogue, worth ten titles) and ``A`` the sum of ``a``,
        ``d = log((y + a) / (n + A - y - a))`` of the group minus the same of all other items,
        in standard deviations ``sqrt(1 / (y + a) + 1 / (y' + a))``.

        A group is asked about hundreds of words, some of which are far off by chance. So the
        score must reach the normal quantile of ``1 - 0.01 / w`` (Bonferroni) for the ``w`` words
        that two titles of the group have: 2.3 for one word, 4.3 for a thousand. The scores of
        rare words are not quite normal, so of a hundred groups drawn by lot about five still
        have a word.

        Args:
            items: Which items are in the group.

        References:
            Monroe, Colaresi and Quinn, Fightin' Words (2008), equations 16 and 20 to 22.
            They count words in speeches, we count titles that have them.
        """
        if len(self.words) < 2 or not items.any():
            return ()
        inside = np.asarray(self.has_word[items].sum(axis=0), dtype=np.float64).reshape(-1)
        prior = self.counts * (PRIOR_TITLES / len(items))
        outside = self.counts - inside
        variance = 1 / (inside + prior) + 1 / (outside + prior)
        scores = (_log_odds(inside + prior) - _log_odds(outside + prior)) / np.sqrt(variance)
        tested = inside >= MIN_TITLES
        telling = np.flatnonzero(tested & (scores >= min_score(int(tested.sum()))))
        # Stable: of equal scores the word that comes first in the alphabet.
        best = telling[np.argsort(-scores[telling], kind="stable")][:NUM_WORDS]
        return tuple(self.words[word] for word in best)


def min_score(num_words: int) -> float:
    """Standard deviations that chance reaches for any of so many words in one group of a hundred.

    Example:
        >>> [round(min_score(words), 2) for words in (1, 30, 1000)]
        [2.33, 3.4, 4.26]
    """
    return NormalDist().inv_cdf(1 - CHANCE / max(1, num_words))


def _log_odds(weights: Float[np.ndarray, " words"]) -> Float[np.ndarray, " words"]:
    return np.log(weights / (weights.sum() - weights))
