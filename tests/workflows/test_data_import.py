"""``clairo data import``."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from clairo.cli import app
from clairo.core.errors import ConfigError
from clairo.datasets.aliases import resolve_category
from clairo.workflows.data_import import Tables, import_tables
from tests.datasets.amazon_files import picture

VISITS = pd.DataFrame({"user_id": [1, 1, 1], "item_id": ["a", "b", "c"], "timestamp": [3, 2, 1]})


def test_tables_become_a_category(tmp_path: Path) -> None:
    VISITS.to_parquet(tmp_path / "visits.parquet")
    pd.DataFrame({"item_id": ["a"], "title": ["A"]}).to_parquet(tmp_path / "items.parquet")
    data = tmp_path / "my data"
    said: list[str] = []
    tables = Tables(tmp_path / "visits.parquet", tmp_path / "items.parquet")
    config = import_tables("shop", tables, data, {}, say=said.append)
    assert resolve_category("atomic/shop", None, data) == config
    assert config.read().catalog.titles == ("A", "", "")
    assert said == [
        f"shop: written to {data}/atomic/shop",
        f"What is in it:  clairo data describe atomic/shop --data '{data}'",
        f"A sweep of it:  make sweep CATEGORY=atomic/shop DATA='{data}'",
    ]


def test_how_many_pictures_came_along_is_said(tmp_path: Path) -> None:
    VISITS.to_parquet(tmp_path / "visits.parquet")
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    (pictures / "a.png").write_bytes(picture(kind="PNG"))
    for number in range(7):
        (pictures / f"broken{number}.jpg").write_bytes(b"")
    said: list[str] = []
    tables = Tables(tmp_path / "visits.parquet", images=pictures)
    import_tables("shop", tables, tmp_path / "data", {}, say=said.append)
    assert said[1] == (
        "Pictures: 1 copied, 7 left out since they do not decode (broken0.jpg, broken1.jpg, "
        "broken2.jpg, broken3.jpg, broken4.jpg and 2 more)"
    )
    whole = Tables(tmp_path / "visits.parquet", images=tmp_path / "data/atomic/shop/images")
    import_tables("other", whole, tmp_path / "data", {}, say=said.append)
    assert "Pictures: 1 copied" in said


def test_a_wrong_setting_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"clairo data import: time_unit: .*'s' or 'ms'"):
        import_tables("shop", Tables(tmp_path), tmp_path, {"time_unit": "us"})


def test_the_command_names_columns(tmp_path: Path) -> None:
    names = {"user_id": "who", "item_id": "what", "timestamp": "at"}
    path = tmp_path / "visits.parquet"
    VISITS.rename(columns=names).to_parquet(path)
    told = ["--user", "who", "--item", "what", "--timestamp", "at", "--data", str(tmp_path)]
    done = CliRunner().invoke(app, ["data", "import", "shop", str(path), *told])
    assert done.exit_code == 0, done.output
    dataset = resolve_category("atomic/shop", None, tmp_path).read()
    assert dataset.log.timestamps.tolist() == [1, 2, 3]
    in_order = CliRunner().invoke(
        app, ["data", "import", "shop", str(path), *told, "--in-order", "--overwrite"]
    )
    assert in_order.exit_code == 0, in_order.output
    dataset = resolve_category("atomic/shop", None, tmp_path).read()
    assert dataset.facts["time_unit"] == "position"
    assert dataset.log.items.tolist() == [0, 1, 2]
