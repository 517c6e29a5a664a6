"""What makes the arms of an ablation, one file a generator; this is their registry."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from clairo.ablation.generators.add_one_in import AddOneInConfig
from clairo.ablation.generators.curve import CurveConfig
from clairo.ablation.generators.factorial import FactorialConfig
from clairo.ablation.generators.inference_masking import InferenceMaskingConfig
from clairo.ablation.generators.leave_one_out import LeaveOneOutConfig
from clairo.ablation.generators.modality_masking import ModalityMaskingConfig
from clairo.ablation.generators.quantizer_swap import QuantizerSwapConfig
from clairo.ablation.generators.variants import VariantsConfig

GeneratorKind = (
    AddOneInConfig
    | CurveConfig
    | FactorialConfig
    | InferenceMaskingConfig
    | LeaveOneOutConfig
    | ModalityMaskingConfig
    | QuantizerSwapConfig
    | VariantsConfig
)
"""Every generator."""

AnyGenerator = Annotated[GeneratorKind, Field(discriminator="kind")]
"""Every generator, told apart by ``kind``."""

__all__ = [
    "AddOneInConfig",
    "AnyGenerator",
    "CurveConfig",
    "FactorialConfig",
    "GeneratorKind",
    "InferenceMaskingConfig",
    "LeaveOneOutConfig",
    "ModalityMaskingConfig",
    "QuantizerSwapConfig",
    "VariantsConfig",
]
