"""``clairo run --tie-orders``: each order is a data set of its own."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import yaml

from clairo.core.errors import ConfigError
from clairo.pipeline.profiles import get_profile
from clairo.sweep.search_space import merge_settings
from clairo.workflows.options import SweepOptions
from clairo.workflows.tie_orders import run_tie_orders
from tests.datasets.amazon_files import write_amazon

SMALLEST = {
    "fusion": {"kind": "text_only"},
    "quantization": {"num_codebooks": 1, "codebook_size": 4},
    "merging": {"num_merges": 5},
    "model": {
        "epochs": 2, "d_model": 8, "d_ff": 8, "num_heads": 1, "d_kv": 8, "num_layers": 1,
        "num_decoder_layers": 1, "max_examples": 50, "valid_users": 10,
    },
    "evaluation": {"num_beams": 12, "top_k": 10, "ensemble": 1, "max_users": 10},
}  # fmt: skip


def _options(folder: Path, days: int) -> SweepOptions:
    """Twenty users with six interactions each, on so many days."""
    draw = random.Random(0)
    reviews = [
        (f"user{user}", f"item{draw.randrange(12)}", step % days)
        for user in range(20)
        for step in range(6)
    ]
    rows = [{"asin": f"item{i}", "title": f"{['red', 'blue', 'big', 'old'][i % 4]} cup {i}"}
            for i in range(12)]  # fmt: skip
    write_amazon(folder, reviews, rows)
    return SweepOptions(category="gift_cards", data=folder, out=folder / "out", fetch=False)


def _config(folder: Path) -> Path:
    values = merge_settings(get_profile("quick").base, SMALLEST)
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    return path


def test_every_order_gives_metrics_of_its_own_data_set(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = _options(tmp_path, days=2)
    found = run_tie_orders(options, _config(tmp_path), orders=2, read_test=True)
    assert {len(values) for values in found.values()} == {2}
    assert "test/ndcg_at_10" in found
    printed = capsys.readouterr().out
    assert "20 of 20 users have a tie; over 2 orders" in printed
    mean = sum(found["test/ndcg_at_10"]) / 2
    assert f"mean {mean:.4f}" in printed
    entries = list((tmp_path / "out/store/dataset").glob("*/manifest.json"))
    assert len(entries) == 2


def test_data_without_ties_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="has none; its order is certain"):
        run_tie_orders(_options(tmp_path, days=6), None, orders=2, read_test=False)
