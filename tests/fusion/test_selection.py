"""Fusions that only choose leave vectors untouched."""

from __future__ import annotations

import numpy as np
import pytest

from clairo.core.artifacts import Modalities
from clairo.fusion import ImageOnlyConfig, NoFusionConfig, TextOnlyConfig
from tests.contracts.fusion import RUNTIME, TRAIN_SEQUENCES, FusionContract, make_modalities


class TestTextOnly(FusionContract):
    config_type = TextOnlyConfig
    names = ("text",)

    @pytest.fixture
    def config(self) -> TextOnlyConfig:
        return TextOnlyConfig()


class TestImageOnly(FusionContract):
    config_type = ImageOnlyConfig
    names = ("image",)

    @pytest.fixture
    def config(self) -> ImageOnlyConfig:
        return ImageOnlyConfig()


class TestNoFusion(FusionContract):
    config_type = NoFusionConfig
    names = ("text", "image")

    @pytest.fixture
    def config(self) -> NoFusionConfig:
        return NoFusionConfig()


@pytest.mark.parametrize("config", [TextOnlyConfig(), ImageOnlyConfig(), NoFusionConfig()])
def test_chosen_tables_are_unchanged(config) -> None:
    before = make_modalities()
    after = config.fit(before, TRAIN_SEQUENCES, 0, RUNTIME).transform(before)
    for table in after.tables:
        np.testing.assert_array_equal(table.vectors, before.get(table.modality).vectors)


def test_text_comes_first_however_the_tables_are_ordered() -> None:
    turned = Modalities(make_modalities().tables[::-1])
    after = NoFusionConfig().fit(turned, TRAIN_SEQUENCES, 0, RUNTIME).transform(turned)
    assert after.names == ("text", "image")
