"""``clairo embeddings export``, and the same vectors imported again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from clairo import cli
from clairo.core.artifacts import CodeTable, EmbeddingTable
from clairo.core.config import parse_config
from clairo.core.errors import ConfigError
from clairo.core.stage import Runtime
from clairo.embeddings import ImportedImageConfig, ImportedTextConfig
from clairo.pipeline.config import PipelineConfig
from clairo.pipeline.plan import make_plan
from clairo.pipeline.runner import StageRunner
from clairo.store import FilesystemStore
from clairo.workflows.embeddings_export import StageName, VectorsWanted, export_embeddings
from clairo.workflows.options import SweepOptions
from clairo.workflows.run import run_once
from tests.datasets.lcrec_files import write_generated
from tests.pipeline.small import SETTINGS
from tests.worlds import small_demo

# A few of sixty items lack a picture, so that some rows are left out of a file.
DEMO = small_demo(missing_images=0.05)


def write_config(folder: Path, **changes: object) -> Path:
    path = folder / "config.yaml"
    values = {**SETTINGS, "dataset": DEMO.model_dump(mode="json"), **changes}
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    return path


def export(
    folder: Path, name: str, modality: str, stage: StageName = "embedding", **changes: object
) -> tuple[EmbeddingTable, list[str]]:
    said: list[str] = []
    table = export_embeddings(
        SweepOptions(out=folder / "runs"),
        write_config(folder, **changes),
        VectorsWanted(stage, modality, folder / name),
        say=said.append,
    )
    return table, said


@pytest.mark.parametrize("suffix", [".npy", ".parquet", ".safetensors"])
def test_exported_vectors_are_imported_to_the_bit_missing_items_included(
    tmp_path: Path, suffix: str
) -> None:
    table, said = export(tmp_path, f"pictures{suffix}", "image")
    catalog = DEMO.read().catalog
    again = ImportedImageConfig(path=str(tmp_path / f"pictures{suffix}")).encode(
        catalog, 0, Runtime()
    )
    assert 0 < again.present.sum() < len(catalog)
    np.testing.assert_array_equal(again.present, table.present)
    assert again.vectors.tobytes() == table.vectors.tobytes()
    assert again.item_ids == table.item_ids
    assert again.facts["num_unknown_rows"] == 0
    count = int(table.present.sum())
    assert said[1].startswith(f"{count} of 60 items with {table.dims} dims, written to ")
    assert said[2].endswith(f"'image: {{kind: imported, path: {tmp_path}/pictures{suffix}}}'")


def test_a_second_export_finds_what_the_first_one_made(tmp_path: Path) -> None:
    first, said = export(tmp_path, "a.npy", "text")
    assert said[0].startswith("text_embedding/lsa-")
    assert said[0].endswith(" was made")
    second, said = export(tmp_path, "a.parquet", "text")
    assert said[0].endswith(" was found")
    assert second.vectors.tobytes() == first.vectors.tobytes()


def test_vectors_are_taken_after_the_reduction_or_the_fusion(tmp_path: Path) -> None:
    embedded, _ = export(tmp_path, "a.npy", "text")
    reduced, said = export(tmp_path, "b.npy", "text", "reduction")
    assert said[0].startswith("text_reduction/pca-")
    assert reduced.dims < embedded.dims
    fused, said = export(tmp_path, "c.npy", "fused", "fusion", fusion={"kind": "concat"})
    assert fused.dims > reduced.dims
    assert len(said) == 2
    kept_apart, _ = export(tmp_path, "d.npy", "text", "fusion")
    np.testing.assert_array_equal(kept_apart.vectors, reduced.vectors)


def test_a_modality_that_the_stage_does_not_give_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="one of text, image, which this fusion gives, got fused"):
        export(tmp_path, "a.npy", "fused", "fusion")
    with pytest.raises(ConfigError, match="Fused vectors are made by the fusion"):
        VectorsWanted("reduction", "fused", tmp_path / "a.npy")


def test_a_place_that_is_taken_is_found_out_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.ids.json").write_text("[]")
    with pytest.raises(ConfigError, match=r"a.ids.json is there already; add --force"):
        export(tmp_path, "a.npy", "text")
    with pytest.raises(ConfigError, match=r"got 'a.csv'"):
        export(tmp_path, "a.csv", "text")
    assert not (tmp_path / "runs").exists()


def test_data_that_bring_their_codes_have_no_vectors(tmp_path: Path) -> None:
    write_generated(tmp_path)
    options = SweepOptions(category="lcrec/Tiny", data=tmp_path, out=tmp_path / "runs")
    with pytest.raises(ConfigError, match="LC-Rec Tiny brings its codes"):
        export_embeddings(options, None, VectorsWanted("embedding", "text", tmp_path / "a.npy"))


def codes_of(folder: Path, config: PipelineConfig) -> tuple[CodeTable, StageRunner]:
    plan = make_plan(config, 0, {}, ("quantization",))
    runner = StageRunner(plan, FilesystemStore(folder / "runs" / "store"), Runtime(), 0)
    return runner.get("quantization"), runner


def test_a_pipeline_on_imported_vectors_gives_the_codes_of_the_vectors_own_pipeline(
    tmp_path: Path,
) -> None:
    export(tmp_path, "texts.safetensors", "text")
    export(tmp_path, "pictures.parquet", "image")
    own = parse_config(PipelineConfig, {**SETTINGS, "dataset": DEMO}, "own")
    imported = own.model_copy(
        update={
            "text": ImportedTextConfig(path=str(tmp_path / "texts.safetensors")),
            "image": ImportedImageConfig(path=str(tmp_path / "pictures.parquet")),
        }
    )
    wanted, _ = codes_of(tmp_path, own)
    found, runner = codes_of(tmp_path, imported)
    assert runner.records["text_embedding"].kind == "imported"
    assert not runner.records["quantization"].cached
    np.testing.assert_array_equal(found.codes, wanted.codes)


def test_a_moved_file_finds_its_results_in_the_store(tmp_path: Path) -> None:
    export(tmp_path, "texts.safetensors", "text")
    config = parse_config(
        PipelineConfig,
        {
            **SETTINGS,
            "dataset": DEMO,
            "fusion": {"kind": "text_only"},
            "text": {"kind": "imported", "path": str(tmp_path / "texts.safetensors")},
        },
        "here",
    )
    codes_of(tmp_path, config)
    (tmp_path / "texts.safetensors").rename(tmp_path / "moved.safetensors")
    moved = ImportedTextConfig(path=str(tmp_path / "moved.safetensors"))
    _, runner = codes_of(tmp_path, config.model_copy(update={"text": moved}))
    assert runner.records["quantization"].cached


@pytest.mark.parametrize("name", ["texts.npy", "texts.parquet"])
def test_a_tracked_configuration_finds_its_results_though_its_file_is_gone(
    tmp_path: Path, name: str
) -> None:
    export(tmp_path, name, "text")
    values = {**SETTINGS, "dataset": DEMO, "fusion": {"kind": "text_only"}}
    text = {"kind": "imported", "path": str(tmp_path / name)}
    config = parse_config(PipelineConfig, {**values, "text": text}, "here")
    wanted, _ = codes_of(tmp_path, config)
    tracked, key = config.identity()["text"], config.key
    (tmp_path / name).unlink()
    again = parse_config(PipelineConfig, {**values, "text": tracked}, "tracked")
    assert again.key == key
    found, runner = codes_of(tmp_path, again)
    assert runner.records["text_embedding"].cached
    np.testing.assert_array_equal(found.codes, wanted.codes)


def test_a_run_on_imported_texts_is_tracked_and_its_codes_are_exported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    export(tmp_path, "texts.parquet", "text")
    text = {"kind": "imported", "path": str(tmp_path / "texts.parquet")}
    path = write_config(tmp_path, text=text, fusion={"kind": "text_only"})
    options = SweepOptions(out=tmp_path / "runs")
    run_once(options, path, read_test=False)
    run = next(word for word in capsys.readouterr().out.split() if word.startswith("run-"))
    out = tmp_path / "Demo.index.json"
    arguments = ["codes", "export", str(out), "--run", run, "--out", str(tmp_path / "runs")]
    done = CliRunner().invoke(cli.app, arguments)
    assert done.exit_code == 0, done.output
    assert "60 items of " in done.output
    assert (tmp_path / "Demo.item2id").read_text().count("\n") == 60


def test_the_command_writes_the_file(tmp_path: Path) -> None:
    config = write_config(tmp_path)
    out = tmp_path / "texts.npy"
    done = CliRunner().invoke(
        cli.app,
        ["embeddings", "export", str(out), "--config", str(config), "--out", str(tmp_path / "r")],
    )
    assert done.exit_code == 0, done.output
    assert np.load(out).dtype == np.float32
    refused = CliRunner().invoke(
        cli.app, ["embeddings", "export", str(out), "--stage", "training"], env={"COLUMNS": "200"}
    )
    assert refused.exit_code == 2
    assert "embedding, reduction, fusion" in refused.output
