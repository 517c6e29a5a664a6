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
    """Builds and uses small tokenizers, so that every kernel is called that Python calls."""
    # So many different pairs that the table has to grow.
    items = np.arange(4000)
    codes = np.stack([items % 251, items % 241, items % 239, items % 233, items], axis=1)
    names = ("text", "text", "image", "image", "shared")
    sequences = [items, items[::-1]]
    config = FeatureSetBPEConfig(num_merges=2)
    config.model_copy(update={"counting": "release"}).fit(codes, sequences, 0, modalities=names)
    tokenizer = config.fit(codes, sequences, 0, modalities=names)
    histories = Ragged.from_sequences([items[:3]])
    tokenizer.encode_histories(histories, "spr", 0)
    tokenizer.encode_histories(histories, "greedy", 0)
    states = tokenizer.states[:2].tolist()
    tokenizer.encode_flat(states[0])
    tokenizer.encode_greedy(states)


if __name__ == "__main__":
    warm_up()
