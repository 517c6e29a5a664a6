from pathlib import Path

import pytest

from clairo.core.errors import ConfigError
from clairo.workflows.options import SweepOptions, parse_duration, prepare_out


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("30m", 1800), ("1.5h", 5400), ("1d", 86400)]
)
def test_a_duration_has_a_number_and_a_unit(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "-3m", "0", "3 weeks"])
def test_what_is_no_duration_is_refused_with_an_example(text):
    with pytest.raises(ConfigError, match="such as 90s, 30m or 2h"):
        parse_duration(text)


@pytest.mark.parametrize("wrong", [{"trials": 0}, {"workers": 0}, {"seed": -1}])
def test_a_count_out_of_range_is_named(wrong):
    with pytest.raises(ConfigError, match=next(iter(wrong)).upper()):
        SweepOptions(**wrong)


def test_the_command_to_repeat_a_sweep_leaves_defaults_out():
    assert SweepOptions().command() == "make sweep CATEGORY=demo"
    asked = SweepOptions(category="beauty", trials=4, ablate=False)
    assert asked.command() == "make sweep CATEGORY=beauty TRIALS=4 ABLATE=0"


def test_the_command_to_go_on_names_the_folders():
    asked = SweepOptions(seed=3, out=Path("/big/disk"))
    assert asked.command() == "make sweep CATEGORY=demo SEED=3"
    assert asked.resume_command() == "make sweep CATEGORY=demo SEED=3 OUT=/big/disk"
    elsewhere = SweepOptions(reports=Path("/my pages"))
    assert elsewhere.resume_command() == "make sweep CATEGORY=demo REPORTS='/my pages'"


def test_every_variable_of_make_that_was_given_is_in_the_command_to_go_on():
    asked = SweepOptions(
        category="beauty", release="2018", data=Path("raw"), fetch=False, trials=3,
        time_budget=90.0, workers=1, profile="paper", space="my space.yaml", seed=2, ablate=False,
        out=Path("o"), tracking_uri="http://t", ray_address="r:1", reports=Path("p"),
    )  # fmt: skip
    assert asked.resume_command() == (
        "make sweep CATEGORY=beauty RELEASE=2018 TRIALS=3 WORKERS=1 PROFILE=paper "
        "SPACE='my space.yaml' SEED=2 ABLATE=0 DATA=raw FETCH=0 TIME_BUDGET=90s OUT=o REPORTS=p "
        "MLFLOW_TRACKING_URI=http://t RAY_ADDRESS=r:1"
    )


def test_an_output_folder_that_cannot_be_made_is_refused_with_the_cure(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigError, match=r"OUT must be a folder .*choose another"):
        prepare_out(tmp_path / "file" / "runs")


def test_a_probe_leaves_nothing_behind(tmp_path):
    assert list(prepare_out(tmp_path / "runs").iterdir()) == []
