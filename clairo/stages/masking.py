"""What a trained model reads where a modality is masked at inference.

Only plans whose evaluation masks a modality have these stages; everything up to the trained
model is the plan without masking, entry for entry. What the stages of the trained model fitted
is not stored: it is fitted anew here, from the same inputs and with the same seed, and what it
makes of the unmasked vectors is compared with what is stored before it is believed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np
from jaxtyping import Bool
from pydantic import Field

from clairo.core.artifacts import CodeTable, Dataset, EmbeddingTable, Modalities
from clairo.core.config import Config
from clairo.core.errors import ConfigError, StageError
from clairo.core.masked_codes import MaskedCodes
from clairo.core.seeding import stage_seed
from clairo.core.stage import Runtime, Stage
from clairo.evaluation import MaskingConfig, other_items
from clairo.fusion import AnyFusion
from clairo.quantization import AnyQuantizer, GivenConfig
from clairo.quantization.recoding import Recoded, recode, refit
from clairo.reduction import AnyReduction

_ROUNDING: Final = 1e-4
"""How far vectors that were fitted anew may be from the stored ones, in root mean squares: other
processors round sums otherwise. Codes must be the same without any such allowance."""


class MaskedVectorsSettings(Config):
    """How masked vectors are made.

    Attributes:
        masking: What is masked.
        reduction: The reduction that the trained model's vectors went through.
        fusion: The fusion of the trained model.
    """

    masking: MaskingConfig
    reduction: AnyReduction = Field(discriminator="kind")
    fusion: AnyFusion = Field(discriminator="kind")

    @property
    def kind(self) -> str:
        """Modality and fill."""
        return self.masking.label


class MaskedCodesSettings(Config):
    """How masked vectors become codes.

    Attributes:
        masking: What is masked.
        quantization: The quantizer of the trained model, or that its codes were given.
    """

    masking: MaskingConfig
    quantization: AnyQuantizer | GivenConfig = Field(discriminator="kind")

    @property
    def kind(self) -> str:
        """Modality and fill."""
        return self.masking.label


def _draws(settings: Any) -> bool:
    return bool(settings.fusion.seeded or settings.masking.fill == "shuffled")


def _mask_vectors(
    settings: MaskedVectorsSettings, inputs: Mapping[str, Any], seed: int, runtime: Runtime
) -> Modalities:
    masking = settings.masking
    table = inputs[f"{masking.modality}_embedding"].get(masking.modality)
    trained = _trained(inputs)
    masked = masking.replace_vectors(table, trained, stage_seed(seed, "masking"))
    return fuse_replaced(masked, settings, inputs, seed, runtime)


def fuse_replaced(
    replaced: EmbeddingTable,
    settings: MaskedVectorsSettings,
    inputs: Mapping[str, Any],
    seed: int,
    runtime: Runtime,
) -> Modalities:
    """Vectors as the fusion hands them on, with one modality's embeddings replaced.

    Args:
        replaced: Other vectors of the same items in place of the encoder's.
        settings: Reduction and fusion.
        inputs: The encoder's vectors, the reduced ones of all modalities, and the joint ones.
        seed: The fusion's seed.
        runtime: Resources.

    Raises:
        StageError: Fitting anew does not give what was fitted before.
    """
    name = replaced.modality
    embedded: EmbeddingTable = inputs[f"{name}_embedding"].get(name)
    reduction = settings.reduction.fit(embedded, _trained(inputs), seed)
    reduced = Modalities(
        tuple(inputs[f"{need}_reduction"].get(need) for need in settings.fusion.needs())
    )
    _require_same("Reduction", reduction.transform(embedded), reduced.get(name))
    sequences = inputs["dataset"].train_sequences()
    fusion = settings.fusion.fit(reduced, sequences, seed, runtime)
    kept: Modalities = inputs["fusion"]
    for again, table in zip(fusion.transform(reduced).tables, kept.tables, strict=True):
        _require_same("Fusion", again, table)
    tables = (reduction.transform(replaced) if t.modality == name else t for t in reduced.tables)
    changed = fusion.transform(Modalities(tuple(tables)))
    # Facts, curves and insight are of the fit, which the trained model's own stages tell of.
    return Modalities(tuple(replace(table, facts={}) for table in changed.tables))


def _require_same(what: str, again: EmbeddingTable, stored: EmbeddingTable) -> None:
    """Refuses a fit that is not the one that the trained model was made with."""
    same_shape = again.vectors.shape == stored.vectors.shape
    size = float(np.sqrt(np.square(stored.vectors, dtype=np.float64).mean()))
    apart = float(np.abs(again.vectors - stored.vectors).max()) if same_shape else np.inf
    if apart > _ROUNDING * size:
        raise StageError(
            f"{what} of {stored.modality} vectors must give the stored ones again from the same "
            f"input and seed, got vectors up to {apart:.3g} apart, of size {size:.3g}; evaluate "
            "on a machine like the one that made them, or let this one make them anew in an "
            "output folder of its own."
        )


def _mask_codes(
    settings: MaskedCodesSettings, inputs: Mapping[str, Any], seed: int, runtime: Runtime
) -> MaskedCodes:
    table: CodeTable = inputs["quantization"]
    if isinstance(settings.quantization, GivenConfig):
        found = _shuffle_given(table, settings.masking, stage_seed(seed, "masking"))
    else:
        vectors: Modalities = inputs["fusion"]
        trained = _trained(inputs)
        parts = refit(vectors, table, settings.quantization, trained, seed, runtime)
        masked = {part.modality: part for part in inputs["masked_vectors"].tables}
        found = recode(parts, {name: masked[name] for name in vectors.names}, table)
    facts = {
        "changed_items": float((found.codes != table.codes).any(axis=1).mean()),
        "unknown_items": float(found.unknown.any(axis=1).mean()),
    }
    return MaskedCodes(table.item_ids, found.codes, found.unknown, facts)


def _shuffle_given(table: CodeTable, masking: MaskingConfig, seed: int) -> Recoded:
    """Each item with the codes that another one has in the masked modality."""
    own = [name == masking.modality for name in table.column_modalities]
    if not any(own):
        raise ConfigError(
            "Masking needs a modality that the data set brings codes of, got "
            f"evaluation.masking.modality={masking.modality} for codes of "
            f"{sorted(set(table.column_modalities))}; mask one of these."
        )
    everybody = np.ones(len(table.item_ids), dtype=bool)
    codes = table.codes.copy()
    codes[:, own] = table.codes[other_items(everybody, masking.modality, seed)][:, own]
    return Recoded(codes, np.zeros(codes.shape, dtype=bool))


def _trained(inputs: Mapping[str, Any]) -> Bool[np.ndarray, " items"]:
    dataset: Dataset = inputs["dataset"]
    trained: Bool[np.ndarray, " items"] = dataset.train_counts() > 0
    return trained


MASKED_VECTORS: Stage[Any, Modalities] = Stage(
    name="masked_vectors",
    version=1,
    output=Modalities,
    config=lambda pipeline: MaskedVectorsSettings(
        masking=pipeline.evaluation.masking,
        reduction=pipeline.reduction,
        fusion=pipeline.fusion,
    ),
    inputs=lambda pipeline: (
        "dataset",
        f"{pipeline.evaluation.masking.modality}_embedding",
        *(f"{name}_reduction" for name in pipeline.fusion.needs()),
        "fusion",
    ),
    # Only a fit or a circle draws: seeds share what zeros and means do to a fusion in closed form.
    seeded=_draws,
    seed_of="fusion",
    run=_mask_vectors,
)
MASKED_CODES: Stage[Any, MaskedCodes] = Stage(
    name="masked_codes",
    version=1,
    output=MaskedCodes,
    config=lambda pipeline: MaskedCodesSettings(
        masking=pipeline.evaluation.masking, quantization=pipeline.quantization
    ),
    inputs=lambda pipeline: (
        ("dataset", "quantization")
        if isinstance(pipeline.quantization, GivenConfig)
        else ("dataset", "fusion", "quantization", "masked_vectors")
    ),
    seeded=lambda settings: True,
    seed_of="quantization",
    run=_mask_codes,
)
