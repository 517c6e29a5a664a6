"""Text vectors by any model that sentence-transformers loads."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from jaxtyping import Float
from pydantic import Field, model_validator

from clairo.core.artifacts import EmbeddingTable, ItemCatalog
from clairo.core.config import RUNTIME_ONLY
from clairo.core.errors import ConfigError, DataError
from clairo.core.stage import Runtime
from clairo.core.torchvision_compat import prepare_torchvision
from clairo.embeddings.base import TextEncoderConfig
from clairo.embeddings.batches import FittingBatches
from clairo.embeddings.loading_report import require_all_weights
from clairo.embeddings.local_weights import cannot_load, require_hub, weights_identity
from clairo.embeddings.memory import gauge_for
from clairo.embeddings.opened import OpenedEncoder
from clairo.embeddings.pieces import encode_sentences
from clairo.embeddings.torch_inference import (
    Precision,
    find_precision,
    to_rows,
    torch_inference,
)


class SentenceTransformerConfig(TextEncoderConfig):
    """A pretrained sentence encoder.

    Attributes:
        model: A public name, or a local folder with the model.
        max_tokens: Sentences are cut to this many tokens; ``None`` is the model's own limit.
        normalize: Scale every vector to length 1.
        prompt: Put before every sentence, for models that were trained with one.
        prompt_name: One of the prompts that the model brings; without any, and without
            ``prompt``, the model's own default, if it has one.
        truncate_dim: Keep this many leading columns, for models that were trained so that these
            stand for the whole (Matryoshka); ``None`` keeps all.
        precision: Number format of the layers; see
            :data:`~clairo.embeddings.torch_inference.Precision`.
        batch_size: Sentences at a time; ``None`` finds how many fit into memory.

    References:
        Ni et al. (2022), "Sentence-T5: Scalable sentence encoders from pre-trained
        text-to-text models": the default model, which ActionPiece and TIGER use.
    """

    piecewise: ClassVar[bool] = True

    kind: Literal["sentence_transformer"] = "sentence_transformer"
    model: Annotated[str, Field(min_length=1)] = "sentence-transformers/sentence-t5-base"
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    normalize: bool = True
    prompt: str = ""
    prompt_name: Annotated[str, Field(min_length=1)] | None = None
    truncate_dim: Annotated[int, Field(ge=1)] | None = None
    precision: Precision = "auto"
    batch_size: Annotated[Annotated[int, Field(ge=1)] | None, RUNTIME_ONLY] = None

    @model_validator(mode="after")
    def _one_prompt(self) -> Self:
        if self.prompt and self.prompt_name:
            raise ValueError(
                f"a sentence gets one prompt, got prompt={self.prompt!r} and prompt_name="
                f"{self.prompt_name!r}; leave one out"
            )
        return self

    def identity(self) -> dict[str, Any]:
        """As of every configuration; a local model counts by content, not by path."""
        return {**super().identity(), "model": weights_identity(self.model)}

    def require_weights(self) -> None:
        """As of every encoder.

        Raises:
            DataError: The model is not on this machine and its hub does not answer.
        """
        if Path(self.model).expanduser().exists():
            return
        # The library puts its own organisation before a bare name.
        named = self.model if "/" in self.model else f"sentence-transformers/{self.model}"
        try:
            require_hub(named)
        except OSError as error:
            raise self._cannot_load(error) from error

    def encode(self, catalog: ItemCatalog, seed: int, runtime: Runtime) -> EmbeddingTable:
        """Vectors of items with a sentence.

        Facts: ``modules`` (the model's parts: a plain transformer gets mean pooling from the
        library), ``max_tokens`` and ``precision``.

        Raises:
            ConfigError: The model does not bring the prompt, or is narrower than asked.
            DataError: The model cannot be loaded or does not fit into memory, or no item has a
                sentence.
        """
        return encode_sentences(self.open, catalog, runtime)

    def open(self, device: str, num_threads: int) -> OpenedEncoder:
        """The encoder, ready for sentences.

        Raises:
            ConfigError: The model does not bring the prompt, or is narrower than asked.
            DataError: The model cannot be loaded.
        """
        model = self._load(device)
        self._require_in_model(model)

        def describe(sentences: list[str]) -> Float[np.ndarray, "sentences dims"]:
            vectors = model.encode(
                sentences,
                batch_size=len(sentences),
                prompt=self.prompt or None,
                prompt_name=self.prompt_name,
                truncate_dim=self.truncate_dim,
                show_progress_bar=False,
                convert_to_tensor=True,
            )
            rows: np.ndarray = to_rows(vectors, normalize=self.normalize)
            return rows

        gauge = gauge_for(model, device) if self.batch_size is None else None
        return OpenedEncoder(
            FittingBatches(describe, self.batch_size, gauge),
            size=len,
            inference=partial(torch_inference, device, num_threads, self.precision),
            facts={
                "modules": "+".join(type(module).__name__ for module in model),
                "max_tokens": model.max_seq_length,
                "precision": find_precision(self.precision, device),
            },
        )

    def _load(self, device: str) -> Any:
        """The model on the device, in inference mode."""
        self.require_weights()
        prepare_torchvision()
        import torch
        from sentence_transformers import SentenceTransformer

        try:
            with require_all_weights():
                model = SentenceTransformer(
                    self.model,
                    device=device,
                    # Otherwise the format in which a checkpoint happens to be stored.
                    model_kwargs={"dtype": torch.float32},
                )
            # A model of pictures is loaded as well, and only then does not know words.
            model.encode(["a"], show_progress_bar=False)
        # Damaged or foreign weights fail anywhere in the library, the hub, torch or pickle.
        except Exception as error:
            raise self._cannot_load(error) from error
        if self.max_tokens is not None:
            model.max_seq_length = self.max_tokens
        return model.eval()

    def _require_in_model(self, model: Any) -> None:
        known = sorted(model.prompts)
        if self.prompt_name is not None and self.prompt_name not in known:
            raise ConfigError(
                f"text.prompt_name must be a prompt of {self.model} ({', '.join(known) or 'none'})"
                f", got {self.prompt_name!r}; name one of these, or write the text into prompt."
            )
        dims = model.get_embedding_dimension() or 0
        if self.truncate_dim is not None and self.truncate_dim > dims > 0:
            raise ConfigError(
                f"text.truncate_dim must be at most the model's {dims} columns, got "
                f"{self.truncate_dim}; lower it, or leave it out."
            )

    def _cannot_load(self, reason: Exception) -> DataError:
        return cannot_load(self.model, "text.model", "lsa", reason)
