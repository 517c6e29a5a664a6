"""Residual codes of a trained latent, with every aid against collapse."""

from __future__ import annotations

from typing import Literal

from clairo.quantization.vae_config import VaeConfig


class RqVaeConfig(VaeConfig):
    """An autoencoder whose latent is a sum of codes, coarse to fine.

    Codes start from k-means, follow moving averages and are restarted when nothing chooses
    them; each of the three can be switched off.

    References:
        Lee et al. (2022), "Autoregressive image generation using residual quantization",
        section 3.1, for residual codes and the commitment at every level.
        Rajput et al. (2023), "Recommender systems with generative retrieval" (TIGER), section
        3.1, for semantic ids and k-means at the start. They train codes by gradient; moving
        averages are those of van den Oord et al. (2017), appendix A.1, and restarts those of
        Dhariwal et al. (2020), "Jukebox", section 3.1.
    """

    kind: Literal["rq_vae"] = "rq_vae"
