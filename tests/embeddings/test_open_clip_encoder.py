"""Image towers of open_clip, by a tiny model whose random weights the test saves itself."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from clairo.core.errors import ConfigError, DataError
from clairo.core.torchvision_compat import prepare_torchvision
from clairo.embeddings import OpenClipConfig
from tests.contracts.encoder import RUNTIME, EncoderContract, shop

ARCHITECTURE = "clairo-test-tiny"
EMBED_DIMS = 16


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Makes the architecture known to open_clip and saves weights drawn from seed 0."""
    prepare_torchvision()
    import open_clip

    folder = tmp_path_factory.mktemp("open_clip")
    vision = {"image_size": 32, "layers": 1, "width": 64, "patch_size": 8}
    text = {"context_length": 8, "vocab_size": 64, "width": 64, "heads": 1, "layers": 1}
    about = {"embed_dim": EMBED_DIMS, "vision_cfg": vision, "text_cfg": text}
    (folder / f"{ARCHITECTURE}.json").write_text(json.dumps(about))
    open_clip.add_model_config(folder / f"{ARCHITECTURE}.json")
    torch.manual_seed(0)
    model = open_clip.create_model(ARCHITECTURE)
    path = folder / "weights.pt"
    torch.save(model.state_dict(), path)
    return path


class TestOpenClip(EncoderContract):
    config_type = OpenClipConfig

    @pytest.fixture
    def config(self, checkpoint: Path) -> OpenClipConfig:
        return OpenClipConfig(architecture=ARCHITECTURE, pretrained=str(checkpoint), batch_size=3)


def test_vectors_are_those_of_the_saved_weights(checkpoint: Path) -> None:
    config = OpenClipConfig(architecture=ARCHITECTURE, pretrained=str(checkpoint))
    table = config.encode(shop(), 0, RUNTIME)
    assert table.dims == EMBED_DIMS
    np.testing.assert_allclose(np.linalg.norm(table.vectors[table.present], axis=1), 1, rtol=1e-5)
    torch.manual_seed(1)
    again = config.encode(shop(), 0, RUNTIME)
    np.testing.assert_array_equal(again.vectors, table.vectors)


def test_batch_size_does_not_change_the_vectors(checkpoint: Path) -> None:
    one = OpenClipConfig(architecture=ARCHITECTURE, pretrained=str(checkpoint), batch_size=1)
    all_ = one.model_copy(update={"batch_size": 100})
    assert one.identity() == all_.identity()
    np.testing.assert_allclose(
        one.encode(shop(), 0, RUNTIME).vectors, all_.encode(shop(), 0, RUNTIME).vectors, atol=1e-5
    )


def test_an_unknown_architecture_is_an_error_that_names_close_ones() -> None:
    with pytest.raises(ConfigError, match="ViT-L-14"):
        OpenClipConfig(architecture="ViT-L14").encode(shop(), 0, RUNTIME)


def test_an_unknown_tag_is_an_error_that_says_what_to_do() -> None:
    config = OpenClipConfig(architecture="ViT-B-32", pretrained="no_such_tag")
    with pytest.raises(DataError, match=r"no_such_tag.*local copy.*color_hog"):
        config.encode(shop(), 0, RUNTIME)


@pytest.mark.parametrize("content", [b"", b"these are no weights"])
def test_a_damaged_checkpoint_is_an_error(checkpoint: Path, tmp_path: Path, content: bytes) -> None:
    damaged = tmp_path / "weights.pt"
    damaged.write_bytes(content)
    with pytest.raises(DataError, match="cannot be loaded"):
        OpenClipConfig(architecture=ARCHITECTURE, pretrained=str(damaged)).encode(
            shop(), 0, RUNTIME
        )


def test_weights_of_another_architecture_are_an_error(checkpoint: Path) -> None:
    config = OpenClipConfig(architecture="ViT-S-32", pretrained=str(checkpoint))
    with pytest.raises(DataError, match="cannot be loaded"):
        config.encode(shop(), 0, RUNTIME)


def test_a_folder_brings_architecture_and_weights(checkpoint: Path, tmp_path: Path) -> None:
    about = json.loads((checkpoint.parent / f"{ARCHITECTURE}.json").read_text())
    (tmp_path / "open_clip_config.json").write_text(
        json.dumps({"model_cfg": about, "preprocess_cfg": {}})
    )
    folder = OpenClipConfig(architecture=f"local-dir:{tmp_path}")
    with pytest.raises(DataError, match="cannot be loaded"):  # and not random weights
        folder.encode(shop(), 0, RUNTIME)
    weights = torch.load(checkpoint)
    torch.save(weights, tmp_path / "open_clip_pytorch_model.bin")
    named = OpenClipConfig(architecture=ARCHITECTURE, pretrained=str(checkpoint))
    np.testing.assert_allclose(
        folder.encode(shop(), 0, RUNTIME).vectors,
        named.encode(shop(), 0, RUNTIME).vectors,
        atol=1e-6,
    )


def test_an_offline_machine_gets_an_error_not_random_weights(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    config = OpenClipConfig(architecture="ViT-B-32", pretrained="laion2b_s34b_b79k")
    with pytest.raises(DataError, match="connect this machine"):
        config.encode(shop(), 0, RUNTIME)


def test_weights_are_named_exactly_once() -> None:
    assert OpenClipConfig(architecture="hf-hub:some/model").pretrained is None
    with pytest.raises(ValidationError, match="leave it out"):
        OpenClipConfig(architecture="hf-hub:some/model", pretrained="openai")
    with pytest.raises(ValidationError, match="give a tag or file"):
        OpenClipConfig(architecture="ViT-B-32", pretrained=None)


def test_identity_knows_the_content_of_a_local_checkpoint(checkpoint: Path) -> None:
    local = OpenClipConfig(architecture=ARCHITECTURE, pretrained=str(checkpoint)).identity()
    assert local["pretrained"].startswith("sha256:")
    folder = OpenClipConfig(architecture=f"local-dir:{checkpoint.parent}").identity()
    assert folder["architecture"].startswith("local-dir:sha256:")
