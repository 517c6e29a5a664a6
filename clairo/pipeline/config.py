"""The configuration of a whole pipeline, and the rules that span two stages."""

from __future__ import annotations

from typing import Any, Final, Self

from pydantic import Field, model_validator

from clairo.core.config import Config
from clairo.core.fingerprint import hash_json
from clairo.datasets import AnyDataset
from clairo.embeddings import AnyImageEncoder, AnyTextEncoder
from clairo.evaluation import EvaluationConfig
from clairo.fusion import AnyFusion
from clairo.merging import AnyMerging
from clairo.modeling import AnyModel
from clairo.quantization import AnyQuantizer, GivenConfig
from clairo.reduction import AnyReduction

BEFORE_CODES: Final[dict[str, dict[str, str]]] = {
    "text": {"kind": "lsa"},
    "image": {"kind": "color_hog"},
    "reduction": {"kind": "identity"},
    "fusion": {"kind": "none"},
}
"""Settings of the stages that make codes, and what stands there where codes are given."""


class PipelineConfig(Config):
    """One configuration of every stage: with a seed, this names an experiment.

    Attributes:
        dataset: Which data.
        text: Text encoder.
        image: Image encoder.
        reduction: Applied to each modality apart.
        fusion: How modalities are joined, ``none`` keeps them apart.
        quantization: Vectors to codes; ``codebooks`` is ``separate`` exactly when fusion is
            ``none`` and is filled in when left out. ``given`` exactly for a data set that
            brings its codes: then ``text``, ``image``, ``reduction`` and ``fusion`` do
            nothing, may be left out, and are no part of the identity.
        merging: Codes to tokens.
        model: The generative recommender and its training.
        evaluation: Decoding and measuring.
    """

    dataset: AnyDataset = Field(discriminator="kind")
    text: AnyTextEncoder = Field(discriminator="kind")
    image: AnyImageEncoder = Field(discriminator="kind")
    reduction: AnyReduction = Field(discriminator="kind")
    fusion: AnyFusion = Field(discriminator="kind")
    quantization: AnyQuantizer | GivenConfig = Field(discriminator="kind")
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
        if _is_given(quantization):
            return {**BEFORE_CODES, **values}
        if isinstance(fusion, dict) and isinstance(quantization, dict):
            separate = fusion.get("kind") == "none"
            filled = {"codebooks": "separate" if separate else "shared", **quantization}
            return {**values, "quantization": filled}
        return values

    @model_validator(mode="after")
    def _codes_come_from_one_place(self) -> Self:
        brings, given = self.dataset.brings_codes, self.gives_codes
        if brings != given:
            has = "brings codes" if brings else "brings no codes"
            cure = "given" if brings else "a kind that makes them, such as rq_kmeans"
            raise ValueError(
                "quantization.kind is given exactly where the data set brings codes, got "
                f"{self.quantization.kind} for {self.dataset.label}, which {has}; use {cure}"
            )
        if given and self.fusion.kind != "none":
            raise ValueError(
                "given codes leave nothing to fuse, got fusion.kind="
                f"{self.fusion.kind}; take fusion out or set it to none"
            )
        return self

    @model_validator(mode="after")
    def _codebooks_match_fusion(self) -> Self:
        if isinstance(self.quantization, GivenConfig):
            return self
        separate = self.quantization.codebooks == "separate"
        if separate != (self.fusion.kind == "none"):
            raise ValueError(
                "separate codebooks need modalities that stay apart, got "
                f"fusion.kind={self.fusion.kind} with quantization.codebooks="
                f"{self.quantization.codebooks}; use fusion none with separate, any other "
                "fusion with shared"
            )
        return self

    @model_validator(mode="after")
    def _masked_is_what_is_read(self) -> Self:
        masking = self.evaluation.masking
        if masking is None:
            return self
        got = f"got evaluation.masking.modality={masking.modality}"
        if isinstance(self.quantization, GivenConfig):
            if masking.fill != "shuffled":
                raise ValueError(
                    "given codes have no vectors that could be filled, got "
                    f"evaluation.masking.fill={masking.fill}; use shuffled"
                )
            if self.quantization.modalities not in ("all", masking.modality):
                raise ValueError(
                    f"masking takes a modality whose codes are used, {got} with "
                    f"quantization.modalities={self.quantization.modalities}; mask that one, or "
                    "use all"
                )
        elif masking.modality not in self.fusion.needs():
            raise ValueError(
                f"masking takes a modality that the fusion reads, {got} with fusion.kind="
                f"{self.fusion.kind}; mask {self.fusion.needs()[0]}, or use a fusion of both"
            )
        return self

    @property
    def gives_codes(self) -> bool:
        """Whether codes come with the data instead of being made."""
        return isinstance(self.quantization, GivenConfig)

    @property
    def one_modality(self) -> bool:
        """Whether all codes of an item, its digit aside, are of one kind."""
        if isinstance(self.quantization, GivenConfig):
            return self.quantization.modalities != "all"
        return self.fusion.kind != "none"

    def identity(self) -> dict[str, Any]:
        """Result-changing settings; where codes are given, without what would make them."""
        identity = super().identity()
        for section in BEFORE_CODES if self.gives_codes else ():
            del identity[section]
        return identity

    @property
    def key(self) -> str:
        """16 hexadecimal digits that name what this configuration does, seeds left out.

        Left out, too, is what does nothing: encoders of modalities that the fusion does not
        read, and options of quantization and merging that change nothing, given the others.
        Configurations that differ only there are duplicates.
        """
        identity = self.identity()
        for modality in {"text", "image"} - set(self.fusion.needs()):
            del identity[modality]
        for option in self.quantization.idle_options():
            del identity["quantization"][option]
        for option in self.merging.idle_options(one_modality=self.one_modality):
            del identity["merging"][option]
        return hash_json(identity)[:16]


def _is_given(quantization: Any) -> bool:
    if isinstance(quantization, dict):
        return quantization.get("kind") == "given"
    return isinstance(quantization, GivenConfig)
