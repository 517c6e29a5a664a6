"""Bases that arms are made of, and short ways to look at a table."""

from __future__ import annotations

from typing import Any

from clairo.ablation.generators.base import Generator
from clairo.ablation.plan import PlannedArm, Present, Table
from clairo.datasets.demo import DemoConfig
from clairo.datasets.lcrec import LcrecConfig
from clairo.pipeline.config import PipelineConfig
from clairo.pipeline.profiles import PROFILES


def quick_base(**changes: Any) -> PipelineConfig:
    """The quick profile on a demo world, with sections replaced."""
    base = {**PROFILES["quick"].base, "dataset": DemoConfig()}
    return PipelineConfig.model_validate({**base, **changes})


def paper_base(**changes: Any) -> PipelineConfig:
    """The paper profile on a demo world, with sections replaced."""
    base = {**PROFILES["paper"].base, "dataset": DemoConfig()}
    return PipelineConfig.model_validate({**base, **changes})


def given_base(modalities: str = "all", **changes: Any) -> PipelineConfig:
    """The quick profile on data that bring their codes."""
    base = PROFILES["quick"].base_for(LcrecConfig(name="Tiny"))
    quantization = {"kind": "given", "modalities": modalities, "num_hash_buckets": 8}
    return PipelineConfig.model_validate({**base, "quantization": quantization, **changes})


def codes(count: int, size: int, kind: str = "rq_kmeans") -> dict[str, Any]:
    """A quantizer of so many codebooks."""
    return {"kind": kind, "num_codebooks": count, "codebook_size": size}


def arms_of(
    generator: Generator, base: PipelineConfig, present: Present | None = None
) -> dict[str, PlannedArm]:
    """Arms of a table by name."""
    return {arm.name: arm for arm in generator.make(base, present or Present()).arms}


def reasons_of(
    generator: Generator, base: PipelineConfig, present: Present | None = None
) -> dict[str, str]:
    """Why arms were left out, by title."""
    return {skip.title: skip.why for skip in generator.make(base, present or Present()).skipped}


def changes_of(table: Table) -> dict[str, Any]:
    """What each arm changes."""
    return {arm.name: arm.changes for arm in table.arms}
