"""The components of a pipeline that can be switched off: this is their registry.

``switch_off`` of a component gives the settings that change, or a sentence that says why there
is nothing to switch off. Settings that a component's absence makes too small for the same bits
per item are made larger with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from clairo.ablation.code_layouts import (
    Layout,
    bits_per_item,
    fitting_digit,
    layout_of,
    nearest_layout,
    unequal_note,
)
from clairo.ablation.plan import SkippedArm, changed
from clairo.core.errors import ConfigError
from clairo.pipeline.config import PipelineConfig
from clairo.quantization import GivenConfig

Changes = Mapping[str, Any]
"""Dotted settings with their new values."""

ComponentName = Literal[
    "pca",
    "second_pca",
    "learned_fusion",
    "fusion",
    "residual_levels",
    "merging",
    "cross_modal_merges",
    "spr",
    "ensemble",
    "disambiguation",
]

UNUSED: Final = "the base does not use it"
GIVEN: Final = "the codes come with the data, nothing makes them"

_LEARNED: Final = ("gated", "attention", "cross_attention")
_SINGLE: Final = ("none", "text_only", "image_only")


@dataclass(frozen=True)
class Component:
    """Something that can be switched off.

    Attributes:
        name: Identifier.
        title: For people.
        without: Title of the arm that lacks it.
        switch_off: Settings that switch it off in a configuration, or why it is not on.
    """

    name: ComponentName
    title: str
    without: str
    switch_off: Callable[[PipelineConfig], Changes | str]

    def without_title(self, base: PipelineConfig) -> str:
        """Title of the arm that lacks it, with its bits where they cannot be the base's."""
        off = self.switch_off(base)
        if self.name != "fusion" or isinstance(off, str):
            return self.without
        count, size = (off[f"quantization.{s}"] for s in ("num_codebooks", "codebook_size"))
        # One vector a modality.
        bits = 2 * Layout(count, size.bit_length() - 1).bits
        return self.without + unequal_note(bits_per_item(base), bits)

    @property
    def off_name(self) -> str:
        """Name of the arm that lacks it."""
        return f"no_{self.name}"


def _made_codes(
    of_made_codes: Callable[[PipelineConfig], Changes | str],
) -> Callable[[PipelineConfig], Changes | str]:
    """A switch that finds nothing where the codes come with the data."""
    return lambda config: GIVEN if config.gives_codes else of_made_codes(config)


def _pca(config: PipelineConfig) -> Changes | str:
    return {"reduction": {"kind": "identity"}} if config.reduction.kind == "pca" else UNUSED


def _second_pca(config: PipelineConfig) -> Changes | str:
    return {"fusion": {"kind": "concat"}} if config.fusion.kind == "concat_pca" else UNUSED


def _learned_fusion(config: PipelineConfig) -> Changes | str:
    return {"fusion": {"kind": "concat"}} if config.fusion.kind in _LEARNED else UNUSED


def _fusion(config: PipelineConfig) -> Changes | str:
    quantization = config.quantization
    if config.fusion.kind in _SINGLE or isinstance(quantization, GivenConfig):
        return UNUSED
    # Equal bits: the codes of the joint vector are shared out over two.
    bits = bits_per_item(config)
    layout = nearest_layout(bits / 2, layout_of(quantization), quantization.kind)
    if layout is None:
        return f"no codebooks of {quantization.kind} hold {bits / 2:g} bits per vector"
    return {
        "fusion": {"kind": "none"},
        "quantization.codebooks": "separate",
        **{f"quantization.{name}": value for name, value in layout.settings.items()},
        **fitting_digit(quantization),
    }


def _residual_levels(config: PipelineConfig) -> Changes | str:
    quantization = config.quantization
    if isinstance(quantization, GivenConfig) or quantization.num_codebooks == 1:
        return UNUSED
    # One code tells few items apart: the digit that does needs as many values as it takes.
    return {"quantization.num_codebooks": 1, "quantization.num_hash_buckets": None}


def _merging(config: PipelineConfig) -> Changes | str:
    # Not the identity tokenizer: that would take the random orders and the ensemble, too.
    return {"merging.num_merges": 0} if _merges(config) else UNUSED


def _cross_modal_merges(config: PipelineConfig) -> Changes | str:
    merging = config.merging
    if merging.kind != "feature_set_bpe" or not _merges(config) or config.one_modality:
        return UNUSED
    return {"merging.cross_modal_share": 0.0} if merging.cross_modal_share > 0 else UNUSED


def _spr(config: PipelineConfig) -> Changes | str:
    if config.merging.kind != "feature_set_bpe" or config.model.segmentation != "spr":
        return UNUSED
    # A model that has seen one segmentation only is not asked with others.
    return {"model.segmentation": "greedy", "evaluation.ensemble": 1}


def _ensemble(config: PipelineConfig) -> Changes | str:
    several = config.merging.kind == "feature_set_bpe" and config.evaluation.ensemble > 1
    return {"evaluation.ensemble": 1} if several else UNUSED


def _disambiguation(config: PipelineConfig) -> Changes | str:
    if config.quantization.disambiguation == "none":
        return UNUSED
    return {"quantization.disambiguation": "none"}


def _merges(config: PipelineConfig) -> bool:
    return config.merging.kind == "feature_set_bpe" and config.merging.num_merges > 0


COMPONENTS: Final[Mapping[ComponentName, Component]] = {
    component.name: component
    for component in (
        Component("pca", "PCA", "Without PCA", _made_codes(_pca)),
        Component("second_pca", "Second PCA", "Without the second PCA", _made_codes(_second_pca)),
        Component(
            "learned_fusion",
            "Learned fusion",
            "Without learned fusion (concatenation)",
            _made_codes(_learned_fusion),
        ),
        Component("fusion", "Fusion", "Without fusion (separate codebooks)", _made_codes(_fusion)),
        Component(
            "residual_levels",
            "Further codebooks",
            "With one codebook",
            _made_codes(_residual_levels),
        ),
        Component("merging", "Merging", "Without merging", _merging),
        Component(
            "cross_modal_merges",
            "Cross-modal merges",
            "Without cross-modal merges",
            _cross_modal_merges,
        ),
        Component(
            "spr",
            "Random segmentation",
            "Without random segmentation (SPR and ensemble)",
            _spr,
        ),
        Component("ensemble", "Ensemble", "Without the ensemble", _ensemble),
        Component(
            "disambiguation",
            "Disambiguation",
            "Without disambiguation (items with equal codes share an id)",
            _disambiguation,
        ),
    )
}
"""By name, in the order of the pipeline."""


@dataclass(frozen=True)
class Swap:
    """Another kind of what is used.

    Attributes:
        name: Identifier of the arm.
        title: For people.
        changes: Settings that change.
    """

    name: str
    title: str
    changes: Changes


_DISAMBIGUATIONS: Final = {
    "hash": "Disambiguation by hash",
    "counter": "Disambiguation by counter",
    "reassign": "Disambiguation by reassigned codes",
}


def disambiguation_swaps(
    config: PipelineConfig, items: int | None = None
) -> Iterator[Swap | SkippedArm]:
    """Each other way of telling items with equal codes apart.

    Args:
        config: What is used.
        items: Number of items, ``None`` where they were not counted.
    """
    for kind, title in _DISAMBIGUATIONS.items():
        if kind == config.quantization.disambiguation:
            continue
        why = _unassignable(config, items) if kind == "reassign" else ""
        if why:
            yield SkippedArm(title, why)
            continue
        changes: dict[str, Any] = {"quantization.disambiguation": kind}
        if kind == "hash":
            # As many buckets as it takes: nobody chose a number for this quantizer.
            changes["quantization.num_hash_buckets"] = None
        yield Swap(f"disambiguation_{kind}", title, changes)


def _unassignable(config: PipelineConfig, items: int | None) -> str:
    """Why items cannot each have codes of their own, else nothing."""
    if config.gives_codes:
        return "which codes are near an item is not known where they are given"
    combinations = 2 ** bits_per_item(config)
    if items is not None and combinations < items:
        return f"{items:,} items cannot each have one of {combinations:,} combinations of codes"
    return ""


def contradiction(base: PipelineConfig, one: Component, other: Component) -> str:
    """Why two active components cannot be switched apart from each other; else nothing.

    What is left of them must not depend on which is switched off first.
    """
    shared = _overlap(_active(base, one), _active(base, other))
    if shared:
        return f"{one.title} and {other.title} both change {shared}"
    for first, second in ((one, other), (other, one)):
        without = changed(base, _active(base, first), f"without {first.name}")
        if isinstance(second.switch_off(without), str):
            return f"{second.title} is part of {first.title}"
        if second.switch_off(without) != second.switch_off(base):
            return f"{second.title} is switched off otherwise where {first.title} is off"
    return ""


def _active(base: PipelineConfig, component: Component) -> Changes:
    """What switches it off.

    Raises:
        ConfigError: It is not on.
    """
    found = component.switch_off(base)
    if isinstance(found, str):
        raise ConfigError(
            f"Only what is on can be switched off, got {component.name}: {found}; leave it out "
            "or choose a base that uses it."
        )
    return found


def _overlap(one: Changes, other: Changes) -> str:
    """The first setting that both change, itself or within a section of the other."""
    for left in one:
        for right in other:
            if f"{left}.".startswith(f"{right}.") or f"{right}.".startswith(f"{left}."):
                return max(left, right, key=len)
    return ""


def all_off(base: PipelineConfig, components: Sequence[Component]) -> Changes:
    """Settings that switch off several components that do not contradict each other.

    Raises:
        ConfigError: One of them is not on.
    """
    changes: dict[str, Any] = {}
    for component in components:
        changes |= _active(base, component)
    return changes
