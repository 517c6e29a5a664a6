"""Settings that the quantizers with a trained encoder and decoder share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, Self

import numpy as np
from jaxtyping import Bool
from pydantic import Field, model_validator

from clairo.core.artifacts import EmbeddingTable
from clairo.core.stage import Runtime
from clairo.quantization.base import QuantizerConfig

if TYPE_CHECKING:
    from clairo.quantization.residual_vae import ResidualVae

Width = Annotated[int, Field(ge=1, le=16384)]


class VaeConfig(QuantizerConfig):
    """An encoder, codebooks for what it gives, and a decoder back to the vectors.

    Vectors are centred and divided by one number before the encoder, so that settings mean the
    same on vectors of any length; the decoder's output is scaled back.

    Attributes:
        hidden: Widths of the encoder's hidden layers; the decoder has them in reverse. None
            makes both linear.
        latent_dims: Width of what is quantized.
        steps: Batches to train on. A batch is drawn from passes over the shuffled rows that
            follow one another without end.
        epochs: The steps are cut into this many equal parts. After each one all training rows
            are encoded and measured, and the best epoch is kept.
        batch_size: Rows of a batch; fewer where there are fewer.
        learning_rate: Of the first steps; it falls to zero by half a cosine.
        weight_decay: Of AdamW, on encoder and decoder.
        codebook_init: ``kmeans`` clusters what the untrained encoder gives, level after level;
            ``random`` draws evenly from ``-1 / codebook_size`` to ``1 / codebook_size``.
        codebook_update: ``ema`` moves each code to the moving average of what it was chosen
            for; ``ste`` trains codes by gradient, with the encoder. The decoder's gradient is
            copied to the encoder (straight through) in both.
        ema_decay: Weight of the past in moving averages, those that tell dead codes included.
        commitment: Weight of the loss that keeps the encoder near its codes.
        dead_code_restart: Put codes that are hardly chosen on random rows of the batch, at most
            ``1 - ema_decay`` of a codebook in a step.
        restart_below: A code is dead where it is chosen less often than this share of what it
            would be if all were chosen equally.
        sinkhorn_last: Choose the codes of the last level in training by a balanced plan, so
            that a batch spreads over all of them. Codes of items are always nearest codes: they
            depend on no other item. Items that still collide are left to disambiguation.
        sinkhorn_epsilon: Smoothness of the plan.
        sinkhorn_iterations: Times that rows and columns are balanced.
    """

    hidden: Annotated[tuple[Width, ...], Field(max_length=8)] = (512,)
    latent_dims: Annotated[int, Field(ge=1, le=4096)] = 64
    steps: Annotated[int, Field(ge=1, le=10_000_000)] = 2000
    epochs: Annotated[int, Field(ge=1, le=10_000)] = 30
    batch_size: Annotated[int, Field(ge=1, le=1_048_576)] = 512
    learning_rate: Annotated[float, Field(gt=0.0, le=1.0)] = 0.003
    weight_decay: Annotated[float, Field(ge=0.0, le=1.0)] = 0.0001
    codebook_init: Literal["kmeans", "random"] = "kmeans"
    codebook_update: Literal["ema", "ste"] = "ema"
    ema_decay: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.99
    commitment: Annotated[float, Field(ge=0.0, le=100.0)] = 0.25
    dead_code_restart: bool = True
    restart_below: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.1
    sinkhorn_last: bool = False
    sinkhorn_epsilon: Annotated[float, Field(ge=0.003, le=10.0)] = 0.003
    sinkhorn_iterations: Annotated[int, Field(ge=1, le=10_000)] = 50

    @model_validator(mode="after")
    def _an_epoch_has_a_step(self) -> Self:
        if self.epochs > self.steps:
            raise ValueError(
                f"an epoch needs at least one step, got epochs={self.epochs} for "
                f"steps={self.steps}; lower epochs or raise steps"
            )
        return self

    def fit(
        self,
        table: EmbeddingTable,
        train_items: Bool[np.ndarray, " items"],
        seed: int,
        runtime: Runtime,
    ) -> ResidualVae:
        """Trains on one thread, or on the runtime's GPU, and keeps the best epoch.

        The best epoch is the one with the smallest sum of reconstruction error and collision
        rate, both of all training rows and both from 0 to 1.

        Facts: ``fitted_on``, ``epochs``, ``selected_epoch`` (from 1), ``parameters`` and
        ``curve``, a mapping per epoch: ``usage/<level>``, ``perplexity/<level>``,
        ``reconstruction_error`` (share of the variance of the vectors), ``collision_rate``,
        and the means of ``reconstruction_loss``, ``commitment_loss`` and ``codebook_loss``
        over its steps.

        Raises:
            DataError: There are fewer items to fit on than centroids.
            StageError: The loss is not finite, or the GPU has too little memory.
        """
        from clairo.quantization.vae_training import train

        return train(self, self.training_rows(table, train_items), seed, runtime)
