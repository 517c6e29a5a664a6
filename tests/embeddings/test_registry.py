"""No encoder without a contract test."""

from __future__ import annotations

import subprocess
import sys

import tests.embeddings
from clairo.embeddings import AnyImageEncoder, AnyTextEncoder
from tests.contracts.encoder import EncoderContract
from tests.contracts.registry import assert_every_kind_has_a_contract_test


def test_every_encoder_has_a_contract_test() -> None:
    union = AnyTextEncoder | AnyImageEncoder
    assert_every_kind_has_a_contract_test(union, EncoderContract, tests.embeddings)


def test_configurations_load_without_the_heavy_libraries() -> None:
    heavy = "{'torch', 'sklearn', 'skimage', 'open_clip', 'transformers', 'faiss'}"
    families = "clairo.embeddings, clairo.reduction, clairo.fusion, clairo.quantization"
    code = f"import sys, {families}; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
