"""The arms of an ablation, built from the winner of a sweep.

Every arm retrains: a modality that is left out is left out of PCA, codes, merges and model.
Codes that come with the data are taken or left as they are, so that arms with fewer of them have
fewer bits per item; where codes are made, the arms are at equal bits. Masking at inference is
another question and another table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from clairo.core.config import parse_config
from clairo.core.errors import ConfigError
from clairo.pipeline.config import PipelineConfig
from clairo.quantization import AnyQuantizer, GivenConfig

Family = Literal["modality_masking", "components"]

_MAKING_CODES: Final = (
    "Without PCA",
    "Without the second PCA",
    "Without learned fusion (concatenation)",
    "Without fusion (separate codebooks)",
    "With one codebook",
)
"""Titles of the arms that change how codes are made."""

_LEARNED: Final = ("gated", "attention", "cross_attention")
_SINGLE: Final = ("none", "text_only", "image_only")


@dataclass(frozen=True)
class PlannedArm:
    """One side of the comparison.

    Attributes:
        name: Identifier; the unchanged winner is ``full``.
        family: Which table it belongs to.
        title: For people.
        changes: Dotted settings that differ from the winner, with their new values.
        config: The whole configuration.
    """

    name: str
    family: Family
    title: str
    changes: Mapping[str, Any]
    config: PipelineConfig


@dataclass(frozen=True)
class AblationPlan:
    """All arms, ``full`` first, and those that make no sense here with the reason."""

    arms: tuple[PlannedArm, ...]
    skipped: tuple[tuple[str, str], ...]


def plan_ablation(
    winner: PipelineConfig, *, has_text: bool = True, has_image: bool = True
) -> AblationPlan:
    """Modality masking, and each active component switched off once.

    Args:
        winner: The configuration that the sweep found.
        has_text: Whether any item has text, or codes made from it.
        has_image: Whether any item has a picture, or codes made from it.
    """
    arms = [PlannedArm("full", "components", "Everything on", {}, winner)]
    skipped: list[tuple[str, str]] = []
    for proposal in (*_modalities(winner, has_text, has_image), *_components(winner)):
        if isinstance(proposal, _Skipped):
            skipped.append((proposal.title, proposal.why))
        else:
            arms.append(proposal)
    return AblationPlan(tuple(arms), tuple(skipped))


@dataclass(frozen=True)
class _Skipped:
    title: str
    why: str


def _modalities(
    winner: PipelineConfig, has_text: bool, has_image: bool
) -> Iterator[PlannedArm | _Skipped]:
    """Both, text only, image only; at equal bits per item where codes are made."""
    if isinstance(winner.quantization, GivenConfig):
        yield from _given_modalities(winner, winner.quantization, has_text, has_image)
        return
    both, kind = "Text and images", winner.fusion.kind
    for name, title, there in (
        ("both", both, has_text and has_image),
        ("text_only", "Text only", has_text),
        ("image_only", "Images only", has_image),
    ):
        joint = kind not in ("text_only", "image_only")
        if not there:
            yield _Skipped(title, "the data has no such modality")
        elif kind == name or (name == "both" and joint):
            yield _Skipped(title, "this is the winner itself")
        else:
            yield _try_arm(winner, name, "modality_masking", title, _masking(winner, name))


def _given_modalities(
    winner: PipelineConfig, given: GivenConfig, has_text: bool, has_image: bool
) -> Iterator[PlannedArm | _Skipped]:
    """Both, text codes only, image codes only, each as published: bits per item differ."""
    everything = "all" if has_text and has_image else "text" if has_text else "image"
    used = everything if given.modalities == "all" else given.modalities
    for name, modalities, title, there in (
        ("both", "all", "Text and image codes", has_text and has_image),
        ("text_only", "text", "Text codes only", has_text),
        ("image_only", "image", "Image codes only", has_image),
    ):
        if not there:
            yield _Skipped(title, "the data has no such codes")
        elif used == modalities:
            yield _Skipped(title, "this is the winner itself")
        else:
            # Fewer codes tell fewer items apart: the digit takes as many values as it needs.
            changes = {
                "quantization.modalities": modalities,
                "quantization.num_hash_buckets": None,
            }
            yield _try_arm(winner, name, "modality_masking", title, changes)


def _masking(winner: PipelineConfig, name: str) -> dict[str, Any]:
    assert not isinstance(winner.quantization, GivenConfig)
    depth = winner.quantization.num_codebooks
    if name == "both":
        # The codes of one modality are shared out over two.
        fusion, per_modality = "none", max(1, depth // 2)
    else:
        # Equal bits: one modality gets the codebooks that two modalities shared.
        fusion, per_modality = name, depth * (2 if winner.fusion.kind == "none" else 1)
    return {
        "fusion": {"kind": fusion},
        "quantization.codebooks": "separate" if fusion == "none" else "shared",
        "quantization.num_codebooks": per_modality,
    }


def _components(winner: PipelineConfig) -> Iterator[PlannedArm | _Skipped]:
    quantization = winner.quantization
    if isinstance(quantization, GivenConfig):
        for title in _MAKING_CODES:
            yield _Skipped(title, "the codes come with the data, nothing makes them")
    else:
        yield from _code_components(winner, quantization)
    yield from _token_components(winner)


def _code_components(
    winner: PipelineConfig, quantization: AnyQuantizer
) -> Iterator[PlannedArm | _Skipped]:
    no_pca, no_second_pca, no_learned, no_fusion, no_residuals = _MAKING_CODES
    yield _switch(
        winner,
        "no_pca",
        no_pca,
        {"reduction": {"kind": "identity"}},
        active=winner.reduction.kind == "pca",
    )
    yield _switch(
        winner,
        "no_second_pca",
        no_second_pca,
        {"fusion": {"kind": "concat"}},
        active=winner.fusion.kind == "concat_pca",
    )
    yield _switch(
        winner,
        "no_learned_fusion",
        no_learned,
        {"fusion": {"kind": "concat"}},
        active=winner.fusion.kind in _LEARNED,
    )
    yield _switch(
        winner,
        "no_fusion",
        no_fusion,
        {
            "fusion": {"kind": "none"},
            "quantization.codebooks": "separate",
            # Equal bits: the codebooks of the joint vector are shared out over two.
            "quantization.num_codebooks": max(1, quantization.num_codebooks // 2),
        },
        active=winner.fusion.kind not in _SINGLE,
    )
    yield _switch(
        winner,
        "no_residuals",
        # One code tells few items apart: the digit that does needs as many values as it takes.
        no_residuals,
        {"quantization.num_codebooks": 1, "quantization.num_hash_buckets": None},
        active=quantization.num_codebooks > 1,
    )


def _token_components(winner: PipelineConfig) -> Iterator[PlannedArm | _Skipped]:
    merging = winner.merging
    merges = merging.kind == "feature_set_bpe" and merging.num_merges > 0
    crosses = (
        merging.kind == "feature_set_bpe"
        and merges
        and not winner.one_modality
        and merging.cross_modal_share > 0
    )
    spr = merges and winner.model.segmentation == "spr"
    yield _switch(
        # Not the identity tokenizer: that would take the random orders and the ensemble, too.
        winner,
        "no_merging",
        "Without merging",
        {"merging.num_merges": 0},
        active=merges,
    )
    yield _switch(
        winner,
        "no_cross_modal_merges",
        "Without cross-modal merges",
        {"merging.cross_modal_share": 0.0},
        active=crosses,
    )
    yield _switch(
        winner,
        "no_spr",
        # A model that has seen one segmentation only is not asked with others.
        "Without random segmentation (SPR and ensemble)",
        {"model.segmentation": "greedy", "evaluation.ensemble": 1},
        active=spr,
    )
    yield _switch(
        winner,
        "no_ensemble",
        "Without the ensemble",
        {"evaluation.ensemble": 1},
        active=merges and winner.evaluation.ensemble > 1,
    )


def _switch(
    winner: PipelineConfig, name: str, title: str, changes: Mapping[str, Any], *, active: bool
) -> PlannedArm | _Skipped:
    if not active:
        return _Skipped(title, "the winner does not use it")
    return _try_arm(winner, name, "components", title, changes)


def _try_arm(
    winner: PipelineConfig, name: str, family: Family, title: str, changes: Mapping[str, Any]
) -> PlannedArm | _Skipped:
    """An arm, or why the winner's settings have no such variant."""
    try:
        return make_arm(winner, name, family, title, changes)
    except ConfigError as error:
        return _Skipped(title, str(error))


def make_arm(
    winner: PipelineConfig, name: str, family: Family, title: str, changes: Mapping[str, Any]
) -> PlannedArm:
    """The winner with some dotted settings replaced, validated as a whole.

    Raises:
        ConfigError: A changed setting does not exist in the winner, or does not fit it.
    """
    values = winner.model_dump()
    for path, value in changes.items():
        *parents, last = path.split(".")
        place = values
        for parent in parents:
            place = place[parent]
        if last not in place:
            raise ConfigError(
                f"An arm may change only settings of the winner, got {path}; "
                f"known there: {', '.join(sorted(place))}."
            )
        place[last] = value
    config = parse_config(PipelineConfig, values, f"ablation arm {name}")
    return PlannedArm(name, family, title, changes, config)
