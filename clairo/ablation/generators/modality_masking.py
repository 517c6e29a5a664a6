"""Retraining without a modality: what it is worth, with everything downstream built anew.

Codes that come with the data are taken or left as they are, so that arms with fewer of them have
fewer bits per item; where codes are made, the arms are at equal bits. Masking at inference is
another question and another table.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Literal

from clairo.ablation.code_layouts import (
    bits_per_item,
    fitting_digit,
    layout_of,
    nearest_layout,
    unequal_note,
    vectors_per_item,
)
from clairo.ablation.generators.base import Draft, Generator, build_table
from clairo.ablation.plan import Present, SkippedArm, Table
from clairo.pipeline.config import PipelineConfig
from clairo.quantization import AnyQuantizer, GivenConfig
from clairo.tracking.records import ArmFamily

_MADE: Final = (
    "Each arm is trained anew without a modality: reduction, fusion, codes, merges and model are "
    "made of what is left, with codes of equal bits per item unless its title says otherwise."
)
_GIVEN: Final = (
    "Each arm is trained anew on the codes of one modality, as they came with the data, so with "
    "fewer bits per item."
)


class ModalityMaskingConfig(Generator):
    """Text only, images only, both; that which the base is itself is left out."""

    kind: Literal["modality_masking"] = "modality_masking"

    def make(self, base: PipelineConfig, present: Present) -> Table:
        """One arm for each set of modalities that the base does not read already."""
        quantization = base.quantization
        if isinstance(quantization, GivenConfig):
            about, drafts = _GIVEN, _of_given_codes(quantization, present)
        else:
            about, drafts = _MADE, _of_made_codes(base, quantization, present)
        return build_table(
            ArmFamily("modality_masking", "Trained without a modality", about), base, drafts
        )


def _of_made_codes(
    base: PipelineConfig, quantization: AnyQuantizer, present: Present
) -> Iterator[Draft | SkippedArm]:
    kind = base.fusion.kind
    for name, title, there in (
        ("both", "Text and images", present.text and present.image),
        ("text_only", "Text only", present.text),
        ("image_only", "Images only", present.image),
    ):
        joint = kind not in ("text_only", "image_only")
        if not there:
            yield SkippedArm(title, "the data has no such modality")
        elif kind == name or (name == "both" and joint):
            yield SkippedArm(title, "this is the base itself")
        else:
            yield _masked(base, quantization, name, title)


def _masked(
    base: PipelineConfig, quantization: AnyQuantizer, name: str, title: str
) -> Draft | SkippedArm:
    fusion, vectors = ("none", 2) if name == "both" else (name, 1)
    bits = bits_per_item(base)
    # One modality gets the codes that two shared; two share the codes that one had.
    layout = nearest_layout(bits / vectors, layout_of(quantization), quantization.kind)
    if layout is None:
        return SkippedArm(
            title,
            f"no codebooks of {quantization.kind} hold its {bits // vectors} bits per vector",
        )
    changes: dict[str, Any] = {
        "fusion": {"kind": fusion},
        "quantization.codebooks": "separate" if fusion == "none" else "shared",
        **{f"quantization.{setting}": value for setting, value in layout.settings.items()},
        **fitting_digit(quantization),
    }
    if vectors == vectors_per_item(base):
        # A modality takes the place of what was fused: the codes are as many and as large.
        del changes["quantization.num_codebooks"], changes["quantization.codebook_size"]
    return Draft(name, title + unequal_note(bits, layout.bits * vectors), changes)


def _of_given_codes(given: GivenConfig, present: Present) -> Iterator[Draft | SkippedArm]:
    everything = "all" if present.text and present.image else "text" if present.text else "image"
    used = everything if given.modalities == "all" else given.modalities
    for name, modalities, title, there in (
        ("both", "all", "Text and image codes", present.text and present.image),
        ("text_only", "text", "Text codes only", present.text),
        ("image_only", "image", "Image codes only", present.image),
    ):
        if not there:
            yield SkippedArm(title, "the data has no such codes")
        elif used == modalities:
            yield SkippedArm(title, "this is the base itself")
        else:
            # Fewer codes tell fewer items apart: the digit takes as many values as it needs.
            changes = {
                "quantization.modalities": modalities,
                "quantization.num_hash_buckets": None,
            }
            yield Draft(name, title, changes)
