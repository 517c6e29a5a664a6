"""Encodes a catalogue piece by piece: a stopped run goes on, a cluster can share the work.

A piece is a fixed number of items in catalogue order, whatever the batch size and wherever it
is made, so a piece that another attempt finished is the one that this attempt needs. Pieces state
in their facts in which number format they were computed, and a table holds pieces of one: where an
attempt on a GPU is followed by one on a CPU, what the first had finished is computed again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from clairo.core.artifacts import EmbeddingTable, Facts, ItemCatalog
from clairo.core.errors import DataError, StageError
from clairo.core.stage import OpenWork, Piece, Runtime, WorkOnPiece
from clairo.embeddings.base import place_rows, present_sentences
from clairo.embeddings.opened import OpenedEncoder, OpenEncoder, read_facts

_log = logging.getLogger(__name__)

SENTENCES_PER_PIECE = 2048
PICTURES_PER_PIECE = 128

Arrays = Mapping[str, np.ndarray]


def encode_sentences(
    open_encoder: OpenEncoder, catalog: ItemCatalog, runtime: Runtime
) -> EmbeddingTable:
    """Vectors of all items that have a sentence.

    Raises:
        DataError: No item has one, or a vector is not finite.
    """
    sentences, present = present_sentences(catalog)
    job = _Job(np.flatnonzero(present), sentences.__getitem__, SENTENCES_PER_PIECE)
    rows, _, facts = _run(job, open_encoder, runtime)
    _require_finite(rows, np.flatnonzero(present), catalog)
    return place_rows("text", catalog, present, rows, facts)


def encode_pictures(
    open_encoder: OpenEncoder, catalog: ItemCatalog, runtime: Runtime
) -> EmbeddingTable:
    """Vectors of all items whose picture decodes.

    Facts: ``num_undecodable``, ``num_without_image`` and the encoder's own.

    Raises:
        DataError: No item has such a picture, or a vector is not finite.
    """
    present = catalog.has_image
    items = np.flatnonzero(present)
    job = _Job(items, lambda at: catalog.image(int(items[at])) or b"", PICTURES_PER_PIECE)
    rows, usable, facts = _run(job, open_encoder, runtime) if len(items) else _NOTHING
    for item in items[~usable]:
        _log.warning("The picture of item %s does not decode.", catalog.item_ids[item])
    undecodable = int((~usable).sum())
    present[items] = usable
    if not present.any():
        raise DataError(
            f"An image encoder needs items with a picture, got 0 of {len(catalog)} "
            f"({undecodable} pictures do not decode); provide pictures, or choose fusion "
            "text_only."
        )
    _require_finite(rows, items[usable], catalog)
    counts = {"num_undecodable": undecodable, "num_without_image": len(catalog) - len(items)}
    return place_rows("image", catalog, present, rows, {**counts, **facts})


@dataclass(frozen=True)
class _Job:
    """What is to be encoded.

    Attributes:
        items: Places of the items in the catalogue.
        payload: What is encoded, by position in ``items``.
        per_piece: Items of a piece.
    """

    items: Int[np.ndarray, " items"]
    payload: Callable[[int], Any]
    per_piece: int

    def pieces(self) -> dict[str, range]:
        """Positions of each piece, by name, in order."""
        total = len(self.items)
        spans = (
            range(start, min(start + self.per_piece, total))
            for start in range(0, total, self.per_piece)
        )
        return {f"items-{span.start:09d}-{span.stop:09d}": span for span in spans}


_Encoded = tuple[Float[np.ndarray, "usable dims"], Bool[np.ndarray, " items"], Facts]
_NOTHING: _Encoded = (np.zeros((0, 0)), np.zeros(0, dtype=bool), {})


def _run(job: _Job, open_encoder: OpenEncoder, runtime: Runtime) -> _Encoded:
    """Rows of the usable items, which these are, and the encoder's facts.

    Raises:
        StageError: The machines of a cluster give pieces with different facts.
    """
    spans = job.pieces()
    done = _kept(spans, runtime)
    runtime.progress(sum(len(spans[name]) for name in done), len(job.items))
    facts = b""
    while len(done) < len(spans):
        for name, arrays in _work(open_encoder, _missing(job, spans, done), runtime):
            facts = _require_one_kind(facts, arrays)
            runtime.parts.put(name, arrays)
            done[name] = arrays
            runtime.progress(sum(len(spans[name]) for name in done), len(job.items))
        # What a former attempt made on another kind of device is no part of this table.
        done = {name: piece for name, piece in done.items() if _stated(piece) == facts}
    ordered = [done[name] for name in spans]
    rows = [piece["rows"] for piece in ordered if len(piece["rows"])]
    return (
        np.concatenate(rows) if rows else np.zeros((0, 0), dtype=np.float32),
        np.concatenate([piece["usable"] for piece in ordered]).astype(bool),
        read_facts(ordered[0]),
    )


def _kept(spans: Mapping[str, range], runtime: Runtime) -> dict[str, Arrays]:
    """Pieces of former attempts.

    Where they fill the table but differ in their facts, those that are like the first.
    """
    found = {name: runtime.parts.get(name) for name in spans}
    kept = {
        name: piece
        for name, piece in found.items()
        if piece is not None and len(piece["usable"]) == len(spans[name])
    }
    if len(kept) < len(spans):
        return kept
    first = _stated(next(iter(kept.values())))
    return {name: piece for name, piece in kept.items() if _stated(piece) == first}


def _missing(job: _Job, spans: Mapping[str, range], done: Mapping[str, Arrays]) -> Iterator[Piece]:
    """Names and payloads of what is not done when this is called."""
    missing = {name: span for name, span in spans.items() if name not in done}
    return ((name, [job.payload(at) for at in span]) for name, span in missing.items())


def _stated(piece: Arrays) -> bytes:
    """A piece's facts, the number format among them, as they are compared."""
    return piece["facts"].tobytes()


def _require_one_kind(facts: bytes, piece: Arrays) -> bytes:
    """The facts of a piece, which must be those of the pieces before it, if any."""
    if facts not in (b"", _stated(piece)):
        raise StageError(
            "All machines that embed must compute alike, got pieces with the facts "
            f"{facts.decode()} and {_stated(piece).decode()}; set precision to float32 or "
            "bfloat16 instead of auto."
        )
    return _stated(piece)


@dataclass(frozen=True)
class OpenPieceWork:
    """An :data:`~clairo.core.stage.OpenWork` by an encoder.

    Attributes:
        open_encoder: Loads the weights.
    """

    open_encoder: OpenEncoder

    def __call__(self, device: str, num_threads: int) -> OpenedEncoder:
        """The encoder, ready for pieces."""
        return self.open_encoder(device, num_threads)


def _work(
    open_encoder: OpenEncoder, waiting: Iterator[Piece], runtime: Runtime
) -> Iterator[tuple[str, Arrays]]:
    open_work: OpenWork = OpenPieceWork(open_encoder)
    if runtime.map_pieces is not None:
        return runtime.map_pieces(open_work, waiting)
    return _work_here(open_work, waiting, runtime)


def _work_here(
    open_work: OpenWork, waiting: Iterator[Piece], runtime: Runtime
) -> Iterator[tuple[str, Arrays]]:
    """One piece after the other; nothing is opened where nothing is missing."""
    work: WorkOnPiece | None = None
    for name, payloads in waiting:
        work = work or open_work(runtime.device, runtime.num_threads)
        yield name, work(payloads)


def _require_finite(
    rows: Float[np.ndarray, "items dims"], items: Sequence[int] | np.ndarray, catalog: ItemCatalog
) -> None:
    """Raises where a model gave NaN or infinity."""
    wrong = np.flatnonzero(~np.isfinite(rows).all(axis=1))
    if len(wrong):
        raise DataError(
            f"An encoder must give finite vectors, got NaN or infinity for {len(wrong)} items "
            f"(the first is {catalog.item_ids[items[wrong[0]]]}); set precision to float32, or "
            "take another checkpoint."
        )
