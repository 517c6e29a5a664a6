"""Equal to the published integer runs on real Beauty histories, both ways of counting."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from clairo.merging import FeatureSetBPE, FeatureSetBPEConfig
from tests.merging import oracle

Golden = tuple[FeatureSetBPE, dict[str, Any]]
NUM_EXAMPLES = 12


@pytest.fixture(scope="module")
def content(shared: Path) -> dict[str, Any]:
    with gzip.open(shared / "golden/merging_beauty600.json.gz", "rt", encoding="utf-8") as file:
        return dict(json.load(file))


@pytest.fixture(scope="module", params=["exact", "release"])
def golden(content: dict[str, Any], request: pytest.FixtureRequest) -> Golden:
    wanted = content if request.param == "exact" else content["release"]
    num_merges = len(wanted["token2feat"]) - content["num_initial_tokens"]
    config = FeatureSetBPEConfig(num_merges=num_merges, counting=request.param)
    return config.fit(content["codes"], content["sequences"], seed=0), wanted


@pytest.mark.shared
def test_every_merge_and_every_priority_is_the_published_one(golden: Golden) -> None:
    built, wanted = golden
    assert [list(feature) for feature in built.token2feat] == wanted["token2feat"]
    assert built.scaled_priority.tolist() == wanted["scaled_priority"]


@pytest.mark.shared
def test_scale_and_initial_tokens_are_the_published_ones(
    golden: Golden, content: dict[str, Any]
) -> None:
    assert golden[0].count_scale == content["count_scale"]
    assert golden[0].num_initial == content["num_initial_tokens"]


@pytest.mark.shared
def test_every_segmentation_is_the_published_one(golden: Golden) -> None:
    built, wanted = golden
    for example in wanted["encode"]:
        assert built.encode_flat(example["flat"]) == example["flat_bpe"]
        assert built.encode_greedy(example["states"]) == example["greedy"]


@pytest.mark.shared
def test_the_oracle_starts_as_the_published_runs_do(content: dict[str, Any]) -> None:
    for counting, wanted in (("exact", content), ("release", content["release"])):
        built = oracle.build(content["codes"], content["sequences"][:150], 0, counting)
        assert [list(f) for f in built.token2feat] == wanted["token2feat"][: len(built.token2feat)]
        vocabulary = oracle.Vocabulary(
            [tuple(feature) for feature in wanted["token2feat"]],
            wanted["scaled_priority"],
            content["count_scale"],
            [],
        )
        for example in wanted["encode"][:NUM_EXAMPLES]:
            assert oracle.encode_flat(vocabulary, example["flat"]) == example["flat_bpe"]
            assert oracle.encode_greedy(vocabulary, example["states"]) == example["greedy"]


@pytest.mark.shared
def test_the_oracle_builds_what_the_compiled_code_builds_on_real_histories(
    content: dict[str, Any],
) -> None:
    sequences = content["sequences"][:40]
    for counting in ("exact", "release"):
        slow = oracle.build(content["codes"], sequences, 60, counting)
        fast = FeatureSetBPEConfig(num_merges=60, counting=counting).fit(
            content["codes"], sequences, seed=0
        )
        assert fast.token2feat == slow.token2feat
        assert fast.scaled_priority.tolist() == slow.priority
