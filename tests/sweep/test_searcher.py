"""What a sweep that cannot go on looks like to Ray Tune: an end, not an exception."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from ray.tune.search import Searcher

from clairo.core.errors import SweepError
from clairo.sweep.searcher import OUTCOME, SourceSearcher
from clairo.sweep.source import Assignment, Dispatcher

SPEC = SimpleNamespace(key="a", number=0)
OUTCOME_OF_A = SimpleNamespace(key="a", state="complete", value=0.5, transient=False, error="")


class Refusing:
    """A source whose database refuses, on asking or on telling."""

    def __init__(self, *, asked: bool) -> None:
        self.asked = asked

    def next_batch(self) -> list[Assignment]:
        if self.asked:
            raise SweepError("The study must be writable; free some space.")
        return [Assignment(SPEC)]

    def finished(self, spec: Any, outcome: Any) -> None:
        raise SweepError("The study must be writable; free some space.")


def test_a_study_that_cannot_be_asked_ends_the_search_with_the_reason() -> None:
    searcher = SourceSearcher(Dispatcher(Refusing(asked=True)), workers=1)
    assert searcher.suggest("t0") == Searcher.FINISHED
    assert searcher.stopped == "The study must be writable; free some space."


def test_an_outcome_that_cannot_be_recorded_ends_the_search_with_the_reason() -> None:
    searcher = SourceSearcher(Dispatcher(Refusing(asked=False)), workers=1)
    assert searcher.suggest("t0") != Searcher.FINISHED
    searcher.on_trial_complete("t0", {OUTCOME: OUTCOME_OF_A})
    assert searcher.stopped == "The study must be writable; free some space."
    assert searcher.suggest("t1") == Searcher.FINISHED
