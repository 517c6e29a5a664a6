"""Speed of merging on real Beauty histories; run with ``pytest -s tests/benchmarks``.

Seconds are of the processor, so that other work on the machine disturbs little.

The codes are hashed item ids: four columns of 256 values and one to tell items apart. They
carry no meaning, which makes the work harder: no code pair is frequent because of it.
"""

from __future__ import annotations

import gzip
import json
import resource
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest

from clairo.core.ragged import Ragged
from clairo.merging import FeatureSetBPE, FeatureSetBPEConfig
from tests.merging import oracle

NUM_MERGES = 40_000
MODALITIES = ("text", "text", "image", "image", "shared")


def tell(line: str) -> None:
    """Shows a measurement to the person who runs the benchmark."""
    sys.stdout.write(line + "\n")


@pytest.fixture(scope="module")
def sequences(shared: Path) -> list[np.ndarray]:
    """Training parts of all Beauty histories: all but the last two interactions."""
    histories = defaultdict(list)
    path = shared / "data/amazon/2014/Beauty/reviews_Beauty_5.json.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            review = json.loads(line)
            histories[review["reviewerID"]].append((review["unixReviewTime"], review["asin"]))
    number: dict[str, int] = {}
    ordered = [
        [number.setdefault(asin, len(number)) for _, asin in sorted(history)]
        for history in histories.values()
    ]
    return [np.array(items[:-2], dtype=np.int32) for items in ordered]


@pytest.fixture(scope="module")
def codes(sequences: list[np.ndarray]) -> np.ndarray:
    """Codes that are shared by neighbours in the item numbering, and a column that is not."""
    num_items = 1 + max(int(sequence.max()) for sequence in sequences if len(sequence))
    rng = np.random.default_rng(0)
    table = rng.integers(0, 256, (num_items, 4))
    seen: Counter[tuple[int, ...]] = Counter()
    last = []
    for row in map(tuple, table.tolist()):
        last.append(seen[row])
        seen[row] += 1
    return np.column_stack([table, rng.integers(0, 64, num_items) * 4 + np.array(last)])


def build(codes: np.ndarray, sequences: list[np.ndarray], counting: str) -> FeatureSetBPE:
    """Builds twice and prints the time of the second run, which compiles nothing."""
    config = FeatureSetBPEConfig(num_merges=NUM_MERGES, counting=counting)
    FeatureSetBPEConfig(num_merges=10, counting=counting).fit(codes, sequences, 0)
    start = time.process_time()
    tokenizer = config.fit(codes, sequences, 0, modalities=MODALITIES)
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    tell(f"\n{counting}: {tokenizer.num_merges} merges in {seconds:.2f} s, peak {peak:.0f} MB")
    assert seconds < 30
    return tokenizer


@pytest.fixture(scope="module")
def tokenizer(codes: np.ndarray, sequences: list[np.ndarray]) -> FeatureSetBPE:
    """The exact vocabulary."""
    return build(codes, sequences, "exact")


def test_exact_construction_takes_seconds(tokenizer: FeatureSetBPE) -> None:
    assert tokenizer.num_merges == NUM_MERGES


def test_release_construction_takes_under_half_a_minute(
    codes: np.ndarray, sequences: list[np.ndarray]
) -> None:
    assert build(codes, sequences, "release").num_merges == NUM_MERGES


def test_segmentation_of_one_epoch_keeps_up_with_training(
    tokenizer: FeatureSetBPE, sequences: list[np.ndarray]
) -> None:
    prefixes = Ragged.from_sequences(
        [items[max(0, stop - 20) : stop] for items in sequences for stop in range(1, len(items))]
    )
    for segmentation in ("spr", "greedy"):
        tokenizer.encode_histories(prefixes.take(range(10)), segmentation, 0)
        start = time.process_time()
        tokens = tokenizer.encode_histories(prefixes, segmentation, 1)
        seconds = time.process_time() - start
        read = len(prefixes.values) * 5
        tell(
            f"\n{segmentation}: {len(prefixes)} prefixes, {read} codes -> {len(tokens.values)} "
            f"tokens in {seconds:.2f} s, {read / seconds / 1e6:.1f} million codes a second"
        )
        assert read / seconds > 1e6
    sample = prefixes.take(range(0, len(prefixes), len(prefixes) // 300))
    vocabulary = oracle.Vocabulary(
        tokenizer.token2feat, tokenizer.scaled_priority.tolist(), tokenizer.count_scale, []
    )
    known = vocabulary.pair_to_token()
    start = time.process_time()
    for history in sample:
        flat = tokenizer.states[history].reshape(-1).tolist()
        assert oracle.encode_flat(vocabulary, flat, known) == tokenizer.encode_flat(flat)
    speed = 5 * len(sample.values) / (time.process_time() - start)
    tell(f"\nplain Python: {speed / 1e6:.3f} million codes a second")
