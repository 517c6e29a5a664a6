"""Text vectors by any model that sentence-transformers loads."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from clairo.core.artifacts import EmbeddingTable, ItemCatalog
from clairo.core.config import RUNTIME_ONLY
from clairo.core.errors import DataError
from clairo.core.stage import Runtime
from clairo.core.torchvision_compat import prepare_torchvision
from clairo.embeddings.base import TextEncoderConfig, place_rows, present_sentences
from clairo.embeddings.local_weights import cannot_load, require_hub, weights_identity
from clairo.embeddings.torch_inference import torch_inference


class SentenceTransformerConfig(TextEncoderConfig):
    """A pretrained sentence encoder.

    Attributes:
        model: A public name, or a local folder with the model.
        max_tokens: Sentences are cut to this many tokens; ``None`` is the model's own limit.
        normalize: Scale every vector to length 1.
        prompt: Put before every sentence, for models that were trained with one.
        batch_size: Sentences at a time.

    References:
        Ni et al. (2022), "Sentence-T5: Scalable sentence encoders from pre-trained
        text-to-text models": the default model, which ActionPiece and TIGER use.
    """

    kind: Literal["sentence_transformer"] = "sentence_transformer"
    model: Annotated[str, Field(min_length=1)] = "sentence-transformers/sentence-t5-base"
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    normalize: bool = True
    prompt: str = ""
    batch_size: Annotated[int, Field(ge=1), RUNTIME_ONLY] = 64

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
        library) and ``max_tokens``.

        Raises:
            DataError: The model cannot be loaded, or no item has a sentence.
        """
        sentences, present = present_sentences(catalog)
        model = self._load(runtime.device)
        with torch_inference(runtime):
            rows: np.ndarray = model.encode(
                sentences,
                batch_size=self.batch_size,
                prompt=self.prompt or None,
                normalize_embeddings=self.normalize,
                show_progress_bar=False,
                convert_to_numpy=True,
            )
        facts = {
            "modules": "+".join(type(module).__name__ for module in model),
            "max_tokens": model.max_seq_length,
        }
        return place_rows("text", catalog, present, rows.astype(np.float32), facts)

    def _load(self, device: str) -> Any:
        """The model on the device, in inference mode."""
        self.require_weights()
        prepare_torchvision()
        from sentence_transformers import SentenceTransformer

        try:
            model = SentenceTransformer(self.model, device=device)
        # Damaged or foreign weights fail anywhere in the library, the hub, torch or pickle.
        except Exception as error:
            raise self._cannot_load(error) from error
        if self.max_tokens is not None:
            model.max_seq_length = self.max_tokens
        return model.eval()

    def _cannot_load(self, reason: Exception) -> DataError:
        return cannot_load(self.model, "text.model", "lsa", reason)
