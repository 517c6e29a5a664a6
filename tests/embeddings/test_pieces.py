"""Encoding piece by piece, watched by an encoder that records what it is given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pytest

from clairo.core.artifacts import EmbeddingTable
from clairo.core.errors import DataError, StageError
from clairo.core.stage import OpenWork, Piece, Runtime
from clairo.embeddings import pieces
from clairo.embeddings.batches import FittingBatches
from clairo.embeddings.opened import OpenedEncoder
from tests.contracts.encoder import RUNTIME, make_catalog


class KilledError(Exception):
    """Stands for the end of the process."""


@dataclass
class Recorder:
    """Describes a sentence by its length and its first letter."""

    opened: list[tuple[str, int]] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    killed_before: str = ""
    batch_size: int = 2
    precision: str = "float32"

    def __call__(self, device: str, num_threads: int) -> OpenedEncoder:
        self.opened.append((device, num_threads))
        batches = FittingBatches(self.describe, self.batch_size, None)
        return OpenedEncoder(batches, size=len, facts=self.facts)

    @property
    def facts(self) -> dict[str, str]:
        return {"letters": "latin", "precision": self.precision}

    def describe(self, sentences: list[str]) -> np.ndarray:
        if self.killed_before in sentences:
            raise KilledError
        self.seen += sentences
        scale = 1 if self.precision == "float32" else 1.01
        return scale * np.array([[len(one), ord(one[0])] for one in sentences], float)


class KeptParts:
    """Parts in memory, which outlive an attempt."""

    def __init__(self) -> None:
        self.pieces: dict[str, Mapping[str, np.ndarray]] = {}

    def get(self, name: str) -> Mapping[str, np.ndarray] | None:
        return self.pieces.get(name)

    def put(self, name: str, arrays: Mapping[str, np.ndarray]) -> None:
        self.pieces[name] = arrays


SENTENCES = ("aaa", "b", "", "cccc", "dd", "e", "ffffff", "gg")
WANTED = [[len(s), ord(s[0])] if s else [0, 0] for s in SENTENCES]


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "SENTENCES_PER_PIECE", 3)
    monkeypatch.setattr(pieces, "PICTURES_PER_PIECE", 2)


def encode(recorder: Recorder, runtime: Runtime = RUNTIME) -> np.ndarray:
    catalog = make_catalog(SENTENCES, [None] * len(SENTENCES))
    return pieces.encode_sentences(recorder, catalog, runtime).vectors


def test_vectors_lie_in_catalogue_order_whatever_the_batch_size() -> None:
    for batch_size in (1, 2, 100):
        assert encode(Recorder(batch_size=batch_size)).tolist() == WANTED


def test_within_a_piece_the_longest_comes_first_so_that_padding_is_small() -> None:
    recorder = Recorder()
    encode(recorder)
    assert recorder.seen == ["cccc", "aaa", "b", "ffffff", "dd", "e", "gg"]


def test_the_encoder_is_opened_once_with_device_and_threads_of_the_runtime() -> None:
    recorder = Recorder()
    encode(recorder, Runtime(num_threads=3, device="cuda:1"))
    assert recorder.opened == [("cuda:1", 3)]


def test_a_stopped_run_recomputes_nothing_that_was_put() -> None:
    parts = KeptParts()
    with pytest.raises(KilledError):
        encode(Recorder(killed_before="gg"), Runtime(parts=parts))
    assert list(parts.pieces) == ["items-000000000-000000003", "items-000000003-000000006"]
    second = Recorder()
    assert encode(second, Runtime(parts=parts)).tolist() == WANTED
    assert second.seen == ["gg"]


def table_of(recorder: Recorder, runtime: Runtime) -> EmbeddingTable:
    catalog = make_catalog(SENTENCES, [None] * len(SENTENCES))
    return pieces.encode_sentences(recorder, catalog, runtime)


def test_what_a_gpu_had_finished_is_computed_again_where_a_cpu_goes_on() -> None:
    parts = KeptParts()
    with pytest.raises(KilledError):
        encode(Recorder(killed_before="gg", precision="bfloat16"), Runtime(parts=parts))
    second = Recorder()
    table = table_of(second, Runtime(parts=parts))
    assert table.vectors.tolist() == WANTED
    assert table.facts["precision"] == "float32"
    assert sorted(second.seen) == sorted(sentence for sentence in SENTENCES if sentence)
    # What is kept is as whole as the table: a third attempt opens nothing.
    third = Recorder()
    assert table_of(third, Runtime(parts=parts)).vectors.tolist() == WANTED
    assert third.opened == []


def test_a_mixture_that_an_attempt_left_behind_is_not_believed() -> None:
    whole, other = KeptParts(), KeptParts()
    encode(Recorder(precision="bfloat16"), Runtime(parts=whole))
    encode(Recorder(), Runtime(parts=other))
    first = next(iter(whole.pieces))
    whole.put(first, other.pieces[first])
    table = table_of(Recorder(), Runtime(parts=whole))
    assert (table.vectors.tolist(), table.facts["precision"]) == (WANTED, "float32")


def test_machines_of_one_cluster_that_compute_differently_are_refused() -> None:
    def unlike(
        open_work: OpenWork, waiting: Iterator[Piece]
    ) -> Iterator[tuple[str, Mapping[str, np.ndarray]]]:
        for place, (name, payloads) in enumerate(waiting):
            precision = "bfloat16" if place else "float32"
            yield name, Recorder(precision=precision)("cpu", 1)(payloads)

    with pytest.raises(StageError, match=r"compute alike.*float32.*bfloat16.*instead of auto"):
        encode(Recorder(), Runtime(map_pieces=unlike))


def test_where_nothing_is_missing_nothing_is_opened() -> None:
    parts = KeptParts()
    encode(Recorder(), Runtime(parts=parts))
    again = Recorder()
    catalog = make_catalog(SENTENCES, [None] * len(SENTENCES))
    table = pieces.encode_sentences(again, catalog, Runtime(parts=parts))
    assert again.opened == []
    assert table.facts["letters"] == "latin"
    assert table.vectors.tolist() == WANTED


def test_progress_starts_with_what_a_former_attempt_had_done() -> None:
    parts, first, second = KeptParts(), [], []
    runtime = Runtime(parts=parts, progress=lambda *told: first.append(told))
    with pytest.raises(KilledError):
        encode(Recorder(killed_before="gg"), runtime)
    encode(Recorder(), Runtime(parts=parts, progress=lambda *told: second.append(told)))
    assert first == [(0, 7), (3, 7), (6, 7)]
    assert second == [(6, 7), (7, 7)]


def test_a_cluster_that_answers_in_another_order_gives_the_same_table() -> None:
    recorder = Recorder()

    def backwards(
        open_work: OpenWork, waiting: Iterator[Piece]
    ) -> Iterator[tuple[str, Mapping[str, np.ndarray]]]:
        work = open_work("cpu", 1)
        for name, payloads in reversed(list(waiting)):
            yield name, work(payloads)

    assert encode(recorder, Runtime(map_pieces=backwards)).tolist() == WANTED
    assert recorder.seen[0] == "gg"


def test_a_vector_that_is_not_finite_is_an_error_that_names_the_item() -> None:
    recorder = Recorder()
    recorder.describe = lambda sentences: np.array(  # type: ignore[method-assign]
        [[np.nan if sentence == "dd" else 1.0] for sentence in sentences]
    )
    with pytest.raises(DataError, match=r"NaN or infinity for 1 items \(the first is item4\)"):
        encode(recorder)


def read_number(data: bytes) -> float | None:
    return float(data) if data.isdigit() else None


def open_numbers(device: str, num_threads: int, *, threads: int) -> OpenedEncoder:
    batches = FittingBatches(lambda batch: np.array(batch)[:, None], 1, None)
    return OpenedEncoder(batches, prepare=read_number, num_threads=threads)


@pytest.mark.parametrize("threads", [1, 3])
def test_a_piece_of_which_no_picture_decodes_leaves_a_gap_and_nothing_else(threads: int) -> None:
    payloads = [b"5", b"x", b"y", b"z", None, b"7"]
    catalog = make_catalog([""] * 6, payloads)
    table = pieces.encode_pictures(partial(open_numbers, threads=threads), catalog, Runtime())
    assert table.present.tolist() == [True, False, False, False, False, True]
    assert table.vectors[:, 0].tolist() == [5, 0, 0, 0, 0, 7]
    assert (table.facts["num_undecodable"], table.facts["num_without_image"]) == (3, 1)
