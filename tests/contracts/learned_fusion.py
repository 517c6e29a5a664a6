"""What every fusion that is learned promises beside the contract of all fusions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from clairo.core.artifacts import EmbeddingTable, Modalities
from clairo.core.errors import ConfigError, DataError, StageError
from clairo.core.stage import Runtime
from clairo.fusion.learned import Learned, LearnedConfig
from clairo.fusion.networks import JointNetwork
from tests.contracts.fusion import (
    BOTH,
    NEITHER,
    NO_TEXT,
    NUM_ITEMS,
    RUNTIME,
    TRAIN_SEQUENCES,
    FusionContract,
    make_modalities,
)

SMALL = {"dims": 8, "hidden": 12, "epochs": 3, "min_steps_per_epoch": 4, "batch_size": 16}


def fused(config: LearnedConfig, modalities: Modalities | None = None, **changes) -> EmbeddingTable:
    modalities = modalities or make_modalities()
    given = {"sequences": TRAIN_SEQUENCES, "seed": 0, "runtime": RUNTIME, **changes}
    fitted = config.fit(modalities, given["sequences"], given["seed"], given["runtime"])
    return fitted.transform(modalities).get("fused")


def with_vectors(modality: str, change) -> Modalities:
    return Modalities(
        tuple(
            replace(t, vectors=change(t.vectors.copy(), t.present)) if t.modality == modality else t
            for t in make_modalities().tables
        )
    )


def nobody_has_both() -> Modalities:
    tables = []
    for at, table in enumerate(make_modalities().tables):
        present = table.present & (np.arange(NUM_ITEMS) % 2 == at)
        tables.append(replace(table, vectors=table.vectors * present[:, None], present=present))
    return Modalities(tuple(tables))


class LearnedFusionContract(FusionContract):
    """Subclasses give a ``config`` fixture made with :data:`SMALL`."""

    names = ("fused",)

    def test_joint_vectors_have_length_1(self, config: LearnedConfig) -> None:
        vectors = fused(config).vectors
        wanted = np.arange(NUM_ITEMS) != NEITHER
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), wanted, atol=1e-5)

    def test_what_is_missing_is_not_read(self, fitted: Learned) -> None:
        network: JointNetwork = fitted.network
        present = torch.tensor([[True, False], [False, True], [True, True]])
        inputs = [torch.ones(3, width) for width in fitted.widths]
        changed = [rows.clone() for rows in inputs]
        changed[1][0], changed[0][1] = 7.0, -3.0
        before, after = (network.join(network.encode(tuple(i)), present) for i in (inputs, changed))
        torch.testing.assert_close(before.vectors_ND, after.vectors_ND, rtol=0, atol=0)
        torch.testing.assert_close(before.weights_NM, after.weights_NM, rtol=0, atol=0)
        assert before.weights_NM[:2].tolist() == [[1.0, 0.0], [0.0, 1.0]]

    def test_another_seed_gives_other_vectors(self, config: LearnedConfig) -> None:
        first, second = (fused(config, seed=seed).vectors for seed in (0, 1))
        assert not np.allclose(first, second, atol=1e-2)

    def test_the_number_of_threads_changes_no_bit(self, config: LearnedConfig) -> None:
        before = torch.get_num_threads()
        first, second = (fused(config, runtime=Runtime(num_threads=n)).vectors for n in (1, 2))
        np.testing.assert_array_equal(first, second)
        assert torch.get_num_threads() == before

    def test_the_random_numbers_of_others_are_left_alone(self, config: LearnedConfig) -> None:
        torch.manual_seed(5)
        wanted = torch.rand(3)
        torch.manual_seed(5)
        fused(config)
        torch.testing.assert_close(torch.rand(3), wanted, rtol=0, atol=0)

    def test_the_curve_has_every_part_of_every_epoch(self, config: LearnedConfig) -> None:
        facts = fused(config).facts
        assert len(facts["curve"]) == config.epochs
        for epoch in facts["curve"]:
            total = (
                config.reconstruction_weight * epoch["reconstruction"]
                + config.alignment_weight * epoch["alignment"]
                + config.cooccurrence_weight * epoch["cooccurrence"]
            )
            assert epoch["loss"] == pytest.approx(total, rel=1e-5)
            assert epoch["weight/text"] + epoch["weight/image"] == pytest.approx(1, abs=1e-5)
        assert facts["final_loss"] == facts["curve"][-1]["loss"]

    def test_training_rebuilds_what_chance_cannot(self, config: LearnedConfig) -> None:
        curve = fused(config.model_copy(update={"epochs": 60, "learning_rate": 0.01})).facts[
            "curve"
        ]
        assert curve[0]["reconstruction"] > 0.8
        assert curve[-1]["reconstruction"] < 0.5 * curve[0]["reconstruction"]
        assert curve[-1]["loss"] < curve[0]["loss"]

    def test_progress_is_told_at_the_start_and_after_every_epoch(
        self, config: LearnedConfig
    ) -> None:
        told: list[tuple[int, int]] = []
        fused(config, runtime=Runtime(progress=lambda done, total: told.append((done, total))))
        assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]

    def test_the_scale_of_a_modality_does_not_matter(self, config: LearnedConfig) -> None:
        thousandfold = with_vectors("image", lambda vectors, present: 1024 * vectors)
        np.testing.assert_allclose(
            fused(config, thousandfold).vectors, fused(config).vectors, atol=1e-4
        )

    def test_fitted_on_train_items_it_does_not_see_the_others(self, config: LearnedConfig) -> None:
        cold = np.arange(NUM_ITEMS) >= 15  # The histories end with item 14.

        def turned(vectors: np.ndarray, present: np.ndarray) -> np.ndarray:
            vectors[cold] = -3 * vectors[cold]
            return vectors

        changed = with_vectors("image", turned)
        for fit_on, same in (("train", True), ("all", False)):
            chosen = config.model_copy(update={"fit_on": fit_on})
            first, second = (fused(chosen, m).vectors[~cold] for m in (None, changed))
            assert np.array_equal(first, second) is same
            # Item 2 has nothing.
            assert fused(chosen).facts["fitted_on"] == (15 if same else NUM_ITEMS) - 1

    def test_without_histories_neighbors_teach_nothing(self, config: LearnedConfig) -> None:
        for sequences in ([], [np.array([3]), np.array([], dtype=np.int64)]):
            facts = fused(config, sequences=sequences).facts
            assert facts["cooccurring_items"] == 0
            assert all(epoch["cooccurrence"] == 0 for epoch in facts["curve"])

    def test_histories_change_what_is_learned(self, config: LearnedConfig) -> None:
        # Item 2 has neither modality, so nobody can be its neighbor.
        assert fused(config).facts["cooccurring_items"] == 15 - 1
        alone = fused(config, sequences=[])
        assert not np.allclose(alone.vectors, fused(config).vectors, atol=1e-3)

    def test_nothing_can_be_aligned_where_no_item_has_both(self, config: LearnedConfig) -> None:
        apart = nobody_has_both()
        with pytest.raises(DataError, match="got 0 of 20; set alignment_weight to 0"):
            fused(config, apart)
        unaligned = fused(config.model_copy(update={"alignment_weight": 0.0}), apart)
        assert np.isfinite(unaligned.vectors).all()
        assert "mean_weight/text" not in unaligned.facts

    def test_equal_vectors_are_refused(self, config: LearnedConfig) -> None:
        def constant(vectors: np.ndarray, present: np.ndarray) -> np.ndarray:
            vectors[present] = 0.3
            return vectors

        with pytest.raises(DataError, match="needs image vectors that differ, got 18 equal ones"):
            fused(config, with_vectors("image", constant))

    def test_a_modality_that_no_training_item_has_is_refused(self, config: LearnedConfig) -> None:
        chosen = config.model_copy(update={"fit_on": "train", "alignment_weight": 0.0})
        with pytest.raises(DataError, match="needs training items with text, got 0 of 1"):
            fused(chosen, sequences=[np.array([NO_TEXT, NO_TEXT])])

    def test_items_with_repeated_vectors_get_one_joint_vector(self, config: LearnedConfig) -> None:
        def repeated(vectors: np.ndarray, present: np.ndarray) -> np.ndarray:
            vectors[BOTH[1]] = vectors[BOTH[0]]
            return vectors

        tables = [with_vectors(name, repeated).get(name) for name in ("text", "image")]
        vectors = fused(config, Modalities(tuple(tables))).vectors
        np.testing.assert_allclose(vectors[BOTH[0]], vectors[BOTH[1]], atol=1e-5)

    def test_other_widths_than_at_fitting_are_refused(self, fitted: Learned) -> None:
        narrow = with_vectors("text", lambda vectors, present: vectors[:, :2])
        with pytest.raises(DataError, match=r"widths \(6, 4\), got \(2, 4\)"):
            fitted.transform(narrow)

    def test_a_loss_that_explodes_is_an_error(self, config: LearnedConfig) -> None:
        huge = config.model_copy(
            update={"learning_rate": 1.0, "reconstruction_weight": 1e38, "epochs": 50}
        )
        with pytest.raises(StageError, match=f"loss of fusion {config.kind} must be finite"):
            fused(huge)

    @pytest.mark.parametrize(
        ("setting", "value"),
        [
            ("dims", 1),
            ("hidden", 0),
            ("epochs", 0),
            ("batch_size", 1),
            ("learning_rate", 0),
            ("weight_decay", -0.1),
            ("temperature", 0),
            ("modality_dropout", 1),
            ("reconstruction_weight", -1),
            ("window", 0),
            ("fit_on", "valid"),
        ],
    )
    def test_settings_out_of_range_are_refused(self, setting: str, value: object) -> None:
        with pytest.raises(ValidationError, match=setting):
            self.config_type.model_validate({setting: value})

    def test_a_fusion_with_nothing_to_learn_is_refused(self) -> None:
        nothing = dict.fromkeys(
            ("reconstruction_weight", "alignment_weight", "cooccurrence_weight"), 0.0
        )
        with pytest.raises(ValidationError, match="needs something to learn"):
            self.config_type.model_validate(nothing)

    @pytest.mark.skipif(torch.cuda.is_available(), reason="torch sees a GPU here")
    def test_a_gpu_that_is_not_there_is_an_error(self, config: LearnedConfig) -> None:
        with pytest.raises(ConfigError, match="one that torch sees, got none; use cpu"):
            fused(config, runtime=Runtime(device="cuda"))

    @pytest.mark.gpu
    @pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no GPU")
    def test_a_gpu_gives_the_same_within_rounding(self, config: LearnedConfig) -> None:
        brief = config.model_copy(update={"epochs": 1})
        first, second = (fused(brief, runtime=Runtime(device=d)).vectors for d in ("cpu", "cuda"))
        np.testing.assert_allclose(first, second, atol=1e-3)
