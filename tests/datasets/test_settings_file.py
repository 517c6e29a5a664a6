"""Filters and splits from a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from clairo.core.errors import ConfigError
from clairo.datasets import AmazonConfig, DemoConfig
from clairo.datasets.settings_file import read_settings, with_settings
from clairo.datasets.splits import GlobalTime, LeaveLastOut

EXAMPLES = Path(__file__).resolve().parents[2] / "experiments/data"
BOOKS = AmazonConfig(category="Books", release="2018", data_dir=Path("elsewhere"))


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.name)
def test_every_example_fits_an_amazon_category_and_changes_it(path: Path) -> None:
    changed = with_settings(BOOKS, read_settings(path), path.name)
    assert changed.identity() != BOOKS.identity()
    assert changed.data_dir == BOOKS.data_dir


def test_there_are_examples_and_a_split_by_time_among_them() -> None:
    values = read_settings(EXAMPLES / "global_time.yaml")
    assert with_settings(BOOKS, values, "x").split == GlobalTime(valid_share=0.1, test_share=0.1)
    assert BOOKS.split == LeaveLastOut()


def test_no_settings_are_the_same_data_set() -> None:
    assert with_settings(BOOKS, {}, "x") is BOOKS


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- min_rating", "must be a mapping"),
        ("a: [", "not YAML"),
        ("1: 2", "must be a mapping"),
        ("category: Toys_and_Games", "got category; take it out"),
        ("{data_dir: /x, release: '2014'}", "got release, data_dir; take it out"),
    ],
)
def test_a_file_that_is_none_of_filters_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "filters.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        read_settings(path)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_settings(tmp_path / "missing.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"min_rating: \xe9")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_settings(tmp_path / "latin.yaml")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"min_ratings": 4},
            r"^filters.yaml: Amazon 2018 Books has no setting 'min_ratings'; it has: min_rating, ",
        ),
        ({"user_core": 0}, "user_core: Input should be greater than 0"),
        ({"split": {"kind": "random"}}, "split"),
        (
            {"split": {"kind": "global_time", "valid_share": 0.5, "test_share": 0.5}},
            "must leave something to train on, got 0.5 and 0.5",
        ),
        ({"reviews": "official"}, "release 2018 has reviews of the kinds 5core, all, ratings"),
        ({"memory_mb": 10}, "memory_mb: Input should be greater than or equal to 768"),
    ],
)
def test_a_wrong_setting_is_named_with_its_value_and_rule(
    values: dict[str, object], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        with_settings(BOOKS, values, "filters.yaml")


def test_a_generated_world_has_no_filters() -> None:
    with pytest.raises(ConfigError, match="demo world 0 has no setting 'min_rating'; it has: "):
        with_settings(DemoConfig(), {"min_rating": 4}, "filters.yaml")


@pytest.mark.parametrize("text", ["image_required: no", "image_required: 'no'"])
def test_a_bare_no_means_no(tmp_path: Path, text: str) -> None:
    path = tmp_path / "filters.yaml"
    path.write_text(text, encoding="utf-8")
    assert with_settings(BOOKS, read_settings(path), "x").image_required == "no"
    with pytest.raises(ConfigError, match="image_required"):
        with_settings(BOOKS, {"image_required": True}, "x")


@pytest.mark.parametrize(
    "values",
    [
        {"metadata": "none"},
        {"min_rating": 4},
        {"duplicates": "first"},
        {"image_required": "after_core"},
        {"user_core": 5},
        {"item_core": 1},
        {"sample_users": 10},
        {"split": {"kind": "global_time"}},
        {"max_history": 20},
        {"tie_seed": 0},
    ],
)
def test_items_alone_have_nothing_to_filter(values: dict[str, object]) -> None:
    with_settings(BOOKS, {"reviews": "none"}, "x")
    with_settings(BOOKS, values, "x")
    with pytest.raises(ConfigError, match=r"take (one|these|out)") as caught:
        with_settings(BOOKS, {"reviews": "none", **values}, "filters.yaml")
    assert next(iter(values)) in str(caught.value)
