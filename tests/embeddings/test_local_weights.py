"""Local weights are known by their content."""

from __future__ import annotations

from pathlib import Path

import pytest

from clairo.core.errors import ConfigError, DataError
from clairo.embeddings import OpenClipConfig, SentenceTransformerConfig
from clairo.embeddings.local_weights import cannot_load, weights_identity


def write_model(folder: Path, weights: bytes) -> Path:
    (folder / "parts").mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "parts" / "weights.bin").write_bytes(weights)
    return folder


def test_a_public_name_is_its_own_identity() -> None:
    assert weights_identity("some/model") == "some/model"


def test_a_moved_folder_is_the_same_model(tmp_path: Path) -> None:
    first = write_model(tmp_path / "a", b"1")
    second = write_model(tmp_path / "b", b"1")
    assert weights_identity(str(first)) == weights_identity(str(second))
    assert weights_identity(str(first)).startswith("sha256:")


def test_other_weights_are_another_model(tmp_path: Path) -> None:
    first = write_model(tmp_path / "a", b"1")
    second = write_model(tmp_path / "b", b"2")
    assert weights_identity(str(first)) != weights_identity(str(second))


def test_a_changed_file_changes_the_identity(tmp_path: Path) -> None:
    file = tmp_path / "weights.pt"
    file.write_bytes(b"1")
    before = weights_identity(str(file))
    file.write_bytes(b"22")
    assert weights_identity(str(file)) != before


def test_hidden_files_are_no_part_of_a_model(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "a", b"1")
    before = weights_identity(str(folder))
    (folder / ".gitattributes").write_text("*")
    assert weights_identity(str(folder)) == before


def test_the_error_names_reason_local_copy_and_weight_free_encoder() -> None:
    error = cannot_load("some/model", "text.model", "lsa", OSError("no route\nto host"))
    assert isinstance(error, DataError)
    assert "OSError: no route)" in str(error)
    assert "text.model to a local copy" in str(error)
    assert "encoder lsa" in str(error)


class TestWeightsThatMustBeHad:
    @pytest.fixture(autouse=True)
    def silent_hub(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))

    def test_a_hub_that_does_not_answer_is_said_for_texts(self) -> None:
        with pytest.raises(DataError, match=r"127.0.0.1:9 does not answer.*local copy"):
            SentenceTransformerConfig(model="some/model").require_weights()

    @pytest.mark.parametrize(
        "settings",
        [
            {"architecture": "ViT-L-14", "pretrained": "openai"},
            {"architecture": "hf-hub:some/model"},
        ],
    )
    def test_a_hub_that_does_not_answer_is_said_for_pictures(
        self, settings: dict[str, str]
    ) -> None:
        with pytest.raises(DataError, match=r"127.0.0.1:9 does not answer.*color_hog"):
            OpenClipConfig(**settings).require_weights()

    def test_what_lies_here_needs_no_hub(self, tmp_path: Path) -> None:
        folder = write_model(tmp_path / "model", b"1")
        SentenceTransformerConfig(model=str(folder)).require_weights()
        OpenClipConfig(pretrained=str(folder / "config.json")).require_weights()

    def test_what_was_fetched_before_needs_no_hub(self, tmp_path: Path) -> None:
        write_model(tmp_path / "hub" / "models--some--model" / "snapshots" / "abc", b"1")
        SentenceTransformerConfig(model="some/model").require_weights()

    def test_an_architecture_that_does_not_exist_is_refused(self) -> None:
        with pytest.raises(ConfigError, match="ViT-L-41"):
            OpenClipConfig(architecture="ViT-L-41").require_weights()
