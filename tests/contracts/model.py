"""What every generative recommender must do; subclassed per model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from clairo.core.config import Config
from clairo.core.errors import ArtifactError, ClairoError, ConfigError, DataError
from clairo.core.ragged import Ragged
from clairo.core.stage import Runtime
from clairo.modeling import PrefixTrie, TrainingData
from clairo.modeling.trained import TrainedModel
from clairo.modeling.training_state import TrainingState


def _same(metrics: Mapping[str, float]) -> Mapping[str, float]:
    return metrics


class ModelContract:
    """Subclasses give :meth:`config` (four epochs, a model that trains in a blink)."""

    VOCAB_SIZE = 9

    def config(self, **changes: object) -> Config:
        raise NotImplementedError

    def data(self) -> TrainingData:
        """48 examples whose inputs differ between epochs."""
        stream = np.random.default_rng(0)
        targets = [stream.integers(1, 9, size=stream.integers(1, 4)) for _ in range(48)]

        def draw(epoch: int) -> Ragged:
            drawn = np.random.default_rng(epoch)
            return Ragged.from_sequences(
                [drawn.integers(1, 9, size=drawn.integers(1, 6)) for _ in range(48)]
            )

        strings = Ragged.from_sequences(targets)
        return TrainingData(self.VOCAB_SIZE, strings, np.arange(48, dtype=np.int32), draw)

    def trie(self) -> PrefixTrie:
        return PrefixTrie.build(Ragged.from_sequences([[1, 2], [3], [3, 4], [8, 8, 8], [5]]))

    def fit(
        self,
        until: int,
        state: TrainingState | None = None,
        runtime: Runtime | None = None,
        values: list[float] | None = None,
        **changes: object,
    ) -> TrainingState:
        """Trains; validation ``n`` gives ``values[n]`` (rising when left out)."""
        scripted = iter(values if values is not None else [n / 10 for n in range(1, 100)])
        return self.config(**changes).fit(  # type: ignore[attr-defined,no-any-return]
            self.data(),
            seed=3,
            runtime=runtime or Runtime(),
            state=state,
            until_epoch=until,
            validate=lambda model: _same({"ndcg_at_10": next(scripted)}),
        )

    @staticmethod
    def assert_same(left: TrainingState, right: TrainingState) -> None:
        assert left.curve == right.curve
        assert left.best_epoch == right.best_epoch
        for name in ("weights", "best_weights", "moments"):
            ours, theirs = getattr(left, name), getattr(right, name)
            assert ours.keys() == theirs.keys()
            for key, array in ours.items():
                np.testing.assert_array_equal(array, theirs[key], err_msg=f"{name} {key}")

    def test_training_in_pieces_is_training_at_one_go(self, tmp_path: Path) -> None:
        straight = self.fit(4)
        first = self.fit(1)
        first.save(tmp_path)
        second = self.fit(3, TrainingState.load(tmp_path), values=[0.2, 0.3])
        assert (first.epochs_done, second.epochs_done) == (1, 3)
        self.assert_same(self.fit(4, second, values=[0.4]), straight)

    def test_the_same_seed_gives_the_same_weights_and_another_one_others(self) -> None:
        self.assert_same(self.fit(2), self.fit(2))
        other = self.config().fit(  # type: ignore[attr-defined]
            self.data(),
            seed=4,
            runtime=Runtime(),
            state=None,
            until_epoch=1,
            validate=lambda model: {"ndcg_at_10": 0.1},
        )
        assert other.curve[0]["train_loss"] != self.fit(1).curve[0]["train_loss"]

    def test_a_report_of_false_stops_after_that_epoch(self) -> None:
        told: list[tuple[int, dict[str, float]]] = []

        def report(epoch: int, metrics: Mapping[str, float]) -> bool:
            told.append((epoch, dict(metrics)))
            return epoch < 2

        state = self.fit(4, runtime=Runtime(report=report))
        assert state.epochs_done == 2
        assert not state.finished
        assert [epoch for epoch, _ in told] == [1, 2]
        names = {"train_loss", "ndcg_at_10", "train_wait_share"}
        assert all(set(metrics) == names for _, metrics in told)
        assert all(0 <= metrics["train_wait_share"] <= 1 for _, metrics in told)
        assert all(set(entry) == names - {"train_wait_share"} for entry in state.curve)
        self.assert_same(self.fit(4, state, values=[0.3, 0.4]), self.fit(4))

    def test_the_best_epoch_is_kept_and_patience_ends_training(self) -> None:
        state = self.fit(4, values=[0.3, 0.2, 0.1], patience=2)
        assert (state.best_epoch, state.epochs_done, state.finished) == (1, 3, True)
        assert state.best_value == 0.3
        first = self.fit(1, values=[0.3])
        for name, array in state.model().weights.items():
            np.testing.assert_array_equal(array, first.weights[name])
        assert self.fit(4, state) is state

    def test_validation_follows_its_schedule_and_ends_with_the_last_epoch(self) -> None:
        state = self.fit(4, validate_every=3)
        assert ["ndcg_at_10" in entry for entry in state.curve] == [False, False, True, True]
        assert state.finished

    def test_an_unvalidated_training_gives_its_latest_model(self) -> None:
        state = self.fit(1, validate_every=3)
        assert (state.best_epoch, state.best_value) == (0, None)
        assert state.model().weights is state.weights

    def test_facts_are_scalars_and_the_state_survives_saving(self, tmp_path: Path) -> None:
        state = self.fit(2)
        facts = state.facts
        assert {"epochs_done", "best_epoch", "train_loss", "best/ndcg_at_10"} <= set(facts)
        assert all(isinstance(value, int | float | bool) for value in facts.values())
        state.save(tmp_path)
        self.assert_same(TrainingState.load(tmp_path), state)

    def test_a_saved_model_generates_the_same_items(self, tmp_path: Path) -> None:
        model = self.fit(1).model()
        model.save(tmp_path)
        rows, trie = self.data().inputs(1), self.trie()
        ours = model.generate(rows, trie, num_beams=5, top_k=3, batch_size=16)
        loaded = TrainedModel.load(tmp_path).generate(rows, trie, 5, 3, 16)
        np.testing.assert_array_equal(ours.items, loaded.items)
        np.testing.assert_array_equal(ours.scores, loaded.scores)
        assert ours.items.shape == (48, 3)
        assert (ours.items < 5).all()

    def test_damaged_files_are_an_artifact_error(self, tmp_path: Path) -> None:
        self.fit(1).model().save(tmp_path)
        (tmp_path / "model.safetensors").write_bytes(b"no tensors")
        with pytest.raises(ArtifactError, match="recompute"):
            TrainedModel.load(tmp_path)

    @pytest.mark.parametrize(
        ("rows", "message"),
        [
            ([[1]] * 47, "got 47 inputs for 48 targets in epoch 1"),
            ([[1]] * 47 + [[]], "row 47 .* is empty"),
            ([[1]] * 47 + [[9]], "tokens must be 1 to 8, row 47 has 9"),
            ([[0]] + [[1]] * 47, "row 0 has 0"),
        ],
    )
    def test_wrong_inputs_are_refused(self, rows: list[list[int]], message: str) -> None:
        data = replace(self.data(), draw_inputs=lambda epoch: Ragged.from_sequences(rows))
        with pytest.raises(DataError, match=message):
            self.config().fit(  # type: ignore[attr-defined]
                data, 0, Runtime(), state=None, until_epoch=1, validate=lambda model: {}
            )

    def test_a_validation_without_the_metric_is_refused(self) -> None:
        with pytest.raises(ClairoError, match="must give ndcg_at_10, got"):
            self.config().fit(  # type: ignore[attr-defined]
                self.data(),
                0,
                Runtime(),
                state=None,
                until_epoch=1,
                validate=lambda model: {"recall_at_5": 1.0},
            )

    def test_a_state_of_another_training_is_refused(self) -> None:
        with pytest.raises(ArtifactError, match="goes on with the settings it began with"):
            self.config().fit(  # type: ignore[attr-defined]
                self.data(),
                seed=8,
                runtime=Runtime(),
                state=self.fit(1),
                until_epoch=2,
                validate=lambda model: {"ndcg_at_10": 0.1},
            )

    def test_epochs_count_from_one(self) -> None:
        with pytest.raises(ConfigError, match="until_epoch must be at least 1, got 0"):
            self.fit(0)
