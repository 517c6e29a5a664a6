"""Vision models of transformers, by random checkpoints of real architectures."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from clairo.core.errors import ConfigError, DataError
from clairo.embeddings import SentenceTransformerConfig, TransformersImageConfig
from tests.contracts.encoder import RUNTIME, EncoderContract, make_catalog, shop
from tests.embeddings.tiny_models import DIMS, save_image_model, save_qwen3

KINDS = {
    "dinov2": ("pooler", DIMS),
    "vit_without_pooler": ("cls", DIMS),
    "clip": ("features", 24),
    "clip_vision": ("pooler", DIMS),
    "siglip": ("features", DIMS),
    "siglip2_naflex": ("features", DIMS),
}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("models")
    return {kind: save_image_model(kind, folder / kind) for kind in KINDS}


class TestTransformersImage(EncoderContract):
    config_type = TransformersImageConfig

    @pytest.fixture(params=["dinov2", "siglip", "siglip2_naflex"])
    def config(
        self, models: dict[str, Path], request: pytest.FixtureRequest
    ) -> TransformersImageConfig:
        return TransformersImageConfig(model=str(models[request.param]))


@pytest.mark.parametrize("kind", KINDS)
def test_every_architecture_gives_its_own_vector(models: dict[str, Path], kind: str) -> None:
    pooling, dims = KINDS[kind]
    table = TransformersImageConfig(model=str(models[kind])).encode(shop(), 0, RUNTIME)
    assert (table.facts["pooling"], table.dims) == (pooling, dims)
    np.testing.assert_allclose(np.linalg.norm(table.vectors[table.present], axis=1), 1, rtol=1e-5)


def test_vectors_are_those_of_the_library(models: dict[str, Path]) -> None:
    from transformers import AutoImageProcessor, AutoModel

    picture = Image.new("RGB", (40, 50), (200, 30, 90))
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    config = TransformersImageConfig(model=str(models["dinov2"]), normalize=False)
    table = config.encode(make_catalog([""], [stream.getvalue()]), 0, RUNTIME)
    model = AutoModel.from_pretrained(models["dinov2"]).eval()
    inputs = AutoImageProcessor.from_pretrained(models["dinov2"])(picture, return_tensors="pt")
    with torch.no_grad():
        wanted = model(**inputs).last_hidden_state[:, 0].numpy()
    np.testing.assert_allclose(table.vectors, wanted, atol=1e-5)


def test_poolings_differ_and_one_that_the_model_lacks_is_an_error(models: dict[str, Path]) -> None:
    vit = TransformersImageConfig(model=str(models["vit_without_pooler"]))
    mean = vit.model_copy(update={"pooling": "mean"})
    first = vit.encode(shop(), 0, RUNTIME).vectors
    assert np.abs(first - mean.encode(shop(), 0, RUNTIME).vectors).max() > 0.01
    with pytest.raises(ConfigError, match="one of cls, mean, got pooler"):
        vit.model_copy(update={"pooling": "pooler"}).encode(shop(), 0, RUNTIME)


def test_batch_size_changes_nothing_but_rounding(models: dict[str, Path]) -> None:
    one = TransformersImageConfig(model=str(models["siglip"]), batch_size=1)
    found = one.model_copy(update={"batch_size": None})
    assert one.identity() == found.identity()
    np.testing.assert_allclose(
        one.encode(shop(), 0, RUNTIME).vectors, found.encode(shop(), 0, RUNTIME).vectors, atol=1e-5
    )


def test_bfloat16_agrees_to_two_digits_and_says_so(models: dict[str, Path]) -> None:
    full = TransformersImageConfig(model=str(models["dinov2"]))
    half = full.model_copy(update={"precision": "bfloat16"})
    assert full.identity() != half.identity()
    exact, rounded = full.encode(shop(), 0, RUNTIME), half.encode(shop(), 0, RUNTIME)
    assert (exact.facts["precision"], rounded.facts["precision"]) == ("float32", "bfloat16")
    assert rounded.vectors.dtype == np.float32
    assert 0 < np.abs(exact.vectors - rounded.vectors).max() < 0.02
    np.testing.assert_allclose(
        np.linalg.norm(rounded.vectors[rounded.present], axis=1), 1, rtol=1e-5
    )


def test_a_text_model_is_an_error_that_says_so(tmp_path: Path) -> None:
    config = TransformersImageConfig(model=str(save_qwen3(tmp_path)))
    with pytest.raises(DataError, match=r"Qwen3Model is no model of pictures.*color_hog"):
        config.encode(shop(), 0, RUNTIME)


def test_a_vision_model_as_text_encoder_is_an_error(models: dict[str, Path]) -> None:
    with pytest.raises(DataError, match=r"'text' is not supported.*lsa"):
        SentenceTransformerConfig(model=str(models["dinov2"])).encode(shop(), 0, RUNTIME)


def changed(folder: Path, weights: dict[str, torch.Tensor]) -> TransformersImageConfig:
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    return TransformersImageConfig(model=str(folder))


def test_weights_that_are_missing_are_an_error_and_not_random(tmp_path: Path) -> None:
    folder = save_image_model("dinov2", tmp_path)
    weights = load_file(folder / "model.safetensors")
    foreign = {f"somewhere.else.{name}": value for name, value in weights.items()}
    with pytest.raises(DataError, match="checkpoint of another architecture: it lacks weights"):
        changed(folder, foreign).encode(shop(), 0, RUNTIME)


def test_weights_of_another_width_are_an_error(tmp_path: Path) -> None:
    folder = save_image_model("dinov2", tmp_path)
    weights = load_file(folder / "model.safetensors")
    name = next(name for name in weights if name.endswith("fc1.weight"))
    weights[name] = torch.zeros(3, 5)
    with pytest.raises(DataError, match=r"cannot be loaded.*local copy"):
        changed(folder, weights).encode(shop(), 0, RUNTIME)


def test_a_folder_without_an_image_processor_is_an_error(tmp_path: Path) -> None:
    folder = save_image_model("dinov2", tmp_path)
    (folder / "preprocessor_config.json").unlink()
    with pytest.raises(DataError, match="cannot be loaded"):
        TransformersImageConfig(model=str(folder)).encode(shop(), 0, RUNTIME)


def test_a_model_that_cannot_be_had_is_an_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(DataError, match=r"facebook/dinov2-base.*image.model.*color_hog"):
        TransformersImageConfig().encode(shop(), 0, RUNTIME)


def test_identity_knows_the_content_of_a_local_model(models: dict[str, Path]) -> None:
    identity = TransformersImageConfig(model=str(models["clip"]), batch_size=4).identity()
    assert identity["model"].startswith("sha256:")
    assert "batch_size" not in identity
