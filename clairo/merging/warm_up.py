"""Compiles the merging kernels once, so that no trial and no worker has to wait for it.

``python -m clairo.merging.warm_up`` is part of the set-up. Compiled code is kept beside the
kernels and loaded in a second afterwards.
"""

from __future__ import annotations

import numpy as np

from clairo.core.ragged import Ragged
from clairo.merging.feature_set_bpe import FeatureSetBPEConfig


def is_warm() -> bool:
    """Whether the kernels of a sweep are compiled."""
    from clairo.merging.kernels.compiled import is_compiled
    from clairo.merging.kernels.exact_step import advance_exact
    from clairo.merging.kernels.flat_bpe import encode_batch_spr
    from clairo.merging.kernels.greedy import encode_batch_greedy
    from clairo.merging.kernels.release_step import advance_release

    return is_compiled(advance_exact, advance_release, encode_batch_spr, encode_batch_greedy)


def warm_up() -> None:
    """Builds and uses a tokenizer of three items, which touches every kernel of a sweep."""
    codes = np.array([[0, 1, 0], [0, 2, 0], [1, 1, 1]])
    sequences = [np.array([0, 1, 2, 0]), np.array([2, 0, 1])]
    names = ("text", "image", "shared")
    config = FeatureSetBPEConfig(num_merges=2)
    config.model_copy(update={"counting": "release"}).fit(codes, sequences, 0, modalities=names)
    tokenizer = config.fit(codes, sequences, 0, modalities=names)
    tokenizer.encode_items()
    histories = Ragged.from_sequences(sequences)
    tokenizer.encode_histories(histories, "spr", 0)
    tokenizer.encode_histories(histories, "greedy", 0)


if __name__ == "__main__":
    warm_up()
