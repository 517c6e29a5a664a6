"""The pipeline as data: one thin adapter per stage, and the only place its order is written.

An adapter turns the artifacts of other stages into the plain arguments of a method and knows
nothing about stores, trackers or paths.
"""

from __future__ import annotations

from typing import Any

from clairo.core.stage import Stage
from clairo.stages.codes import MERGING, QUANTIZATION
from clairo.stages.dataset import DATASET
from clairo.stages.evaluation import TEST_EVALUATION, VALID_EVALUATION
from clairo.stages.interactions import INTERACTIONS
from clairo.stages.masking import MASKED_CODES, MASKED_VECTORS
from clairo.stages.training import TRAINING, TrainingSettings
from clairo.stages.vectors import (
    FUSION,
    IMAGE_EMBEDDING,
    IMAGE_REDUCTION,
    TEXT_EMBEDDING,
    TEXT_REDUCTION,
)

__all__ = ["PIPELINE", "STAGES", "TrainingSettings"]

PIPELINE: tuple[Stage[Any, Any], ...] = (
    INTERACTIONS,
    DATASET,
    TEXT_EMBEDDING,
    IMAGE_EMBEDDING,
    TEXT_REDUCTION,
    IMAGE_REDUCTION,
    FUSION,
    QUANTIZATION,
    MERGING,
    TRAINING,
    MASKED_VECTORS,
    MASKED_CODES,
    VALID_EVALUATION,
    TEST_EVALUATION,
)
"""Every stage, each after all of its inputs."""

STAGES = {stage.name: stage for stage in PIPELINE}
"""The same by name."""
