"""Trials that take milliseconds: the real machinery around a pipeline that is a formula."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from clairo.core.config import Config, parse_config
from clairo.core.errors import SweepError
from clairo.core.fingerprint import hash_json
from clairo.sweep.objective import Objective
from clairo.sweep.search import Search, SearchPlan
from clairo.sweep.search_space import SearchSpace, parse_space
from clairo.sweep.source import KeepGoing
from clairo.sweep.study import StudyDatabase, sqlite_url

SPACE: dict[str, Any] = {
    "fusion": {
        "choice": [
            {"kind": "none"},
            {"kind": "text_only"},
            {"kind": "concat_pca", "variance": {"uniform": [0.8, 0.98], "step": 0.02}},
        ]
    },
    "size": {"choice": [16, 32, 64, 128]},
    "merges": {"int": [0, 400], "step": 50},
}


class NoneFusion(Config):
    kind: Literal["none"] = "none"


class TextOnly(Config):
    kind: Literal["text_only"] = "text_only"


class ConcatPca(Config):
    kind: Literal["concat_pca"] = "concat_pca"
    variance: Annotated[float, Field(gt=0, le=1)] = 0.9


class Toy(Config):
    """A pipeline of three settings."""

    fusion: Annotated[NoneFusion | TextOnly | ConcatPca, Field(discriminator="kind")] = NoneFusion()
    size: Annotated[int, Field(ge=2)] = 16
    merges: Annotated[int, Field(ge=0)] = 0

    @property
    def score(self) -> float:
        """Smooth in every setting; best for a joint vector, size 64 and 200 merges."""
        joint = 0.3 if self.fusion.kind == "concat_pca" else 0.1
        return joint - abs(self.size - 64) / 1000 - abs(self.merges - 200) / 4000


@dataclass(frozen=True)
class FakeSpec:
    number: int
    config: Toy
    seed: int = 0
    rungs: tuple[int, ...] = ()

    @property
    def key(self) -> str:
        return hash_json({"config": self.config.identity(), "seed": self.seed})[:16]


@dataclass(frozen=True)
class FakeOutcome:
    key: str
    state: str
    value: float | None = None
    rung_values: Mapping[int, float] = field(default_factory=dict)
    error: str = ""
    transient: bool = False
    constraints: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class FakeRun:
    """A picklable trial function with faults to order.

    Attributes:
        delay: Longest random sleep in seconds, so that trials finish in any order.
        deaths: (number, times) of trials that kill their own process at their first starts.
        folder: Where starts are noted, one line each.
        faults: (number, fault) pairs: ``nan``, ``raise``, ``infeasible``, ``transient``, ``stop``.
    """

    delay: float = 0.0
    deaths: tuple[tuple[int, int], ...] = ()
    folder: Path | None = None
    faults: tuple[tuple[int, str], ...] = ()

    def __call__(self, spec: FakeSpec, keep_going: KeepGoing) -> FakeOutcome:
        starts = self._note(spec)
        time.sleep(random.random() * self.delay)
        if starts <= dict(self.deaths).get(spec.number, 0):
            os.kill(os.getpid(), signal.SIGKILL)
        fault = dict(self.faults).get(spec.number, "")
        if fault:
            return self._fault(fault, spec, starts)
        reached: dict[int, float] = {}
        for rung in spec.rungs:
            reached[rung] = spec.config.score * rung
            if not keep_going(rung, reached[rung]):
                return FakeOutcome(spec.key, "pruned", rung_values=reached)
        return FakeOutcome(spec.key, "complete", spec.config.score, reached)

    def _fault(self, fault: str, spec: FakeSpec, starts: int) -> FakeOutcome:
        if fault == "raise":
            raise ZeroDivisionError("a stage divided by zero")
        if fault == "stop":
            raise SweepError("The tracker must answer, got silence; start it again.")
        if fault == "transient" and starts > 1:
            return FakeOutcome(spec.key, "complete", spec.config.score)
        if fault == "nan":
            return FakeOutcome(spec.key, "complete", float("nan"))
        if fault == "infeasible":
            broken = {"max_collision_rate": 0.25, "min_codebook_usage": -0.1}
            return FakeOutcome(spec.key, "infeasible", error=fault, constraints=broken)
        return FakeOutcome(spec.key, "failed", error=fault, transient=fault == "transient")

    def _note(self, spec: FakeSpec) -> int:
        if self.folder is None:
            return 1
        with (self.folder / "starts.txt").open("a") as stream:
            stream.write(f"{spec.number}\n")
        return starts_of(self.folder).count(spec.number)


def starts_of(folder: Path) -> list[int]:
    """Numbers of the trials that were started, in order, repeats included."""
    file = folder / "starts.txt"
    return [int(line) for line in file.read_text().split()] if file.exists() else []


def toy_space(values: Mapping[str, Any] = SPACE) -> SearchSpace:
    return parse_space(values, "toy", "toy.yaml")


def build(number: int, settings: dict[str, Any], rungs: tuple[int, ...] = ()) -> FakeSpec:
    return FakeSpec(number, parse_config(Toy, settings, "trial"), rungs=rungs)


def build_with_rungs(number: int, settings: dict[str, Any]) -> FakeSpec:
    return build(number, settings, (2, 4))


def open_search(
    folder: Path, plan: SearchPlan, space: SearchSpace | None = None, builder: Any = build
) -> tuple[Search, StudyDatabase]:
    """A search over a study in a folder; close the database to open it again."""
    space = space or toy_space()
    identity = {"space": space.digest, "seed": str(plan.seed)}
    database = StudyDatabase(sqlite_url(folder / "study.db"), "sweep-1", identity, Objective())
    return Search(database, space, plan, builder), database
