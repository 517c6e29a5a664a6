"""What every quantizer promises; subclassed once per quantizer."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import numpy as np
import pytest
from pydantic import ValidationError

from clairo.core.artifacts import EmbeddingTable
from clairo.core.errors import DataError
from clairo.core.stage import Runtime
from clairo.quantization import Quantizer, QuantizerConfig

NUM_ITEMS, DIMS, NUM_CODEBOOKS, SIZE = 120, 10, 3, 8
RUNTIME = Runtime()
EVERYBODY = np.ones(NUM_ITEMS, dtype=bool)


def make_table(vectors: np.ndarray | None = None, missing: tuple[int, ...] = ()) -> EmbeddingTable:
    """Eight well separated clouds of 15 items each, unless vectors are given."""
    if vectors is None:
        generator = np.random.default_rng(0)
        centers = 10 * generator.normal(size=(SIZE, DIMS))
        vectors = np.repeat(centers, NUM_ITEMS // SIZE, axis=0)
        vectors = (vectors + generator.normal(size=vectors.shape)).astype(np.float32)
    present = ~np.isin(np.arange(len(vectors)), missing)
    vectors = np.where(present[:, None], vectors, 0).astype(np.float32)
    ids = tuple(f"item{index}" for index in range(len(vectors)))
    return EmbeddingTable("text", ids, vectors, present)


class QuantizerContract:
    """Subclasses name the quantizer.

    Attributes:
        settings: What the subclass sets apart from the sizes, for example a short training.
        depth: Most codebooks that a quantizer of this kind can have, up to what is tried here.
        repeated_atol: How far the decoded may be from vectors that repeat no more often than
            there are centroids, where vectors are about 1 in each dimension.
    """

    config_type: ClassVar[type[QuantizerConfig]]
    settings: ClassVar[dict[str, Any]] = {}
    depth: ClassVar[int] = 4
    # faiss fills an empty cluster by moving a copy of another by up to 1/1024.
    repeated_atol: ClassVar[float] = 0.01

    @property
    def num_codebooks(self) -> int:
        return min(self.depth, NUM_CODEBOOKS)

    def make(self, **sizes: Any) -> QuantizerConfig:
        """The quantizer of given sizes, as shallow as its kind wants it."""
        if "num_codebooks" in sizes:
            sizes["num_codebooks"] = min(self.depth, sizes["num_codebooks"])
        return self.config_type(**{**self.settings, **sizes})

    @pytest.fixture
    def config(self) -> QuantizerConfig:
        return self.make(num_codebooks=NUM_CODEBOOKS, codebook_size=SIZE)

    @pytest.fixture
    def fitted(self, config: QuantizerConfig) -> Quantizer:
        return config.fit(make_table(), EVERYBODY, 0, RUNTIME)

    def test_codes_are_one_per_codebook_and_in_range(self, fitted: Quantizer) -> None:
        codes = fitted.encode(make_table().vectors)
        assert codes.shape == (NUM_ITEMS, self.num_codebooks)
        assert codes.dtype == np.int32
        assert codes.min() >= 0
        assert codes.max() < SIZE

    def test_decoding_comes_back_near_the_vectors(self, fitted: Quantizer) -> None:
        vectors = make_table().vectors
        back = fitted.decode(fitted.encode(vectors))
        assert back.shape == vectors.shape
        lost = np.square(vectors - back).sum() / np.square(vectors - vectors.mean(axis=0)).sum()
        assert lost < 0.15

    def test_what_was_decoded_encodes_to_the_same_codes(self, fitted: Quantizer) -> None:
        back = fitted.decode(fitted.encode(make_table().vectors))
        again = fitted.decode(fitted.encode(back))
        assert np.square(again - back).mean() < 1

    def test_the_same_seed_gives_the_same_codes(self, config: QuantizerConfig) -> None:
        first, second = (
            config.fit(make_table(), EVERYBODY, 3, RUNTIME).encode(make_table().vectors)
            for _ in range(2)
        )
        np.testing.assert_array_equal(first, second)

    def test_another_seed_starts_elsewhere(self, config: QuantizerConfig) -> None:
        noise = make_table(np.random.default_rng(5).normal(size=(NUM_ITEMS, DIMS)))
        first, second = (
            config.fit(noise, EVERYBODY, seed, RUNTIME).encode(noise.vectors) for seed in (0, 1)
        )
        assert (first != second).any()

    def test_the_number_of_threads_does_not_change_the_codes(self, config: QuantizerConfig) -> None:
        noise = make_table(np.random.default_rng(5).normal(size=(NUM_ITEMS, DIMS)))
        first, second = (
            config.fit(noise, EVERYBODY, 0, Runtime(num_threads=threads)).encode(noise.vectors)
            for threads in (1, 4)
        )
        np.testing.assert_array_equal(first, second)

    def test_items_outside_train_do_not_shape_the_codebooks(self, config: QuantizerConfig) -> None:
        train = np.arange(NUM_ITEMS) % 2 == 0
        moved = make_table(np.where(train[:, None], make_table().vectors, -500.0))
        first, second = (
            config.fit(t, train, 0, RUNTIME).encode(make_table().vectors)
            for t in (make_table(), moved)
        )
        np.testing.assert_array_equal(first, second)

    def test_missing_items_do_not_shape_the_codebooks(self, config: QuantizerConfig) -> None:
        gaps = make_table(missing=(0, 7, 119))
        assert config.fit(gaps, EVERYBODY, 0, RUNTIME).facts["fitted_on"] == NUM_ITEMS - 3

    @pytest.mark.parametrize("fit_on", ["train", "all"])
    def test_fewer_items_than_centroids_is_an_error_with_numbers_and_cure(
        self, fit_on: str
    ) -> None:
        config = self.make(codebook_size=256, fit_on=fit_on)
        cure = "fit_on: all" if fit_on == "train" else "smaller codebook_size"
        with pytest.raises(DataError, match=rf"got {NUM_ITEMS} text items.*=256.*{cure}"):
            config.fit(make_table(), EVERYBODY, 0, RUNTIME)

    def test_as_many_items_as_centroids_are_enough(self) -> None:
        config = self.make(num_codebooks=2, codebook_size=SIZE)
        few = make_table(np.random.default_rng(1).normal(size=(SIZE, DIMS)))
        codes = config.fit(few, np.ones(SIZE, dtype=bool), 0, RUNTIME).encode(few.vectors)
        assert len(np.unique(codes, axis=0)) == SIZE

    @pytest.mark.parametrize("distinct", [1, 2, 5])
    def test_repeated_vectors_share_their_codes(
        self, config: QuantizerConfig, distinct: int
    ) -> None:
        rows = np.random.default_rng(2).normal(size=(distinct, DIMS)).astype(np.float32)
        table = make_table(rows[np.arange(NUM_ITEMS) % distinct])
        fitted = config.fit(table, EVERYBODY, 0, RUNTIME)
        codes = fitted.encode(table.vectors)
        assert len(np.unique(codes, axis=0)) <= distinct
        np.testing.assert_allclose(fitted.decode(codes), table.vectors, atol=self.repeated_atol)

    @pytest.mark.parametrize("num_codebooks", [1, 4])
    @pytest.mark.parametrize("dims", [1, 7])
    def test_any_width_can_be_quantized(self, num_codebooks: int, dims: int) -> None:
        config = self.make(num_codebooks=num_codebooks, codebook_size=4)
        table = make_table(np.random.default_rng(3).normal(size=(50, dims)))
        fitted = config.fit(table, np.ones(50, dtype=bool), 0, RUNTIME)
        codes = fitted.encode(table.vectors)
        assert codes.shape == (50, min(self.depth, num_codebooks))
        assert fitted.decode(codes).shape == (50, dims)

    def test_nothing_encodes_to_nothing(self, fitted: Quantizer) -> None:
        codes = fitted.encode(np.zeros((0, DIMS), dtype=np.float32))
        assert codes.shape == (0, self.num_codebooks)
        assert fitted.decode(codes).shape == (0, DIMS)

    @pytest.mark.parametrize("value", [np.nan, np.inf])
    def test_a_vector_that_is_not_finite_is_an_error(self, fitted: Quantizer, value: float) -> None:
        vectors = make_table().vectors.copy()
        vectors[4, 2] = value
        with pytest.raises(DataError, match=f"1 of {NUM_ITEMS} rows"):
            fitted.encode(vectors)

    def test_vectors_of_another_width_are_an_error(self, fitted: Quantizer) -> None:
        with pytest.raises(DataError, match=f"fitted on {DIMS} dims, got vectors with 4"):
            fitted.encode(np.zeros((2, 4), dtype=np.float32))

    @pytest.mark.parametrize(
        "wrong",
        [
            {"codebook_size": 100},
            {"codebook_size": 1},
            {"num_codebooks": 0},
            {"num_codebooks": 16},
            {"num_hash_buckets": 0},
        ],
    )
    def test_values_out_of_range_are_refused(self, wrong: dict) -> None:
        with pytest.raises(ValidationError):
            self.config_type(**wrong)

    def test_facts_are_json(self, fitted: Quantizer) -> None:
        json.dumps(dict(fitted.facts), allow_nan=False)
