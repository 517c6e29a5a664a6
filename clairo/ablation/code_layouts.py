"""How many codes of which size an arm has where it is compared at equal bits per item."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from clairo.pipeline.config import PipelineConfig
from clairo.quantization import AnyQuantizer, GivenConfig

MAX_CODEBOOKS: Final = 15
"""As many as a quantizer may have."""

MAX_BITS: Final = 16
"""Bits of the largest codebook that a quantizer may have, 65,536 centroids."""


@dataclass(frozen=True)
class Layout:
    """The codes of one vector.

    Attributes:
        num_codebooks: Codes per vector.
        code_bits: Bits per code.

    Example:
        >>> Layout(4, 8).settings
        {'num_codebooks': 4, 'codebook_size': 256}
    """

    num_codebooks: int
    code_bits: int

    @property
    def bits(self) -> int:
        """Bits per vector."""
        return self.num_codebooks * self.code_bits

    @property
    def codebook_size(self) -> int:
        """Centroids per codebook."""
        return int(2**self.code_bits)

    @property
    def settings(self) -> dict[str, Any]:
        """As settings of a quantizer."""
        return {"num_codebooks": self.num_codebooks, "codebook_size": self.codebook_size}

    @property
    def label(self) -> str:
        """For people, for example ``4 x 256``."""
        return f"{self.num_codebooks} × {self.codebook_size:,}"


def layout_of(quantization: AnyQuantizer) -> Layout:
    """Of a quantizer's settings."""
    return Layout(quantization.num_codebooks, quantization.codebook_size.bit_length() - 1)


def vectors_per_item(config: PipelineConfig) -> int:
    """How many vectors of an item are coded: one a modality where they stay apart."""
    return 2 if config.fusion.kind == "none" else 1


def bits_per_item(config: PipelineConfig) -> int:
    """Bits of all codes of an item, without the digit that tells equal codes apart.

    Raises:
        TypeError: The codes come with the data: only these know how many there are.
    """
    if isinstance(config.quantization, GivenConfig):
        raise TypeError("given codes have no layout in the settings")
    return vectors_per_item(config) * layout_of(config.quantization).bits


def nearest_layout(bits: float, like: Layout, kind: str) -> Layout | None:
    """The layout with so many bits a vector whose codebooks are most like a known one's.

    A number of bits that is not whole is rounded up, so that it is the arm with less information
    that has more room. Of codebooks that are equally unlike, the smaller ones are taken.

    Args:
        bits: Bits per vector.
        like: The layout that it should resemble.
        kind: Of the quantizer: ``vq_vae`` has one codebook.

    Returns:
        ``None`` where no layout within the bounds has so many bits.

    Example:
        >>> nearest_layout(8, Layout(1, 4), "rq_kmeans")
        Layout(num_codebooks=2, code_bits=4)
        >>> nearest_layout(6, Layout(3, 4), "rq_kmeans")
        Layout(num_codebooks=2, code_bits=3)
        >>> nearest_layout(8, Layout(1, 4), "vq_vae")
        Layout(num_codebooks=1, code_bits=8)
    """
    whole = int(-(-bits // 1))
    most = 1 if kind == "vq_vae" else MAX_CODEBOOKS
    found = [
        Layout(count, whole // count)
        for count in range(1, most + 1)
        if whole % count == 0 and 1 <= whole // count <= MAX_BITS
    ]
    return min(
        found,
        key=lambda layout: (abs(layout.code_bits - like.code_bits), layout.code_bits),
        default=None,
    )


def unequal_note(wanted: int, got: int) -> str:
    """What a title says where an arm cannot have the bits of its reference, else nothing.

    Example:
        >>> unequal_note(8, 9)
        ' (codes of 9 bits per item, not 8)'
    """
    return "" if wanted == got else f" (codes of {got} bits per item, not {wanted})"


def fitting_digit(quantization: AnyQuantizer) -> dict[str, Any]:
    """Lets the digit take as many values as other codes need, where its number is set.

    A number of buckets that was chosen for some codes may be too few for others.
    """
    if quantization.num_hash_buckets is None:
        return {}
    return {"quantization.num_hash_buckets": None}
