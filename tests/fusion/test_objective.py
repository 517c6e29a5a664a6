"""What a learned fusion is taught, on numbers that can be worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch

from clairo.fusion.networks import Joint
from clairo.fusion.objective import (
    alignment_loss,
    contrast,
    cooccurrence_loss,
    reconstruction_loss,
)

AXES = torch.eye(2)
EVERYBODY = torch.ones(2, dtype=torch.bool)


def found_among_two(own: float, other: float, temperature: float) -> float:
    """Cross-entropy of two choices with these cosines."""
    return math.log(1 + math.exp((other - own) / temperature))


def test_contrast_is_the_cross_entropy_of_finding_the_partner() -> None:
    wanted = found_among_two(own=1.0, other=0.0, temperature=0.5)
    own = torch.eye(2, dtype=torch.bool)
    assert contrast(AXES, AXES, own, 0.5).item() == pytest.approx(wanted, rel=1e-5)
    assert contrast(AXES, AXES.flip(0), own, 0.5).item() == pytest.approx(
        found_among_two(own=0.0, other=1.0, temperature=0.5), rel=1e-5
    )


def test_rows_that_belong_together_are_not_held_against_each_other() -> None:
    same = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    assert contrast(same, same, torch.ones(2, 2, dtype=torch.bool), 0.1).item() == pytest.approx(
        0, abs=1e-6
    )
    assert contrast(same, same, torch.eye(2, dtype=torch.bool), 0.1).item() == pytest.approx(
        math.log(2)
    )


def test_repeated_text_costs_what_cannot_be_known() -> None:
    text = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    losses = {}
    for name, vectors in (("text", text), ("image", AXES)):
        joint = Joint(vectors, torch.full((2, 2), 0.5), (text, AXES))
        losses[name] = alignment_loss(joint, EVERYBODY, 0.1).item()
    unknown = math.log(2)
    # Text against images: from a text both images are possible, from the second image both
    # texts are as near; cosines are 1 and 0.
    ambiguous = ((found_among_two(1, 0, 0.1) + found_among_two(0, 1, 0.1)) / 2 + unknown) / 2
    known = found_among_two(1, 0, 0.1)
    assert losses["text"] == pytest.approx((2 * ambiguous + unknown) / 3, rel=1e-4)
    assert losses["image"] == pytest.approx((2 * ambiguous + known) / 3, rel=1e-4)
    assert losses["image"] < losses["text"]


def test_only_items_with_both_modalities_are_aligned() -> None:
    joint = Joint(AXES, torch.full((2, 2), 0.5), (AXES, AXES.flip(0)))
    assert alignment_loss(joint, torch.tensor([True, False]), 0.1).item() == 0
    assert alignment_loss(joint, EVERYBODY, 0.1).item() > 1


def test_neighbors_are_told_from_those_of_others() -> None:
    ids = torch.tensor([[3, 4], [7, 9]])
    near = cooccurrence_loss(AXES, AXES, ids, 0.1)
    far = cooccurrence_loss(AXES, AXES.flip(0), ids, 0.1)
    assert near.item() < 0.001
    assert far.item() == pytest.approx(10, abs=0.001)
    assert cooccurrence_loss(AXES[:1], AXES[:1], ids[:, :1], 0.1).item() == 0


@pytest.mark.parametrize("cosine", [0.0, 0.9, 1.0])
def test_two_items_that_are_each_others_neighbors_have_no_negatives(cosine: float) -> None:
    pair = torch.tensor([[1.0, 0.0], [cosine, math.sqrt(1 - cosine**2)]])
    ids = torch.tensor([[0, 1], [1, 0]])
    assert cooccurrence_loss(pair, pair.flip(0), ids, 0.1).item() == 0


def test_one_neighbor_of_two_items_is_held_against_neither() -> None:
    ids = torch.tensor([[0, 1], [2, 2]])
    assert cooccurrence_loss(AXES, AXES[:1].repeat(2, 1), ids, 0.1).item() == 0


def test_an_item_is_hidden_from_itself_and_not_from_the_others() -> None:
    ids = torch.tensor([[0, 1], [5, 0]])
    # The first item would find itself; the second has to pass over the first's neighbor.
    rows = (0 + found_among_two(own=0, other=1, temperature=0.5)) / 2
    # The first's neighbor has two items to choose from, the second's the second alone.
    columns = (found_among_two(own=0, other=1, temperature=0.5) + 0) / 2
    found = cooccurrence_loss(AXES, AXES.flip(0), ids, 0.5).item()
    assert found == pytest.approx((rows + columns) / 2, rel=1e-5)


def test_reconstruction_counts_what_items_have_and_each_modality_alike() -> None:
    inputs = (torch.tensor([[1.0, 1.0], [0.0, 0.0]]), torch.tensor([[2.0], [3.0]]))
    rebuilt = [torch.zeros(2, 2), torch.zeros(2, 1)]
    present = torch.tensor([[True, True], [False, True]])
    text, image = 1.0, (2.0**2 + 3.0**2) / 2
    found = reconstruction_loss(rebuilt, inputs, present).item()
    assert found == pytest.approx((text + image) / 2)
