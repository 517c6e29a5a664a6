"""What a fusion tells about itself survives a file, and cannot be nonsense."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from clairo.core.artifacts import EmbeddingTable, FusionInsight, Modalities
from clairo.core.errors import DataError


def fused(insight: FusionInsight | None) -> Modalities:
    vectors = np.arange(6, dtype=np.float32).reshape(3, 2)
    table = EmbeddingTable("fused", ("a", "b", "c"), vectors, np.ones(3, dtype=bool))
    return Modalities((table,), insight)


def test_weights_and_probes_come_back_from_a_folder(tmp_path: Path) -> None:
    insight = FusionInsight(
        weights={"text": np.array([1.0, 0.25, 0.5]), "image": np.array([0.0, 0.75, 0.5])},
        present={"text": np.array([True, True, True]), "image": np.array([False, True, True])},
        probe_items=np.array([0, 2]),
        probes={"image": np.array([[1.0, 2.0], [3.0, 4.0]], dtype=np.float32)},
    )
    fused(insight).save(tmp_path)
    back = Modalities.load(tmp_path).insight
    assert back is not None
    assert {name: shares.tolist() for name, shares in back.weights.items()} == {
        "text": [1.0, 0.25, 0.5],
        "image": [0.0, 0.75, 0.5],
    }
    assert {name: mask.tolist() for name, mask in back.present.items()} == {
        "text": [True, True, True],
        "image": [False, True, True],
    }
    assert back.probe_items.tolist() == [0, 2]
    assert back.probes["image"].tolist() == [[1.0, 2.0], [3.0, 4.0]]


def test_without_an_insight_none_comes_back(tmp_path: Path) -> None:
    fused(None).save(tmp_path)
    assert Modalities.load(tmp_path).insight is None


@pytest.mark.parametrize("wrong", [-0.1, 1.1, np.nan])
def test_a_weight_that_is_no_share_is_an_error(wrong: float) -> None:
    with pytest.raises(DataError, match="shares from 0 to 1, those of text are not"):
        FusionInsight(weights={"text": np.array([0.5, wrong])})


def test_weights_for_other_items_are_an_error() -> None:
    with pytest.raises(DataError, match="text weights must have 3 entries, got 2"):
        fused(FusionInsight({"text": np.array([0.5, 0.5])}, {"text": np.ones(2, dtype=bool)}))


def test_weights_of_items_that_may_have_them_or_not_are_an_error() -> None:
    shares = {"text": np.array([1.0, 0.0])}
    with pytest.raises(DataError, match="which items have them, text does not"):
        FusionInsight(shares, {"image": np.array([True, True])})
    with pytest.raises(DataError, match="text mask must have 2 entries, got 1"):
        FusionInsight(shares, {"text": np.array([True])})


def test_probes_and_probed_items_match() -> None:
    with pytest.raises(DataError, match="image probes must have 1 entries, got 2"):
        FusionInsight(probe_items=np.array([4]), probes={"image": np.zeros((2, 3))})
