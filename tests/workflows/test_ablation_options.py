"""What is asked with ``make ablate``, and how it is asked again."""

from __future__ import annotations

from pathlib import Path

import pytest

from clairo.core.errors import ConfigError
from clairo.workflows.ablation_options import AblateOptions


def test_the_command_names_the_experiment_and_what_differs_from_the_defaults() -> None:
    assert AblateOptions().command() == "make ablate CATEGORY=demo EXPERIMENT=modality_masking"
    asked = AblateOptions(
        category="gift_cards", experiment="components", base="latest", seeds=8, seed=3
    )
    assert asked.command() == (
        "make ablate CATEGORY=gift_cards EXPERIMENT=components BASE=latest SEEDS=8 SEED=3"
    )


def test_going_on_names_the_places_too() -> None:
    asked = AblateOptions(out=Path("/big/runs"))
    assert asked.resume_command().startswith("make ablate CATEGORY=demo ")
    assert "OUT=/big/runs" in asked.resume_command()


@pytest.mark.parametrize("seeds", [0, -1, 65])
def test_seeds_have_bounds(seeds: int) -> None:
    with pytest.raises(ConfigError, match=f"SEEDS must be from 1 to 64, got {seeds}"):
        AblateOptions(seeds=seeds)


def test_every_other_bound_of_a_sweep_holds_as_well() -> None:
    with pytest.raises(ConfigError, match="WORKERS must be at least 1"):
        AblateOptions(workers=0)
