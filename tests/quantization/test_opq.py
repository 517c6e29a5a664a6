"""Product quantization after a learned rotation."""

from __future__ import annotations

import subprocess
import sys
from typing import Any, ClassVar

import faiss
import numpy as np
import pytest
from pydantic import ValidationError

from clairo.core.stage import Runtime
from clairo.core.threads import limit_threads
from clairo.quantization import OpqConfig
from clairo.quantization.diagnostics import reconstruction_error
from tests.contracts.quantizer import EVERYBODY, RUNTIME, QuantizerContract, make_table


class TestOpq(QuantizerContract):
    config_type = OpqConfig


class TestOpqByFaiss(QuantizerContract):
    config_type = OpqConfig
    settings: ClassVar[dict[str, Any]] = {"backend": "faiss"}


@pytest.fixture(params=["own", "faiss"])
def backend(request: pytest.FixtureRequest) -> Any:
    return request.param


def test_the_default_index_of_faiss_is_the_published_one() -> None:
    assert OpqConfig().index_name == "OPQ4,IVF1,PQ4x8"


def test_widths_that_do_not_divide_are_padded_and_said(backend: Any) -> None:
    config = OpqConfig(num_codebooks=4, codebook_size=8, backend=backend)
    facts = config.fit(make_table(), EVERYBODY, 0, RUNTIME).facts
    assert facts["padded_dims"] == -10 % 4
    assert facts.get("index") == ("OPQ4,IVF1,PQ4x3" if backend == "faiss" else None)


def test_faiss_computes_on_the_cpu_whatever_the_device_is_and_says_so() -> None:
    config = OpqConfig(codebook_size=8, backend="faiss")
    here, there = (
        config.fit(make_table(), EVERYBODY, 0, Runtime(device=device)) for device in ("cpu", "cuda")
    )
    vectors = make_table().vectors
    np.testing.assert_array_equal(here.encode(vectors), there.encode(vectors))
    assert here.facts["device"] == there.facts["device"] == "cpu (faiss)"


def test_who_computes_is_part_of_the_identity() -> None:
    assert OpqConfig().identity() == OpqConfig(backend="own").identity()
    assert OpqConfig().identity() != OpqConfig(backend="faiss").identity()


def test_the_rotation_gives_each_codebook_its_share(backend: Any) -> None:
    # All variance lies in the first two of four dims: cut without rotating, the second
    # codebook would code nothing.
    generator = np.random.default_rng(0)
    rows = generator.normal(size=(200, 4)) * [10, 10, 0.01, 0.01]
    everybody = np.ones(200, dtype=bool)
    config = OpqConfig(num_codebooks=2, codebook_size=16, backend=backend)
    fitted = config.fit(make_table(rows), everybody, 0, RUNTIME)
    codes = fitted.encode(rows.astype(np.float32))
    used = [len(np.unique(codes[:, column])) for column in range(2)]
    assert min(used) > 8
    lost = np.square(fitted.decode(codes) - rows).sum() / np.square(rows - rows.mean(0)).sum()
    assert lost < 0.1


@pytest.mark.parametrize("size", [2, 16, 512])
def test_codebooks_of_any_power_of_two_work(backend: Any, size: int) -> None:
    table = make_table(np.random.default_rng(0).normal(size=(600, 8)))
    config = OpqConfig(num_codebooks=2, codebook_size=size, iterations=2, backend=backend)
    fitted = config.fit(table, np.ones(600, dtype=bool), 0, RUNTIME)
    codes = fitted.encode(table.vectors)
    assert codes.max() == size - 1
    np.testing.assert_array_equal(fitted.encode(fitted.decode(codes)), codes)


def test_fewer_items_than_dims_do_not_damage_memory() -> None:
    # In a process of its own: what faiss would damage shows only when memory is given back.
    code = """
import numpy as np
from clairo.core.artifacts import EmbeddingTable
from clairo.core.stage import Runtime
from clairo.core.threads import limit_threads
from clairo.quantization import OpqConfig
rows = np.random.default_rng(0).normal(size=(20, 64)).astype(np.float32)
everybody = np.ones(20, dtype=bool)
table = EmbeddingTable("text", tuple(map(str, range(20))), rows, everybody)
for seed in range(5):
    fitted = OpqConfig(codebook_size=4, backend="faiss").fit(table, everybody, seed, Runtime())
    kept = [np.zeros(100 * size) for size in range(50)]
print(len(np.unique(fitted.encode(rows), axis=0)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 15


def test_the_curve_tells_every_round_and_falls(backend: Any) -> None:
    table = make_table(np.random.default_rng(0).normal(size=(600, 8)))
    config = OpqConfig(num_codebooks=2, codebook_size=16, iterations=6, backend=backend)
    curve = config.fit(table, np.ones(600, dtype=bool), 0, RUNTIME).facts["curve"]
    assert len(curve) == 6
    assert curve[-1]["reconstruction_error"] < curve[0]["reconstruction_error"] < 1
    assert curve[-1]["usage/0"] == 1


@pytest.mark.parametrize("shift", [0.0, 3.0])
def test_the_curve_ends_at_what_the_codes_lose_and_use(backend: Any, shift: float) -> None:
    rows = (np.random.default_rng(0).normal(size=(600, 16)) + shift).astype(np.float32)
    config = OpqConfig(num_codebooks=4, codebook_size=16, backend=backend)
    fitted = config.fit(make_table(rows), np.ones(600, dtype=bool), 0, RUNTIME)
    codes, last = fitted.encode(rows), fitted.facts["curve"][-1]
    lost = reconstruction_error(rows, fitted.decode(codes))
    assert last["reconstruction_error"] == pytest.approx(lost, rel=0.05)
    for level in range(4):
        used = len(np.unique(codes[:, level])) / 16
        assert last[f"usage/{level}"] == pytest.approx(used, rel=0.05)


def test_rounds_one_by_one_give_the_rotation_of_all_in_one_call() -> None:
    rows = make_table(np.random.default_rng(0).normal(size=(600, 8))).vectors
    index, _ = OpqConfig(num_codebooks=2, codebook_size=16, iterations=6)._train(
        rows, start := np.eye(8, dtype=np.float32), seed=5
    )
    whole = faiss.OPQMatrix(8, 2)
    faiss.copy_array_to_vector(start.ravel(), whole.A)
    codebooks = faiss.ProductQuantizer(8, 2, 4)
    codebooks.cp.seed = 5
    whole.pq, whole.niter = codebooks, 6
    with limit_threads(1):
        whole.train(rows)
    ours = faiss.downcast_VectorTransform(index.chain.at(0))
    np.testing.assert_array_equal(faiss.vector_to_array(ours.A), faiss.vector_to_array(whole.A))
    whole.pq = None


def test_iterations_must_be_positive() -> None:
    with pytest.raises(ValidationError):
        OpqConfig(iterations=0)
