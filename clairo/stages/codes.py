"""Vectors to codes, codes to tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from clairo.core.artifacts import CodeTable, Dataset, Modalities
from clairo.core.ragged import Ragged
from clairo.core.stage import Prefix, Runtime, Stage
from clairo.merging import FeatureSetBPE, FeatureSetBPEConfig, Tokenizer, describe
from clairo.quantization import GivenConfig
from clairo.quantization.code_table import build_code_table
from clairo.quantization.given import build_given_table


def _quantize(settings: Any, inputs: Mapping[str, Any], seed: int, runtime: Runtime) -> CodeTable:
    dataset: Dataset = inputs["dataset"]
    if isinstance(settings, GivenConfig):
        ids, categories = dataset.catalog.item_ids, dataset.catalog.categories
        return build_given_table(dataset.codes, ids, settings, seed, categories)
    fused: Modalities = inputs["fusion"]
    trained, categories = dataset.train_counts() > 0, dataset.catalog.categories
    return build_code_table(fused, settings, trained, seed, runtime, categories)


def _merge(settings: Any, inputs: Mapping[str, Any], seed: int, runtime: Runtime) -> Tokenizer:
    codes: CodeTable = inputs["quantization"]
    training = _training(inputs)
    tokenizer: Tokenizer = settings.fit(
        codes.codes, training, seed, modalities=codes.column_modalities
    )
    return replace(tokenizer, facts=describe(tokenizer, training))


def _cut(longer: FeatureSetBPE, settings: Any, inputs: Mapping[str, Any]) -> Tokenizer:
    """The vocabulary of a smaller budget, described for itself."""
    tokenizer = longer.truncate(settings.num_merges)
    return replace(tokenizer, facts=describe(tokenizer, _training(inputs)))


def _training(inputs: Mapping[str, Any]) -> Ragged:
    dataset: Dataset = inputs["dataset"]
    # Training parts only, uncut: a merge count from valid or test items would be a leak.
    return dataset.train_sequences()


def _budget(settings: Any) -> int | None:
    return settings.num_merges if isinstance(settings, FeatureSetBPEConfig) else None


QUANTIZATION: Stage[Any, CodeTable] = Stage(
    name="quantization",
    version=3,
    output=CodeTable,
    config=lambda pipeline: pipeline.quantization,
    # Codes that are given are made of nothing: no vectors, no encoders.
    inputs=lambda pipeline: (
        ("dataset",) if isinstance(pipeline.quantization, GivenConfig) else ("dataset", "fusion")
    ),
    seeded=lambda settings: True,
    run=_quantize,
)
MERGING: Stage[Any, Tokenizer] = Stage(
    name="merging",
    version=2,
    # Tokenizer is abstract; its load() gives the kind that was saved.
    output=Tokenizer,  # type: ignore[type-abstract]
    config=lambda pipeline: pipeline.merging,
    inputs=lambda pipeline: ("dataset", "quantization"),
    # Construction is exact and breaks ties by rule: no random numbers.
    seeded=lambda settings: False,
    run=_merge,
    # The first n merges do not depend on how many are made after them.
    prefix=Prefix(
        length=_budget,
        extend=lambda settings, merges: settings.model_copy(update={"num_merges": merges}),
        cut=_cut,
    ),
)
