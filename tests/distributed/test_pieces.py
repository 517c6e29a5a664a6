"""Pieces on a real cluster of two nodes of this machine, with one CPU each."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clairo.core.errors import DataError
from clairo.core.stage import Piece, Runtime, WorkOnPiece
from clairo.distributed.pieces import RayPieces, _windows, connected
from clairo.embeddings import SentenceTransformerConfig, pieces
from tests.contracts.encoder import make_catalog
from tests.distributed.local_cluster import two_nodes
from tests.embeddings.tiny_models import save_qwen3

# Ray Data warns of its own settings, and leaves sockets to the end of the process.
pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning",
    "ignore::ResourceWarning",
    "ignore::FutureWarning",
    "ignore::pytest.PytestUnraisableExceptionWarning",
)

SENTENCES = [f"sentence number {'x' * (index % 7)} {index}" for index in range(40)]


@dataclass(frozen=True)
class Doubler:
    """Doubles numbers, slowly; may kill its process once, or refuse a number.

    Attributes:
        marker: A file that says that a process has been killed; none kills nothing.
        refused: A number that is an error.
    """

    marker: Path | None = None
    refused: int | None = None
    seconds: float = 0.05

    def __call__(self, device: str, num_threads: int) -> WorkOnPiece:
        assert (device, num_threads) == ("cpu", 1)
        return self._double

    def _double(self, payloads: Sequence[Any]) -> Mapping[str, np.ndarray]:
        time.sleep(self.seconds)
        numbers = np.array([int(payload) for payload in payloads])
        if self.refused in numbers:
            raise DataError(f"Numbers must be liked, got {self.refused}; leave it out.")
        if self.marker is not None and 13 in numbers and not self.marker.exists():
            self.marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return {"rows": 2.0 * numbers[:, None], "usable": np.ones(len(numbers), dtype=bool)}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two nodes, and a connection to them."""
    with two_nodes() as made, connected(made.address):
        yield made


def numbered(count: int) -> Iterator[Piece]:
    return ((f"piece-{index:02d}", [str(index), str(index + 100)]) for index in range(count))


def rows_of(results: Iterator[tuple[str, Mapping[str, np.ndarray]]]) -> dict[str, list[float]]:
    return {name: arrays["rows"][:, 0].tolist() for name, arrays in results}


def wanted(count: int) -> dict[str, list[float]]:
    return {f"piece-{i:02d}": [2.0 * i, 2.0 * (i + 100)] for i in range(count)}


@pytest.mark.slow
def test_both_nodes_work_and_every_piece_comes_back_once(cluster: Any) -> None:
    made: list[tuple[str, str]] = []
    spread = RayPieces(on_piece=lambda name, node: made.append((name, node)))
    assert rows_of(spread(Doubler(seconds=0.3), numbered(20))) == wanted(20)
    import ray

    nodes = {node["NodeID"] for node in ray.nodes()}
    assert {node for _, node in made} == nodes
    assert len(nodes) == 2
    assert sorted(name for name, _ in made) == sorted(wanted(20))


@pytest.mark.slow
def test_an_actor_that_dies_is_replaced_and_nothing_is_lost(cluster: Any, tmp_path: Path) -> None:
    marker = tmp_path / "killed"
    assert rows_of(RayPieces()(Doubler(marker=marker), numbered(20))) == wanted(20)
    assert marker.exists()


@pytest.mark.slow
def test_what_the_work_raises_on_a_node_is_what_is_told(cluster: Any) -> None:
    with pytest.raises(DataError, match="got 7; leave it out"):
        rows_of(RayPieces()(Doubler(refused=7), numbered(20)))


@pytest.mark.slow
def test_small_windows_give_the_same(cluster: Any) -> None:
    assert rows_of(RayPieces(window_bytes=20)(Doubler(seconds=0), numbered(8))) == wanted(8)


@pytest.mark.slow
def test_a_catalogue_is_embedded_as_it_is_here_and_goes_on_where_it_was(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "SENTENCES_PER_PIECE", 8)
    kept: dict[str, Mapping[str, np.ndarray]] = {}

    class Parts:
        def get(self, name: str) -> Mapping[str, np.ndarray] | None:
            return kept.get(name)

        def put(self, name: str, arrays: Mapping[str, np.ndarray]) -> None:
            kept[name] = arrays
            if len(kept) == 2:
                raise KeyboardInterrupt

    catalog = make_catalog(SENTENCES, [None] * len(SENTENCES))
    config = SentenceTransformerConfig(model=str(save_qwen3(tmp_path)))
    with pytest.raises(KeyboardInterrupt):
        config.encode(catalog, 0, Runtime(parts=Parts(), map_pieces=RayPieces()))
    made: list[str] = []
    spread = RayPieces(on_piece=lambda name, node: made.append(name))
    table = config.encode(catalog, 0, Runtime(parts=Parts(), map_pieces=spread))
    assert len(made) == len(SENTENCES) // 8 - 2
    here = config.encode(catalog, 0, Runtime())
    np.testing.assert_allclose(table.vectors, here.vectors, atol=1e-6)
    assert table.facts == here.facts
    assert table.item_ids == here.item_ids


@pytest.mark.slow
def test_a_node_that_dies_takes_no_piece_with_it(cluster: Any) -> None:
    """The last test of the cluster, which has one node from then on."""
    lost = next(node for node in cluster.list_all_nodes() if not node.head)
    told: list[str] = []

    def remove_once(name: str, node: str) -> None:
        told.append(name)
        if len(told) == 4:
            cluster.remove_node(lost, allow_graceful=False)

    spread = RayPieces(on_piece=remove_once)
    assert rows_of(spread(Doubler(seconds=0.3), numbered(16))) == wanted(16)


def test_windows_hold_what_fits_and_at_least_one_piece() -> None:
    given = [("a", ["123456"]), ("b", ["12"]), ("c", ["12"]), ("d", ["1"])]
    names = [[name for name, _ in window] for window in _windows(iter(given), 4)]
    assert names == [["a"], ["b", "c"], ["d"]]
    assert list(_windows(iter([]), 4)) == []
