"""Residual k-means against faiss's own residual quantizer; run with ``make bench``.

Both see the same reduced vectors of real titles in one run, with the same threads. faiss has
its defaults: a beam of 5 and training that adds dims step by step.
"""

from __future__ import annotations

import time
from pathlib import Path

import faiss
import numpy as np
import pytest

from clairo.core.artifacts import EmbeddingTable
from clairo.core.stage import Runtime
from clairo.core.threads import limit_threads, usable_cpus
from clairo.quantization import RqKmeansConfig
from clairo.quantization.diagnostics import reconstruction_error
from tests.benchmarks.reduced_titles import LSA, minilm, read_titles

CODEBOOKS, BITS = 4, 8
THREADS = min(2, usable_cpus())


@pytest.mark.parametrize("encoder", ["lsa", "minilm"])
def test_as_good_codes_as_faiss_in_a_third_of_the_time(
    encoder: str, shared: Path, tmp_path: Path
) -> None:
    titles = read_titles(LSA if encoder == "lsa" else minilm(), shared, tmp_path)
    (table,) = titles.vectors.tables
    rows = np.ascontiguousarray(table.vectors[table.present], dtype=np.float32)
    theirs, their_error = time_faiss(rows)
    ours, our_error = time_ours(table, rows)
    print(
        f"\n{encoder}: {len(rows):,} x {titles.full_dims} -> {rows.shape[1]} dims, {CODEBOOKS} x "
        f"{1 << BITS} codes, {THREADS} threads: faiss {theirs:.1f} s, error {their_error:.4f}; "
        f"ours {ours:.1f} s, error {our_error:.4f}; {theirs / ours:.1f} times faster, error "
        f"{100 * (our_error / their_error - 1):+.1f} %"
    )
    assert our_error <= 1.02 * their_error
    assert theirs >= 3 * ours


def time_faiss(rows: np.ndarray) -> tuple[float, float]:
    """Seconds of training and encoding, and the share of variance that is lost."""
    with limit_threads(THREADS):
        started = time.perf_counter()
        quantizer = faiss.ResidualQuantizer(rows.shape[1], CODEBOOKS, BITS)
        quantizer.train(rows)
        packed = quantizer.compute_codes(rows)
        seconds = time.perf_counter() - started
        return seconds, reconstruction_error(rows, quantizer.decode(packed))


def time_ours(table: EmbeddingTable, rows: np.ndarray) -> tuple[float, float]:
    """The same of :class:`RqKmeansConfig` with its defaults, its curve included."""
    config = RqKmeansConfig(num_codebooks=CODEBOOKS, codebook_size=1 << BITS, fit_on="all")
    everybody = np.ones(len(table.present), dtype=bool)
    started = time.perf_counter()
    fitted = config.fit(table, everybody, 0, Runtime(num_threads=THREADS))
    codes = fitted.encode(rows)
    seconds = time.perf_counter() - started
    return seconds, reconstruction_error(rows, fitted.decode(codes))
