"""Speed of merging on real Beauty histories, against plain Python; run with ``make bench``.

Figures are printed. What is asserted are ratios within one run, far below what is measured:
another machine, or a busy one, must not fail.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from clairo.core.ragged import Ragged
from clairo.merging import FeatureSetBPE, FeatureSetBPEConfig
from clairo.merging.warm_up import warm_up
from tests.benchmarks.coded_histories import CodedHistories, read_coded
from tests.merging import oracle
from tests.merging.indexed_oracle import build_with_index

VOCAB_SIZE = 40_000
ORACLE_MERGES = int(os.environ.get("CLAIRO_BENCH_ORACLE_MERGES", "300"))
"""Merges of the plain oracle; 40000 builds the whole vocabulary, in some 20 minutes."""

WHOLE_PROCESS = """
import sys, time
started = time.perf_counter()
from pathlib import Path
import numpy as np
from clairo.core.ragged import Ragged
from clairo.merging import FeatureSetBPEConfig
saved = np.load(sys.argv[1])
training = Ragged(saved["values"], saved["offsets"])
read = time.perf_counter()
config = FeatureSetBPEConfig(num_merges=int(sys.argv[2]), counting=sys.argv[3])
made = config.fit(saved["codes"], training, 0).num_merges
ended = time.perf_counter()
# Not getrusage: what it says of a child begins with the parent's size.
status = Path("/proc/self/status").read_text()
peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
print(f"{made} merges: {read - started:.2f} s to import and read, {ended - read:.2f} s to load "
      f"the compiled code and build, peak {peak:.0f} MB")
"""


@pytest.fixture(scope="module")
def beauty(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> CodedHistories:
    warm_up()
    return read_coded("Beauty", shared, tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def tokenizer(beauty: CodedHistories) -> FeatureSetBPE:
    """The exact vocabulary of 40,000 tokens."""
    return fit(beauty, "exact", beauty.num_merges(VOCAB_SIZE))


def fit(beauty: CodedHistories, counting: str, num_merges: int) -> FeatureSetBPE:
    """Builds and prints the seconds, of the wall and of the processor."""
    config = FeatureSetBPEConfig(num_merges=num_merges, counting=counting)
    config.model_copy(update={"num_merges": 10}).fit(beauty.codes, beauty.training, 0)
    wall, own = time.perf_counter(), time.process_time()
    built = config.fit(beauty.codes, beauty.training, 0)
    print(
        f"\n{counting}: {built.vocab_size} tokens, {built.num_merges} merges in "
        f"{time.perf_counter() - wall:.2f} s ({time.process_time() - own:.2f} s of one core)"
    )
    return built


@pytest.mark.parametrize("counting", ["exact", "release"])
def test_forty_thousand_tokens_in_this_process(beauty: CodedHistories, counting: str) -> None:
    built = fit(beauty, counting, beauty.num_merges(VOCAB_SIZE))
    assert built.vocab_size == VOCAB_SIZE


@pytest.mark.parametrize("counting", ["exact", "release"])
def test_forty_thousand_tokens_as_a_whole_process(
    beauty: CodedHistories, counting: str, tmp_path: Path
) -> None:
    arrays = {"values": beauty.training.values, "offsets": beauty.training.offsets}
    np.savez(tmp_path / "beauty.npz", codes=beauty.codes, **arrays)
    arguments = [str(tmp_path / "beauty.npz"), str(beauty.num_merges(VOCAB_SIZE)), counting]
    started = time.perf_counter()
    ended = subprocess.run(
        [sys.executable, "-c", WHOLE_PROCESS, *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    print(f"\n{counting}, {time.perf_counter() - started:.2f} s in all: {ended.stdout.strip()}")
    assert ended.stdout.startswith(str(beauty.num_merges(VOCAB_SIZE)))


def test_the_same_merges_as_the_oracle_and_many_times_faster(beauty: CodedHistories) -> None:
    sequences = [items.tolist() for items in beauty.training]
    started = time.process_time()
    slow = build_with_index(beauty.codes.tolist(), sequences, ORACLE_MERGES)
    slow_seconds = time.process_time() - started
    started = time.process_time()
    fast = FeatureSetBPEConfig(num_merges=ORACLE_MERGES).fit(beauty.codes, beauty.training, 0)
    fast_seconds = time.process_time() - started
    print(
        f"\n{fast.num_merges} merges: plain Python {slow_seconds:.1f} s, compiled "
        f"{fast_seconds:.2f} s, {slow_seconds / fast_seconds:.0f} times"
    )
    assert fast.token2feat == slow.token2feat
    assert fast.scaled_priority.tolist() == slow.priority
    assert slow_seconds > 20 * fast_seconds


@pytest.mark.parametrize("segmentation", ["spr", "greedy"])
def test_segmentation_of_one_epoch(
    beauty: CodedHistories, tokenizer: FeatureSetBPE, segmentation: str
) -> None:
    prefixes = beauty.prefixes()
    tokenizer.encode_histories(prefixes.take(range(10)), segmentation, 0)
    seconds = []
    for epoch in range(3):
        started = time.perf_counter()
        tokens = tokenizer.encode_histories(prefixes, segmentation, epoch)
        seconds.append(time.perf_counter() - started)
    read = len(prefixes.values) * beauty.codes.shape[1]
    fast = read / min(seconds)
    print(
        f"\n{segmentation}: {len(prefixes):,} prefixes, {read:,} codes -> {len(tokens.values):,} "
        f"tokens in {json.dumps([round(s, 3) for s in seconds])} s, {fast / 1e6:.1f} million "
        "codes a second"
    )
    slow = oracle_speed(tokenizer, prefixes, segmentation)
    print(f"plain Python: {slow / 1e6:.3f} million codes a second, {fast / slow:.0f} times slower")
    assert fast > 80 * slow


def oracle_speed(tokenizer: FeatureSetBPE, prefixes: Ragged, segmentation: str) -> float:
    """Codes a second of plain Python on a sample, whose results must be equal."""
    sample = prefixes.take(range(0, len(prefixes), len(prefixes) // 300))
    vocabulary = oracle.Vocabulary(
        tokenizer.token2feat, tokenizer.scaled_priority.tolist(), tokenizer.count_scale, []
    )
    known = vocabulary.pair_to_token()
    states = [tokenizer.states[history].tolist() for history in sample]
    flat = [[token for state in history for token in state] for history in states]
    started = time.process_time()
    if segmentation == "spr":
        found = [oracle.encode_flat(vocabulary, tokens, known) for tokens in flat]
    else:
        found = [oracle.encode_greedy(vocabulary, history, known) for history in states]
    seconds = time.process_time() - started
    if segmentation == "spr":
        assert found == [tokenizer.encode_flat(tokens) for tokens in flat]
    else:
        assert found == [row.tolist() for row in tokenizer.encode_histories(sample, "greedy")]
    return sum(map(len, flat)) / seconds
