"""What codes mean, as a run logged it: whole, damaged, foreign."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from clairo.quantization.representation import (
    Branch,
    CategoryWeights,
    CodeTree,
    FusionWeights,
    Representation,
    ShownItem,
)
from clairo.tracking.mlflow_tracker import TrackingConfig
from clairo.tracking.reader import read_sweep
from clairo.tracking.representation_files import read_representation
from tests.contracts.tracker import TRIAL_TAGS, make_summary

LEAF = Branch((1, 2), 3, "lamp", 0.5, (7, 4))
KEPT = Representation(
    trees=(CodeTree("text", 9, 2, (Branch((1,), 5, "lamp", 0.4, (4,), 3, (LEAF,)),)),),
    weights=FusionWeights(
        num_items=4,
        num_single=1,
        histogram={"text": (1, 3)},
        means={"text": 0.7},
        categories=(CategoryWeights("lamp", 2, {"text": (0.1, 0.2, 0.3, 0.4, 0.5)}),),
        leaning={"text": ((7, 0.9),)},
    ),
    items={4: ShownItem("Lamp", "$5", True, 0), 7: ShownItem("", "", False)},
    sheet=b"picture",
    tile=80,
    sheet_columns=20,
)


def test_what_was_saved_is_read_back(tmp_path: Path) -> None:
    KEPT.save(tmp_path)
    assert read_representation(tmp_path) == (KEPT, "")
    assert KEPT.named_items() == (7, 4)


@pytest.mark.parametrize("content", [b"", b'{"trees": [', b"\xff\xfe\x00", b"[]", b"null", b"{}"])
def test_a_damaged_file_gives_the_reason_without_the_place_it_lies(
    tmp_path: Path, content: bytes
) -> None:
    KEPT.save(tmp_path)
    (tmp_path / "representation.json").write_bytes(content)
    found, reason = read_representation(tmp_path)
    assert found is None
    assert "The description of the codes cannot be read: representation/" in reason
    assert str(tmp_path) not in reason


def test_a_foreign_file_of_the_same_shape_is_told_by_its_values(tmp_path: Path) -> None:
    KEPT.save(tmp_path)
    path = tmp_path / "representation.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"tile": "large"}))
    assert "something else than a representation" in read_representation(tmp_path)[1]
    assert "at tile" in read_representation(tmp_path)[1]


def test_an_item_that_is_named_and_not_described_is_said(tmp_path: Path) -> None:
    replace(KEPT, items={4: KEPT.items[4]}).save(tmp_path)
    assert "it lacks 1, such as item 7" in read_representation(tmp_path)[1]


def test_a_picture_that_is_no_file_is_said(tmp_path: Path) -> None:
    KEPT.save(tmp_path)
    (tmp_path / "pictures.jpg").unlink()
    (tmp_path / "pictures.jpg").mkdir()
    assert "representation/pictures.jpg" in read_representation(tmp_path)[1]


def test_a_sweep_with_a_damaged_file_is_read_and_the_trial_says_why(
    config: TrackingConfig, tmp_path: Path
) -> None:
    tracker = config.connect()
    tracker.open_sweep(make_summary())
    for number in (0, 1):
        folder = tmp_path / f"kept-{number}"
        folder.mkdir()
        KEPT.save(folder)
        if number:
            (folder / "representation.json").write_text("{")
        tags = TRIAL_TAGS | {"trial.number": str(number), "trial.role": "confirm"}
        run = tracker.open_trial("sweep-1", f"key-{number}", f"trial {number}", tags)
        run.log_folder(folder, "representation")
        run.finish("complete")
    whole, damaged = read_sweep(config).trials
    assert (whole.representation, whole.representation_error) == (KEPT, "")
    assert damaged.representation is None
    assert "representation/representation.json: JSON cannot be" in damaged.representation_error
