"""What a stage is: a name, a version, its inputs, its output type, and a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Protocol, Self, TypeVar

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


@dataclass(frozen=True)
class Runtime:
    """What a stage may use, and whom it tells.

    Threads and device change the order of sums and nothing else: results agree to rounding
    error, and are equal to the bit for equal threads on one kind of device.

    Attributes:
        num_threads: Threads for every native pool (OpenMP, BLAS, torch, faiss).
        device: A torch device string.
        report: Receives training progress.
    """

    num_threads: int = 1
    device: str = "cpu"
    report: EpochReport = report_nothing


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
