"""A search space for data that bring their codes: what comes after the codes stays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from clairo.core.errors import ConfigError
from clairo.sweep.space_nodes import Branch, Choice, Constant, Node, Option, parameters

BEFORE_CODES: Final = ("text", "image", "reduction", "fusion")
"""Settings of the stages that make codes."""

_KEPT: Final = "num_hash_buckets"
"""The one setting of a quantizer that given codes have, too."""

_CODES_OF: Final = {"text_only": "text", "image_only": "image"}
"""Which codes stand for what a fusion leaves of the modalities; any other takes all."""


def without_code_making(
    root: Branch, modalities: tuple[str, ...]
) -> tuple[Branch, tuple[str, ...]]:
    """The tree without what makes codes, and with a choice of whose codes are used.

    Args:
        root: The tree.
        modalities: What there are codes of.

    Returns:
        The tree, and a sentence for each thing that was taken out or put in.

    Raises:
        ConfigError: Nothing is left to search.
    """
    notes = [
        f"{_searched(child, name)}: left out of the search because codes come with the data."
        for name, child in root.children
        if name in BEFORE_CODES
    ]
    kept = [pair for pair in root.children if pair[0] not in (*BEFORE_CODES, "quantization")]
    quantization = root.get("quantization")
    if _is_given(quantization):
        assert quantization is not None
        return Branch((*kept, ("quantization", quantization))), tuple(notes)
    if quantization is not None:
        searched = _searched(quantization, "quantization")
        notes.append(f"{searched}: replaced by the codes that come with the data.")
    narrowed = Branch((("quantization", _given(quantization, modalities)), *kept))
    if len(modalities) > 1:
        alone = " or ".join(modalities)
        notes.append(
            f"quantization.modalities: searched instead, all codes or those of {alone} alone."
        )
    if not parameters(narrowed):
        raise ConfigError(
            "A search space needs a distribution over what comes after the codes, got none for "
            f"data that bring {' and '.join(modalities)} codes; add one, for example of "
            "merging.num_merges."
        )
    return narrowed, tuple(notes)


def point_for_given_codes(
    point: Mapping[str, Any], root: Branch, modalities: tuple[str, ...]
) -> dict[str, Any]:
    """A known point in the terms of given codes: a fusion of one modality asks for its codes.

    Args:
        point: Settings of the space as it was.
        root: The tree as it is now.
        modalities: What there are codes of.
    """
    kept = {name: value for name, value in point.items() if name not in BEFORE_CODES}
    quantization = dict(kept.pop("quantization", {}))
    if quantization.get("kind") == "given":
        return {"quantization": quantization, **kept}
    fusion = point.get("fusion")
    kind = fusion.get("kind") if isinstance(fusion, Mapping) else None
    given: dict[str, Any] = {"kind": "given"}
    if len(modalities) > 1:
        given["modalities"] = _CODES_OF.get(str(kind), "all")
    else:
        given["modalities"] = _CODES_OF.get(str(kind), modalities[0])
    branch = root.get("quantization")
    if _KEPT in quantization and isinstance(branch, Branch) and branch.get(_KEPT) is not None:
        given[_KEPT] = quantization[_KEPT]
    return {"quantization": given, **kept}


def _given(quantization: Node | None, modalities: tuple[str, ...]) -> Branch:
    several = len(modalities) > 1
    options = ("all", *modalities) if several else modalities
    chosen: Node = Constant(options[0])
    if several:
        chosen = Choice(tuple(Option(name, Constant(name)) for name in options))
    children: list[tuple[str, Node]] = [("kind", Constant("given")), ("modalities", chosen)]
    buckets = quantization.get(_KEPT) if isinstance(quantization, Branch) else None
    if buckets is not None:
        children.append((_KEPT, buckets))
    return Branch(tuple(children))


def _is_given(quantization: Node | None) -> bool:
    return isinstance(quantization, Branch) and quantization.get("kind") == Constant("given")


def _searched(node: Node, name: str) -> str:
    """The settings of a part of the space that were searched, or its name where none was."""
    return ", ".join(dict.fromkeys(p.setting for p in parameters(node, name))) or name
