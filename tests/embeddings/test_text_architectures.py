"""Text models by configuration: random checkpoints of Qwen3-Embedding and of Sentence-T5."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from safetensors.torch import load_file, save_file

from clairo.core.errors import ConfigError, DataError
from clairo.embeddings import SentenceTransformerConfig
from tests.contracts.encoder import RUNTIME, EncoderContract, make_catalog, shop
from tests.embeddings.tiny_models import DIMS, save_qwen3, save_t5_encoder


@pytest.fixture(scope="module")
def qwen3(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_qwen3(tmp_path_factory.mktemp("qwen3"))


@pytest.fixture(scope="module")
def sentence_t5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_t5_encoder(tmp_path_factory.mktemp("t5"))


class TestQwen3(EncoderContract):
    config_type = SentenceTransformerConfig

    @pytest.fixture
    def config(self, qwen3: Path) -> SentenceTransformerConfig:
        return SentenceTransformerConfig(model=str(qwen3))


class TestSentenceT5(EncoderContract):
    config_type = SentenceTransformerConfig

    @pytest.fixture
    def config(self, sentence_t5: Path) -> SentenceTransformerConfig:
        return SentenceTransformerConfig(model=str(sentence_t5))


def test_padding_does_not_change_the_vector_of_the_last_token(qwen3: Path) -> None:
    sentences = ["tea", "a much longer sentence about kettles", "cup"]
    together = SentenceTransformerConfig(model=str(qwen3), batch_size=3)
    alone = together.model_copy(update={"batch_size": 1})
    catalog = make_catalog(sentences, [None] * 3)
    np.testing.assert_allclose(
        together.encode(catalog, 0, RUNTIME).vectors,
        alone.encode(catalog, 0, RUNTIME).vectors,
        atol=1e-5,
    )


def test_a_prompt_of_the_model_is_its_text(qwen3: Path) -> None:
    named = SentenceTransformerConfig(model=str(qwen3), prompt_name="query")
    written = SentenceTransformerConfig(model=str(qwen3), prompt="Instruct: find it\nQuery:")
    plain = SentenceTransformerConfig(model=str(qwen3))
    by_name = named.encode(shop(), 0, RUNTIME).vectors
    np.testing.assert_allclose(by_name, written.encode(shop(), 0, RUNTIME).vectors, atol=1e-6)
    assert np.abs(by_name - plain.encode(shop(), 0, RUNTIME).vectors).max() > 0.01


def test_an_unknown_prompt_is_an_error_that_names_the_models_own(qwen3: Path) -> None:
    config = SentenceTransformerConfig(model=str(qwen3), prompt_name="passage")
    with pytest.raises(ConfigError, match=r"\(document, query\), got 'passage'"):
        config.encode(shop(), 0, RUNTIME)
    with pytest.raises(ValidationError, match="one prompt"):
        SentenceTransformerConfig(prompt="query: ", prompt_name="query")


def test_a_shorter_vector_is_the_beginning_of_the_whole_one_at_length_one(qwen3: Path) -> None:
    whole = SentenceTransformerConfig(model=str(qwen3)).encode(shop(), 0, RUNTIME)
    short = SentenceTransformerConfig(model=str(qwen3), truncate_dim=8).encode(shop(), 0, RUNTIME)
    beginning = whole.vectors[whole.present, :8]
    wanted = beginning / np.linalg.norm(beginning, axis=1, keepdims=True)
    np.testing.assert_allclose(short.vectors[short.present], wanted, atol=1e-5)
    wide = SentenceTransformerConfig(model=str(qwen3), truncate_dim=DIMS + 1)
    with pytest.raises(ConfigError, match=f"at most the model's {DIMS} columns, got {DIMS + 1}"):
        wide.encode(shop(), 0, RUNTIME)


def test_a_checkpoint_stored_in_bfloat16_computes_in_the_precision_asked_for(qwen3: Path) -> None:
    plain = qwen3.parent / "plain"
    stored = load_file(plain / "model.safetensors")
    assert {value.dtype for value in stored.values()} == {torch.bfloat16}
    full = SentenceTransformerConfig(model=str(plain), precision="float32")
    half = SentenceTransformerConfig(model=str(plain), precision="bfloat16")
    exact, rounded = full.encode(shop(), 0, RUNTIME), half.encode(shop(), 0, RUNTIME)
    assert 0 < np.abs(exact.vectors - rounded.vectors).max() < 0.05
    assert rounded.facts["precision"] == "bfloat16"


def test_weights_of_another_architecture_are_an_error_and_not_random(
    tmp_path: Path, sentence_t5: Path
) -> None:
    folder = save_qwen3(tmp_path)
    foreign = load_file(sentence_t5 / "model.safetensors")
    save_file(foreign, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(DataError, match=r"another architecture: it lacks weights.*lsa"):
        SentenceTransformerConfig(model=str(folder)).encode(shop(), 0, RUNTIME)


def test_a_device_without_memory_for_the_weights_is_an_error_about_memory(
    qwen3: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **options: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")

    monkeypatch.setattr("transformers.PreTrainedModel.from_pretrained", refuse)
    with pytest.raises(DataError, match=r"need more memory than there is.*smaller model"):
        SentenceTransformerConfig(model=str(qwen3)).encode(shop(), 0, RUNTIME)
