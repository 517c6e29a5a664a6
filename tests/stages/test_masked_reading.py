"""A model loses with a masked modality what this modality alone told it, in worlds of twins."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from jaxtyping import Int

from clairo.core.artifacts import (
    Dataset,
    EmbeddingTable,
    InteractionLog,
    Modalities,
    Rankings,
    Splits,
)
from clairo.core.stage import Runtime
from clairo.pipeline.config import PipelineConfig
from clairo.pipeline.plan import make_plan
from tests.pipeline.small import small_config
from tests.worlds import twins

NUM_PAIRS = 8
ITEMS = np.arange(2 * NUM_PAIRS)
PAIR, STYLE = ITEMS // 2, ITEMS % 2
NOISE = np.random.default_rng(4).permutation(STYLE)


def walks(num_users: int = 96, length: int = 8) -> Dataset:
    """Users who go from pair to pair in a circle and stay with first or with second twins.

    Known: the next item is of the next pair and of the style of all before it.
    """
    steps = np.arange(length)
    rows = [2 * ((user // 2 + steps) % NUM_PAIRS) + user % 2 for user in range(num_users)]
    everybody = np.ones(num_users, dtype=np.int32)
    log = InteractionLog(
        tuple(f"user-{user}" for user in range(num_users)),
        np.concatenate(rows).astype(np.int32),
        np.tile(steps, num_users),
        np.arange(num_users + 1) * length,
    )
    splits = Splits((length - 2) * everybody, (length - 2) * everybody, (length - 1) * everybody)
    return Dataset("walks", twins(NUM_PAIRS), log, splits, {})


def embedded(name: Any, labels: Int[np.ndarray, " items"]) -> Modalities:
    """Vectors that say an item's label and nothing else."""
    vectors = np.random.default_rng(0).normal(size=(labels.max() + 1, 24)).astype(np.float32)
    ids = twins(NUM_PAIRS).item_ids
    everything = np.ones(len(ids), dtype=bool)
    return Modalities((EmbeddingTable(name, ids, vectors[labels], everything),))


def config(**evaluation: Any) -> PipelineConfig:
    return small_config(
        reduction={"kind": "identity"},
        quantization={"codebook_size": 16, "num_hash_buckets": None},
        merging={"num_merges": 0},
        model={"epochs": 30, "validate_every": 30, "max_examples": None, "batch_size": 32},
        evaluation={"max_users": None, "invalid_users": 0, **evaluation},
    )


def trained(text: Int[np.ndarray, " items"], image: Int[np.ndarray, " items"]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "dataset": walks(),
        "text_embedding": embedded("text", text),
        "image_embedding": embedded("image", image),
    }
    return evaluated(made, None)


def evaluated(made: dict[str, Any], masking: dict[str, str] | None) -> dict[str, Any]:
    """The stages of an evaluation that are not made yet."""
    found = {k: v for k, v in made.items() if k != "test_evaluation"}
    for step in make_plan(config(masking=masking), 0, {}, ("test_evaluation",)).steps:
        if step.stage.name not in found:
            found[step.stage.name] = step.stage.run(step.settings, found, step.seed, Runtime())
    return found


def masked(made: dict[str, Any], modality: str, fill: str) -> Rankings:
    rankings: Rankings = evaluated(made, {"modality": modality, "fill": fill})["test_evaluation"]
    return rankings


def first_right(rankings: Rankings) -> float:
    return float((rankings.ranks == 1).mean())


def pair_right(rankings: Rankings) -> float:
    return float((PAIR[rankings.top_items[:, 0]] == PAIR[rankings.targets]).mean())


@pytest.fixture(scope="module")
def pictures_tell_twins_apart() -> dict[str, Any]:
    """Texts name the pair, pictures the style: both are needed."""
    return trained(text=PAIR, image=STYLE)


@pytest.fixture(scope="module")
def pictures_tell_everything() -> dict[str, Any]:
    """Pictures name the item, texts say something that goes with nothing."""
    return trained(text=NOISE, image=ITEMS)


@pytest.mark.parametrize("fill", ["zero", "mean"])
def test_without_pictures_the_pair_is_still_known_and_the_twin_is_a_guess(
    fill: str, pictures_tell_twins_apart: dict[str, Any]
) -> None:
    shown = pictures_tell_twins_apart["test_evaluation"]
    assert first_right(shown) > 0.9
    hidden = masked(pictures_tell_twins_apart, "image", fill)
    # What the text knows: the pair always, the twin half the time.
    assert pair_right(hidden) > 0.9
    assert first_right(hidden) == pytest.approx(0.5, abs=0.15)
    assert hidden.facts["masked_digit_bits"] == 0.0  # nothing else tells the twins apart


def test_without_texts_the_style_is_still_known_and_the_pair_is_not(
    pictures_tell_twins_apart: dict[str, Any],
) -> None:
    hidden = masked(pictures_tell_twins_apart, "text", "shuffled")
    same_style = STYLE[hidden.top_items[:, 0]] == STYLE[hidden.targets]
    assert same_style.mean() > 0.9
    assert pair_right(hidden) < 0.5


def test_what_tells_little_is_missed_less_than_what_tells_everything(
    pictures_tell_everything: dict[str, Any],
) -> None:
    shown = first_right(pictures_tell_everything["test_evaluation"])
    without_text = first_right(masked(pictures_tell_everything, "text", "zero"))
    without_image = first_right(masked(pictures_tell_everything, "image", "zero"))
    assert shown > 0.8
    assert without_image < 0.3
    assert shown - without_text < 0.5 * (shown - without_image)
