"""How a model is asked and measured."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from clairo.core.config import RUNTIME_ONLY, Config
from clairo.evaluation.masking import MaskingConfig
from clairo.evaluation.metric_names import CUTOFFS


class EvaluationConfig(Config):
    """Decoding and measuring; accuracy is always measured at 5 and 10.

    Attributes:
        num_beams: Width of the constrained beam search.
        top_k: Items kept of each user's list.
        ensemble: Segmentation draws joined by :func:`combine_ensemble`; 1 is the greedy
            segmentation, which draws nothing.
        max_users: Ask so many users of a split, drawn once for all; ``None`` asks everybody.
        invalid_users: Users asked without constraint, to measure the invalid share.
        invalid_beams: Beam width without constraint.
        batch_size: Users decoded together.
        masking: A modality that the trained model is not shown; ``None`` shows it all.

    Example:
        >>> EvaluationConfig(num_beams=20, top_k=20, ensemble=5).identity()["ensemble"]
        5
    """

    num_beams: int = Field(default=50, ge=max(CUTOFFS), le=1000)
    top_k: int = Field(default=20, ge=max(CUTOFFS), le=1000)
    ensemble: int = Field(default=1, ge=1, le=64)
    max_users: int | None = Field(default=None, ge=1)
    invalid_users: int = Field(default=100, ge=0)
    invalid_beams: int = Field(default=10, ge=max(CUTOFFS), le=1000)
    batch_size: Annotated[int, RUNTIME_ONLY] = Field(default=64, ge=1, le=65536)
    masking: MaskingConfig | None = None

    def identity(self) -> dict[str, Any]:
        """Result-changing settings; ``masking`` only where something is masked.

        So whatever was evaluated before masking could be asked for has kept its name.
        """
        identity = super().identity()
        if self.masking is None:
            del identity["masking"]
        return identity

    @model_validator(mode="after")
    def _beams_cover_list(self) -> Self:
        if self.num_beams < self.top_k:
            raise ValueError(
                "num_beams must be at least top_k, or lists cannot be filled, got "
                f"num_beams={self.num_beams} with top_k={self.top_k}; raise num_beams"
            )
        return self
