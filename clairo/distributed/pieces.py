"""Pieces of a long stage on the machines of a Ray cluster, by Ray Data.

An actor opens the work once (loads weights, moves them to its GPU) and then gets piece after
piece. A piece is one row, which Ray cannot split, so what is done to it is what would be done
to it here, and the results are the same. Each comes back as it is ready; who asked keeps it,
so a cluster that is stopped has lost only the pieces that were on their way.

What the actors read (local weights) must lie at the same place on every machine.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from clairo.core.errors import ArtifactError, ClairoError, ConfigError, DataError, StageError
from clairo.core.stage import OpenWork, Piece, WorkOnPiece
from clairo.distributed.ray_settings import inherited_variables, prepare_ray

_log = logging.getLogger(__name__)

_WINDOW_BYTES = 2**30
_CPUS_PER_ACTOR = 4
_PIECES_AHEAD = 2
_SHOWN = 600
_ERRORS = {kind.__name__: kind for kind in (ConfigError, DataError, ArtifactError, StageError)}

OnPiece = Callable[[str, str], None]
"""Told the name of each finished piece and the id of the node that made it."""


def say_nothing(name: str, node: str) -> None:
    """An :data:`OnPiece` that nobody listens to."""


@contextmanager
def connected(address: str) -> Iterator[None]:
    """A connection to a running cluster; one that this process has already is used and stays.

    Args:
        address: ``host:port`` of the cluster.

    Raises:
        StageError: Nothing answers there.
    """
    prepare_ray()
    import ray

    if ray.is_initialized():
        yield
        return
    try:
        ray.init(
            address=address,
            log_to_driver=False,
            logging_level=logging.ERROR,
            runtime_env={"env_vars": inherited_variables()},
        )
    except (ConnectionError, RuntimeError, TimeoutError, ValueError) as error:
        raise StageError(
            f"A Ray must be reachable to embed on a cluster, got {address} ({error}); check "
            "RAY_ADDRESS, or leave it out to embed here."
        ) from error
    try:
        yield
    finally:
        ray.shutdown()


@dataclass(frozen=True)
class RayPieces:
    """A :data:`~clairo.core.stage.MapPieces` on the cluster that this process is connected to.

    Where the cluster has GPUs each gets an actor; else the CPUs are shared out.

    Attributes:
        cpus_per_actor: CPUs, and threads, of an actor without GPU; fewer where no machine has
            so many.
        window_bytes: Payloads that are handed to the cluster at a time; weights are loaded
            again for the next so many, and Ray spills what its memory does not hold.
        on_piece: Told where each piece was made.
    """

    cpus_per_actor: int = _CPUS_PER_ACTOR
    window_bytes: int = _WINDOW_BYTES
    on_piece: OnPiece = say_nothing

    def __call__(
        self, open_work: OpenWork, waiting: Iterator[Piece]
    ) -> Iterator[tuple[str, Mapping[str, np.ndarray]]]:
        """Gives the arrays of each piece once, as they are ready.

        Raises:
            ClairoError: What the work itself raised on a machine.
            StageError: A piece was lost, came twice or lacks items, or Ray failed.
        """
        for window in _windows(waiting, self.window_bytes):
            yield from self._map(open_work, window)

    def _map(
        self, open_work: OpenWork, window: Sequence[Piece]
    ) -> Iterator[tuple[str, Mapping[str, np.ndarray]]]:
        expected = {name: len(payloads) for name, payloads in window}
        share = _find_share(self.cpus_per_actor)
        _log.info("%d pieces for %d actors on the cluster", len(window), share.actors)
        nodes: Counter[str] = Counter()
        for name, node, arrays in _results(open_work, window, share):
            if expected.pop(name, -1) != len(arrays["usable"]):
                raise StageError(
                    f"Each piece must come back once and whole, {name} did not; run again, what "
                    "was finished is kept."
                )
            nodes[node] += 1
            self.on_piece(name, node)
            yield name, arrays
        if expected:
            raise StageError(
                f"Each piece must come back, {len(expected)} did not (the first is "
                f"{min(expected)}); run again, what was finished is kept."
            )
        _log.info("pieces by node: %s", dict(nodes))


@dataclass(frozen=True)
class _Share:
    """What each actor gets, and how many there are."""

    actors: int
    cpus: int
    gpus: int

    @property
    def device(self) -> str:
        return "cuda" if self.gpus else "cpu"


def _find_share(cpus_per_actor: int) -> _Share:
    """An actor for each GPU, or the CPUs of every machine shared out.

    Raises:
        StageError: The cluster has no CPU.
    """
    import ray

    alive = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    machines = [(int(node.get("CPU", 0)), int(node.get("GPU", 0))) for node in alive]
    gpus = sum(count for _, count in machines)
    if gpus:
        beside = min(cpus // count for cpus, count in machines if count)
        return _Share(gpus, max(1, min(cpus_per_actor, beside)), 1)
    each = min(cpus_per_actor, max((cpus for cpus, _ in machines), default=0))
    if each < 1:
        raise StageError(
            "A cluster needs a CPU or a GPU to embed on, got none; add a node, or leave "
            "RAY_ADDRESS out to embed here."
        )
    return _Share(sum(cpus // each for cpus, _ in machines), each, 0)


def _results(
    open_work: OpenWork, window: Sequence[Piece], share: _Share
) -> Iterator[tuple[str, str, Mapping[str, np.ndarray]]]:
    """Name, node and arrays of each piece, as Ray Data gives them."""
    import pyarrow as pa
    from ray import data
    from safetensors.numpy import load

    context = data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    tables = [pa.table({"name": [name], "payloads": [list(given)]}) for name, given in window]
    results = data.from_arrow(tables).map_batches(
        _Actor,
        fn_constructor_args=(open_work, share.device, share.cpus),
        batch_size=1,
        batch_format="pyarrow",
        compute=data.ActorPoolStrategy(
            size=min(share.actors, len(window)), max_tasks_in_flight_per_actor=_PIECES_AHEAD
        ),
        num_cpus=share.cpus,
        num_gpus=share.gpus,
    )
    try:
        for row in results.iter_rows():
            if row["error"]:
                raise _ERRORS.get(row["error"], StageError)(row["message"])
            yield row["name"], row["node"], load(row["arrays"])
    except ClairoError:
        raise
    # Ray wraps what a worker raised in errors of its own, some made on the fly.
    except Exception as error:
        raise StageError(
            f"The cluster must finish the pieces it was given, got {type(error).__name__}: "
            f"{' '.join(str(error).split())[:_SHOWN]}; run again, what was finished is kept."
        ) from error


class _Actor:
    """Works on pieces on one machine."""

    def __init__(self, open_work: OpenWork, device: str, num_threads: int) -> None:
        self._open = (open_work, device, num_threads)
        self._work: WorkOnPiece | None = None

    def __call__(self, batch: Any) -> Any:
        """A table (name, payloads) to a table (name, node, arrays, error, message)."""
        import pyarrow as pa
        import ray
        from safetensors.numpy import save

        node = ray.get_runtime_context().get_node_id()
        rows = []
        for name, payloads in zip(
            batch["name"].to_pylist(), batch["payloads"].to_pylist(), strict=True
        ):
            try:
                arrays = self._do(payloads)
            except ClairoError as error:
                # As data: on its way through Ray an exception loses what caused it.
                rows.append((name, node, b"", type(error).__name__, str(error)))
            else:
                whole = {key: np.ascontiguousarray(array) for key, array in arrays.items()}
                rows.append((name, node, save(whole), "", ""))
        kinds = (pa.string(), pa.string(), pa.binary(), pa.string(), pa.string())
        columns = zip(zip(*rows, strict=True), kinds, strict=True)
        arrays_of = [pa.array(column, kind) for column, kind in columns]
        return pa.table(arrays_of, names=["name", "node", "arrays", "error", "message"])

    def _do(self, payloads: Sequence[Any]) -> Mapping[str, np.ndarray]:
        if self._work is None:
            # Not when the actor starts: Ray would start another in place of one that fails.
            open_work, device, num_threads = self._open
            self._work = open_work(device, num_threads)
        return self._work(payloads)


def _windows(waiting: Iterator[Piece], window_bytes: int) -> Iterator[list[Piece]]:
    """Pieces together, as many as a window holds; at least one."""
    window: list[Piece] = []
    held = 0
    for name, payloads in waiting:
        size = sum(len(payload) for payload in payloads)
        if window and held + size > window_bytes:
            yield window
            window, held = [], 0
        window.append((name, payloads))
        held += size
    if window:
        yield window
