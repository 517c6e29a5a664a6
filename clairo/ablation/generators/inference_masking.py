"""Masking at inference: how much the trained base relies on a modality.

Nothing is trained anew: the base's own models are asked with a modality replaced. What the
modality is worth is another question, which
:mod:`clairo.ablation.generators.modality_masking` asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from clairo.ablation.generators.base import Draft, Generator, build_table
from clairo.ablation.plan import Present, SkippedArm, Table
from clairo.pipeline.config import PipelineConfig
from clairo.quantization import GivenConfig
from clairo.tracking.records import ArmFamily

Modality = Literal["text", "image"]
Fill = Literal["zero", "mean", "shuffled"]

_ABOUT: Final = (
    "Each arm asks the trained models of the base with one modality of the histories replaced; "
    "nothing is trained anew. It says how much these models rely on the modality, not what the "
    "modality is worth."
)
_TITLES: Final[dict[Modality, str]] = {"text": "Text", "image": "Images"}
_FILLS: Final[dict[Fill, str]] = {
    "zero": "replaced by zeros",
    "mean": "replaced by their mean",
    "shuffled": "of other items (shuffled)",
}


class InferenceMaskingConfig(Generator):
    """The trained base, asked with a modality masked.

    Attributes:
        modalities: What is masked, one at a time.
        fills: What the model reads instead.
    """

    kind: Literal["inference_masking"] = "inference_masking"
    modalities: tuple[Modality, ...] = ("text", "image")
    fills: tuple[Fill, ...] = ("zero", "mean", "shuffled")

    def make(self, base: PipelineConfig, present: Present) -> Table:
        """One arm for each modality and fill."""
        family = ArmFamily("inference_masking", "Masked at inference", _ABOUT, kind="inference")
        return build_table(family, base, self._drafts(base, present))

    def _drafts(self, base: PipelineConfig, present: Present) -> Iterator[Draft | SkippedArm]:
        for modality in self.modalities:
            why = _unmaskable(base, present, modality)
            if why:
                yield SkippedArm(f"{_TITLES[modality]} masked", why)
                continue
            for fill in self.fills:
                title = f"{_TITLES[modality]} {_FILLS[fill]}"
                if base.gives_codes and fill != "shuffled":
                    yield SkippedArm(title, "given codes have no vectors that could be replaced")
                else:
                    changes = {"evaluation.masking": {"modality": modality, "fill": fill}}
                    yield Draft(f"{modality}_{fill}", title, changes)


def _unmaskable(base: PipelineConfig, present: Present, modality: Modality) -> str:
    """Why a modality cannot be masked, else nothing."""
    if not (present.text if modality == "text" else present.image):
        return "the data has no such modality"
    quantization = base.quantization
    if isinstance(quantization, GivenConfig):
        reads = quantization.modalities in ("all", modality)
    else:
        reads = modality in base.fusion.needs()
    return "" if reads else "the base does not read it"
