"""Encodes a catalogue piece by piece: a stopped run goes on, a cluster can share the work.

A piece is a fixed number of items in catalogue order, whatever the batch size and wherever it
is made, so a piece that another attempt finished is the one that this attempt needs.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from clairo.core.artifacts import EmbeddingTable, Facts, ItemCatalog
from clairo.core.errors import DataError
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
    """Rows of the usable items, which these are, and the encoder's facts."""
    spans = job.pieces()
    done: dict[str, Arrays] = {}
    for name, span in spans.items():
        kept = runtime.parts.get(name)
        if kept is not None and len(kept["usable"]) == len(span):
            done[name] = kept
    num_done = sum(len(spans[name]) for name in done)
    runtime.progress(num_done, len(job.items))
    missing = {name: span for name, span in spans.items() if name not in done}
    waiting = ((name, [job.payload(at) for at in span]) for name, span in missing.items())
    for name, arrays in _work(open_encoder, waiting, runtime):
        runtime.parts.put(name, arrays)
        done[name] = arrays
        num_done += len(spans[name])
        runtime.progress(num_done, len(job.items))
    ordered = [done[name] for name in spans]
    rows = [piece["rows"] for piece in ordered if len(piece["rows"])]
    return (
        np.concatenate(rows) if rows else np.zeros((0, 0), dtype=np.float32),
        np.concatenate([piece["usable"] for piece in ordered]).astype(bool),
        read_facts(ordered[0]),
    )


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
