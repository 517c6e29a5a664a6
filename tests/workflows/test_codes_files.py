"""``clairo codes``: out of a configuration or a run, checked, and into another convention."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from clairo import cli
from clairo.core.artifacts import CodeTable
from clairo.core.errors import ConfigError, DataError
from clairo.datasets.lcrec import LcrecConfig
from clairo.quantization.index_reading import read_index
from clairo.workflows.codes_files import (
    ConvertSettings,
    ExportSettings,
    check_codes,
    codes_of_config,
    convert_codes,
    export_codes,
    require_convention,
)
from clairo.workflows.options import SweepOptions
from tests.datasets.lcrec_files import write_generated, write_lcrec

TABLE = CodeTable(
    item_ids=("x", "ü", "z"),
    codes=np.array([[1, 3, 0], [1, 4, 1], [0, 2, 0]], dtype=np.int32),
    column_modalities=("text", "image", "shared"),
    column_sizes=(2, 5, 2),
    diagnostics={"text/missing_items": 0, "image/missing_items": 1},
)


def export(path: Path, table: CodeTable = TABLE, **settings: object) -> list[str]:
    said: list[str] = []
    export_codes(lambda: table, path, ExportSettings(**settings), say=said.append)  # type: ignore[arg-type]
    return said


def test_items_are_written_by_index_with_their_ids_beside(tmp_path: Path) -> None:
    said = export(tmp_path / "Shop.index.json", digit=False)
    assert json.loads((tmp_path / "Shop.index.json").read_text()) == {
        "0": ["<a_1>", "<A_3>"],
        "1": ["<a_1>", "<A_4>"],
        "2": ["<a_0>", "<A_2>"],
    }
    assert (tmp_path / "Shop.item2id").read_text() == "x\t0\nü\t1\nz\t2\n"
    assert "Collisions: none, all 3 items have codes of their own" in said
    assert said[-2:] == [
        "1 items have no image: their image codes are all 4",
        f"Which id an item has: {tmp_path / 'Shop.item2id'}",
    ]


def test_items_are_written_by_id_where_that_is_asked_for(tmp_path: Path) -> None:
    export(tmp_path / "codes.json", keys="id", convention="clairo", layout="compact")
    assert (tmp_path / "codes.json").read_text() == json.dumps(
        {
            "x": ["<A_1>", "<a_3>", "<#_0>"],
            "ü": ["<A_1>", "<a_4>", "<#_1>"],
            "z": ["<A_0>", "<a_2>", "<#_0>"],
        }
    )
    assert len(list(tmp_path.iterdir())) == 1


def test_what_one_modality_cannot_tell_apart_is_reported(tmp_path: Path) -> None:
    said = export(tmp_path / "text.index.json", modality="text", digit=False)
    assert any(line.startswith("Collisions: 2 of 3 items (66.7%)") for line in said)
    assert "  <a_1>: 2 items, 0, 1" in said


def test_nothing_is_computed_where_a_file_is_in_the_way(tmp_path: Path) -> None:
    def refuse() -> CodeTable:
        raise AssertionError("computed")

    (tmp_path / "Shop.item2id").write_text("mine")
    with pytest.raises(ConfigError, match=r"Shop.item2id is there already"):
        export_codes(refuse, tmp_path / "Shop.index.json", ExportSettings())
    export(tmp_path / "Shop.index.json", force=True)
    assert (tmp_path / "Shop.item2id").read_text().startswith("x\t0")


def test_ids_that_no_line_can_hold_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    tabbed = CodeTable(("a\tb",), np.zeros((1, 1), np.int32), ("text",), (1,))
    with pytest.raises(DataError, match=r"got 'a\\tb'; export with --keys id"):
        export(tmp_path / "Shop.index.json", tabbed)
    assert not list(tmp_path.iterdir())
    export(tmp_path / "Shop.index.json", tabbed, keys="id")


def test_exported_codes_are_a_data_set_of_the_family_again(tmp_path: Path) -> None:
    write_lcrec(tmp_path, index_vitemb=None, index_lemb=None)
    codes = np.array([[1, 0], [1, 1], [0, 0], [2, 0]], dtype=np.int32)
    table = CodeTable(("0", "1", "2", "3"), codes, ("text", "text"), (4, 2))
    folder = tmp_path / "lcrec" / "Tiny"
    export(folder / "Tiny.index.json", table)
    (part,) = LcrecConfig(name="Tiny", data_dir=tmp_path).read().codes
    assert part.modality == "text"
    assert part.codes.tolist() == codes.tolist()


def options(folder: Path, category: str = "lcrec/Tiny") -> SweepOptions:
    return SweepOptions(category=category, data=folder, out=folder / "runs", fetch=False)


def test_codes_of_a_configuration_come_from_its_store(tmp_path: Path) -> None:
    write_generated(tmp_path)
    table = codes_of_config(options(tmp_path), None)
    assert table.codes[9, :2].tolist() == [1, 1]
    (entry,) = (tmp_path / "runs" / "store" / "quantization").glob("given-*")
    before = entry.stat().st_mtime_ns
    assert codes_of_config(options(tmp_path), None).codes.tolist() == table.codes.tolist()
    assert entry.stat().st_mtime_ns == before


@pytest.mark.shared
def test_published_files_go_through_a_data_set_and_come_out_byte_for_byte(
    shared: Path, tmp_path: Path
) -> None:
    given = SweepOptions(category="lcrec/Instruments", data=shared / "data", out=tmp_path / "runs")
    table = codes_of_config(given, None)
    for modality, name in (("text", "index_lemb"), ("image", "index_vitemb")):
        out = tmp_path / f"Instruments.{name}.json"
        export(out, table, convention="mql4grec", modality=modality, digit=False, force=True)
        source = shared / "data" / "lcrec" / "Instruments" / out.name
        assert out.read_bytes() == source.read_bytes()
    ids = (tmp_path / "Instruments.item2id").read_text().splitlines()
    assert (len(ids), ids[0]) == (6250, f"{table.item_ids[0]}\t0")


def test_a_check_says_what_is_in_a_file_and_how_it_enters_a_pipeline(tmp_path: Path) -> None:
    path = tmp_path / "a.index.json"
    path.write_text(json.dumps({"0": ["<a_1>"], "1": ["<a_1>"]}))
    said: list[str] = []
    check_codes(path, "clairo", None, say=said.append)
    assert "Convention: clairo (as told)" in said
    assert "  <a_..> image: 1 of 2 codes in use, the largest 1, perplexity 1.0" in said
    assert "CATEGORY=lcrec/NAME" in said[-1]


def test_a_conversion_keeps_the_layout_or_takes_a_named_one(tmp_path: Path) -> None:
    path = tmp_path / "a.index.json"
    path.write_text(json.dumps({"7": ["<a_1>", "<A_2>"]}, indent=2) + "\n")
    said: list[str] = []
    convert_codes(path, tmp_path / "b.json", ConvertSettings("clairo"), say=said.append)
    assert (tmp_path / "b.json").read_text() == (
        json.dumps({"7": ["<A_1>", "<a_2>"]}, indent=2) + "\n"
    )
    assert said == [
        "a.index.json is read as mql4grec (text codes stand before image codes)",
        f"{tmp_path / 'b.json'}: <a_1><A_2> became <A_1><a_2>",
    ]
    compact = ConvertSettings("clairo", layout="compact", force=True)
    convert_codes(path, tmp_path / "b.json", compact, say=said.append)
    assert (tmp_path / "b.json").read_text() == '{"7": ["<A_1>", "<a_2>"]}'


def test_a_layout_that_cannot_be_kept_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.index.json"
    path.write_text('{"0" :["<a_1>"] }')
    said: list[str] = []
    convert_codes(path, tmp_path / "b.json", ConvertSettings("clairo"), say=said.append)
    assert said[1].startswith("Its layout is no usual one and is not kept")
    assert (tmp_path / "b.json").read_text() == '{"0": ["<A_1>"]}'


def test_a_convention_of_another_name_is_refused() -> None:
    assert require_convention("mql4grec") == "mql4grec"
    with pytest.raises(ConfigError, match="one of clairo, lcrec, mql4grec, got 'tiger'"):
        require_convention("tiger")


def test_the_commands_export_check_and_convert(tmp_path: Path) -> None:
    write_generated(tmp_path)
    codes, run = tmp_path / "T.index.json", CliRunner()
    places = ["--data", str(tmp_path), "--out", str(tmp_path / "runs"), "--category", "lcrec/Tiny"]
    exported = run.invoke(
        cli.app, ["codes", "export", str(codes), *places, "--modality", "text", "--no-digit"]
    )
    assert exported.exit_code == 0, exported.output
    published = tmp_path / "lcrec" / "Tiny" / "Tiny.index_lemb.json"
    assert json.loads(codes.read_text()) == json.loads(published.read_text())
    checked = run.invoke(cli.app, ["codes", "check", str(codes)])
    assert "40 items of 2 codes, the first <a_0><b_0>" in checked.output
    assert "the last column counts items with equal codes" in checked.output
    ours = tmp_path / "ours.json"
    converted = run.invoke(
        cli.app, ["codes", "convert", str(codes), str(ours), "--to", "clairo", "--no-digit"]
    )
    assert converted.exit_code == 0, converted.output
    assert read_index(ours).marks == ("A", "B")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["export", "new.json", "--convention", "tiger"], 2, "clairo, lcrec, mql4grec"),
        (["export", "new.json", "--modality", "video"], 2, "all, text, image"),
        (["export", "new.json", "--run", "a", "--config", "b.yaml"], 2, "name one"),
        (["export", "new.json", "--run", "a"], 2, "there is none at"),
        (["check", "no.json"], 1, "must be readable (No such file"),
        (["convert", "no.json", "new.json", "--to", "lcrec"], 1, "No such file"),
    ],
)
def test_what_cannot_be_done_is_one_message(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    arguments: list[str],
    code: int,
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setattr(sys, "argv", ["clairo", "codes", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    told = capsys.readouterr().err
    assert ended.value.code == code
    assert said in told
    assert "Traceback" not in told
    assert not (tmp_path / "new.json").exists()
