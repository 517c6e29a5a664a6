"""What a code table says of its meaning, and how far one modality decides."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from clairo.core.artifacts import EmbeddingTable, FusionInsight, GivenCodes, Modalities
from clairo.core.stage import Runtime
from clairo.pipeline.gates import Gates
from clairo.quantization import GivenConfig, OpqConfig, RqKmeansConfig
from clairo.quantization.base import Quantizer
from clairo.quantization.code_table import build_code_table
from clairo.quantization.given import build_given_table
from clairo.quantization.meaning import reliance, worst_of
from clairo.quantization.neighborhoods import neighbor_preservation

NUM_ITEMS = 80
EVERYBODY = np.ones(NUM_ITEMS, dtype=bool)
CONFIG = RqKmeansConfig(num_codebooks=2, codebook_size=2, num_hash_buckets=64)
CORNERS = np.arange(NUM_ITEMS) % 2
CATEGORIES = tuple(f"kind {corner}" for corner in CORNERS)


def two_corners(modality="fused", missing: int = 0) -> EmbeddingTable:
    """Items at two corners far apart, of a category each."""
    noise = np.random.default_rng(0).normal(size=(NUM_ITEMS, 4), scale=0.02)
    vectors = (3 * np.eye(4)[CORNERS] + noise).astype(np.float32)
    present = np.arange(NUM_ITEMS) >= missing
    vectors[~present] = 0
    return EmbeddingTable(modality, tuple(map(str, range(NUM_ITEMS))), vectors, present)


def build(table: EmbeddingTable, insight: FusionInsight | None = None, config=CONFIG):
    return build_code_table(
        Modalities((table,), insight), config, EVERYBODY, 0, Runtime(), CATEGORIES
    )


@pytest.mark.parametrize("modality", ["text", "fused"])
def test_a_code_table_says_what_its_first_codes_keep_together(modality) -> None:
    found = build(two_corners(modality)).diagnostics
    assert found[f"{modality}/neighbors_1"] == found[f"{modality}/purity_1"] == 1.0
    assert found[f"{modality}/neighbors_chance_1"] == pytest.approx(39 / 79)
    assert found[f"{modality}/num_categories"] == 2
    assert found["neighbors_lift_min"] == 1.0
    assert found["reconstruction_error_max"] == found[f"{modality}/reconstruction_error"]


def test_items_without_the_modality_are_nobodys_neighbours() -> None:
    found = build(two_corners("image", missing=8)).diagnostics
    # 36 items are left at either corner.
    assert found["image/neighbors_chance_1"] == pytest.approx(35 / 71)


def test_a_modality_that_decides_everything_changes_every_code_when_exchanged() -> None:
    table = two_corners()
    probed = np.arange(0, NUM_ITEMS, 2)
    # With another text an item moves to the other corner; with another image it stays.
    moved = table.vectors[probed + 1]
    insight = FusionInsight({}, {}, probed, {"text": moved, "image": table.vectors[probed]})
    found = build(table, insight).diagnostics
    assert found["fused/reliance/text"] == found["fused/reliance/text/0"] == 1.0
    assert found["fused/reliance/image"] == found["fused/reliance/image/0"] == 0.0


@dataclass(frozen=True)
class Rounded(Quantizer):
    """Two codes: the integer parts of the first two dimensions."""

    def encode(self, vectors):
        return np.floor(vectors[:, :2]).astype(np.int32)

    def decode(self, codes):
        return codes.astype(np.float32)


def test_reliance_counts_any_level_and_each_level() -> None:
    codes = np.array([[0, 0], [1, 1], [2, 2], [3, 3]])
    probes = np.array([[1.5, 0.5], [2.5, 9.5], [2.5, 7.5]])  # changes: first; both; second
    insight = FusionInsight({}, {}, np.array([0, 1, 2]), {"image": probes})
    found = reliance(insight, Rounded({}), codes)
    assert found["reliance/image"] == 1.0
    assert found["reliance/image/0"] == found["reliance/image/1"] == pytest.approx(2 / 3)


def test_nothing_is_said_of_reliance_where_nothing_was_probed() -> None:
    assert reliance(FusionInsight(), Rounded({}), np.zeros((3, 2), dtype=int)) == {}
    weighted = FusionInsight({"text": np.ones(NUM_ITEMS)}, {"text": np.ones(NUM_ITEMS, dtype=bool)})
    found = build(two_corners(), weighted).diagnostics
    assert not any("reliance" in name for name in found)


def test_the_worst_codebook_and_the_worst_modality_are_summed_up() -> None:
    parts = {
        "text/0/perplexity": 3.0, "text/0/counts": [2, 1, 1, 0],
        "image/0/perplexity": 4.0, "image/0/counts": [1] * 8,
        "text/reconstruction_error": 0.2, "image/reconstruction_error": 0.4,
        "text/neighbors_1": 0.6, "image/neighbors_1": 0.7, "text/neighbors_2": 0.1,
        "text/neighbors_chance_1": 0.2, "image/neighbors_chance_1": 0.6,
    }  # fmt: skip
    assert worst_of(parts) == {
        "perplexity_share_min": 0.5,
        "reconstruction_error_max": 0.4,
        # Images keep more than texts, but chance would keep most of it.
        "neighbors_lift_min": (0.7 - 0.6) / (1 - 0.6),
    }


def test_one_code_for_everything_keeps_all_neighbours_and_breaks_the_gate() -> None:
    vectors = two_corners("text").vectors
    parts = {"text/0/perplexity": 1.0, "text/0/counts": [NUM_ITEMS, 0]}
    collapsed = neighbor_preservation(vectors, np.zeros((NUM_ITEMS, 1), dtype=int), seed=0)
    parts |= {f"text/{name}": value for name, value in collapsed.items()}
    assert parts["text/neighbors_1"] == 1.0
    (measured,) = Gates(min_neighbor_lift=0.02).measure_codes(worst_of(parts))
    assert measured.violation == 0.02
    assert measured.why == "kept neighbors beyond chance 0.000 is below the gate 0.02"


def test_diagnostics_are_the_same_for_the_same_seed_and_any_quantizer_has_them() -> None:
    config = OpqConfig(num_codebooks=2, codebook_size=4, num_hash_buckets=64)
    table = replace(two_corners(), vectors=two_corners().vectors)
    assert build(table, config=config).diagnostics == build(table, config=config).diagnostics
    assert "fused/neighbors_2" in build(table, config=config).diagnostics


def test_given_codes_have_a_purity_and_no_neighbours() -> None:
    codes = np.column_stack([CORNERS, np.arange(NUM_ITEMS) // 4]).astype(np.int32)
    given = GivenCodes("text", codes, (2, 20))
    ids = tuple(map(str, range(NUM_ITEMS)))
    found = build_given_table((given,), ids, GivenConfig(), 0, CATEGORIES).diagnostics
    assert found["text/purity_1"] == 1.0
    assert not any("neighbors" in name or "reconstruction" in name for name in found)
