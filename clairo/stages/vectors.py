"""Items to vectors: embedding and reduction for each modality, then fusion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from clairo.core.artifacts import Dataset, Modalities
from clairo.core.config import Config
from clairo.core.stage import Runtime, Stage


def _embed(settings: Any, inputs: Mapping[str, Any], seed: int, runtime: Runtime) -> Modalities:
    dataset: Dataset = inputs["dataset"]
    return Modalities((settings.encode(dataset.catalog, seed, runtime),))


def _embedding(modality: Literal["text", "image"]) -> Stage[Any, Modalities]:
    return Stage(
        name=f"{modality}_embedding",
        version=1,
        output=Modalities,
        config=lambda pipeline: getattr(pipeline, modality),
        inputs=lambda pipeline: ("dataset",),
        seeded=_draws_random_numbers,
        run=_embed,
    )


def _draws_random_numbers(settings: Config) -> bool:
    return bool(getattr(settings, "seeded", True))


def _reduction(modality: Literal["text", "image"]) -> Stage[Any, Modalities]:
    def run(settings: Any, inputs: Mapping[str, Any], seed: int, runtime: Runtime) -> Modalities:
        dataset: Dataset = inputs["dataset"]
        table = inputs[f"{modality}_embedding"].get(modality)
        reduction = settings.fit(table, dataset.train_counts() > 0, seed)
        return Modalities((reduction.transform(table),))

    return Stage(
        name=f"{modality}_reduction",
        version=2,
        output=Modalities,
        config=lambda pipeline: pipeline.reduction,
        inputs=lambda pipeline: ("dataset", f"{modality}_embedding"),
        seeded=_draws_random_numbers,
        run=run,
    )


def _fuse(settings: Any, inputs: Mapping[str, Any], seed: int, runtime: Runtime) -> Modalities:
    dataset: Dataset = inputs["dataset"]
    tables = tuple(inputs[f"{name}_reduction"].get(name) for name in settings.needs())
    modalities = Modalities(tables)
    fusion = settings.fit(modalities, dataset.train_sequences(), seed, runtime)
    fused: Modalities = fusion.transform(modalities)
    return fused


TEXT_EMBEDDING = _embedding("text")
IMAGE_EMBEDDING = _embedding("image")
TEXT_REDUCTION = _reduction("text")
IMAGE_REDUCTION = _reduction("image")
FUSION: Stage[Any, Modalities] = Stage(
    name="fusion",
    version=2,
    output=Modalities,
    config=lambda pipeline: pipeline.fusion,
    inputs=lambda pipeline: (
        "dataset",
        *(f"{name}_reduction" for name in pipeline.fusion.needs()),
    ),
    seeded=_draws_random_numbers,
    run=_fuse,
)
