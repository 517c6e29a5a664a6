"""The T5 recommender: an encoder-decoder that spells the next item from the history's tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from clairo.core.config import RUNTIME_ONLY, Config
from clairo.core.stage import Runtime
from clairo.modeling.data import TrainingData

if TYPE_CHECKING:
    from clairo.modeling.training_state import TrainingState, Validate

Size = Annotated[int, Field(ge=1, le=65_536)]
Layers = Annotated[int, Field(ge=1, le=64)]
Share = Annotated[float, Field(ge=0, le=1)]


class T5Config(Config):
    """T5 with random initial weights, trained on (history, next item) pairs.

    Attributes:
        num_layers: Encoder layers.
        num_decoder_layers: Decoder layers.
        d_model: Width of the model.
        d_ff: Width inside the feed-forward layers (ReLU).
        num_heads: Attention heads.
        d_kv: Width of a head.
        dropout: Rate, at the places T5 has it.
        epochs: Passes over the examples; also the length of the learning rate's cosine.
        batch_size: Examples per step.
        learning_rate: Peak of the schedule.
        weight_decay: Of AdamW, on every weight.
        warmup_share: Share of all steps in which the rate rises linearly.
        clip_norm: Largest norm of a step's gradient.
        precision: ``bfloat16`` rounds the factors of matrix products where the hardware
            multiplies them natively (GPUs; CPUs with AMX) and sums in float32; weights, norms
            and softmax stay in float32. Decoding is float32 in any case.
        max_history: Items of the history that are read, the newest.
        segmentation: How training histories are cut into tokens: ``spr`` anew every epoch.
        validate_every: Epochs between validations; the last epoch is validated always.
        patience: Validations without a better one after which training ends; ``None`` never.
        max_examples: Training prefixes used, drawn once by the seed; ``None`` all.
        valid_users: Users of a validation; ``None`` all.
        valid_beams: Beams of a validation; fewer than the final evaluation's save time.
        valid_batch_size: Users decoded at a time in a validation.

    References:
        Raffel et al., "Exploring the Limits of Transfer Learning", for the model; the defaults
        are those of ActionPiece's public code (Hou et al., 2025) for Amazon Beauty.
    """

    kind: Literal["t5"] = "t5"
    num_layers: Layers = 4
    num_decoder_layers: Layers = 4
    d_model: Size = 128
    d_ff: Size = 1024
    num_heads: Annotated[int, Field(ge=1, le=256)] = 6
    d_kv: Size = 64
    dropout: Annotated[float, Field(ge=0, le=0.9)] = 0.1
    epochs: Annotated[int, Field(ge=1)] = 200
    batch_size: Annotated[int, Field(ge=1)] = 256
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 0.001
    weight_decay: Annotated[float, Field(ge=0, le=10)] = 0.15
    warmup_share: Share = 0.1
    clip_norm: Annotated[float, Field(gt=0)] = 1.0
    precision: Literal["float32", "bfloat16"] = "bfloat16"
    max_history: Annotated[int, Field(ge=1)] = 20
    segmentation: Literal["spr", "greedy"] = "spr"
    validate_every: Annotated[int, Field(ge=1)] = 1
    patience: Annotated[int, Field(ge=1)] | None = 20
    max_examples: Annotated[int, Field(ge=1)] | None = None
    valid_users: Annotated[int, Field(ge=1)] | None = None
    valid_beams: Annotated[int, Field(ge=10, le=1000)] = 20
    valid_batch_size: Annotated[int, Field(ge=1), RUNTIME_ONLY] = 64

    def validates_at(self, epoch: int) -> bool:
        """Whether an epoch (from 1) ends with a validation.

        Example:
            >>> [e for e in range(1, 8) if T5Config(epochs=7, validate_every=3).validates_at(e)]
            [3, 6, 7]
        """
        return epoch % self.validate_every == 0 or epoch == self.epochs

    def fit(
        self,
        data: TrainingData,
        seed: int,
        runtime: Runtime,
        *,
        state: TrainingState | None,
        until_epoch: int,
        validate: Validate,
    ) -> TrainingState:
        """Trains up to an epoch, from the beginning or from where a state left off.

        Training in pieces gives exactly what training at one go gives: every draw is derived
        from the seed and the epoch, and the schedule spans ``epochs`` whatever ``until_epoch``.

        Args:
            data: The examples.
            seed: Of weights, order and dropout.
            runtime: Threads, device, and whom to tell after every epoch; if that returns
                ``False`` training stops there and can be resumed. It is told the epoch's entry
                of the curve and ``train_wait_share``, the share of the epoch's training time
                that was waited for data.
            state: Where to go on; ``None`` starts.
            until_epoch: Epoch to stop after; also stops at ``epochs`` and on early stopping.
            validate: Gives metrics of the current model; selection reads ``ndcg_at_10``.

        Raises:
            DataError: An example cannot be read.
            ArtifactError: ``state`` belongs to other settings.
            StageError: The loss is no finite number, or a validation lacks ``ndcg_at_10``.
        """
        from clairo.modeling.trainer import Training

        return Training(self, data, seed, runtime).run(state, until_epoch, validate)
