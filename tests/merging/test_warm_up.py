"""After a warm-up nothing is left to compile for a sweep."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from clairo.core.ragged import Ragged
from clairo.merging.feature_set_bpe import FeatureSetBPEConfig
from clairo.merging.warm_up import is_warm, warm_up


def test_a_warm_up_leaves_compiled_kernels_behind() -> None:
    warm_up()
    assert is_warm()


def test_the_shapes_and_types_of_a_sweep_find_compiled_kernels() -> None:
    warm_up()
    cache = Path(sys.modules["clairo.merging.kernels.exact_step"].__file__).parent
    before = sorted(path.name for path in (cache / "__pycache__").glob("*.nbc"))
    codes = np.random.default_rng(0).integers(0, 4, (30, 5)).astype(np.int32)
    codes[:, -1] = np.arange(30)
    sequences = [np.arange(10, dtype=np.int32), np.arange(5, 30, dtype=np.int32)]
    names = ("text", "text", "image", "image", "shared")
    for share in (1.0, 0.0):
        tokenizer = FeatureSetBPEConfig(num_merges=20, cross_modal_share=share).fit(
            codes, sequences, seed=0, modalities=names
        )
        tokenizer.encode_items()
        tokenizer.encode_histories(Ragged.from_sequences(sequences), "spr", 3)
        tokenizer.encode_histories(Ragged.from_sequences(sequences), "greedy", 3)
        tokenizer.encode_flat([1, 2])
        tokenizer.encode_greedy([[1], [2, 3]])
    assert sorted(path.name for path in (cache / "__pycache__").glob("*.nbc")) == before


def test_importing_the_module_compiles_nothing() -> None:
    found = subprocess.run(
        [sys.executable, "-c", "import sys, clairo.merging.warm_up; print('numba' in sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "NUMBA_DEBUG_CACHE": "0"},
    )
    assert found.stdout.strip() == "False"
