"""Local weights are known by their content."""

from __future__ import annotations

from pathlib import Path

from clairo.core.errors import DataError
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
