"""What every stage store promises; subclassed once per store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest

from clairo.core.errors import ArtifactError, StageError
from clairo.core.files import read_arrays, write_arrays
from clairo.core.fingerprint import Fingerprint, make_fingerprint
from clairo.store import ArtifactStore

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
