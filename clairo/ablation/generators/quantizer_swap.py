"""Other quantizers and other numbers of levels, at the base's bits per item."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, model_validator

from clairo.ablation.code_layouts import (
    MAX_BITS,
    MAX_CODEBOOKS,
    Layout,
    bits_per_item,
    fitting_digit,
    layout_of,
    nearest_layout,
    unequal_note,
    vectors_per_item,
)
from clairo.ablation.components import GIVEN
from clairo.ablation.generators.base import Draft, Generator, build_table
from clairo.ablation.plan import Present, SkippedArm, Table
from clairo.pipeline.config import PipelineConfig
from clairo.quantization import AnyQuantizer, GivenConfig
from clairo.tracking.records import ArmFamily

QuantizerKind = Literal["vq_vae", "rq_vae", "rq_kmeans", "opq", "pq"]

_TITLES: Final[dict[QuantizerKind, str]] = {
    "vq_vae": "VQ-VAE",
    "rq_vae": "RQ-VAE",
    "rq_kmeans": "RQ-k-means",
    "opq": "OPQ",
    "pq": "PQ",
}
_SINGLE: Final = ("text_only", "image_only")


class QuantizerSwapConfig(Generator):
    """Kinds of quantizer by levels, and shared against separate codebooks.

    The codes of an item have as many bits in every arm as in the base: what n levels of a
    codebook have, one level has in a codebook of its n-th power. Where the bits do not divide by
    the levels, codebooks take the nearest power of two, and the title states both numbers of
    bits. Codebooks with more centroids than the data have items are left out. Those that find
    too few among the items of training histories, which nobody has counted by then, fail when
    they run, with that reason.

    Attributes:
        kinds: Kinds of quantizer.
        levels: Codes per vector.
        settings: Settings by kind, beside the defaults of the kind; the base's own kind keeps
            the base's.
        sharing: Also the base's kind with one codebook for both modalities where they have one
            each, or the other way round.
    """

    kind: Literal["quantizer_swap"] = "quantizer_swap"
    kinds: tuple[QuantizerKind, ...] = ("vq_vae", "rq_vae", "rq_kmeans", "opq")
    levels: tuple[Annotated[int, Field(ge=1, le=MAX_CODEBOOKS)], ...] = (1, 2, 3, 4)
    settings: dict[QuantizerKind, dict[str, Any]] = Field(default_factory=dict)
    sharing: bool = True

    @model_validator(mode="after")
    def _settings_are_of_kinds(self) -> Self:
        unused = sorted(set(self.settings) - set(self.kinds))
        if unused:
            raise ValueError(
                f"settings are of kinds that are tried, got some of {', '.join(unused)} for kinds "
                f"{', '.join(self.kinds)}; add the kind or take its settings out"
            )
        return self

    def make(self, base: PipelineConfig, present: Present) -> Table:
        """One arm a kind and number of levels; none where the codes come with the data.

        Raises:
            ConfigError: Settings of a kind do not fit it.
        """
        quantization = base.quantization
        if isinstance(quantization, GivenConfig):
            family = ArmFamily("quantizers", "Quantizers", "Codes come with the data.")
            return Table(family, (), (SkippedArm("Other quantizers", GIVEN),))
        about = (
            "Each arm makes codes in another way, trained anew. All have codes of the base's "
            f"{bits_per_item(base)} bits per item unless their title says otherwise, beside the "
            "digit that tells equal codes apart, which takes as many values as it needs. "
            "Quantizers of other kinds than the base's have the settings of the definition, else "
            "their defaults."
        )
        drafts = [*self._kinds(base, quantization, present.items)]
        if self.sharing:
            drafts.append(_shared_or_separate(base, quantization))
        return build_table(ArmFamily("quantizers", "Quantizers", about), base, drafts)

    def _kinds(
        self, base: PipelineConfig, quantization: AnyQuantizer, items: int | None
    ) -> Iterator[Draft | SkippedArm]:
        for kind in self.kinds:
            for count in self.levels:
                title = f"{_TITLES[kind]}, {_levels(count)}"
                layout = _layout(kind, count, layout_of(quantization).bits, items)
                if isinstance(layout, str):
                    yield SkippedArm(title, layout)
                    continue
                note = unequal_note(bits_per_item(base), vectors_per_item(base) * layout.bits)
                yield Draft(
                    f"{kind}_{_levels(count).replace(' ', '_')}",
                    f"{title} of {layout.codebook_size:,}{note}",
                    self._changes(quantization, kind, layout),
                    asked=kind in self.settings,
                )

    def _changes(
        self, quantization: AnyQuantizer, kind: QuantizerKind, layout: Layout
    ) -> Mapping[str, Any]:
        own = {**layout.settings, **self.settings.get(kind, {})}
        if kind == quantization.kind:
            changes = {f"quantization.{name}": value for name, value in own.items()}
            return {**fitting_digit(quantization), **changes}
        section = {
            "kind": kind,
            "disambiguation": quantization.disambiguation,
            "num_hash_buckets": None,
            "fit_on": quantization.fit_on,
        }
        return {"quantization": {**section, **own}}


def _layout(kind: QuantizerKind, count: int, bits: int, items: int | None) -> Layout | str:
    """So many codebooks of the size nearest to equal bits, or why there are none."""
    if kind == "vq_vae" and count > 1:
        return "a VQ-VAE has one codebook; with several it is an RQ-VAE"
    # Half a bit is rounded up, so that no arm is denied room by rounding.
    code_bits = max(1, int(bits / count + 0.5))
    if code_bits > MAX_BITS:
        return (
            f"{bits} bits in {_levels(count)} need codebooks of 2^{code_bits} centroids, more than "
            f"{2**MAX_BITS:,}"
        )
    if items is not None and 2**code_bits > items:
        return (
            f"codebooks of {2**code_bits:,} centroids need as many items, the data have {items:,}"
        )
    return Layout(count, code_bits)


def _levels(count: int) -> str:
    return "1 level" if count == 1 else f"{count} levels"


def _shared_or_separate(base: PipelineConfig, quantization: AnyQuantizer) -> Draft | SkippedArm:
    """The base's kind with its codebooks shared where they are separate, or the other way round."""
    apart = base.fusion.kind == "none"
    title = "Shared codebooks (concatenation)" if apart else "Separate codebooks (no fusion)"
    if base.fusion.kind in _SINGLE:
        return SkippedArm(title, "the base reads one modality")
    vectors, bits = (1 if apart else 2), bits_per_item(base)
    layout = nearest_layout(bits / vectors, layout_of(quantization), quantization.kind)
    if layout is None:
        return SkippedArm(
            title, f"no codebooks of {quantization.kind} hold {bits / vectors:g} bits per vector"
        )
    changes = {
        "fusion": {"kind": "concat" if apart else "none"},
        "quantization.codebooks": "shared" if apart else "separate",
        **{f"quantization.{name}": value for name, value in layout.settings.items()},
        **fitting_digit(quantization),
    }
    note = unequal_note(bits, layout.bits * vectors)
    name = "shared_codebooks" if apart else "separate_codebooks"
    return Draft(name, f"{title}, {layout.label}{note}", changes)
