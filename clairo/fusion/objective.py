"""What a learned fusion is taught without labels: to rebuild, to align, to expect neighbors.

Shape suffixes as in :mod:`clairo.fusion.networks`.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from clairo.fusion.networks import Joint


def reconstruction_loss(
    rebuilt: list[Tensor], inputs: tuple[Tensor, ...], present_NM: Tensor
) -> Tensor:
    """Squared error of what items have, in shares of the variance, mean over modalities.

    Args:
        rebuilt: Every modality as read from the joint vector.
        inputs: Vectors of unit variance.
        present_NM: What the items have, whether or not the joint vector was allowed to see it.
    """
    total = torch.zeros((), device=present_NM.device)
    for at, (guess, rows) in enumerate(zip(rebuilt, inputs, strict=True)):
        has_N = present_NM[:, at].to(rows.dtype)
        error_N = (guess - rows).square().mean(dim=1)
        total = total + (error_N * has_N).sum() / has_N.sum().clamp_min(1)
    return total / len(inputs)


def alignment_loss(joint: Joint, both_N: Tensor, temperature: float) -> Tensor:
    """InfoNCE (nats): which image view belongs to which text view, and to which joint vector.

    Items of the batch with both modalities are each other's negatives. The joint vector is
    asked as well as the views: a modality whose vectors repeat among items cannot answer which
    item is meant, so the joint vector learns to listen to the one that can.
    """
    text, image = (view[both_N] for view in joint.views)
    vectors = joint.vectors_ND[both_N]
    if len(vectors) < 2:
        return vectors.sum() * 0
    same = torch.eye(len(vectors), dtype=torch.bool, device=vectors.device)
    pairs = ((text, image), (vectors, text), (vectors, image))
    losses = [contrast(a, b, same, temperature) for a, b in pairs]
    return torch.stack(losses).mean()


def cooccurrence_loss(
    anchors: Tensor, neighbors: Tensor, ids: Tensor, temperature: float
) -> Tensor:
    """InfoNCE (nats): which joint vector is a neighbor's, among neighbors of other items.

    Negatives are those of the batch. The item itself and its own drawn neighbor, wherever they
    stand, are none; other items that stand near it in some sequence may be. That is what lets
    the contrast tell frequent neighbors from rare ones, and it keeps the loss above 0 where an
    item has several.

    Args:
        anchors: Joint vectors of items.
        neighbors: Joint vectors of one drawn neighbor of each.
        ids: The items in the first row, their neighbors in the second.
        temperature: Divides cosines.
    """
    if len(anchors) < 2:
        return anchors.sum() * 0
    items_N, drawn_N = ids
    positives = (items_N[:, None] == drawn_N[None, :]) | (drawn_N[:, None] == drawn_N[None, :])
    return contrast(anchors, neighbors, positives, temperature)


def contrast(first: Tensor, second: Tensor, positives: Tensor, temperature: float) -> Tensor:
    """Mean cross-entropy of finding row ``i`` of one among all rows of the other, both ways.

    Args:
        first: Unit vectors.
        second: Unit vectors.
        positives: ``[i, j]`` where row ``i`` of the first and row ``j`` of the second are never
            each other's negatives. The diagonal, what is to be found, need not be marked.
        temperature: Divides cosines; small values look at the nearest negatives.

    References:
        van den Oord, Li and Vinyals (2018), "Representation learning with contrastive
        predictive coding", equation 4; symmetric as in CLIP (Radford et al. 2021).
    """
    logits = first @ second.T / temperature
    own = torch.arange(len(first), device=first.device)
    logits = logits.masked_fill(positives & (own[:, None] != own[None, :]), -torch.inf)
    return (F.cross_entropy(logits, own) + F.cross_entropy(logits.T, own)) / 2
