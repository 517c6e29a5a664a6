"""What a sweep optimises: one validation metric, larger is better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Objective:
    """The metric that ranks configurations.

    Attributes:
        metric: Key of the metric in the tracker; of the valid split, because test is read by
            confirmed configurations only.
        direction: As the study database stores it.
        label: For people.
    """

    metric: str = "valid/ndcg_at_10"
    direction: Literal["maximize"] = "maximize"
    label: str = "valid NDCG@10"
