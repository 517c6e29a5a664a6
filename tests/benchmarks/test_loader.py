"""How long a model waits for its batches: made in line, and made ahead by the loader.

Synthetic histories of the size of 2014 Amazon Beauty, the model of the quick profile on all of
their prefixes. Two epochs either way; the second is shown, for which the loader can draw ahead.
Run by ``make bench``; about three minutes on two idle cores.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pytest

from clairo.core.ragged import Ragged
from clairo.core.stage import Runtime
from clairo.merging import FeatureSetBPEConfig
from clairo.modeling import T5Config, TrainingData, padding, trainer
from clairo.modeling.loading import BatchSource
from clairo.modeling.padding import pad_rows
from clairo.pipeline.profiles import PROFILES
from tests.modeling.in_line import InLine

NUM_USERS, NUM_ITEMS, NUM_PREFIXES = 22_363, 12_101, 131_413
MODEL = T5Config.model_validate(PROFILES["quick"].base["model"] | {"epochs": 2, "patience": None})
NUM_MERGES = PROFILES["quick"].base["merging"]["num_merges"]


@dataclass(frozen=True)
class Epoch:
    """Seconds of an epoch, of the clock and of all threads, and the share that was waited."""

    wall: float
    cpu: float
    waited: float


@pytest.fixture(scope="module")
def data() -> TrainingData:
    """Long-tailed histories; items have one text, one image and one distinguishing code."""
    rng = np.random.default_rng(0)
    extra = rng.multinomial(NUM_PREFIXES - NUM_USERS, rng.dirichlet(np.full(NUM_USERS, 0.5)))
    popularity = 1 / np.arange(1, NUM_ITEMS + 1) ** 0.7
    popularity /= popularity.sum()
    sequences = [
        rng.choice(NUM_ITEMS, size=2 + more, p=popularity).astype(np.int32) for more in extra
    ]
    codes = np.column_stack([rng.integers(0, 16, (NUM_ITEMS, 2)), np.arange(NUM_ITEMS) % 256])
    tokenizer = FeatureSetBPEConfig(num_merges=NUM_MERGES).fit(codes, sequences, 0)
    histories = Ragged.from_sequences(
        [
            items[max(0, stop - MODEL.max_history) : stop]
            for items in sequences
            for stop in range(1, len(items))
        ]
    )
    return TrainingData(
        tokenizer.vocab_size,
        tokenizer.encode_items(),
        np.concatenate([items[1:] for items in sequences]),
        lambda epoch: tokenizer.encode_histories(histories, "spr", epoch),
    )


def second_epoch(data: TrainingData) -> Epoch:
    """Trains two epochs and measures the second."""
    ends: list[tuple[float, float, float]] = []

    def report(epoch: int, metrics: Mapping[str, float]) -> bool:
        ends.append((time.perf_counter(), time.process_time(), metrics["train_wait_share"]))
        return True

    MODEL.fit(
        data,
        0,
        Runtime(report=report),
        state=None,
        until_epoch=2,
        validate=lambda model: {"ndcg_at_10": 0.0},
    )
    (wall, cpu, _), (wall_after, cpu_after, waited) = ends
    return Epoch(wall_after - wall, cpu_after - cpu, waited)


def pad_in_numpy(sequences: Ragged, end_token: int, rows: np.ndarray) -> np.ndarray:
    """What the compiled padding replaced."""
    taken = sequences.take(rows)
    lengths = taken.lengths
    columns = np.arange(int(lengths.max()) + 1)
    tokens = np.zeros((len(taken), len(columns)), dtype=np.int64)
    tokens[columns < lengths[:, None]] = taken.values
    tokens[np.arange(len(taken)), lengths] = end_token
    return tokens


def test_drawing_and_packing_are_compiled(data: TrainingData) -> None:
    padding.warm_up()
    source = BatchSource(data, MODEL.batch_size, seed=0, device="cpu")
    source.plan(1)
    started = time.process_time()
    plan = source.plan(2)
    print(
        f"\n{data.num_examples} prefixes, {len(plan.inputs.values)} tokens: drawn, checked and "
        f"planned in {time.process_time() - started:.2f} s"
    )
    seconds = {}
    for name, work in (
        ("whole batch", lambda rows: source.pack(plan, rows)),
        ("padding, compiled", lambda rows: pad_rows(plan.inputs, data.vocab_size, rows)),
        ("padding, numpy", lambda rows: pad_in_numpy(plan.inputs, data.vocab_size, rows)),
    ):
        started = time.process_time()
        for rows in plan.batches:
            work(rows)
        seconds[name] = (time.process_time() - started) / len(plan.batches)
        print(f"{name:<18} {seconds[name] * 1e6:.0f} us for {MODEL.batch_size} examples")
    assert seconds["padding, compiled"] < seconds["padding, numpy"] / 2


def test_a_model_hardly_waits_for_the_loader(
    data: TrainingData, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = second_epoch(data)
    monkeypatch.setattr(trainer, "EpochLoader", InLine)
    in_line = second_epoch(data)
    for name, epoch in (("in line", in_line), ("ahead", ahead)):
        print(
            f"{name:<8} waited {epoch.waited:.3%} of the epoch, {epoch.wall:.1f} s, "
            f"{epoch.cpu:.1f} s of processor time"
        )
    assert ahead.waited < in_line.waited / 2
