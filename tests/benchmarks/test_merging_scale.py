"""How time and memory of a construction grow with the corpus; run with ``make bench``.

The corpora are drawn with the same statistics at every size: histories of 9 items on average
within one or two of the user's topics, popularity by Zipf within a topic, codes that share
values within a topic. Every size is built in a process of its own, so that its peak is its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from clairo.core.ragged import Ragged

VOCAB_SIZE = 40_000
LARGEST = int(os.environ.get("CLAIRO_BENCH_LARGEST", "10000000"))
"""Interactions of the largest corpus; it takes some minutes and gigabytes."""

_NUM_TOPICS = 256


@dataclass(frozen=True)
class Drawn:
    """A corpus: five code columns, and training histories."""

    codes: np.ndarray
    training: Ragged


def draw_corpus(num_interactions: int, num_items: int, seed: int = 0) -> Drawn:
    """Draws a corpus; memory and time stay linear in its size."""
    rng = np.random.default_rng(seed)
    topics = rng.integers(0, _NUM_TOPICS, num_items)
    columns = [topics, *(_values_of_topics(topics, column, rng) for column in range(3))]
    codes = np.column_stack([*columns, rng.integers(0, 256, num_items)]).astype(np.int32)
    order = np.argsort(topics, kind="stable").astype(np.int32)
    starts = np.searchsorted(topics[order], np.arange(_NUM_TOPICS + 1))
    lengths = 5 + rng.geometric(1 / 5, num_interactions // 9) - 1
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    # Every history moves between two topics; within a topic, ranks are drawn by Zipf.
    users = np.repeat(np.arange(len(lengths)), lengths)
    own = rng.integers(0, _NUM_TOPICS, (len(lengths), 2))
    chosen = own[users, (rng.random(len(users)) < 0.3).astype(np.int64)]
    sizes = np.diff(starts)[chosen]
    ranks = np.minimum((sizes ** rng.random(len(users))).astype(np.int64) - 1, sizes - 1)
    return Drawn(codes, Ragged(order[starts[chosen] + np.maximum(ranks, 0)], offsets))


def _values_of_topics(topics: np.ndarray, column: int, rng: np.random.Generator) -> np.ndarray:
    """Sixteen values that a topic prefers, a quarter of the items anything."""
    preferred = rng.integers(0, 256, (_NUM_TOPICS, 16))[topics, rng.integers(0, 16, len(topics))]
    return np.where(rng.random(len(topics)) < 0.25, rng.integers(0, 256, len(topics)), preferred)


def measure(num_interactions: int, num_items: int) -> dict[str, float]:
    """Draws and builds in this process; prints the figures as JSON."""
    import time

    from clairo.merging import FeatureSetBPEConfig
    from clairo.merging.warm_up import warm_up

    warm_up()
    corpus = draw_corpus(num_interactions, num_items)
    initial = sum(len(np.unique(column)) for column in corpus.codes.T)
    before = _peak_mb()
    started = time.perf_counter()
    config = FeatureSetBPEConfig(num_merges=VOCAB_SIZE - 1 - initial)
    built = config.fit(corpus.codes, corpus.training, 0)
    return {
        "interactions": len(corpus.training.values),
        "items": num_items,
        "tokens": built.vocab_size,
        "seconds": round(time.perf_counter() - started, 2),
        "peak_mb": _peak_mb(),
        "before_mb": before,
    }


def _peak_mb() -> int:
    """Most memory of this process; getrusage would begin with the size of the parent."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.split("VmHWM:")[1].split()[0]) // 1024


@pytest.mark.parametrize(
    ("num_interactions", "num_items"),
    [(10**5, 10**4), (10**6, 10**5), (10**7, 10**6), (10**7, 2 * 10**6)],
)
def test_a_construction_grows_about_linearly(num_interactions: int, num_items: int) -> None:
    if num_interactions > LARGEST:
        pytest.skip(f"above CLAIRO_BENCH_LARGEST={LARGEST}")
    code = (
        "import json; from tests.benchmarks.test_merging_scale import measure; "
        f"print(json.dumps(measure({num_interactions}, {num_items})))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    figures = json.loads(ended.stdout.splitlines()[-1])
    print("\n" + ", ".join(f"{name} {value:,}" for name, value in figures.items()))
    assert figures["tokens"] == VOCAB_SIZE
    # Bytes an interaction: rows, lists and the table of pairs; nothing quadratic.
    assert figures["peak_mb"] < 500 + 800 * num_interactions / 1e6
