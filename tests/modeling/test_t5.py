"""T5 as a recommender: the contract, its settings, and whether it learns."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from clairo.core.config import parse_config
from clairo.core.errors import ConfigError, DataError, StageError
from clairo.core.ragged import Ragged
from clairo.core.stage import Runtime
from clairo.core.torchvision_compat import prepare_torchvision
from clairo.modeling import AnyModel, T5Config, TrainingData
from clairo.modeling.batching import make_batch
from clairo.modeling.decoding import matrix_products
from clairo.modeling.layers import NO_DROPOUT
from clairo.modeling.prefix_trie import PrefixTrie
from clairo.modeling.trained import TrainedModel
from clairo.modeling.trainer import batch_loss, learning_rate_at
from tests.contracts.model import ModelContract
from tests.modeling.small import copy_task, no_validation, tiny_config, tiny_model


class TestT5(ModelContract):
    config_type = T5Config

    def config(self, **changes: object) -> T5Config:
        return tiny_config(dropout=0.2, batch_size=16, **changes)


@pytest.fixture(scope="module")
def copying() -> TrainedModel:
    """A model that has learned to copy the first two tokens of its input."""
    config = tiny_config(
        epochs=30,
        validate_every=5,
        batch_size=32,
        d_model=32,
        d_ff=64,
        num_heads=4,
        dropout=0.0,
        warmup_share=0.1,
    )
    data, trie = copy_task(), _pairs()
    some, targets = data.inputs(1).take(range(100)), list(data.strings)[:100]
    wanted = [trie.find(target.tolist()) for target in targets]

    def validate(model: TrainedModel) -> dict[str, float]:
        found = model.generate(some, trie, num_beams=4, top_k=1, batch_size=100)
        return {"ndcg_at_10": float((found.items[:, 0] == wanted).mean())}

    state = config.fit(data, 0, Runtime(), state=None, until_epoch=30, validate=validate)
    assert state.curve[-1]["train_loss"] < 0.1 < state.curve[0]["train_loss"]
    return state.model()


def _pairs() -> PrefixTrie:
    return PrefixTrie.build(
        Ragged.from_sequences([[a, b] for a in range(1, 7) for b in range(1, 7)])
    )


def test_it_learns_to_copy(copying: TrainedModel) -> None:
    data, trie = copy_task(), _pairs()
    found = copying.generate(data.inputs(1), trie, num_beams=5, top_k=1, batch_size=64)
    wanted = np.array([trie.find(target.tolist()) for target in data.strings])
    assert (found.items[:, 0] == wanted).mean() > 0.95


def test_its_free_strings_are_mostly_items(copying: TrainedModel) -> None:
    rows = copy_task().inputs(1).take(range(50))
    best = copying.generate_free(rows, num_beams=3, max_length=4, trie=_pairs())[:, 0]
    assert best.mean() > 0.95
    others = PrefixTrie.build(Ragged.from_sequences([[1], [2, 2, 2]]))
    assert copying.generate_free(rows, 3, 4, others)[:, 0].mean() < 0.05


def test_unfinished_strings_are_no_items(copying: TrainedModel) -> None:
    rows = copy_task().inputs(1).take(range(20))
    # Two tokens and an end need three steps: what is cut after two is no item.
    assert copying.generate_free(rows, 3, 2, _pairs())[:, 0].mean() < 0.1


def test_transformers_reads_the_saved_checkpoint(copying: TrainedModel, tmp_path: Path) -> None:
    prepare_torchvision()
    from transformers import T5ForConditionalGeneration

    copying.save(tmp_path)
    theirs = T5ForConditionalGeneration.from_pretrained(tmp_path).eval()
    data = copy_task()
    rows = [0, 1, 2]
    batch = make_batch(data.inputs(1), data.strings, copying.end_token, rows, rows)
    labels = batch.labels.view(3, 3)
    mask = None if batch.padded is None else (~batch.padded).long()
    with torch.no_grad():
        expected = theirs(input_ids=batch.inputs, attention_mask=mask, labels=labels).loss
        ours = batch_loss(copying.network, batch, NO_DROPOUT)
    assert ours.item() == pytest.approx(expected.item(), abs=1e-5)


def test_bfloat16_products_learn_as_well() -> None:
    losses = {}
    for precision in ("float32", "bfloat16"):
        config = tiny_config(epochs=3, batch_size=32, dropout=0.0, precision=precision)
        state = config.fit(
            copy_task(256), 1, Runtime(), state=None, until_epoch=3, validate=no_validation
        )
        losses[precision] = state.curve[-1]["train_loss"]
    assert losses["bfloat16"] == pytest.approx(losses["float32"], rel=0.05)


def test_precision_and_threads_are_given_back() -> None:
    before = torch.get_num_threads(), torch.get_float32_matmul_precision()
    config = tiny_config(epochs=1, precision="bfloat16")
    seen = []

    def validate(model: TrainedModel) -> dict[str, float]:
        seen.append(torch.get_float32_matmul_precision())
        return {"ndcg_at_10": 0.0}

    config.fit(copy_task(64), 0, Runtime(), state=None, until_epoch=1, validate=validate)
    assert seen == [before[1]]
    with pytest.raises(RuntimeError, match="inside"), matrix_products("medium"):
        raise RuntimeError("inside")
    assert (torch.get_num_threads(), torch.get_float32_matmul_precision()) == before


def test_training_leaves_the_global_random_state_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    tiny_config(epochs=1).fit(
        copy_task(64), 0, Runtime(), state=None, until_epoch=1, validate=no_validation
    )
    assert torch.equal(torch.rand(3), expected)


def test_a_loss_that_is_no_number_is_an_error_that_names_the_rate() -> None:
    config = tiny_config(learning_rate=1.0, clip_norm=1e30, epochs=3, warmup_share=0.0)
    data = copy_task(64)
    state = config.fit(data, 0, Runtime(), state=None, until_epoch=1, validate=no_validation)
    poisoned = {name: array * np.float32("nan") for name, array in state.weights.items()}
    broken = type(state)(**{**vars(state), "weights": poisoned})
    with pytest.raises(StageError, match=r"got nan in epoch 2; lower the learning rate \(1.0\)"):
        config.fit(data, 0, Runtime(), state=broken, until_epoch=2, validate=no_validation)


def test_the_rate_rises_to_its_peak_and_falls_to_nothing() -> None:
    config = T5Config(learning_rate=0.004, warmup_share=0.25)
    rates = [learning_rate_at(config, step, 40) for step in range(40)]
    assert rates[:10] == pytest.approx([0.0004 * (n + 1) for n in range(10)])
    assert max(rates) == pytest.approx(0.004)
    assert rates[-1] < 0.0001
    assert all(late < early for early, late in pairwise(rates[10:]))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("d_model", 0),
        ("num_layers", 0),
        ("epochs", 0),
        ("learning_rate", 0.0),
        ("learning_rate", 2.0),
        ("dropout", 1.0),
        ("warmup_share", 1.5),
        ("patience", 0),
        ("segmentation", "random"),
        ("width", 3),
    ],
)
def test_settings_out_of_range_are_named(field: str, value: object) -> None:
    with pytest.raises(ConfigError, match=field):
        parse_config(T5Config, {field: value}, "model")


def test_settings_load_without_torch() -> None:
    code = "import sys, clairo.modeling; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_family_lists_t5() -> None:
    assert AnyModel is T5Config
    assert T5Config().identity()["kind"] == "t5"


def test_training_needs_examples() -> None:
    def training(strings: list[list[int]], targets: list[int]) -> TrainingData:
        rows = Ragged.from_sequences(strings)
        return TrainingData(5, rows, np.array(targets, dtype=np.int32), lambda epoch: rows)

    with pytest.raises(DataError, match="at least one example"):
        training([[1]], [])
    with pytest.raises(DataError, match="Training targets: tokens must be 1 to 4"):
        training([[5]], [0])
    for wrong in (-1, 2):
        with pytest.raises(DataError, match=f"must be items 0 to 1, got {wrong}"):
            training([[1], [2]], [0, wrong])


def test_a_model_moves_between_devices() -> None:
    moved = tiny_model().to("meta")
    assert moved.network.device.type == "meta"
    assert moved.end_token == 12
