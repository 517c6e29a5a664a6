"""The manifest: only ever longer, and whole whenever the process ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clairo.core.errors import DataError
from clairo.datasets.picture_manifest import (
    MANIFEST_FILE,
    REFUSED_FILE,
    Manifest,
    ManifestRow,
    read_manifest,
)

STORED = ManifestRow("cup", "http://a/1", "stored", "2026-01-31T12:00:00+00:00", 200, 9, "ab")
GONE = ManifestRow("pan", "http://a/2", "not_found", "2026-01-31T12:00:00+00:00", 404)


def _write(folder: Path, *rows: ManifestRow) -> Path:
    with Manifest(folder) as manifest:
        for row in rows:
            manifest.add(row)
    return folder / MANIFEST_FILE


def test_rows_are_there_again_when_it_is_read(tmp_path: Path) -> None:
    _write(tmp_path, STORED, GONE)
    expected = {("cup", "http://a/1"): STORED, ("pan", "http://a/2"): GONE}
    assert read_manifest(tmp_path) == expected
    with Manifest(tmp_path) as manifest:
        assert manifest.rows == expected


def test_a_row_is_one_json_object_that_names_all_there_is_to_know(tmp_path: Path) -> None:
    (line,) = _write(tmp_path, STORED).read_text().splitlines()
    values = json.loads(line)
    assert {"item", "url", "status", "bytes", "sha256", "width", "height", "when"} <= set(values)
    assert (values["status"], values["outcome"]) == (200, "stored")


def test_of_several_rows_of_one_address_the_last_counts(tmp_path: Path) -> None:
    again = ManifestRow("cup", "http://a/1", "failed", "2026-02-01T12:00:00+00:00", 500)
    path = _write(tmp_path, STORED, again)
    assert read_manifest(tmp_path) == {("cup", "http://a/1"): again}
    assert len(path.read_text().splitlines()) == 2


def test_a_torn_last_line_is_passed_over_and_cut_off_before_more_is_written(
    tmp_path: Path,
) -> None:
    path = _write(tmp_path, STORED, GONE)
    whole = path.read_bytes()
    first = whole.index(b"\n") + 1
    for cut in (first + 1, len(whole) - 1):
        path.write_bytes(whole[:cut])
        assert read_manifest(tmp_path) == {("cup", "http://a/1"): STORED}
        assert path.read_bytes() == whole[:cut]
        _write(tmp_path, GONE)
        assert path.read_bytes() == whole


@pytest.mark.parametrize("line", ["{", "[]", '{"item": "x"}', '{"outcome": "eaten"}', "null"])
def test_any_other_damage_is_an_error_that_names_the_line(tmp_path: Path, line: str) -> None:
    path = _write(tmp_path, STORED)
    path.write_text(f"{path.read_text()}{line}\n{path.read_text()}")
    for reading in (read_manifest, Manifest):
        with pytest.raises(DataError, match=r"Line 2 of .*images_manifest.jsonl .*remove the line"):
            reading(tmp_path)


def test_columns_of_a_later_version_do_not_disturb(tmp_path: Path) -> None:
    path = _write(tmp_path, STORED)
    values = {**json.loads(path.read_text()), "camera": "new"}
    path.write_text(json.dumps(values) + "\n")
    assert read_manifest(tmp_path) == {("cup", "http://a/1"): STORED}


def test_what_an_earlier_version_refused_is_taken_over_once(tmp_path: Path) -> None:
    old = tmp_path / REFUSED_FILE
    old.write_text(json.dumps({"pan": "http://a/2", "cup": "http://a/1"}))
    assert read_manifest(tmp_path)["pan", "http://a/2"].is_final
    _write(tmp_path, STORED)
    assert not old.exists()
    found = read_manifest(tmp_path)
    assert found["pan", "http://a/2"].outcome == "refused"
    assert found["cup", "http://a/1"] == STORED


def test_only_what_may_change_by_itself_is_not_final() -> None:
    assert GONE.is_final
    assert not STORED.is_final
    assert not ManifestRow("a", "u", "failed", "").is_final


def test_a_manifest_that_is_a_link_is_not_written_through(tmp_path: Path) -> None:
    outside = tmp_path / "outside.jsonl"
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / MANIFEST_FILE).symlink_to(outside)
    with pytest.raises(OSError, match="symbolic"):
        Manifest(folder)
    assert not outside.exists()
