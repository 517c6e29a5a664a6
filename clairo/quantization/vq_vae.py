"""One codebook for a trained latent: the baseline that can collapse."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from clairo.quantization.vae_config import VaeConfig


def _one(value: int) -> int:
    """Refuses more codebooks than one."""
    if value > 1:
        raise ValueError(
            f"vq_vae has one codebook, got num_codebooks={value}; leave it at 1, or use rq_vae "
            "for several"
        )
    return value


class VqVaeConfig(VaeConfig):
    """An autoencoder with one code per vector, by default as it was first published.

    Codes start at random, are trained by gradient and stay dead once nothing chooses them.
    ``codebook_init``, ``codebook_update`` and ``dead_code_restart`` switch on the aids that
    ``rq_vae`` has by default; all else is the same.

    Attributes:
        num_codebooks: Always 1.
        codebook_size: Up to 65,536; one codebook must tell all items apart.

    References:
        van den Oord, Vinyals and Kavukcuoglu (2017), "Neural discrete representation
        learning", equation 3.
    """

    kind: Literal["vq_vae"] = "vq_vae"
    num_codebooks: Annotated[int, Field(ge=1, le=15), AfterValidator(_one)] = 1
    codebook_init: Literal["kmeans", "random"] = "random"
    codebook_update: Literal["ema", "ste"] = "ste"
    dead_code_restart: bool = False
