"""The two sizes an experiment comes in.

``quick`` fits two CPU cores and minutes, with encoders that need no downloaded weights; what
it finds is exploratory. ``paper`` is the published recipe (ActionPiece, Hou et al. 2025,
arXiv 2502.13581; encoders as in METHODS) and wants a GPU.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

from clairo.core.errors import ConfigError
from clairo.datasets import AnyDataset
from clairo.pipeline.config import BEFORE_CODES

ProfileName = Literal["quick", "paper"]


@dataclass(frozen=True)
class Profile:
    """Sizes of a sweep, and the pipeline settings that the search space starts from.

    Attributes:
        name: ``quick`` or ``paper``.
        base: Plain settings of every stage but the data set.
        given: What differs from them where codes come with the data: such catalogues have
            thousands of items and several codes for each, so that every example is longer.
        rungs: Epochs at which trials may be pruned.
        trials: Default number of trials.
        confirm_seeds: Fresh seeds for the winner and the two runners-up.
        ablation_seeds: Seeds of every ablation arm, others than those of the confirmation.
        description: One sentence for people.
    """

    name: ProfileName
    base: dict[str, Any]
    given: dict[str, dict[str, Any]]
    rungs: tuple[int, ...]
    trials: int
    confirm_seeds: int
    ablation_seeds: int
    description: str

    def base_for(self, dataset: AnyDataset) -> dict[str, Any]:
        """The settings with a data set, below every point of a search space.

        Where the data set brings codes, the settings of what would make them are replaced.
        """
        if not dataset.brings_codes:
            return {**self.base, "dataset": dataset}
        buckets = self.base["quantization"].get("num_hash_buckets")
        fitted = {**self.base, **BEFORE_CODES, "dataset": dataset}
        fitted["quantization"] = {"kind": "given", "num_hash_buckets": buckets}
        for section, changes in self.given.items():
            fitted[section] = {**fitted[section], **changes}
        return fitted


_QUICK: dict[str, Any] = {
    "text": {"kind": "lsa", "dims": 64},
    "image": {"kind": "color_hog"},
    "reduction": {"kind": "pca", "variance": 0.95},
    "fusion": {"kind": "none"},
    "quantization": {
        "kind": "rq_kmeans",
        "num_codebooks": 1,
        "codebook_size": 16,
        "restarts": 10,
        "num_hash_buckets": None,
    },
    "merging": {"kind": "feature_set_bpe", "num_merges": 50},
    # What learns most in a second of one CPU core, found on demo world 7: small steps
    # cost as much as large ones, so batches are small and histories short. float32, because
    # bfloat16 gains nothing at this width and depends on the processor.
    "model": {
        "kind": "t5",
        "num_layers": 2,
        "num_decoder_layers": 2,
        "d_model": 64,
        "d_ff": 128,
        "num_heads": 2,
        "d_kv": 32,
        "dropout": 0.0,
        "epochs": 6,
        "batch_size": 64,
        "learning_rate": 0.005,
        "weight_decay": 0.05,
        "precision": "float32",
        "max_history": 5,
        "segmentation": "spr",
        "validate_every": 2,
        "patience": 3,
        "max_examples": 30_000,
        "valid_users": 500,
    },
    "evaluation": {"num_beams": 20, "top_k": 20, "ensemble": 3, "max_users": 1200},
}

_PAPER: dict[str, Any] = {
    "text": {"kind": "sentence_transformer", "model": "sentence-transformers/sentence-t5-base"},
    "image": {"kind": "open_clip", "architecture": "ViT-L-14", "pretrained": "openai"},
    "reduction": {"kind": "pca", "variance": 0.95},
    "fusion": {"kind": "none"},
    "quantization": {"kind": "rq_kmeans", "num_codebooks": 4, "codebook_size": 256},
    "merging": {"kind": "feature_set_bpe", "num_merges": 40_000},
    "model": {
        "kind": "t5",
        "num_layers": 4,
        "num_decoder_layers": 4,
        "d_model": 128,
        "d_ff": 1024,
        "num_heads": 6,
        "d_kv": 64,
        "dropout": 0.1,
        "epochs": 200,
        "batch_size": 256,
        "learning_rate": 0.001,
        "weight_decay": 0.15,
        "max_history": 20,
        "segmentation": "spr",
        "validate_every": 5,
        "patience": 4,
        "max_examples": None,
        "valid_users": None,
    },
    "evaluation": {"num_beams": 50, "top_k": 50, "ensemble": 5, "max_users": None},
}

PROFILES: dict[str, Profile] = {
    "quick": Profile(
        name="quick",
        base=_QUICK,
        given={
            "model": {"max_examples": 10_000, "valid_users": 300},
            "evaluation": {"max_users": 600},
        },
        rungs=(2, 4),
        trials=8,
        confirm_seeds=2,
        ablation_seeds=2,
        description="sized for 2 CPU cores and minutes; exploratory",
    ),
    "paper": Profile(
        name="paper",
        base=_PAPER,
        given={},
        rungs=(10, 20, 40, 80),
        trials=64,
        confirm_seeds=5,
        ablation_seeds=5,
        description="the published recipe, for GPUs",
    ),
}


def get_profile(name: str) -> Profile:
    """A profile by name.

    Raises:
        ConfigError: There is no such profile.
    """
    if name not in PROFILES:
        known = ", ".join(get_args(ProfileName))
        raise ConfigError(f"PROFILE must be one of {known}, got {name!r}; choose one of them.")
    return PROFILES[name]
