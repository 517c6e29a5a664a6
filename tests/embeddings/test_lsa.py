"""Latent semantic analysis on sentences small enough to count by hand."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from clairo.core.errors import DataError
from clairo.embeddings import LsaConfig
from tests.contracts.encoder import RUNTIME, EncoderContract, make_catalog


def encode(config: LsaConfig, *sentences: str):
    return config.encode(make_catalog(sentences, [None] * len(sentences)), 0, RUNTIME)


class TestLsa(EncoderContract):
    config_type = LsaConfig

    @pytest.fixture
    def config(self) -> LsaConfig:
        return LsaConfig(dims=4)


def test_vectors_have_unit_length() -> None:
    table = encode(LsaConfig(), "red scarf", "blue scarf", "tea")
    np.testing.assert_allclose(np.linalg.norm(table.vectors, axis=1), 1, rtol=1e-5)


def test_width_shrinks_to_what_the_sentences_hold() -> None:
    table = encode(LsaConfig(dims=256), "red scarf", "blue scarf", "tea")
    assert table.dims == 3
    assert table.facts["num_terms"] == 4


def test_unrelated_sentences_are_at_right_angles() -> None:
    table = encode(LsaConfig(), "red scarf", "steel kettle")
    assert table.vectors[0] @ table.vectors[1] == pytest.approx(0, abs=1e-6)


def test_words_of_one_letter_and_other_scripts_count() -> None:
    assert encode(LsaConfig(), "x", "茶 壺", "é").facts["num_terms"] == 4


def test_a_sentence_without_any_kept_term_is_missing_and_counted() -> None:
    table = encode(LsaConfig(min_items=2), "red scarf", "red hat", "unique")
    assert table.present.tolist() == [True, True, False]
    assert table.facts["num_without_terms"] == 1


def test_no_kept_term_at_all_is_an_error_that_names_the_settings() -> None:
    with pytest.raises(DataError, match="min_items=3"):
        encode(LsaConfig(min_items=3), "red scarf", "blue hat")


def test_sentences_of_punctuation_are_an_error() -> None:
    with pytest.raises(DataError, match="got none in 2 sentences"):
        encode(LsaConfig(), "!!!", "...")


def test_one_item_alone_can_be_encoded() -> None:
    assert encode(LsaConfig(), "red").vectors.tolist() == [[1.0]]


@pytest.mark.parametrize("wrong", [{"dims": 0}, {"max_share": 0.0}, {"phrase_length": 9}])
def test_settings_out_of_range_are_refused(wrong: dict) -> None:
    with pytest.raises(ValidationError):
        LsaConfig(**wrong)
