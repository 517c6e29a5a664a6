"""Limits on codes and tokens: kept or broken, by how much, and what is said."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from clairo.pipeline.gates import Gates, say_broken

CODES = {
    "collision_rate": 0.2,
    "usage_min": 0.5,
    "perplexity_share_min": 0.25,
    "largest_bucket": 12,
    "reconstruction_error_max": 0.4,
    "neighbors_lift_min": 0.3,
}


@pytest.mark.parametrize(
    ("gates", "says"),
    [
        ({}, ""),
        ({"max_collision_rate": 0.2, "min_codebook_usage": 0.5}, ""),
        ({"max_largest_bucket": 12, "max_reconstruction_error": 0.4}, ""),
        ({"min_neighbor_lift": 0.3, "min_perplexity_share": 0.25}, ""),
        ({"max_collision_rate": 0.1}, "collision rate 0.200 is above the gate 0.1"),
        ({"min_codebook_usage": 0.9}, "codebook usage 0.500 is below the gate 0.9"),
        ({"min_perplexity_share": 0.3}, "perplexity by codebook size 0.250 is below the gate 0.3"),
        ({"max_largest_bucket": 5}, "12 items with one tuple of codes are above the gate 5"),
        ({"max_reconstruction_error": 0.3}, "reconstruction error 0.400 is above the gate 0.3"),
        (
            {"min_neighbor_lift": 0.5},
            "kept neighbors beyond chance 0.300 is below the gate 0.5",
        ),
        (
            {"max_collision_rate": 0.1, "min_codebook_usage": 0.9},
            "collision rate 0.200 is above the gate 0.1; "
            "codebook usage 0.500 is below the gate 0.9",
        ),
    ],
)
def test_codes_pass_or_the_limits_they_break_are_named(gates: dict[str, Any], says: str) -> None:
    assert say_broken(Gates(**gates).measure_codes(CODES)) == says


def test_tokens_pass_or_the_limit_they_break_is_named() -> None:
    gates = Gates(max_tokens_per_item=3)
    assert say_broken(gates.measure_tokens({"tokens_per_item": 3.0})) == ""
    why = say_broken(gates.measure_tokens({"tokens_per_item": 3.5}))
    assert why == "3.50 tokens per item are above the gate 3"


def test_every_gate_is_a_constraint_with_its_distance_to_the_limit() -> None:
    gates = Gates(max_largest_bucket=5, min_neighbor_lift=0.5, max_collision_rate=0.3)
    found = {gate.name: gate.violation for gate in gates.measure_codes(CODES)}
    assert found == pytest.approx(
        {
            "max_collision_rate": 0.2 - 0.3,
            "max_largest_bucket": 12 - 5,
            "min_neighbor_lift": 0.5 - 0.3,
        }
    )


def test_codes_without_vectors_are_not_asked_for_what_only_vectors_have() -> None:
    given = {k: v for k, v in CODES.items() if k not in ("reconstruction_error_max",
                                                         "neighbors_lift_min")}  # fmt: skip
    gates = Gates(max_reconstruction_error=0.1, min_neighbor_lift=0.9, max_collision_rate=0.5)
    assert [gate.name for gate in gates.measure_codes(given)] == ["max_collision_rate"]


@pytest.mark.parametrize("name", [name for name in Gates.model_fields if "tokens" not in name])
def test_every_gate_on_codes_is_measured(name: str) -> None:
    limit = 1 if name == "max_largest_bucket" else 0.5
    assert [gate.name for gate in Gates(**{name: limit}).measure_codes(CODES)] == [name]


@pytest.mark.parametrize(
    ("name", "value"),
    [("min_perplexity_share", 1.5), ("max_largest_bucket", 0), ("max_reconstruction_error", -1)],
)
def test_a_limit_that_cannot_be_is_refused(name: str, value: float) -> None:
    with pytest.raises(ValidationError, match=name):
        Gates(**{name: value})
