"""What files were when they arrived, compared with what they are."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from clairo.core.errors import DataError
from clairo.datasets.checksums import (
    CHECKSUMS_FILE,
    FileChecksum,
    check_files,
    read_checksums,
    record_checksum,
    sha256_of,
)
from clairo.datasets.remote_file import RemoteFile

CONTENT = b"user,item\n"
DIGEST = hashlib.sha256(CONTENT).hexdigest()
CHECKSUM = FileChecksum(
    sha256=DIGEST, num_bytes=len(CONTENT), url="http://a.example/x", time="2026-01-31T12:00:00"
)


@pytest.fixture
def file(tmp_path: Path) -> RemoteFile:
    path = tmp_path / "0core/Books.csv"
    path.parent.mkdir()
    path.write_bytes(CONTENT)
    return RemoteFile("reviews", path, ("http://a.example/x",), "2023/Books/0core/Books.csv")


def _record(file: RemoteFile) -> None:
    record_checksum(file.folder, file.name, CHECKSUM, file.folder)


def test_what_is_recorded_can_be_read_and_others_stay(file: RemoteFile) -> None:
    _record(file)
    other = CHECKSUM.model_copy(update={"num_bytes": 1})
    record_checksum(file.folder, "a.gz", other, file.folder)
    assert read_checksums(file.folder) == {"0core/Books.csv": CHECKSUM, "a.gz": other}
    text = (file.folder / CHECKSUMS_FILE).read_text()
    assert list(json.loads(text)) == ["0core/Books.csv", "a.gz"]
    assert sha256_of(file.path) == DIGEST
    assert sorted(path.name for path in file.folder.iterdir()) == ["0core", CHECKSUMS_FILE]


def test_a_file_that_is_as_it_was_passes(file: RemoteFile) -> None:
    _record(file)
    assert check_files([file], verify=True) == ()


def test_of_a_file_put_there_by_hand_nothing_is_known(file: RemoteFile) -> None:
    assert check_files([file], verify=True) == ("0core/Books.csv",)
    assert check_files([replace(file, sha256=DIGEST)], verify=True) == ()


def test_another_size_is_noticed_without_reading(file: RemoteFile) -> None:
    _record(file)
    file.path.write_bytes(CONTENT * 2)
    with pytest.raises(DataError) as caught:
        check_files([file])
    message = str(caught.value)
    assert f"{file.path} must have 10 bytes as recorded, found 20; delete it and" in message
    assert f"remove '0core/Books.csv' from {file.folder / CHECKSUMS_FILE}" in message


def test_another_content_of_the_same_size_is_noticed_when_asked(file: RemoteFile) -> None:
    _record(file)
    file.path.write_bytes(CONTENT[::-1])
    assert check_files([file]) == ()
    found = hashlib.sha256(CONTENT[::-1]).hexdigest()
    with pytest.raises(
        DataError, match=f"must have the sha256 {DIGEST} as recorded, found {found}"
    ):
        check_files([file], verify=True)


def test_a_pin_that_the_record_contradicts_is_noticed_without_reading(file: RemoteFile) -> None:
    _record(file)
    with pytest.raises(DataError, match=f"sha256 {'0' * 64} pinned for .*fetched with {DIGEST}"):
        check_files([replace(file, sha256="0" * 64)])


def test_a_file_put_there_by_hand_is_compared_with_its_pin_when_asked(file: RemoteFile) -> None:
    with pytest.raises(DataError, match=f"must have the sha256 {'0' * 64}.*found {DIGEST}"):
        check_files([replace(file, sha256="0" * 64)], verify=True)


def test_a_missing_file_is_passed_over(file: RemoteFile) -> None:
    _record(file)
    file.path.unlink()
    assert check_files([file], verify=True) == ()


@pytest.mark.parametrize("text", ["{", "[]", '{"a": 1}', '{"a": {"sha256": "x"}}', "\xff"])
def test_a_damaged_record_is_a_clear_error(file: RemoteFile, text: str) -> None:
    (file.folder / CHECKSUMS_FILE).write_text(text, encoding="latin-1")
    with pytest.raises(DataError, match=f"{CHECKSUMS_FILE} must be a JSON object of checksums"):
        check_files([file])
