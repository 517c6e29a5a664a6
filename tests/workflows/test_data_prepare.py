"""``clairo data prepare``: into the store, once, with card and digest."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from clairo import cli
from clairo.core.errors import ConfigError
from clairo.datasets.aliases import resolve_category
from clairo.workflows.data_prepare import metadata_alone, prepare, request
from clairo.workflows.locations import store_root
from clairo.workflows.options import SweepOptions
from tests.datasets.amazon_files import REVIEWS, ROWS_2018, write_amazon


def _options(folder: Path, **changed: object) -> SweepOptions:
    given = {"category": "gift_cards", "data": folder, "out": folder / "out", "fetch": False}
    return SweepOptions(**{**given, **changed})  # type: ignore[arg-type]


def _entries(folder: Path, stage: str) -> list[Path]:
    return sorted((store_root(folder / "out") / stage).glob("*/manifest.json"))


def test_a_second_time_everything_is_found(tmp_path: Path) -> None:
    write_amazon(tmp_path)
    said: list[str] = []
    first = prepare(_options(tmp_path), say=said.append)
    assert said[-1].startswith("Prepared in ")
    assert any(line.endswith(first.facts["digest"]) for line in said)
    marks = [path.stat().st_mtime_ns for path in _entries(tmp_path, "dataset")]
    second = prepare(_options(tmp_path), say=said.append)
    assert said[-1].startswith("Found in ")
    assert second.facts == dict(first.facts)
    assert [path.stat().st_mtime_ns for path in _entries(tmp_path, "dataset")] == marks


def test_other_filters_share_the_partitions_and_nothing_else(tmp_path: Path) -> None:
    write_amazon(tmp_path)
    filters = tmp_path / "filters.yaml"
    filters.write_text("{user_core: 2, item_core: 2}", encoding="utf-8")
    usual = prepare(_options(tmp_path), say=lambda line: None)
    cored = prepare(_options(tmp_path, filters=filters), say=lambda line: None)
    assert (len(usual.log), len(cored.log)) == (7, 4)
    assert usual.facts["digest"] != cored.facts["digest"]
    assert len(_entries(tmp_path, "dataset")) == 2
    assert len(_entries(tmp_path, "interactions")) == 1


def test_reviews_without_metadata_are_prepared_where_that_is_asked_for(tmp_path: Path) -> None:
    config = write_amazon(tmp_path)
    config.metadata_file.path.unlink()
    dataset = prepare(_options(tmp_path), no_metadata=True, say=lambda line: None)
    assert dataset.facts["items_without_metadata"] == 4
    assert not dataset.catalog.has_text.any()
    arguments = [
        *("data", "prepare", "gift_cards", "--no-fetch", "--data", str(tmp_path)),
        *("--out", str(tmp_path / "out")),
    ]
    refused = CliRunner().invoke(cli.app, arguments)
    assert refused.exit_code != 0
    assert "needs a metadata file" in str(refused.exception)
    assert CliRunner().invoke(cli.app, [*arguments, "--no-metadata"]).exit_code == 0


def test_options_that_a_kind_of_data_does_not_have_are_refused(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match="--no-metadata, --memory: demo world 0 has no setting 'metadata'"
    ):
        request(_options(tmp_path, category="demo"), no_metadata=True)
    with pytest.raises(ConfigError, match="--salvage: demo world 0 has no setting 'salvage'"):
        request(_options(tmp_path, category="demo", salvage=True))


def test_memory_is_no_part_of_what_the_data_is(tmp_path: Path) -> None:
    write_amazon(tmp_path)
    prepare(_options(tmp_path), say=lambda line: None)
    prepare(_options(tmp_path), memory_mb=800, say=lambda line: None)
    assert len(_entries(tmp_path, "dataset")) == 1


def test_a_category_of_metadata_alone_is_a_catalogue(tmp_path: Path) -> None:
    config = write_amazon(tmp_path)
    assert metadata_alone(config) is None
    config.reviews_files[0].path.unlink()
    alone = metadata_alone(config)
    assert alone is not None
    dataset = alone.read()
    assert dataset.catalog.item_ids == tuple(row["asin"] for row in ROWS_2018)
    assert len(dataset.log) == 0
    config.metadata_file.path.unlink()
    assert metadata_alone(config) is None
    assert metadata_alone(resolve_category("demo", None, tmp_path)) is None


def test_a_truncated_file_is_kept_up_to_its_break_where_that_is_asked_for(tmp_path: Path) -> None:
    config = write_amazon(tmp_path, [*REVIEWS] * 400)
    path = config.reviews_files[0].path
    path.write_bytes(path.read_bytes()[:-20])
    said: list[str] = []
    dataset = prepare(_options(tmp_path, salvage=True), say=said.append)
    assert 0 < dataset.facts["salvaged_lines"] < 2800
    assert dataset.facts["salvaged_lines"] == len(dataset.log)
    lines = [line.split() for line in said if "whole lines of a broken file" in line]
    assert lines[0][-1] == f"{dataset.facts['salvaged_lines']:,}"
