"""A Ray cluster of two nodes on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from clairo.distributed.ray_settings import prepare_ray

_STORE_BYTES = 80 * 2**20


@contextmanager
def two_nodes() -> Iterator[Any]:
    """Two nodes with one CPU each; nobody is connected to them yet."""
    prepare_ray()
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 1, "object_store_memory": _STORE_BYTES}
    made = Cluster(initialize_head=True, head_node_args=dict(node))
    try:
        made.add_node(**node)
        made.wait_for_nodes()
        yield made
    finally:
        made.shutdown()
