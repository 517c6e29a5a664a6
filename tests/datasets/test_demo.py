"""The demo world as a data set: promises, settings, sizes and missing parts."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from clairo.core.config import parse_config
from clairo.core.errors import ConfigError
from clairo.datasets import DemoConfig
from clairo.datasets.demo import MAX_THEMES
from clairo.datasets.demo_words import THEMES
from tests.contracts.datasets import LeaveLastOutContract
from tests.worlds import small_demo


class TestDemo(LeaveLastOutContract):
    config_type = DemoConfig

    @pytest.fixture
    def config(self, tmp_path: Path) -> DemoConfig:
        return small_demo(missing_images=0.2, missing_texts=0.1)


def test_another_seed_is_another_world() -> None:
    first, second = small_demo(seed=1).read(), small_demo(seed=2).read()

    assert first.catalog.sentences != second.catalog.sentences
    assert not np.array_equal(first.log.items, second.log.items)


def test_histories_of_a_pinned_world_never_change() -> None:
    log = small_demo(seed=5).read().log

    digest = hashlib.sha256(log.items.astype("<i4").tobytes()).hexdigest()
    assert digest[:16] == "0444d5d73ef824b5"


def test_no_setting_of_the_catalogue_moves_the_histories() -> None:
    whole, partial = small_demo().read(), small_demo(missing_images=0.5).read()

    assert np.array_equal(whole.log.items, partial.log.items)
    assert whole.catalog.sentences == partial.catalog.sentences


def test_the_shares_of_missing_parts_are_met() -> None:
    dataset = small_demo(missing_images=0.25, missing_texts=0.1).read()

    assert (~dataset.catalog.has_image).sum() == 15
    assert (~dataset.catalog.has_text).sum() == 6
    assert dataset.facts["image_coverage"] == 0.75
    assert [title for title in dataset.catalog.titles if not title] == [""] * 6


def test_by_default_everything_is_there() -> None:
    dataset = small_demo().read()

    assert dataset.catalog.has_image.all()
    assert dataset.catalog.has_text.all()
    assert all(price.startswith("$") for price in dataset.catalog.prices)


def test_history_lengths_have_their_smallest_value_and_mean() -> None:
    lengths = np.diff(small_demo(num_users=4000, mean_length=9, min_length=4).read().log.offsets)

    assert lengths.min() == 4
    # A geometric number of mean 5 has a standard deviation of sqrt(30) = 5.5.
    assert lengths.mean() == pytest.approx(9, abs=4 * 5.5 / np.sqrt(4000))
    assert (lengths >= 20).any()


def test_a_mean_equal_to_the_smallest_length_makes_all_equal() -> None:
    lengths = np.diff(small_demo(mean_length=5, min_length=5).read().log.offsets)

    assert set(lengths.tolist()) == {5}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"num_items": 100}, "raise num_items to 144 or more"),
        ({"mean_length": 4.0}, "mean_length=4 with min_length=5; raise it"),
        ({"text_share": 1.1}, "text_share"),
        ({"visual_share": -0.1}, "visual_share"),
        ({"num_themes": MAX_THEMES + 1}, "num_themes"),
        ({"num_looks": 1}, "num_looks"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_impossible_worlds_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_config(DemoConfig, settings, "dataset")


def test_every_theme_that_can_be_asked_for_has_words() -> None:
    assert len(THEMES) == MAX_THEMES
    assert len({theme.category for theme in THEMES}) == MAX_THEMES


def test_a_generated_world_has_no_sources_and_no_release() -> None:
    assert DemoConfig().sources() == {}
    assert DemoConfig().release_label == ""
    assert DemoConfig(seed=3).label == "demo world 3"
