"""What a stage is: a name, a version, its inputs, its output type, and a function."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Protocol, Self, TypeVar

import numpy as np

from clairo.core.config import Config


class Artifact(Protocol):
    """Anything a stage gives: frozen data that can be put into a folder and read back."""

    @property
    def facts(self) -> Mapping[str, Any]:
        """Scalars worth a place in the tracker and the report, by name."""
        ...

    def save(self, folder: Path) -> None:
        """Writes data files into an existing, empty folder."""
        ...

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Reads what :meth:`save` wrote."""
        ...


EpochReport = Callable[[int, Mapping[str, float]], bool]
"""Called after each training epoch with (epoch from 1, metrics); ``False`` asks to stop now."""


def report_nothing(epoch: int, metrics: Mapping[str, float]) -> bool:
    """An :data:`EpochReport` that goes on."""
    return True


Progress = Callable[[int, int], None]
"""Called while a long stage works with (units done, units in all), the first time with what a
former, stopped attempt had done already. What a unit is, an item or an epoch, is the stage's."""


def show_nothing(done: int, total: int) -> None:
    """A :data:`Progress` that nobody looks at."""


class Parts(Protocol):
    """Finished pieces of one result that is not whole yet, kept until it is.

    A stage that works for hours puts each piece here as it is done, and after it was stopped
    finds them again. What names the pieces is the stage's own matter; all are of one fingerprint,
    so a piece made by other settings or from other items is never found.
    """

    def get(self, name: str) -> Mapping[str, np.ndarray] | None:
        """A piece that was put, ``None`` where there is none or it is damaged."""
        ...

    def put(self, name: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Keeps a piece, whole or not at all."""
        ...


class NoParts:
    """:class:`Parts` that keep nothing."""

    def get(self, name: str) -> Mapping[str, np.ndarray] | None:
        """Nothing was kept."""
        return None

    def put(self, name: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Keeps nothing."""


Piece = tuple[str, Sequence[Any]]
"""A name, and what belongs under it: sentences, or pictures as bytes."""

WorkOnPiece = Callable[[Sequence[Any]], Mapping[str, np.ndarray]]
"""Makes the arrays of one piece."""

OpenWork = Callable[[str, int], WorkOnPiece]
"""``(device, threads)`` -> what works on pieces: the costly part, once a process. It can be
pickled, and what it does to a piece depends on nothing but the piece."""

MapPieces = Callable[[OpenWork, Iterator[Piece]], Iterator[tuple[str, Mapping[str, np.ndarray]]]]
"""Works on pieces somewhere else and gives each result once, by name, in any order."""


@dataclass(frozen=True)
class Runtime:
    """What a stage may use, and whom it tells.

    No fingerprint names threads or device, for they choose no algorithm: they change the order
    of sums, and their number format where the ``precision`` of an encoder is ``auto``. On a CPU
    (``cpu:0`` is ``cpu``), equal threads give results that are equal to the bit, and fusions and
    quantizers give them for any number of threads. Across kinds of devices it depends on the
    method what this does:

    - Encoders that come trained, reductions and fusions in closed form agree to rounding error
      (of bfloat16, about 1e-2 of a vector's length, where that is the format; the fact
      ``precision`` says which a table holds).
    - Codes by clustering (``rq_kmeans``, ``pq``, ``opq``) come from the same start by the same
      steps. Codes differ where rounding decides between two centroids; if that happens early in
      a fit, more of them, with nearly the same error.
    - Trained networks (fusions ``attention``, ``gated`` and ``cross_attention``, quantizers
      ``rq_vae`` and ``vq_vae``, all recommenders) carry every difference on from step to step:
      results are of the same quality, but not the same vectors, codes or weights. For
      recommenders this holds of another number of threads too, and on a GPU of a second run.

    Attributes:
        num_threads: Threads for every native pool (OpenMP, BLAS, torch, faiss).
        device: A torch device string.
        report: Receives training progress.
        progress: Told how far a long stage is.
        parts: Keeps finished pieces of a long stage.
        map_pieces: Spreads the pieces of a long stage over a cluster; ``None`` works on them
            here, one after the other.
    """

    num_threads: int = 1
    device: str = "cpu"
    report: EpochReport = report_nothing
    progress: Progress = show_nothing
    parts: Parts = field(default_factory=NoParts)
    map_pieces: MapPieces | None = None


ConfigT = TypeVar("ConfigT")
OutputT = TypeVar("OutputT", bound=Artifact)


@dataclass(frozen=True)
class Prefix:
    """How the results of a stage are beginnings of longer ones.

    Cutting a longer result must give what ``run`` gives for the shorter length, to the bit: then
    one long computation serves every length below it, and no fingerprint tells which way a
    result was made.

    Attributes:
        length: How long the result of some settings is asked to be; ``None`` where results of
            these settings have no length.
        extend: ``(settings, length) -> settings`` that differ in the length alone.
        cut: ``(longer output, settings, inputs by stage name) -> output`` of these settings.
    """

    length: Callable[[Any], int | None]
    extend: Callable[[Any, int], Config]
    cut: Callable[[Any, Any, Mapping[str, Any]], Any]


@dataclass(frozen=True)
class Stage(Generic[ConfigT, OutputT]):
    """One step of the pipeline, as data.

    Attributes:
        name: The stage's name in the store, the tracker and the report.
        version: Raised when the code changes results; old entries are then not believed.
        output: The artifact type, which knows how to load itself.
        config: Picks the stage's own settings out of the pipeline's configuration.
        inputs: Names of the stages whose outputs ``run`` receives, given the configuration.
        seeded: Whether ``run`` draws random numbers, given the stage's settings.
        run: ``(settings, inputs by stage name, seed, runtime) -> output``.
        prefix: How a result is the beginning of a longer one, ``None`` where it is not.
        only_to_compute: Whether the output is of use to compute others alone, and too large to
            be read where these are there already.
        seed_of: The stage whose seed this one is given, because it repeats what that one drew;
            its own where empty.
    """

    name: str
    version: int
    output: type[OutputT]
    config: Callable[[ConfigT], Config]
    inputs: Callable[[ConfigT], tuple[str, ...]]
    seeded: Callable[[Config], bool]
    run: Callable[[Any, Mapping[str, Any], int, Runtime], OutputT] = field(repr=False)
    prefix: Prefix | None = field(default=None, repr=False)
    only_to_compute: bool = False
    seed_of: str = ""
