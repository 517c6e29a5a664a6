"""How much of a vocabulary depends on the way of counting; run with ``make bench``.

Real histories of three categories, five columns (OPQ of title vectors, and a hash), both ways of
counting, the same budget. What it does to the ranking metric is a training, not a benchmark: see
``experiments/exact_counting.yaml`` and ``experiments/release_counting.yaml``.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from clairo.merging import FeatureSetBPE, FeatureSetBPEConfig, describe
from tests.benchmarks.coded_histories import CodedHistories, read_coded

BUDGETS = (1_000, 4_000, 16_000)


def spelled(tokenizer: FeatureSetBPE) -> set[tuple[tuple[int, int], ...]]:
    """What the merges stand for, whatever their numbers: their codes as a multiset."""
    tokens = range(tokenizer.num_initial, tokenizer.vocab_size)
    return {tuple(sorted(tokenizer.leaves(token))) for token in tokens}


def build(coded: CodedHistories, counting: str) -> FeatureSetBPE:
    """The largest budget; smaller ones are its beginnings."""
    config = FeatureSetBPEConfig(num_merges=max(BUDGETS), counting=counting)
    return config.fit(coded.codes, coded.training, 0)


@pytest.mark.parametrize("category", ["Beauty", "Sports_and_Outdoors", "Toys_and_Games"])
def test_how_much_of_a_vocabulary_both_ways_share(
    category: str, shared: Path, tmp_path: Path
) -> None:
    coded = read_coded(category, shared, tmp_path)
    exact, release = build(coded, "exact"), build(coded, "release")
    print(f"\n{category}: {len(coded.training.values):,} training interactions")
    for budget in BUDGETS:
        vocabularies = exact.truncate(budget), release.truncate(budget)
        ours, theirs = (spelled(tokenizer) for tokenizer in vocabularies)
        facts = [describe(tokenizer, coded.training) for tokenizer in vocabularies]
        lengths = "/".join(f"{fact['tokens_per_history_item']:.3f}" for fact in facts)
        alone = "/".join(f"{fact['tokens_per_item']:.3f}" for fact in facts)
        common = len(ours & theirs)
        print(
            f"  {budget:,} merges: {common:,} spellings in common of {len(ours):,} and "
            f"{len(theirs):,}; tokens an item exact/release: {lengths} in histories, {alone} alone"
        )
        assert 0 < common < budget, "the two ways give vocabularies that overlap and differ"
