"""Residual codes of a trained latent: what is learned, measured, selected and refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from clairo.core.artifacts import EmbeddingTable, Modalities
from clairo.core.errors import StageError
from clairo.core.stage import Runtime
from clairo.quantization import Quantizer, RqVaeConfig
from clairo.quantization.code_table import build_code_table
from clairo.quantization.diagnostics import collision_diagnostics, reconstruction_error
from clairo.quantization.vae_training import (
    learning_rate_at,
    selection_score,
    shuffled_batches,
    straight_through,
)
from tests.contracts.quantizer import EVERYBODY, RUNTIME, QuantizerContract, make_table

SMALL: dict[str, Any] = {"steps": 600, "epochs": 6, "hidden": (32,), "latent_dims": 16}
TINY: dict[str, Any] = {**SMALL, "steps": 40, "epochs": 4, "num_codebooks": 2, "codebook_size": 8}


class TestRqVae(QuantizerContract):
    config_type = RqVaeConfig
    settings = SMALL
    # A decoder is trained towards the vectors and stops short of them.
    repeated_atol = 0.1


def many_clouds(num_clouds: int = 64, each: int = 8) -> EmbeddingTable:
    """Far more clouds than fall on any one code by chance."""
    generator = np.random.default_rng(0)
    centers = np.repeat(generator.normal(size=(num_clouds, 12)), each, axis=0)
    return make_table(centers + 0.05 * generator.normal(size=centers.shape))


def fit(config: RqVaeConfig, table: EmbeddingTable, seed: int = 0) -> Quantizer:
    return config.fit(table, np.ones(len(table.vectors), dtype=bool), seed, RUNTIME)


def test_the_gradient_goes_straight_through_to_the_latents() -> None:
    latents = torch.tensor([[0.3, -2.0]], requires_grad=True)
    quantized = torch.tensor([[1.0, -1.0]])
    passed = straight_through(latents, quantized)
    torch.testing.assert_close(passed.detach(), quantized)
    passed.backward(torch.tensor([[5.0, 7.0]]))
    assert latents.grad is not None
    assert latents.grad.tolist() == [[5.0, 7.0]]


def test_the_learning_rate_falls_to_nothing_by_half_a_cosine() -> None:
    config = RqVaeConfig(steps=1000, epochs=1, learning_rate=0.01)
    assert learning_rate_at(config, 0) == 0.01
    assert learning_rate_at(config, 500) == pytest.approx(0.005)
    assert learning_rate_at(config, 1000) == pytest.approx(0.0)


def test_batches_go_through_all_rows_once_a_pass_and_are_of_one_size() -> None:
    stream = shuffled_batches(10, 4, torch.Generator().manual_seed(0))
    batches = [next(stream) for _ in range(5)]
    assert {len(batch) for batch in batches} == {4}
    drawn = torch.cat(batches)
    assert sorted(drawn[:10].tolist()) == sorted(drawn[10:].tolist()) == list(range(10))
    assert drawn[:10].tolist() != drawn[10:].tolist()


def test_the_kept_epoch_has_the_smallest_sum_of_error_and_collisions() -> None:
    table = many_clouds()
    # A rate this large makes later epochs worse than earlier ones.
    config = RqVaeConfig(**{**SMALL, "steps": 60, "epochs": 12, "learning_rate": 0.05})
    fitted = fit(config.model_copy(update={"num_codebooks": 2, "codebook_size": 16}), table)
    curve = fitted.facts["curve"]
    scores = [epoch["reconstruction_error"] + epoch["collision_rate"] for epoch in curve]
    selected = fitted.facts["selected_epoch"]
    assert selected == 1 + int(np.argmin(scores))
    codes = fitted.encode(table.vectors)
    kept = curve[selected - 1]
    assert kept["collision_rate"] == collision_diagnostics(codes)["collision_rate"]
    error = reconstruction_error(table.vectors, fitted.decode(codes))
    assert kept["reconstruction_error"] == pytest.approx(error)
    for level, column in enumerate(codes.T):
        assert kept[f"usage/{level}"] == len(np.unique(column)) / 16


def test_selection_looks_at_error_and_collisions_and_at_no_loss() -> None:
    measured = {"reconstruction_error": 0.3, "collision_rate": 0.2, "reconstruction_loss": 9.0}
    assert selection_score(measured) == 0.5


def test_facts_hold_a_curve_of_every_epoch() -> None:
    facts = fit(RqVaeConfig(**TINY), make_table()).facts
    assert facts["fitted_on"] == len(EVERYBODY)
    assert facts["epochs"] == len(facts["curve"]) == 4
    assert set(facts["curve"][0]) == {
        *(f"{name}/{level}" for name in ("usage", "perplexity") for level in range(2)),
        "reconstruction_error",
        "collision_rate",
        "reconstruction_loss",
        "commitment_loss",
        "codebook_loss",
    }
    # Weights and biases of 10-32-16 and back, and 2 codebooks of 8 codes of 16 dims.
    network = (10 * 32 + 32) + (32 * 16 + 16) + (16 * 32 + 32) + (32 * 10 + 10)
    assert facts["parameters"] == network + 2 * 8 * 16


def test_training_lowers_the_error_and_more_of_it_lowers_it_further() -> None:
    curve = fit(RqVaeConfig(**SMALL, num_codebooks=2, codebook_size=16), many_clouds()).facts[
        "curve"
    ]
    assert curve[-1]["reconstruction_error"] < 0.5 * curve[0]["reconstruction_error"]


@pytest.mark.parametrize("update", ["ema", "ste"])
def test_both_ways_of_learning_codes_reconstruct(update: str) -> None:
    table = many_clouds()
    config = RqVaeConfig(**SMALL, num_codebooks=2, codebook_size=16, codebook_update=update)
    fitted = fit(config, table)
    error = reconstruction_error(table.vectors, fitted.decode(fitted.encode(table.vectors)))
    assert error < 0.4


def test_kmeans_at_the_start_uses_more_codes_in_the_first_epoch() -> None:
    usage = {}
    for start in ("kmeans", "random"):
        settings = {**SMALL, "steps": 12, "epochs": 12, "learning_rate": 0.0003}
        config = RqVaeConfig(
            **settings,
            num_codebooks=2,
            codebook_size=32,
            codebook_init=start,
            dead_code_restart=False,
        )
        usage[start] = fit(config, many_clouds()).facts["curve"][0]["usage/0"]
    assert usage["kmeans"] > 0.9
    assert usage["random"] < 0.5 * usage["kmeans"]


def test_a_balanced_last_level_is_used_more_evenly_in_training() -> None:
    perplexity = {}
    for balanced in (False, True):
        settings = {**SMALL, "sinkhorn_last": balanced, "sinkhorn_epsilon": 0.05}
        config = RqVaeConfig(**settings, num_codebooks=2, codebook_size=16, dead_code_restart=False)
        curve = fit(config, many_clouds()).facts["curve"]
        perplexity[balanced] = curve[-1]["perplexity/1"]
    assert perplexity[True] > perplexity[False]


def test_the_stream_that_all_of_the_process_shares_is_left_alone() -> None:
    torch.manual_seed(7)
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    fit(RqVaeConfig(**TINY), make_table())
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == threads


def test_fitting_does_not_depend_on_the_shared_stream() -> None:
    codes = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        codes.append(fit(RqVaeConfig(**TINY), make_table()).encode(make_table().vectors))
    np.testing.assert_array_equal(codes[0], codes[1])


def test_equal_vectors_get_equal_codes_wherever_they_stand() -> None:
    fitted = fit(RqVaeConfig(**TINY), many_clouds())
    rows = np.tile(many_clouds().vectors[:37], (11, 1))
    codes = fitted.encode(rows).reshape(11, 37, 2)
    assert (codes == codes[0]).all()


def test_vectors_of_any_length_train_alike() -> None:
    errors = []
    for factor in (0.001, 1.0, 1000.0):
        table = make_table(factor * many_clouds().vectors)
        fitted = fit(RqVaeConfig(**SMALL, num_codebooks=2, codebook_size=16), table)
        errors.append(fitted.facts["curve"][-1]["reconstruction_error"])
    assert max(errors) < 0.4


def test_it_tells_how_far_it_is_from_the_start_on() -> None:
    told: list[tuple[int, int]] = []
    runtime = Runtime(progress=lambda done, total: told.append((done, total)))
    RqVaeConfig(**TINY).fit(make_table(), EVERYBODY, 0, runtime)
    assert told == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]


def test_the_code_table_keeps_the_curve_by_modality() -> None:
    table = many_clouds()
    everybody = np.ones(len(table.vectors), dtype=bool)
    config = RqVaeConfig(**TINY, num_hash_buckets=None)
    codes = build_code_table(Modalities((table,)), config, everybody, 0, RUNTIME)
    assert len(codes.diagnostics["text/curve"]) == 4
    assert len(np.unique(codes.codes, axis=0)) == len(table.vectors)


def test_a_loss_that_is_not_finite_is_an_error_with_the_cure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # AdamW bounds every step by the rate, so that no rate within bounds is sure to diverge.
    monkeypatch.setattr(
        "clairo.quantization.vae_training.learning_rate_at", lambda config, step: float("inf")
    )
    with pytest.raises(StageError, match=r"must be finite, got .*lower learning_rate \(0.003\)"):
        fit(RqVaeConfig(**TINY), make_table())


def test_too_little_memory_on_a_gpu_is_an_error_with_the_cure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A full GPU is not at hand; this is what torch raises on one.
    def full(*arguments: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr("clairo.quantization.vae_training.straight_through", full)
    with pytest.raises(StageError, match=r"batch_size=512.*lower batch_size"):
        fit(RqVaeConfig(**TINY), make_table())


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no GPU")
def test_a_gpu_gives_codes_that_are_as_good() -> None:
    table = many_clouds()
    config = RqVaeConfig(**SMALL, num_codebooks=2, codebook_size=16)
    everybody = np.ones(len(table.vectors), dtype=bool)
    errors = []
    for device in ("cpu", "cuda"):
        fitted = config.fit(table, everybody, 0, Runtime(device=device))
        errors.append(
            reconstruction_error(table.vectors, fitted.decode(fitted.encode(table.vectors)))
        )
    assert errors[1] == pytest.approx(errors[0], abs=0.05)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"epochs": 11, "steps": 10}, "got epochs=11 for steps=10; lower epochs or raise steps"),
        ({"hidden": (0,)}, "greater than or equal to 1"),
        ({"sinkhorn_epsilon": 0.001}, "greater than or equal to 0.003"),
        ({"ema_decay": 1.0}, "less than 1"),
        ({"codebook_update": "adam"}, "'ema' or 'ste'"),
        ({"batch_size": 0}, "greater than or equal to 1"),
    ],
)
def test_settings_out_of_range_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        RqVaeConfig(**wrong)
