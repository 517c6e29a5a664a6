"""Words that mark some titles against all others."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest

from clairo.merging.distinctive_words import PRIOR_TITLES, TitleWords

TITLES = ["Red tent"] * 4 + ["Blue tent"] * 4 + ["Red kettle"] * 4 + ["Blue kettle"] * 4


def first(count: int, of: int = 16) -> np.ndarray:
    return np.arange(of) < count


def test_the_words_that_the_others_lack_come_first() -> None:
    words = TitleWords.of([title for title in TITLES for _ in range(2)])
    assert words.distinctive(first(16, 32)) == ("tent",)
    # The same shares of half as many titles could be chance.
    assert TitleWords.of(TITLES).distinctive(first(8)) == ()


def test_the_score_is_the_one_worked_out_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    words = TitleWords.of(TITLES)
    # "tent": 8 of the 16 words of the group, none of the other 16; the prior is 8 x 10/16 of 20.
    prior, total = 8 * PRIOR_TITLES / 16, 32 * PRIOR_TITLES / 16
    inside, outside = (8 + prior, 0 + prior)
    odds = np.log(inside / (16 + total - inside)) - np.log(outside / (16 + total - outside))
    score = odds / np.sqrt(1 / inside + 1 / outside)
    # Three words are tested: blue, red and tent.
    just = 3 * (1 - NormalDist().cdf(score))
    monkeypatch.setattr("clairo.merging.distinctive_words.CHANCE", just * (1 + 1e-6))
    assert words.distinctive(first(8)) == ("tent",)
    monkeypatch.setattr("clairo.merging.distinctive_words.CHANCE", just * (1 - 1e-6))
    assert words.distinctive(first(8)) == ()


def test_groups_drawn_by_lot_seldom_have_words() -> None:
    rng = np.random.default_rng(0)
    names = np.array([f"word{letters}" for letters in range(400)])
    titles = [" ".join(rng.choice(names, 6, replace=False)) for _ in range(1000)]
    words = TitleWords.of(titles)
    found = [words.distinctive(rng.random(1000) < 0.1) for _ in range(100)]
    assert sum(map(bool, found)) <= 10  # uncorrected, all hundred have some


def test_one_title_is_no_evidence() -> None:
    titles = ["Zither", *["Plain thing"] * 200]
    assert TitleWords.of(titles).distinctive(first(1, 201)) == ()


def test_the_whole_catalogue_and_nobody_have_no_words_of_their_own() -> None:
    words = TitleWords.of(TITLES)
    assert words.distinctive(first(16)) == ()
    assert words.distinctive(first(0)) == ()


@pytest.mark.parametrize("titles", [[], ["", ""], ["the of", "12 7"], ["Tent", "tent tent"]])
def test_titles_without_two_different_words_have_none(titles: list[str]) -> None:
    assert TitleWords.of(titles).distinctive(first(1, len(titles))) == ()


def test_at_most_five_words_are_given() -> None:
    titles = ["alpha beta gamma delta epsilon zeta"] * 20 + ["iota kappa lambda mu nu xi"] * 20
    assert len(TitleWords.of(titles).distinctive(first(20, 40))) == 5
