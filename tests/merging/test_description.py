"""Facts of a vocabulary, on a corpus that is merged on paper."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from clairo.core.ragged import Ragged
from clairo.merging import FeatureSetBPE, FeatureSetBPEConfig, IdentityMergingConfig, describe
from clairo.merging.description import spread_sequences
from tests.worlds import merge_corpus

CORPUS = merge_corpus()
TRAINING = Ragged.from_sequences(CORPUS.sequences)


@pytest.fixture(scope="module")
def tokenizer() -> FeatureSetBPE:
    return FeatureSetBPEConfig(num_merges=3).fit(
        CORPUS.codes, CORPUS.sequences, seed=0, modalities=("text", "image")
    )


def test_tokens_and_bits_before_and_after_are_those_on_paper(tokenizer: FeatureSetBPE) -> None:
    facts = describe(tokenizer, TRAINING)
    # 5 items in 4 sequences become the 4 tokens 4, 4, 5, 6; of 6 tokens 3 are initial.
    assert facts["described_items"] == 5
    assert facts["tokens_per_item_before"] == 2
    assert facts["tokens_per_item"] == 1
    assert facts["tokens_per_history_item"] == 4 / 5
    assert facts["uniform_bits_per_item_before"] == pytest.approx(2 * math.log2(3))
    assert facts["uniform_bits_per_item"] == pytest.approx(math.log2(6))
    assert facts["uniform_bits_per_history_item"] == pytest.approx(4 / 5 * math.log2(6))
    # Shares 1/2, 1/4, 1/4 have 1.5 bits; the ten codes are 5, 4 and 1 of three kinds.
    before = -sum(p * math.log2(p) for p in (0.5, 0.4, 0.1))
    assert facts["unigram_bits_per_item_before"] == pytest.approx(2 * before)
    assert facts["unigram_bits_per_history_item"] == pytest.approx(4 / 5 * 1.5)


def test_usage_and_entropy_are_those_on_paper(tokenizer: FeatureSetBPE) -> None:
    facts = describe(tokenizer, TRAINING)
    assert facts["vocabulary_usage"] == 3 / 6
    assert facts["unigram_entropy"] == pytest.approx(1.5)
    assert facts["unigram_entropy_normalized"] == pytest.approx(1.5 / math.log2(6))
    assert facts["token_perplexity"] == pytest.approx(2**1.5)


def test_lengths_count_codes_over_the_vocabulary_and_over_the_text(
    tokenizer: FeatureSetBPE,
) -> None:
    # Tokens 1 to 3 stand for one code, 4 and 5 for two, 6 for four.
    assert describe(tokenizer, TRAINING)["token_lengths"] == [[1, 3, 0], [2, 2, 3], [4, 1, 1]]
    assert describe(tokenizer)["token_lengths"] == [[1, 3, 0], [2, 2, 0], [4, 1, 0]]


def test_crossing_is_told_by_rank(tokenizer: FeatureSetBPE) -> None:
    facts = describe(tokenizer)
    assert facts["cross_modal_by_rank"] == [1.0, 1.0, 1.0]
    assert facts["cross_item_by_rank"] == [0.0, 0.0, 1.0]
    assert facts["cross_item_share"] == pytest.approx(1 / 3)


def test_a_long_list_of_merges_is_cut_into_twenty_parts() -> None:
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 8, (60, 4))
    sequences = [rng.integers(0, 60, 8) for _ in range(80)]
    many = FeatureSetBPEConfig(num_merges=130).fit(
        codes, sequences, seed=0, modalities=("text", "text", "image", "image")
    )
    facts = describe(many, Ragged.from_sequences(sequences))
    assert len(facts["cross_modal_by_rank"]) == len(facts["cross_item_by_rank"]) == 20
    assert len(facts["top_merges"]) == 100
    whole = sum(codes * uses for codes, _, uses in facts["token_lengths"])
    assert whole == 80 * 8 * 4  # every code of the text is in one token
    assert sum(tokens for _, tokens, _ in facts["token_lengths"]) == many.vocab_size - 1


def test_without_a_text_there_are_no_facts_of_one_and_all_fit_json(
    tokenizer: FeatureSetBPE,
) -> None:
    for facts in (describe(tokenizer), describe(tokenizer, Ragged.from_sequences([[], []]))):
        assert "unigram_entropy" not in facts
        assert "described_items" not in facts
        json.dumps(facts, allow_nan=False)
    json.dumps(describe(tokenizer, TRAINING), allow_nan=False)


def test_a_vocabulary_of_one_token_has_no_share_of_the_most_possible_entropy() -> None:
    one = IdentityMergingConfig().fit([[3]], [[0, 0]], seed=0)
    facts = describe(one, Ragged.from_sequences([[0, 0]]))
    assert facts["unigram_entropy"] == 0.0
    assert "unigram_entropy_normalized" not in facts


def test_whole_sequences_from_all_over_the_text_are_read_where_it_is_larger(
    tokenizer: FeatureSetBPE, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = describe(tokenizer, TRAINING)
    assert (whole["described_items"], whole["training_items"]) == (5, 5)
    monkeypatch.setattr("clairo.merging.description.DESCRIBED_ITEMS", 4)
    facts = describe(tokenizer, TRAINING)
    # Three of four sequences: the first three, with one item each.
    assert (facts["described_items"], facts["training_items"]) == (3, 5)
    assert facts["tokens_per_history_item"] == 1.0


@pytest.mark.parametrize(
    ("limit", "kept"), [(1, [5, 6]), (3, [5, 6]), (5, [5, 6, 7, 8, 9]), (6, None), (9, None)]
)
def test_sequences_are_never_cut_and_one_is_always_kept(limit: int, kept: list[int] | None) -> None:
    sequences = Ragged.from_sequences([[5, 6], [7], [8, 9], [4]])
    found = spread_sequences(sequences, limit).values.tolist()
    assert found == (kept or [5, 6, 7, 8, 9, 4])


def test_what_is_read_of_a_large_text_comes_from_its_beginning_middle_and_end() -> None:
    lengths = np.random.default_rng(0).integers(1, 4, 3000)
    sequences = Ragged.from_sequences([[row] * length for row, length in enumerate(lengths)])
    read = spread_sequences(sequences, 1000)
    assert 900 <= len(read.values) <= 1000
    thirds = np.bincount([row[0] // 1000 for row in read])
    assert thirds.max() - thirds.min() <= 1
