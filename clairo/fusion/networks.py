"""Networks that join the vectors of an item's modalities into one.

Each modality is projected to a *view* of length 1, so that a weight means what it says: no
projection can make up for a small weight by growing. The joint vector has length 1 too, and
what an item lacks is left out of every softmax and sum; its zeros are never read.

Shape suffixes: N items, M modalities, D width of the joint vector, H heads, T tokens of a
modality, K width of a head.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class Joint:
    """What a network makes of some items.

    Attributes:
        vectors_ND: Joint vectors of length 1.
        weights_NM: Share of each modality in them; 0 where it is missing, each row sums to 1.
        views: Each modality alone, ``(N, D)`` of length 1; of no meaning where it is missing.
    """

    vectors_ND: Tensor
    weights_NM: Tensor
    views: tuple[Tensor, ...]


class JointNetwork(nn.Module, ABC):
    """Projections in, joining in the middle, reconstruction out."""

    def __init__(
        self, widths: tuple[int, ...], hidden: int, dims: int, num_tokens: int = 1
    ) -> None:
        super().__init__()
        self.dims, self.num_tokens = dims, num_tokens
        inner = num_tokens * dims
        self.encoders = nn.ModuleList(_two_layers(width, hidden, inner) for width in widths)
        self.decoders = nn.ModuleList(_two_layers(dims, hidden, width) for width in widths)

    def encode(self, inputs: tuple[Tensor, ...]) -> list[Tensor]:
        """Projects every modality, whatever is missing; :meth:`join` leaves that out."""
        return [
            encoder(rows) for encoder, rows in zip(_modules(self.encoders), inputs, strict=True)
        ]

    @abstractmethod
    def join(self, encoded: list[Tensor], present_NM: Tensor) -> Joint:
        """Joins what is present of the projected modalities; every item must have something."""

    def reconstruct(self, vectors_ND: Tensor) -> list[Tensor]:
        """Every modality from the joint vector."""
        # Entries of a unit vector shrink with its width; the decoders see entries near 1.
        scaled = vectors_ND * self.dims**0.5
        return [decoder(scaled) for decoder in _modules(self.decoders)]


class AttentionNetwork(JointNetwork):
    """A softmax over modalities, item by item."""

    def __init__(self, widths: tuple[int, ...], hidden: int, dims: int) -> None:
        super().__init__(widths, hidden, dims)
        self.keys = nn.ModuleList(nn.Linear(dims, dims) for _ in widths)
        self.queries = nn.ModuleList(nn.Linear(dims, 1) for _ in widths)
        # All modalities weigh the same until something is learned.
        _set_to_zero(self.queries)

    def join(self, encoded: list[Tensor], present_NM: Tensor) -> Joint:
        """Weighs unit views by what each says of itself."""
        views = tuple(_unit(rows) for rows in encoded)
        scores_NM = torch.cat(
            [
                query(torch.tanh(key(view * self.dims**0.5)))
                for query, key, view in zip(
                    *map(_modules, (self.queries, self.keys)), views, strict=True
                )
            ],
            dim=1,
        )
        weights_NM = scores_NM.masked_fill(~present_NM, -torch.inf).softmax(dim=1)
        joint_ND = (torch.stack(views, dim=1) * weights_NM[:, :, None]).sum(dim=1)
        return Joint(_unit(joint_ND), weights_NM, views)


class GatedNetwork(JointNetwork):
    """A gate between two modalities in every dimension of every item."""

    def __init__(self, widths: tuple[int, ...], hidden: int, dims: int) -> None:
        super().__init__(widths, hidden, dims)
        self.gate = nn.Linear(len(widths) * dims, dims)
        _set_to_zero([self.gate])

    def join(self, encoded: list[Tensor], present_NM: Tensor) -> Joint:
        """Mixes by the gate; it is 1 or 0 for an item that has one modality alone.

        Weights are shares of the squared lengths of the two gated views.
        """
        views = tuple(_unit(rows) for rows in encoded)
        first_N1, second_N1 = present_NM[:, :1], present_NM[:, 1:]
        gates_ND = torch.sigmoid(self.gate(torch.cat(views, dim=1) * self.dims**0.5))
        gates_ND = torch.where(first_N1 & second_N1, gates_ND, first_N1.to(gates_ND.dtype))
        parts = [gates_ND * views[0], (1 - gates_ND) * views[1]]
        # The mean gate would be no share: a gate counts as much as the view has in its dimension.
        squares_NM = torch.stack([part.square().sum(dim=1) for part in parts], dim=1)
        weights_NM = squares_NM / squares_NM.sum(dim=1, keepdim=True).clamp_min(1e-12)
        return Joint(_unit(parts[0] + parts[1]), weights_NM, views)


class CrossAttentionNetwork(JointNetwork):
    """Tokens of each modality look at those of the other; everything is then averaged.

    Attention chooses by content and hands values on linearly, so the joint vector is a sum of
    what came from text and what came from images, and their lengths are the weights.
    """

    def __init__(
        self, widths: tuple[int, ...], hidden: int, dims: int, num_tokens: int, num_heads: int
    ) -> None:
        super().__init__(widths, hidden, dims, num_tokens)
        self.num_heads = num_heads
        self.query = nn.Linear(dims, dims)
        self.key = nn.Linear(dims, dims)
        self.value = nn.Linear(dims, dims, bias=False)
        self.out = nn.Linear(dims, dims, bias=False)

    def encode(self, inputs: tuple[Tensor, ...]) -> list[Tensor]:
        """Each modality's mean token, and what the other's tokens took from it: ``(N, 2, D)``."""
        tokens = [
            _unit(rows.view(-1, self.num_tokens, self.dims)) for rows in super().encode(inputs)
        ]
        return [
            torch.stack([own.mean(dim=1), self._attend(tokens[1 - at], own)], dim=1)
            for at, own in enumerate(tokens)
        ]

    def join(self, encoded: list[Tensor], present_NM: Tensor) -> Joint:
        """Adds up what came from each modality."""
        # Where one is missing nobody is there to take from the other.
        both_N1 = present_NM.all(dim=1, keepdim=True)
        parts = []
        for at, own_and_taken in enumerate(encoded):
            own_ND, taken_ND = own_and_taken.unbind(1)
            part_ND = own_ND + taken_ND.masked_fill(~both_N1, 0)
            parts.append(part_ND.masked_fill(~present_NM[:, at : at + 1], 0))
        lengths_NM = torch.stack([part.norm(dim=1) for part in parts], dim=1)
        weights_NM = lengths_NM / lengths_NM.sum(dim=1, keepdim=True).clamp_min(1e-12)
        views = tuple(_unit(part[:, 0]) for part in encoded)
        return Joint(_unit(parts[0] + parts[1]), weights_NM, views)

    def _attend(self, asking_NTD: Tensor, asked_NTD: Tensor) -> Tensor:
        """What tokens of one modality take from those of the other, mean over tokens."""
        scale = self.dims**0.5
        query_NHTK = self._heads(self.query(asking_NTD * scale))
        key_NHTK = self._heads(self.key(asked_NTD * scale))
        value_NHTK = self._heads(self.value(asked_NTD))
        scores = query_NHTK @ key_NHTK.transpose(2, 3) * query_NHTK.shape[3] ** -0.5
        mixed_NHTK = scores.softmax(dim=3) @ value_NHTK
        return cast("Tensor", self.out(mixed_NHTK.mean(dim=2).flatten(1)))

    def _heads(self, rows_NTD: Tensor) -> Tensor:
        return rows_NTD.view(*rows_NTD.shape[:2], self.num_heads, -1).transpose(1, 2)


def _modules(modules: nn.ModuleList) -> list[nn.Module]:
    return list(cast("Iterable[nn.Module]", modules))


def _two_layers(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, hidden), nn.GELU(), nn.Linear(hidden, outputs))


def _unit(rows: Tensor) -> Tensor:
    return F.normalize(rows, dim=-1)


def _set_to_zero(modules: Iterable[nn.Module]) -> None:
    for module in modules:
        for weights in module.parameters():
            nn.init.zeros_(weights)
