"""Items that differ in one modality only: who can tell them apart after fusion."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from clairo.core.artifacts import ItemCatalog, Modalities
from clairo.core.stage import Runtime
from clairo.embeddings import ColorHogConfig, LsaConfig
from clairo.fusion import (
    AnyFusion,
    AttentionConfig,
    CcaConfig,
    CrossAttentionConfig,
    FusionConfig,
    GatedConfig,
    ImageOnlyConfig,
    TextOnlyConfig,
)
from clairo.quantization import RqKmeansConfig
from tests.worlds import mirrored_twins, twins

PAIRS = 8
BRIEF = {"dims": 16, "hidden": 32, "epochs": 5}
SMALLER = {
    AttentionConfig: AttentionConfig(**BRIEF),
    GatedConfig: GatedConfig(**BRIEF),
    CrossAttentionConfig: CrossAttentionConfig(**BRIEF),
    CcaConfig: CcaConfig(num_components=4),
}
FUSIONS = [SMALLER.get(config, config()) for config in get_args(AnyFusion)]


def pairs_told_apart(catalog: ItemCatalog, config: FusionConfig) -> float:
    """Share of the pairs of twins whose codes differ, before anything makes them unique."""
    runtime = Runtime()
    encoded = Modalities(
        (
            LsaConfig(dims=8).encode(catalog, 0, runtime),
            ColorHogConfig().encode(catalog, 0, runtime),
        )
    )
    sequences = [np.arange(len(catalog))]
    fused = config.fit(encoded, sequences, 0, runtime).transform(encoded)
    everybody = np.ones(len(catalog), dtype=bool)
    quantizer = RqKmeansConfig(num_codebooks=2, codebook_size=8, restarts=5)
    codes = np.hstack(
        [
            quantizer.fit(table, everybody, 0, runtime).encode(table.vectors)
            for table in fused.tables
        ]
    )
    return float((codes[::2] != codes[1::2]).any(axis=1).mean())


@pytest.mark.parametrize("config", FUSIONS, ids=lambda config: config.kind)
def test_codes_tell_twins_apart_exactly_where_they_saw_the_image(config: FusionConfig) -> None:
    saw_it = not isinstance(config, TextOnlyConfig)
    assert pairs_told_apart(twins(PAIRS), config) == float(saw_it)


@pytest.mark.parametrize("config", FUSIONS, ids=lambda config: config.kind)
def test_codes_tell_mirrored_twins_apart_exactly_where_they_saw_the_text(
    config: FusionConfig,
) -> None:
    saw_it = not isinstance(config, ImageOnlyConfig)
    assert pairs_told_apart(mirrored_twins(PAIRS), config) == float(saw_it)
