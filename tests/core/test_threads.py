"""Native pools are held to a size and given back."""

from __future__ import annotations

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from clairo.core.threads import limit_threads


def _pool_sizes() -> set[int]:
    return {pool["num_threads"] for pool in threadpool_info()}


def test_every_loaded_pool_is_limited_faiss_included() -> None:
    import faiss

    with threadpool_limits(limits=3):
        with limit_threads(1):
            assert _pool_sizes() == {1}
            assert faiss.omp_get_max_threads() == 1
        assert faiss.omp_get_max_threads() == 3


def test_pools_are_given_back_after_an_error() -> None:
    with threadpool_limits(limits=2):
        with pytest.raises(ValueError, match="on purpose"), limit_threads(1):
            raise ValueError("on purpose")
        assert _pool_sizes() == {2}
