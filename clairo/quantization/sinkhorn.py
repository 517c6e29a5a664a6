"""Assignments that use every code equally, by balancing rows and columns in turn."""

from __future__ import annotations

import torch
from torch import Tensor

from clairo.core.errors import StageError

SMALLEST_EPSILON = 0.003
"""Distances are scaled to a width of 2, and ``exp(-2 / epsilon)`` must be a normal number."""


def balanced_codes(distances: Tensor, epsilon: float, iterations: int) -> Tensor:
    """The code that takes the largest part of each row in a balanced transport plan.

    The plan spreads one unit over each row so that all columns together receive equally much.
    It weighs near codes most: its start is ``exp(-distance / epsilon)``, with distances scaled
    linearly to the range from -1 to 1 so that ``epsilon`` means the same on any data.

    Args:
        distances: Of rows to codes.
        epsilon: Smoothness, at least :data:`SMALLEST_EPSILON`; small values stay near the
            nearest code.
        iterations: Times that rows and columns are balanced.

    Raises:
        StageError: The plan is not finite.

    Example:
        >>> balanced_codes(torch.tensor([[0.0, 1.0], [0.1, 0.4]]), 0.1, 50).tolist()
        [0, 1]

    References:
        Zheng et al. (2024), "Adapting large language models by integrating collaborative
        semantics for recommendation" (LC-Rec), equation 6 and its public code, which scales
        distances in this way.
    """
    log_plan = -_scaled(distances.double()) / epsilon
    # A factor per row changes no plan; with this one the largest entry of each row is 1.
    log_plan = log_plan - log_plan.amax(dim=1, keepdim=True)
    column_factors = _column_factors(log_plan.exp(), iterations)
    if not bool(torch.isfinite(column_factors.log()).all()):
        raise StageError(
            f"Sinkhorn balancing must stay finite, it does not with epsilon {epsilon}; raise "
            "sinkhorn_epsilon."
        )
    return (log_plan + column_factors.log()).argmax(dim=1)


def balanced_plan(kernel: Tensor, iterations: int) -> Tensor:
    """The kernel scaled so that each row sums to 1 and the columns to equal parts of the rows.

    Example:
        >>> balanced_plan(torch.ones(4, 2), 1)[0].tolist()
        [0.5, 0.5]
    """
    columns = _column_factors(kernel, iterations)
    plan = kernel * columns
    return plan / plan.sum(dim=1, keepdim=True)


def _column_factors(kernel: Tensor, iterations: int) -> Tensor:
    """Factors of the columns after balancing; two products a round touch the kernel only."""
    rows, size = kernel.shape
    columns = torch.ones(size, dtype=kernel.dtype, device=kernel.device)
    for _ in range(iterations):
        row_factors = 1.0 / (kernel @ columns)
        columns = (rows / size) / (kernel.T @ row_factors)
    return columns


def _scaled(distances: Tensor) -> Tensor:
    """Distances on a line from -1 (smallest) to 1; equal ones become 0."""
    low, high = distances.min(), distances.max()
    half = (high - low) / 2
    # Where all are equal every code is as good as any other.
    return (distances - (low + half)) / half.clamp_min(torch.finfo(torch.float64).tiny)
