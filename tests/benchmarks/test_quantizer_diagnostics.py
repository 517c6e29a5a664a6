"""What each quantizer makes of real titles; run with ``make bench``.

Every kind of the registry with 4 codebooks of 256 (one that takes no such depth has its own
default), on titles of 2014 Beauty by the packaged MiniLM model and a PCA of 95 %. The table is
printed as Markdown.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from clairo.core.stage import Runtime
from clairo.quantization import AnyQuantizer, QuantizerConfig
from clairo.quantization.code_table import build_code_table
from tests.benchmarks.reduced_titles import ReducedTitles, minilm, read_titles

SETTINGS = {"num_codebooks": 4, "codebook_size": 256, "num_hash_buckets": None}
COLUMNS = (
    "quantizer",
    "codes",
    "usage by level",
    "perplexity by level",
    "dead codes",
    "entropy, bits",
    "collision rate",
    "largest bucket",
    "reconstruction error",
    "seconds",
)
KINDS = {kind.model_fields["kind"].default: kind for kind in get_args(AnyQuantizer)}


@pytest.fixture(scope="module")
def titles(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> ReducedTitles:
    found = read_titles(minilm(), shared, tmp_path_factory.mktemp("store"))
    print(f"\n| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
    return found


def configure(kind: type[QuantizerConfig]) -> QuantizerConfig:
    """A kind as large as the others where it can be."""
    default = kind.model_fields["num_codebooks"].default
    depth = {} if default == 1 else {"num_codebooks": SETTINGS["num_codebooks"]}
    size = {} if default == 1 else {"codebook_size": SETTINGS["codebook_size"]}
    return kind(num_hash_buckets=None, **depth, **size)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_quantizer_keeps_its_codes_alive(kind: str, titles: ReducedTitles) -> None:
    config = configure(KINDS[kind])
    started = time.perf_counter()
    table = build_code_table(titles.vectors, config, titles.train_items, 0, Runtime(num_threads=2))
    seconds = time.perf_counter() - started
    facts = table.diagnostics
    print(f"| {' | '.join(describe(config, facts, seconds))} |")
    assert facts["num_items"] == len(titles.train_items)
    assert 0 < facts["text/reconstruction_error"] < 1
    # One codebook may collapse: that is what it is here to show.
    assert config.num_codebooks == 1 or facts["usage_min"] > 0.5
    assert len(np.unique(table.codes, axis=0)) == facts["num_items"]


def describe(config: Any, facts: Mapping[str, Any], seconds: float) -> list[str]:
    """The cells of one row."""

    def levels(name: str, form: str) -> str:
        found = [facts[f"text/{level}/{name}"] for level in range(config.num_codebooks)]
        return " ".join(format(value, form) for value in found)

    return [
        f"`{config.kind}`",
        f"{config.num_codebooks} x {config.codebook_size}",
        levels("usage", ".3f"),
        levels("perplexity", ".0f"),
        levels("dead_codes", "d"),
        levels("entropy", ".2f"),
        format(facts["collision_rate"], ".4f"),
        str(facts["largest_bucket"]),
        format(facts["text/reconstruction_error"], ".4f"),
        format(seconds, ".1f"),
    ]
