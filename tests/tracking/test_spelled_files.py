"""Spelled merges of a run: whole, damaged, foreign."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clairo.merging.spelled import Example, ItemGroup, Side, SpelledMerge, SpelledVocabulary
from clairo.tracking.mlflow_tracker import TrackingConfig
from clairo.tracking.reader import read_sweep
from clairo.tracking.spelled_files import read_spelled
from tests.contracts.tracker import TRIAL_TAGS, make_summary

LEFT = Side(((0, 1),), ItemGroup(2, ("Tent",), ("tent",), (1,)))
RIGHT = Side(((1, 3), (0, 2)), None, (LEFT, LEFT))
SPELLED = SpelledVocabulary(
    merges=(
        SpelledMerge(9, LEFT, LEFT, False, both=ItemGroup(1)),
        SpelledMerge(10, LEFT, RIGHT, True, None, (Example((1, 2), 4),), 5, 3, 2),
    ),
    titles={1: "Tent", 2: ""},
    pictures=frozenset({1}),
    read_items=30,
    training_items=40,
    tiles={1: 0},
    sheet=b"picture",
    tile=80,
    sheet_columns=2,
)


def changed(folder: Path, **values: Any) -> None:
    about = json.loads((folder / "spelled.json").read_text())
    (folder / "spelled.json").write_text(json.dumps(about | values))


def test_what_was_saved_is_read_back(tmp_path: Path) -> None:
    SPELLED.save(tmp_path)
    assert read_spelled(tmp_path) == (SPELLED, "")


@pytest.mark.parametrize(
    "content", [b"", b'{"merges": [', b"\xff\xfe\x00", b"[]", b"null", b'{"merges": {"a": 1}}']
)
def test_a_damaged_file_gives_the_reason_without_the_place_it_lies(
    tmp_path: Path, content: bytes
) -> None:
    SPELLED.save(tmp_path)
    (tmp_path / "spelled.json").write_bytes(content)
    spelled, reason = read_spelled(tmp_path)
    assert spelled is None
    assert reason.startswith("The logged merges cannot be read: merging/spelled.json")
    assert str(tmp_path) not in reason


@pytest.mark.parametrize(
    ("values", "where"),
    [({"tile": "large"}, "tile"), ({"items": [[1, 5, True, 0]]}, "titles"),
     ({"read_items": None}, "read_items"), ({"sheet_columns": [2]}, "sheet_columns")],
)  # fmt: skip
def test_a_foreign_file_of_the_same_shape_is_told_by_its_values(
    tmp_path: Path, values: dict[str, Any], where: str
) -> None:
    SPELLED.save(tmp_path)
    changed(tmp_path, **values)
    spelled, reason = read_spelled(tmp_path)
    assert spelled is None
    assert f"something else than spelled merges, at {where}" in reason


def test_a_file_that_is_missing_and_a_picture_that_is_no_file_are_said(tmp_path: Path) -> None:
    assert "merging/spelled.json" in read_spelled(tmp_path)[1]
    SPELLED.save(tmp_path)
    (tmp_path / "pictures.jpg").unlink()
    (tmp_path / "pictures.jpg").mkdir()
    spelled, reason = read_spelled(tmp_path)
    assert spelled is None
    assert "merging/pictures.jpg" in reason


def test_a_sweep_with_a_damaged_file_is_read_and_the_trial_says_why(
    config: TrackingConfig, tmp_path: Path
) -> None:
    tracker = config.connect()
    tracker.open_sweep(make_summary())
    for number in (0, 1):
        folder = tmp_path / f"spelled-{number}"
        folder.mkdir()
        SPELLED.save(folder)
        if number:
            (folder / "spelled.json").write_text("{")
        tags = TRIAL_TAGS | {"trial.number": str(number), "trial.role": "confirm"}
        run = tracker.open_trial("sweep-1", f"key-{number}", f"trial {number}", tags)
        run.log_folder(folder, "merging")
        run.finish("complete")
    whole, damaged = read_sweep(config).trials
    assert (whole.vocabulary, whole.vocabulary_error) == (SPELLED, "")
    assert damaged.vocabulary is None
    assert "merging/spelled.json: JSON cannot be read" in damaged.vocabulary_error
