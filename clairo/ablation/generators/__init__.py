"""What makes the arms of an ablation, one file a generator; this is their registry."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from clairo.ablation.generators.leave_one_out import LeaveOneOutConfig
from clairo.ablation.generators.modality_masking import ModalityMaskingConfig
from clairo.ablation.generators.variants import VariantsConfig

GeneratorKind = LeaveOneOutConfig | ModalityMaskingConfig | VariantsConfig
"""Every generator."""

AnyGenerator = Annotated[GeneratorKind, Field(discriminator="kind")]
"""Every generator, told apart by ``kind``."""

__all__ = [
    "AnyGenerator",
    "GeneratorKind",
    "LeaveOneOutConfig",
    "ModalityMaskingConfig",
    "VariantsConfig",
]
