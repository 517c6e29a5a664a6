"""Codes to tokens: frequent pairs of codes become tokens of their own.

Public without the rest of the platform::

    FeatureSetBPEConfig(num_merges=40_000).fit(codes, sequences, seed=0, modalities=names)
"""

from pathlib import Path

from clairo.merging.description import describe
from clairo.merging.feature_set_bpe import FeatureSetBPE, FeatureSetBPEConfig
from clairo.merging.identity import IdentityMergingConfig, IdentityTokenizer
from clairo.merging.pair_factors import ModalityWeights
from clairo.merging.tokenizer import Segmentation, Tokenizer

AnyMerging = FeatureSetBPEConfig | IdentityMergingConfig

__all__ = [
    "AnyMerging",
    "FeatureSetBPE",
    "FeatureSetBPEConfig",
    "IdentityMergingConfig",
    "IdentityTokenizer",
    "ModalityWeights",
    "Segmentation",
    "Tokenizer",
    "describe",
    "load_tokenizer",
]


def load_tokenizer(folder: Path) -> Tokenizer:
    """Reads a tokenizer of either kind from its folder."""
    return Tokenizer.load(folder)
