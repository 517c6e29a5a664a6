"""Image vectors by any vision model that transformers loads: DINOv2, SigLIP 2, CLIP and others."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from jaxtyping import Float
from PIL import Image
from pydantic import Field

from clairo.core.artifacts import EmbeddingTable, ItemCatalog
from clairo.core.config import RUNTIME_ONLY
from clairo.core.errors import ConfigError, DataError
from clairo.core.stage import Runtime
from clairo.core.torchvision_compat import prepare_torchvision
from clairo.embeddings.base import ImageEncoderConfig
from clairo.embeddings.batches import FittingBatches
from clairo.embeddings.loading_report import require_all_weights
from clairo.embeddings.local_weights import cannot_load, require_hub, weights_identity
from clairo.embeddings.memory import gauge_for
from clairo.embeddings.opened import OpenedEncoder
from clairo.embeddings.pictures import prepare_picture
from clairo.embeddings.pieces import encode_pictures
from clairo.embeddings.torch_inference import (
    Precision,
    find_precision,
    to_rows,
    torch_inference,
)

_TRIAL_SIDE = 64
_TOKENS_NDIM = 3

Pooling = Literal["auto", "features", "pooler", "cls", "mean"]


class TransformersImageConfig(ImageEncoderConfig):
    """A vision model of transformers, with the image processor that comes with it.

    Attributes:
        model: A public name, or a local folder with the model and its processor.
        pooling: How the vectors of patches become one. ``features`` is the vector that a
            text-image model compares with text; ``pooler`` what the model's own head makes,
            ``cls`` its first token after the last layer, ``mean`` the mean of all tokens.
            ``auto`` takes the first of these three that the model has: ``features``,
            ``pooler``, ``cls``. DINOv2's pooler is its normalised first token.
        normalize: Scale every vector to length 1.
        precision: Number format of the layers; see
            :data:`~clairo.embeddings.torch_inference.Precision`.
        batch_size: Pictures at a time; ``None`` finds how many fit into memory.

    References:
        Oquab et al. (2024), "DINOv2: Learning robust visual features without supervision":
        the default model.
    """

    piecewise: ClassVar[bool] = True

    kind: Literal["transformers_image"] = "transformers_image"
    model: Annotated[str, Field(min_length=1)] = "facebook/dinov2-base"
    pooling: Pooling = "auto"
    normalize: bool = True
    precision: Precision = "auto"
    batch_size: Annotated[Annotated[int, Field(ge=1)] | None, RUNTIME_ONLY] = None

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
        try:
            require_hub(self.model)
        except OSError as error:
            raise self._cannot_load(error) from error

    def encode(self, catalog: ItemCatalog, seed: int, runtime: Runtime) -> EmbeddingTable:
        """Vectors of items whose picture decodes.

        Facts: ``num_undecodable``, ``num_without_image``, ``precision``, and the ``pooling``
        that was taken.

        Raises:
            ConfigError: The model cannot pool as asked.
            DataError: The model cannot be loaded, reads no pictures or does not fit into
                memory, or no item has a picture that decodes.
        """
        return encode_pictures(self.open, catalog, runtime)

    def open(self, device: str, num_threads: int) -> OpenedEncoder:
        """The encoder, ready for encoded pictures.

        Raises:
            ConfigError: The model cannot pool as asked.
            DataError: The model cannot be loaded, or reads no pictures.
        """
        import torch

        model, processor, pooling = self._load(device)

        def transform(picture: Image.Image) -> dict[str, Any]:
            return dict(processor(images=[picture], return_tensors="pt"))

        def describe(pictures: list[dict[str, Any]]) -> Float[np.ndarray, "pictures dims"]:
            inputs = {
                name: torch.cat([picture[name] for picture in pictures]).to(device)
                for name in pictures[0]
            }
            rows: np.ndarray = to_rows(_pool(model, inputs, pooling), normalize=self.normalize)
            return rows

        gauge = gauge_for(model, device) if self.batch_size is None else None
        return OpenedEncoder(
            FittingBatches(describe, self.batch_size, gauge),
            prepare=prepare_picture(transform),
            inference=partial(torch_inference, device, num_threads, self.precision),
            num_threads=num_threads,
            facts={"precision": find_precision(self.precision, device), "pooling": pooling},
        )

    def _load(self, device: str) -> tuple[Any, Any, str]:
        """The model on the device in inference mode, its processor, and how it pools."""
        self.require_weights()
        prepare_torchvision()
        import torch
        from transformers import AutoImageProcessor, AutoModel

        try:
            with require_all_weights():
                model, report = AutoModel.from_pretrained(
                    self.model, dtype=torch.float32, output_loading_info=True
                )
            if not (_compares_with_text(model) or model.main_input_name == "pixel_values"):
                raise TypeError(f"{type(model).__name__} is no model of pictures")
            processor = AutoImageProcessor.from_pretrained(self.model)
            model = model.to(device).eval()
            able = _poolings(model, processor, device)
        # Damaged or foreign weights fail anywhere in the library, the hub, torch or pickle.
        except Exception as error:
            raise self._cannot_load(error) from error
        if any(name.startswith("pooler.") for name in report["missing_keys"]):
            able.remove("pooler")  # its weights are random
        return model, processor, self._choose_pooling(type(model).__name__, able)

    def _choose_pooling(self, name: str, able: list[str]) -> str:
        """The pooling that was asked for, or the first that the model has.

        Raises:
            ConfigError: The model cannot do it.
        """
        if self.pooling == "auto":
            return able[0]
        if self.pooling not in able:
            raise ConfigError(
                f"image.pooling of {name} must be one of {', '.join(able)}, got {self.pooling}; "
                "name one of these, or auto."
            )
        return self.pooling

    def _cannot_load(self, reason: Exception) -> DataError:
        return cannot_load(self.model, "image.model", "color_hog", reason)


def _compares_with_text(model: Any) -> bool:
    return hasattr(model, "get_image_features")


def _poolings(model: Any, processor: Any, device: str) -> list[str]:
    """What the model can give of a picture, the best first; no attribute says so for all."""
    import torch

    if _compares_with_text(model):
        return ["features"]
    picture = Image.new("RGB", (_TRIAL_SIDE, _TRIAL_SIDE))
    inputs = processor(images=[picture], return_tensors="pt").to(device)
    with torch.inference_mode():
        output = model(**inputs)
    head = ["pooler"] if getattr(output, "pooler_output", None) is not None else []
    # A convolutional network ends in a map, which has no first token.
    tokens = ["cls", "mean"] if output.last_hidden_state.ndim == _TOKENS_NDIM else []
    return head + tokens


def _pool(model: Any, inputs: dict[str, Any], pooling: str) -> Any:
    """One vector a picture, as a tensor."""
    if pooling == "features":
        features = model.get_image_features(**inputs)
        # Since transformers 5 an output object, before that the tensor itself.
        return getattr(features, "pooler_output", features)
    output = model(**inputs)
    if pooling == "pooler":
        return output.pooler_output
    tokens = output.last_hidden_state
    return tokens[:, 0] if pooling == "cls" else tokens.mean(dim=1)
