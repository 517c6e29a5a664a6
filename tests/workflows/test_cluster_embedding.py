"""Before a sweep a cluster fills the store with vectors, and only where it is asked to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clairo.core.dataset import Dataset
from clairo.core.stage import Runtime
from clairo.pipeline.config import PipelineConfig
from clairo.pipeline.plan import make_plan
from clairo.pipeline.runner import StageRunner, load_dataset
from clairo.pipeline.trial_spec import TrialEnvironment
from clairo.store import FilesystemStore
from clairo.workflows.cluster_embedding import embed_on_cluster
from clairo.workflows.options import SweepOptions
from tests.distributed.local_cluster import two_nodes
from tests.embeddings.tiny_models import save_qwen3
from tests.pipeline.small import small_config

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning",
    "ignore::ResourceWarning",
    "ignore::FutureWarning",
    "ignore::pytest.PytestUnraisableExceptionWarning",
)


@dataclass(frozen=True)
class Prepared:
    """What of prepared data the workflow looks at."""

    dataset: Dataset


@pytest.fixture(scope="module")
def configs(tmp_path_factory: pytest.TempPathFactory) -> tuple[PipelineConfig, ...]:
    """One pipeline that reads text and pictures, and one by a method that is not shared out."""
    plain = small_config(fusion={"kind": "concat"})
    text = {"kind": "sentence_transformer", "model": str(save_qwen3(tmp_path_factory.mktemp("m")))}
    both = PipelineConfig.model_validate({**plain.model_dump(), "text": text})
    return (both, plain)


def entries(root: Path) -> dict[str, list[str]]:
    return {
        name: sorted(path.name.split("-")[0] for path in (root / name).glob("*-*"))
        for name in ("text_embedding", "image_embedding")
    }


def ask(options: SweepOptions, configs: tuple[PipelineConfig, ...], root: Path) -> list[str]:
    said: list[str] = []
    dataset, _ = load_dataset(configs[0], FilesystemStore(root), {})
    environment = TrialEnvironment(store_root=root, sources={})
    prepared: Any = Prepared(dataset)
    embed_on_cluster(options, prepared, configs, environment, said.append)
    return said


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with two_nodes() as made:
        yield made


@pytest.mark.slow
def test_the_store_holds_what_one_machine_would_have_made(
    cluster: Any, configs: tuple[PipelineConfig, ...], tmp_path: Path
) -> None:
    options = SweepOptions(ray_address=cluster.address, embed_on_cluster=60)
    said = ask(options, configs, tmp_path)
    assert entries(tmp_path) == {
        "text_embedding": ["sentence_transformer"],
        "image_embedding": ["color_hog"],
    }
    assert [line.split(":")[0] for line in said] == ["embedding 60 items on the cluster"] * 2
    assert ask(options, configs, tmp_path) == []  # it is there now
    for name in ("text_embedding", "image_embedding"):
        tables = []
        for root in (tmp_path, tmp_path / "other"):
            plan = make_plan(configs[0], 0, {}, (name,))
            runner = StageRunner(plan, FilesystemStore(root), Runtime(), 0)
            tables.append(runner.get(name).tables[0])
        np.testing.assert_allclose(tables[0].vectors, tables[1].vectors, atol=1e-6)
        assert tables[0].item_ids == tables[1].item_ids


def test_nothing_is_done_without_a_cluster_or_for_a_small_catalogue(
    configs: tuple[PipelineConfig, ...], tmp_path: Path
) -> None:
    alone = SweepOptions(embed_on_cluster=1)
    small = replace(alone, ray_address="127.0.0.1:1", embed_on_cluster=61)
    for options in (alone, small):
        assert ask(options, configs, tmp_path) == []
    assert entries(tmp_path) == {"text_embedding": [], "image_embedding": []}
