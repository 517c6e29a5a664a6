"""Every fusion with every quantizer, on real posters and real product photos, through codes.

The pairs come from the registries, so a new method is in the matrix when it is in its family.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from clairo.core.artifacts import CodeTable
from clairo.core.config import parse_config
from clairo.core.errors import ConfigError
from clairo.core.stage import Runtime
from clairo.datasets.aliases import resolve_category
from clairo.fusion import AnyFusion
from clairo.pipeline.config import PipelineConfig
from clairo.pipeline.plan import make_plan
from clairo.pipeline.runner import StageRunner
from clairo.pipeline.sources import hash_sources
from clairo.quantization import AnyQuantizer
from clairo.store import FilesystemStore
from tests.pipeline.small import SETTINGS

SIZE, DEPTH = 16, 2
CATEGORIES = ("atomic/ml-small", "gift_cards")


def kinds(family: Any) -> tuple[str, ...]:
    return tuple(member.model_fields["kind"].default for member in get_args(family))


FUSIONS, QUANTIZERS = kinds(AnyFusion), kinds(AnyQuantizer)

SMALL_FUSIONS: Mapping[str, dict[str, Any]] = {
    kind: {"dims": 16, "hidden": 16, "epochs": 1}
    for kind in ("gated", "attention", "cross_attention")
}
"""What makes a method that learns a matter of a second."""

SMALL_QUANTIZERS: Mapping[str, dict[str, Any]] = {
    kind: {"hidden": [32], "latent_dims": 16, "steps": 60, "epochs": 3, "batch_size": 128}
    for kind in ("rq_vae", "vq_vae")
}


@dataclass(frozen=True)
class World:
    """One data set whose stages are made once for all pairs."""

    dataset: Any
    sources: Mapping[str, str]
    store: FilesystemStore

    def settings(self, fusion: str, quantizer: str, **changes: Any) -> dict[str, Any]:
        depth = {} if quantizer == "vq_vae" else {"num_codebooks": DEPTH}
        quantization = {
            "kind": quantizer,
            "codebook_size": SIZE,
            "num_hash_buckets": None,
            **depth,
            **SMALL_QUANTIZERS.get(quantizer, {}),
            **changes,
        }
        joined = {"kind": fusion, **SMALL_FUSIONS.get(fusion, {})}
        return {
            **SETTINGS,
            "dataset": self.dataset,
            "fusion": joined,
            "quantization": quantization,
        }

    def codes(self, settings: dict[str, Any]) -> CodeTable:
        config = parse_config(PipelineConfig, settings, "test")
        plan = make_plan(config, 0, self.sources, ("quantization",))
        table = StageRunner(plan, self.store, Runtime(), 0).get("quantization")
        assert isinstance(table, CodeTable)
        return table


@pytest.fixture(scope="module", params=CATEGORIES)
def world(request: pytest.FixtureRequest, shared: Path, tmp_path_factory) -> World:
    dataset = resolve_category(request.param, None, shared / "data")
    store = FilesystemStore(tmp_path_factory.mktemp("matrix") / "store")
    return World(dataset, hash_sources(dataset), store)


@pytest.mark.shared
@pytest.mark.parametrize("quantizer", QUANTIZERS)
@pytest.mark.parametrize("fusion", FUSIONS)
def test_every_legal_pair_gives_every_item_codes_of_its_own(
    world: World, fusion: str, quantizer: str
) -> None:
    table = world.codes(world.settings(fusion, quantizer))
    names = set(table.column_modalities) - {"shared"}
    wanted = {"none": {"text", "image"}, "text_only": {"text"}, "image_only": {"image"}}
    assert names == wanted.get(fusion, {"fused"})
    made = [name for name in table.column_modalities if name != "shared"]
    assert len(made) == len(names) * (1 if quantizer == "vq_vae" else DEPTH)
    assert (table.codes >= 0).all()
    assert (table.codes < np.array(table.column_sizes)).all()
    assert len(np.unique(table.codes, axis=0)) == len(table.item_ids)
    # Vectors of real items are not all alike: a quantizer that gives one code has failed.
    for column, name in enumerate(made):
        assert len(np.unique(table.codes[:, column])) > 1, (name, column)


@pytest.mark.parametrize("quantizer", QUANTIZERS)
@pytest.mark.parametrize("fusion", FUSIONS)
def test_every_pair_with_the_other_kind_of_codebooks_is_refused(
    fusion: str, quantizer: str
) -> None:
    dataset = SETTINGS | {"dataset": {"kind": "demo"}}
    wrong = "shared" if fusion == "none" else "separate"
    settings = dataset | {
        "fusion": {"kind": fusion},
        "quantization": {"kind": quantizer, "codebooks": wrong},
    }
    with pytest.raises(ConfigError, match=r"use fusion none with separate"):
        parse_config(PipelineConfig, settings, "test")
