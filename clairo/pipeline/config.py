"""The configuration of a whole pipeline, and the rules that span two stages."""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field, model_validator

from clairo.core.config import Config
from clairo.core.fingerprint import hash_json
from clairo.datasets import AnyDataset
from clairo.embeddings import AnyImageEncoder, AnyTextEncoder
from clairo.evaluation import EvaluationConfig
from clairo.fusion import AnyFusion
from clairo.merging import AnyMerging
from clairo.modeling import AnyModel
from clairo.quantization import AnyQuantizer
from clairo.reduction import AnyReduction


class PipelineConfig(Config):
    """One configuration of every stage: with a seed, this names an experiment.

    Attributes:
        dataset: Which data.
        text: Text encoder.
        image: Image encoder.
        reduction: Applied to each modality apart.
        fusion: How modalities are joined, ``none`` keeps them apart.
        quantization: Vectors to codes; ``codebooks`` is ``separate`` exactly when fusion is
            ``none`` and is filled in when left out.
        merging: Codes to tokens.
        model: The generative recommender and its training.
        evaluation: Decoding and measuring.
    """

    dataset: AnyDataset = Field(discriminator="kind")
    text: AnyTextEncoder = Field(discriminator="kind")
    image: AnyImageEncoder = Field(discriminator="kind")
    reduction: AnyReduction = Field(discriminator="kind")
    fusion: AnyFusion = Field(discriminator="kind")
    quantization: AnyQuantizer = Field(discriminator="kind")
    merging: AnyMerging = Field(discriminator="kind")
    model: AnyModel
    evaluation: EvaluationConfig

    @model_validator(mode="before")
    @classmethod
    def _fill_codebooks(cls, values: Any) -> Any:
        """Derives ``quantization.codebooks`` from the fusion where it is left out."""
        if not isinstance(values, dict):
            return values
        fusion, quantization = values.get("fusion"), values.get("quantization")
        if isinstance(fusion, dict) and isinstance(quantization, dict):
            separate = fusion.get("kind") == "none"
            filled = {"codebooks": "separate" if separate else "shared", **quantization}
            return {**values, "quantization": filled}
        return values

    @model_validator(mode="after")
    def _codebooks_match_fusion(self) -> Self:
        separate = self.quantization.codebooks == "separate"
        if separate != (self.fusion.kind == "none"):
            raise ValueError(
                "separate codebooks need modalities that stay apart, got "
                f"fusion.kind={self.fusion.kind} with quantization.codebooks="
                f"{self.quantization.codebooks}; use fusion none with separate, any other "
                "fusion with shared"
            )
        return self

    @property
    def key(self) -> str:
        """16 hexadecimal digits that name what this configuration does, seeds left out.

        Left out, too, is what does nothing: encoders of modalities that the fusion does not
        read, and options of the merging that change nothing, given the others. Configurations
        that differ only there are duplicates.
        """
        identity = self.identity()
        for modality in {"text", "image"} - set(self.fusion.needs()):
            del identity[modality]
        for option in self.merging.idle_options(one_modality=self.fusion.kind != "none"):
            del identity["merging"][option]
        return hash_json(identity)[:16]
