"""Names of the diagnostics that say what codes mean, made in one place for writers and readers.

All are of one modality's quantizer and stand in a code table under ``<modality>/<name>``.
"""

from __future__ import annotations

CURVE = "curve"
"""Fact of a learned quantizer or fusion: one ``{name: number}`` for each epoch."""

SELECTED_EPOCH = "selected_epoch"
"""Fact of a learned quantizer: the epoch, from 1, whose codebooks are kept."""


def neighbors_fact(depth: int, chance: bool = False) -> str:
    """Share of nearest neighbours that carry the same first codes.

    Args:
        depth: Number of first codes, from 1.
        chance: Whether the share of any two items instead.

    Example:
        >>> neighbors_fact(1), neighbors_fact(2, chance=True)
        ('neighbors_1', 'neighbors_chance_2')
    """
    return f"neighbors_{'chance_' if chance else ''}{depth}"


def purity_fact(depth: int, chance: bool = False) -> str:
    """Share of items in the most frequent category of those with the same first codes.

    Args:
        depth: Number of first codes, from 1.
        chance: Whether with categories dealt out anew.

    Example:
        >>> purity_fact(1), purity_fact(3, chance=True)
        ('purity_1', 'purity_chance_3')
    """
    return f"purity_{'chance_' if chance else ''}{depth}"


def reliance_fact(exchanged: str, level: int | None = None) -> str:
    """Share of probed items whose codes change when one modality is exchanged.

    Args:
        exchanged: The modality.
        level: The code that is looked at, from 0; ``None`` for any of them.

    Example:
        >>> reliance_fact("image"), reliance_fact("image", 0)
        ('reliance/image', 'reliance/image/0')
    """
    return f"reliance/{exchanged}" + ("" if level is None else f"/{level}")
