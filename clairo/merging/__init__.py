"""Codes to tokens: frequent pairs of codes become tokens of their own.

Usable without the rest of the platform: nothing of torch, mlflow or ray is imported::

    from clairo.core.ragged import Ragged
    from clairo.merging import FeatureSetBPEConfig, describe

    # codes: integers (items, columns), the last column makes items unique
    # histories: a list of arrays of item indices, the training parts, uncut
    config = FeatureSetBPEConfig(num_merges=40_000)
    modalities = ("text", "text", "image", "image", "shared")
    tokenizer = config.fit(codes, histories, seed=0, modalities=modalities)

    targets = tokenizer.encode_items()              # greedy, one row an item
    inputs, lengths = tokenizer.encode_padded(Ragged.from_sequences(prefixes), "spr", seed=epoch)
    smaller = tokenizer.truncate(10_000)            # what a smaller budget would have built
    tokenizer.save_actionpiece(path)                # the public interchange format
    facts = describe(tokenizer, Ragged.from_sequences(histories))

``counting="release"`` counts as the published ActionPiece code does. The first use on a machine
compiles for under a minute; the result is kept beside the kernels (or where numba is told to).
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
