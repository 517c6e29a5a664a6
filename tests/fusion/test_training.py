"""The training of learned fusions: what it refuses, and what it restores."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch

from clairo.core.artifacts import EmbeddingTable, Modalities
from clairo.core.errors import StageError
from clairo.core.stage import Runtime
from clairo.fusion import AttentionConfig
from clairo.fusion.networks import AttentionNetwork, Joint
from tests.contracts.fusion import TRAIN_SEQUENCES, make_modalities
from tests.contracts.learned_fusion import SMALL


class FullNetwork(AttentionNetwork):
    """Finds no memory, as a GPU does that others fill."""

    def join(self, encoded: list[torch.Tensor], present_NM: torch.Tensor) -> Joint:
        raise torch.OutOfMemoryError("CUDA out of memory")


class FullConfig(AttentionConfig):
    def network(self, widths: tuple[int, ...]) -> FullNetwork:
        return FullNetwork(widths, self.hidden, self.dims)


def test_a_full_gpu_is_an_error_that_names_the_batch() -> None:
    threads = torch.get_num_threads()
    with pytest.raises(StageError, match="got more at 16 rows a batch; lower batch_size"):
        FullConfig(**SMALL).fit(make_modalities(), TRAIN_SEQUENCES, 0, Runtime())
    assert torch.get_num_threads() == threads


def seen_in_training(modality_dropout: float) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """What the items of each step have, and what of it the joint vectors were shown."""
    seen: list[torch.Tensor] = []

    class Watching(AttentionNetwork):
        def join(self, encoded: list[torch.Tensor], present_NM: torch.Tensor) -> Joint:
            seen.append(present_NM.clone())
            return super().join(encoded, present_NM)

    class WatchingConfig(AttentionConfig):
        def network(self, widths: tuple[int, ...]) -> Watching:
            return Watching(widths, self.hidden, self.dims)

    config = WatchingConfig(**{**SMALL, "epochs": 50, "modality_dropout": modality_dropout})
    config.fit(make_modalities(), TRAIN_SEQUENCES, 0, Runtime())
    # A step joins its items whole, then with something dropped, then their neighbors.
    return seen[::3], seen[1::3]


def test_modality_dropout_takes_one_of_two_and_never_the_last() -> None:
    whole, shown = seen_in_training(0.4)
    counts = [sum(int(part.all(dim=1).sum()) for part in parts) for parts in (whole, shown)]
    assert counts[1] / counts[0] == pytest.approx(1 - 0.4, abs=0.05)
    assert all(part.any(dim=1).all() for part in shown)
    hidden = torch.cat(whole) & ~torch.cat(shown)
    text, image = hidden.sum(dim=0).tolist()
    assert text == pytest.approx(image, rel=0.2)


def test_without_modality_dropout_everything_is_shown() -> None:
    whole, shown = seen_in_training(0.0)
    assert all((w == s).all() for w, s in zip(whole, shown, strict=True))


def paired(num_items: int, sequences: list[np.ndarray]) -> list[float]:
    """Loss of co-occurrence by epoch in a catalogue smaller than a batch."""
    rng, ids = np.random.default_rng(0), tuple(map(str, range(num_items)))
    everybody = np.ones(num_items, dtype=bool)
    tables = tuple(
        EmbeddingTable(name, ids, rng.normal(size=(num_items, 8)).astype(np.float32), everybody)
        for name in ("text", "image")
    )
    config = AttentionConfig(
        dims=16, hidden=32, epochs=20, learning_rate=0.01, cooccurrence_weight=1.0
    )
    fitted = config.fit(Modalities(tables), sequences, 0, Runtime())
    return [epoch["cooccurrence"] for epoch in fitted.facts["curve"]]


def test_two_items_that_are_each_others_only_neighbors_are_not_held_against_themselves() -> None:
    # Each is the other's partner and its own only possible negative, which is none.
    assert paired(2, [np.array([0, 1])]) == [0.0] * 20


def test_pairs_in_a_catalogue_smaller_than_a_batch_are_found_without_doubt() -> None:
    pairs = [np.array([2 * i, 2 * i + 1]) for i in range(8)]
    losses = paired(16, pairs)
    # With the item itself among the negatives, half of the certainty could never be had: ln 2.
    assert losses[-1] < 0.1 < losses[0]


def test_settings_can_be_read_without_loading_torch() -> None:
    program = "import sys, clairo.fusion; print('torch' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert found.stdout.strip() == "False"
