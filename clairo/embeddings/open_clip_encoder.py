"""Image vectors by any model that open_clip loads."""

from __future__ import annotations

import difflib
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
from clairo.embeddings.base import ImageEncoderConfig
from clairo.embeddings.batches import FittingBatches
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

_LOCAL_FOLDER = "local-dir:"
_HUB = "hf-hub:"
_SELF_CONTAINED = (_HUB, _LOCAL_FOLDER)


class OpenClipConfig(ImageEncoderConfig):
    """The image tower of a contrastive text-image model.

    Attributes:
        architecture: A model name of open_clip; or ``hf-hub:<repository>`` or
            ``local-dir:<folder>``, which bring their weights with them.
        pretrained: A tag of open_clip, or a local checkpoint file; ``None`` exactly where
            the architecture brings its weights. A local copy of OpenAI's weights needs an
            architecture whose name ends in ``-quickgelu``; for tags that is seen to.
        normalize: Scale every vector to length 1.
        precision: Number format of the layers; see
            :data:`~clairo.embeddings.torch_inference.Precision`.
        batch_size: Pictures at a time; ``None`` finds how many fit into memory.

    Example:
        >>> OpenClipConfig(architecture="hf-hub:timm/ViT-B-16-SigLIP2").pretrained is None
        True

    References:
        Radford et al. (2021), "Learning transferable visual models from natural language
        supervision": the default model.
    """

    piecewise: ClassVar[bool] = True

    kind: Literal["open_clip"] = "open_clip"
    architecture: Annotated[str, Field(min_length=1)] = "ViT-L-14"
    pretrained: Annotated[str, Field(min_length=1)] | None = "openai"
    normalize: bool = True
    precision: Precision = "auto"
    batch_size: Annotated[Annotated[int, Field(ge=1)] | None, RUNTIME_ONLY] = None

    @model_validator(mode="before")
    @classmethod
    def _no_default_tag_where_weights_are_included(cls, values: Any) -> Any:
        named = str(values.get("architecture", "")) if isinstance(values, dict) else ""
        return {"pretrained": None, **values} if named.startswith(_SELF_CONTAINED) else values

    @model_validator(mode="after")
    def _weights_named_once(self) -> Self:
        if self.architecture.startswith(_SELF_CONTAINED) != (self.pretrained is None):
            raise ValueError(
                "pretrained names the weights unless the architecture brings them "
                f"({' or '.join(_SELF_CONTAINED)}), got architecture={self.architecture} and "
                f"pretrained={self.pretrained}; give a tag or file, or leave it out"
            )
        return self

    def identity(self) -> dict[str, Any]:
        """As of every configuration; local weights count by content, not by path."""
        values = super().identity()
        if self.pretrained is not None:
            values["pretrained"] = weights_identity(self.pretrained)
        if self.architecture.startswith(_LOCAL_FOLDER):
            folder = self.architecture.removeprefix(_LOCAL_FOLDER)
            values["architecture"] = _LOCAL_FOLDER + weights_identity(folder)
        return values

    def require_weights(self) -> None:
        """As of every encoder.

        Raises:
            ConfigError: There is no such architecture.
            DataError: The weights are not on this machine and their hub does not answer.
        """
        prepare_torchvision()
        import open_clip

        self._require_known_architecture(open_clip.list_models())
        if self.architecture.startswith(_HUB):
            repository = self.architecture.removeprefix(_HUB)
        elif self.pretrained is None or Path(self.pretrained).expanduser().exists():
            return
        else:
            tag = open_clip.get_pretrained_cfg(self.architecture, self.pretrained)
            repository = str(tag.get("hf_hub") or "").strip("/")
        if not repository:
            return  # loading says what is wrong with such a tag, and a bare address is its own
        try:
            require_hub(repository)
        except OSError as error:
            raise self._cannot_load(error) from error

    def encode(self, catalog: ItemCatalog, seed: int, runtime: Runtime) -> EmbeddingTable:
        """Vectors of items whose picture decodes.

        Facts: ``num_undecodable``, ``num_without_image`` and ``precision``.

        Raises:
            ConfigError: There is no such architecture.
            DataError: Weights cannot be loaded or do not fit into memory, or no item has a
                picture that decodes.
        """
        return encode_pictures(self.open, catalog, runtime)

    def open(self, device: str, num_threads: int) -> OpenedEncoder:
        """The encoder, ready for encoded pictures.

        Raises:
            ConfigError: There is no such architecture.
            DataError: Weights cannot be loaded.
        """
        import torch

        model, preprocess = self._load(device)

        def describe(pictures: list[Any]) -> Float[np.ndarray, "pictures dims"]:
            vectors = model.encode_image(torch.stack(pictures).to(device))
            rows: np.ndarray = to_rows(vectors, normalize=self.normalize)
            return rows

        gauge = gauge_for(model, device) if self.batch_size is None else None
        return OpenedEncoder(
            FittingBatches(describe, self.batch_size, gauge),
            prepare=prepare_picture(preprocess),
            inference=partial(torch_inference, device, num_threads, self.precision),
            num_threads=num_threads,
            facts={"precision": find_precision(self.precision, device)},
        )

    def _load(self, device: str) -> tuple[Any, Any]:
        """The model on the device in inference mode, and what prepares a picture for it."""
        self.require_weights()
        import open_clip

        tag = open_clip.get_pretrained_cfg(self.architecture, self.pretrained or "")
        try:
            # Of the two transforms that come with it the second does not draw random crops.
            model, _, preprocess = open_clip.create_model_and_transforms(
                self.architecture,
                pretrained=self.pretrained,
                device=device,
                # Otherwise a folder without weights gives a random model and a warning.
                require_pretrained=True,
                # open_clip only warns when a tag was trained with another activation.
                force_quick_gelu=bool(tag.get("quick_gelu", False)),
            )
        # Damaged or foreign weights fail anywhere in open_clip, the hub, torch or pickle.
        except Exception as error:
            raise self._cannot_load(error) from error
        return model.eval(), preprocess

    def _cannot_load(self, reason: Exception) -> DataError:
        what = self.architecture + (f" ({self.pretrained})" if self.pretrained else "")
        return cannot_load(what, "image.pretrained", "color_hog", reason)

    def _require_known_architecture(self, known: list[str]) -> None:
        if self.architecture.startswith(_SELF_CONTAINED) or self.architecture in known:
            return
        close = difflib.get_close_matches(self.architecture, known, n=4, cutoff=0.4)
        raise ConfigError(
            f"image.architecture must be a model of open_clip, got {self.architecture!r}; "
            f"close ones are {', '.join(close) or ', '.join(known[:4])}."
        )
