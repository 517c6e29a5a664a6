"""What every stage store promises; subclassed once per store."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest

from clairo.core.errors import ArtifactError, StageError
from clairo.core.files import read_arrays, write_arrays
from clairo.core.fingerprint import Fingerprint, make_fingerprint
from clairo.store import ArtifactStore, StoreResult
from clairo.store.protocol import CUT_FROM

ABOUT: Mapping[str, Any] = {"config": {"kind": "count"}, "inputs": {"log": "ab" * 32}, "seed": 3}


@dataclass(frozen=True)
class Counts:
    """A small artifact with a nested folder."""

    values: np.ndarray
    facts: Mapping[str, Any] = field(default_factory=dict)

    def save(self, folder: Path) -> None:
        (folder / "deep").mkdir()
        write_arrays(folder / "deep" / "counts.safetensors", {"values": self.values})

    @classmethod
    def load(cls, folder: Path) -> Self:
        return cls(read_arrays(folder / "deep" / "counts.safetensors")["values"])


def fingerprint_of(number: int) -> Fingerprint:
    return make_fingerprint("counting", 1, "plain", {"number": number}, None, {})


class Computation:
    """Gives counts and says how often it was asked."""

    def __init__(self, values: tuple[int, ...] = (1, 2, 3)) -> None:
        self.values = values
        self.calls = 0

    def __call__(self) -> Counts:
        self.calls += 1
        return Counts(np.array(self.values, dtype=np.int32))


def first_two(whole: Counts) -> Counts:
    """What a shorter counting would have given."""
    return Counts(whole.values[:2])


class StoreContract:
    """Subclasses give the fixture ``store``: an empty store."""

    def test_what_was_computed_once_is_found_the_second_time(self, store: ArtifactStore) -> None:
        compute = Computation((4, 5))
        first = store.get_or_compute(fingerprint_of(1), Counts, compute, ABOUT)
        second = store.get_or_compute(fingerprint_of(1), Counts, compute, ABOUT)
        assert compute.calls == 1
        assert (first.cached, second.cached) == (False, True)
        assert second.artifact.values.tolist() == [4, 5]
        assert second.computed_seconds == first.computed_seconds
        assert first.bytes == second.bytes > 8

    def test_different_fingerprints_are_different_entries(self, store: ArtifactStore) -> None:
        for number in (1, 2):
            store.get_or_compute(fingerprint_of(number), Counts, Computation((number,)), ABOUT)
        assert [store.load(fingerprint_of(n), Counts).values.tolist() for n in (1, 2)] == [[1], [2]]

    def test_an_entry_is_there_only_after_it_was_computed(self, store: ArtifactStore) -> None:
        assert not store.has(fingerprint_of(1))
        store.get_or_compute(fingerprint_of(1), Counts, Computation(), ABOUT)
        assert store.has(fingerprint_of(1))
        assert not store.has(fingerprint_of(2))

    def test_loading_what_is_not_there_says_what_to_do(self, store: ArtifactStore) -> None:
        with pytest.raises(ArtifactError, match=r"counting/plain-\w{16} is not in .*; run"):
            store.load(fingerprint_of(1), Counts)

    def test_a_computation_that_fails_leaves_no_entry(self, store: ArtifactStore) -> None:
        def fail() -> Counts:
            raise StageError("Counting needs numbers, got none; give some.")

        with pytest.raises(StageError, match="needs numbers"):
            store.get_or_compute(fingerprint_of(1), Counts, fail, ABOUT)
        assert not store.has(fingerprint_of(1))
        assert not store.get_or_compute(fingerprint_of(1), Counts, Computation(), ABOUT).cached

    def test_the_manifest_says_what_the_entry_was_made_from(self, store: ArtifactStore) -> None:
        store.get_or_compute(fingerprint_of(1), Counts, Computation(), ABOUT)
        manifest = store.manifest(fingerprint_of(1))
        assert manifest.fingerprint == fingerprint_of(1).digest
        assert (manifest.stage, manifest.kind) == ("counting", "plain")
        assert manifest.about == ABOUT
        assert list(manifest.files) == ["deep/counts.safetensors"]
        assert manifest.packages["numpy"] == np.__version__
        assert manifest.seconds >= 0

    def test_a_description_that_is_no_json_is_refused_before_computing(
        self, store: ArtifactStore
    ) -> None:
        compute = Computation()
        for value in (object(), float("nan")):
            with pytest.raises(ArtifactError, match="must be finite JSON values"):
                store.get_or_compute(fingerprint_of(1), Counts, compute, {"config": value})
        assert compute.calls == 0

    def test_a_shorter_entry_is_cut_from_a_longer_one_and_says_so(
        self, store: ArtifactStore
    ) -> None:
        compute = Computation((7, 8, 9))

        def longer() -> StoreResult[Counts]:
            return store.get_or_compute(fingerprint_of(1), Counts, compute, ABOUT)

        cut = store.get_or_cut(fingerprint_of(2), Counts, longer, first_two, ABOUT)
        found = store.get_or_cut(fingerprint_of(2), Counts, longer, first_two, ABOUT)
        assert compute.calls == 1
        assert cut.artifact.values.tolist() == found.artifact.values.tolist() == [7, 8]
        assert (cut.cached, found.cached) == (False, True)
        assert cut.longer is not None
        assert (cut.longer.cached, found.longer) == (False, None)
        origin = {
            "entry": fingerprint_of(1).entry,
            "fingerprint": fingerprint_of(1).digest,
            "seconds": store.manifest(fingerprint_of(1)).seconds,
        }
        assert store.manifest(fingerprint_of(2)).about == {**ABOUT, CUT_FROM: origin}
        assert found.about == cut.about == store.manifest(fingerprint_of(2)).about
        assert CUT_FROM not in store.manifest(fingerprint_of(1)).about

    def test_the_seconds_of_a_cut_are_without_those_of_the_longer_computation(
        self, store: ArtifactStore
    ) -> None:
        def slow() -> Counts:
            time.sleep(0.2)
            return Counts(np.arange(3))

        def longer() -> StoreResult[Counts]:
            return store.get_or_compute(fingerprint_of(1), Counts, slow, ABOUT)

        cut = store.get_or_cut(fingerprint_of(2), Counts, longer, first_two, ABOUT)
        assert cut.longer is not None
        assert cut.longer.computed_seconds >= 0.2
        # Not one of the two holds the other: together they fit into what the call took.
        assert cut.computed_seconds + cut.longer.computed_seconds <= cut.seconds

    def test_an_entry_cut_from_a_cut_one_knows_the_whole_cost(self, store: ArtifactStore) -> None:
        def whole() -> StoreResult[Counts]:
            return store.get_or_compute(fingerprint_of(1), Counts, Computation(), ABOUT)

        def half() -> StoreResult[Counts]:
            return store.get_or_cut(fingerprint_of(2), Counts, whole, first_two, ABOUT)

        last = store.get_or_cut(fingerprint_of(3), Counts, half, first_two, ABOUT)
        seconds = [store.manifest(fingerprint_of(number)).seconds for number in (1, 2)]
        assert last.about[CUT_FROM]["entry"] == fingerprint_of(2).entry
        assert last.about[CUT_FROM]["seconds"] == pytest.approx(sum(seconds))

    def test_a_longer_computation_that_fails_leaves_no_entry(self, store: ArtifactStore) -> None:
        def longer() -> StoreResult[Counts]:
            raise StageError("Counting needs numbers, got none; give some.")

        with pytest.raises(StageError, match="needs numbers"):
            store.get_or_cut(fingerprint_of(2), Counts, longer, first_two, ABOUT)
        assert not store.has(fingerprint_of(2))

    def test_lengths_are_noted_by_family_in_order(self, store: ArtifactStore) -> None:
        assert store.noted_lengths(fingerprint_of(0)) == ()
        for length in (40, 5, 200, 40):
            store.note_length(fingerprint_of(0), length)
        assert store.noted_lengths(fingerprint_of(0)) == (5, 40, 200)
        assert store.noted_lengths(fingerprint_of(9)) == ()
