"""What PCA saves downstream, and what it costs: 95 % of the variance for how much less work?

Real vectors: titles of 2014 Amazon Beauty by the packaged MiniLM and by LSA, and MovieLens posters
by colours and gradients. Each is quantized as the encoder gave it and after PCA; both are decoded
back to the encoder's own space, so that the errors compare. Ratios within one run, on one thread.
Run by ``make bench``; needs the shared data; about four minutes.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from clairo.core.artifacts import EmbeddingTable
from clairo.core.stage import Runtime
from clairo.embeddings import (
    ColorHogConfig,
    EncoderConfig,
    LsaConfig,
    SentenceTransformerConfig,
)
from clairo.quantization import OpqConfig, PqConfig, QuantizerConfig, RqKmeansConfig
from clairo.quantization.diagnostics import reconstruction_error
from clairo.reduction import PcaConfig
from tests.benchmarks.real_items import real_dataset
from tests.embeddings.test_sentence_transformer import packaged_model

RUNTIME = Runtime(num_threads=1)
VARIANCE = 0.95
QUANTIZERS: tuple[QuantizerConfig, ...] = tuple(
    kind(num_codebooks=4, codebook_size=256, fit_on="all")
    for kind in (RqKmeansConfig, OpqConfig, PqConfig)
)
SOURCES: dict[str, tuple[str, EncoderConfig]] = {
    "Beauty titles, MiniLM": ("beauty", SentenceTransformerConfig(model=str(packaged_model()))),
    "Beauty titles, LSA 768": ("beauty", LsaConfig(dims=768)),
    "MovieLens posters, colours and gradients": ("atomic/ml-small", ColorHogConfig()),
}


@dataclass(frozen=True)
class Outcome:
    """Seconds of fitting and encoding, and the share of the original variance that is lost."""

    seconds: float
    lost: float


@pytest.fixture(scope="module", params=SOURCES, ids=lambda name: name)
def table(
    request: pytest.FixtureRequest, shared: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, EmbeddingTable]:
    category, encoder = SOURCES[request.param]
    dataset = real_dataset(category, shared / "data", tmp_path_factory.mktemp("store"))
    return request.param, encoder.encode(dataset.catalog, 0, RUNTIME)


def quantize(config: QuantizerConfig, table: EmbeddingTable) -> tuple[float, np.ndarray]:
    """Seconds, and the decoded vectors of present items."""
    started = time.perf_counter()
    fitted = config.fit(table, table.present, 0, RUNTIME)
    codes = fitted.encode(table.vectors[table.present])
    return time.perf_counter() - started, fitted.decode(codes)


@pytest.mark.shared
def test_what_pca_saves_downstream(table: tuple[str, EmbeddingTable]) -> None:
    name, whole = table
    rows = whole.vectors[whole.present]
    started = time.perf_counter()
    fitted = PcaConfig(variance=VARIANCE).fit(whole, whole.present, 0)
    reduced = fitted.transform(whole)
    pca_seconds = time.perf_counter() - started
    kept, saved = reduced.dims, reduced.facts["bytes_saved_share"]
    print(
        f"\n{name}: {len(rows):,} x {whole.dims} -> {kept} dims, "
        f"{100 * reduced.facts['variance_kept']:.2f} % of the variance, "
        f"{100 * saved:.0f} % fewer bytes, PCA {pca_seconds:.2f} s"
    )
    print(
        "| quantizer | seconds whole | seconds with PCA | less work | lost whole | lost with PCA |"
    )
    for config in QUANTIZERS:
        seconds, back = quantize(config, whole)
        plain = Outcome(seconds, reconstruction_error(rows, back))
        seconds, back = quantize(config, reduced)
        unrotated = back @ fitted.axes.axes + fitted.axes.mean
        short = Outcome(seconds + pca_seconds, reconstruction_error(rows, unrotated))
        less = 1 - short.seconds / plain.seconds
        print(
            f"| {config.kind} | {plain.seconds:.2f} | {short.seconds:.2f} | {100 * less:.0f} % | "
            f"{plain.lost:.4f} | {short.lost:.4f} |"
        )
        # What PCA drops is at most 5 % of the variance; codes cannot lose less than that twice.
        assert short.lost < plain.lost + (1 - VARIANCE) + 0.02
    assert reduced.facts["variance_kept"] >= VARIANCE
    assert kept < whole.dims
