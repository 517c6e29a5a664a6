"""What makes an ablation another one than that which was interrupted."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from clairo.ablation.definition import AblationDefinition
from clairo.pipeline.profiles import PROFILES
from clairo.workflows.ablate import what_is_asked


def asked(tuning: dict[str, Any] | None) -> Any:
    definition = AblationDefinition.model_validate(
        {
            "question": "What is it worth?",
            "generators": [{"kind": "modality_masking"}],
            "minimum_relevant_effect": {"share": 0.05},
            "tuning": tuning,
        }
    )
    return SimpleNamespace(definition=definition, ready=(), seeds=(1, 2))


@pytest.mark.parametrize(
    ("tuning", "same"), [(None, True), ({"trials": 2, "space": "tiny"}, False)]
)
def test_the_number_of_workers_makes_another_ablation_only_where_arms_are_tuned(
    tuning: dict[str, Any] | None, same: bool
) -> None:
    two, four = (what_is_asked(asked(tuning), PROFILES["quick"], count) for count in (2, 4))
    assert (two == four) == same
