"""What a person asks for on the command line, checked once, at the border."""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from clairo.core.errors import ConfigError
from clairo.core.threads import usable_cpus
from clairo.pipeline.profiles import PROFILES

ExecutorName = Literal["ray", "local"]

_WORKERS_PER_CPU: Final = 8
"""More would only wait for each other, and each takes most of a gigabyte."""

_UNITS: Final = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


@dataclass(frozen=True)
class SweepOptions:
    """The variables of ``make sweep``.

    Attributes:
        category: Alias, official name, ``demo``, ``atomic/NAME`` or ``lcrec/NAME``.
        release: Amazon release, ``None`` takes the alias's own.
        data: Folder with raw files.
        fetch: Whether files that are missing may be downloaded.
        filters: File with filters and split of the data, ``None`` leaves them at their usual.
        salvage: Read the whole lines of a raw file that ends early.
        trials: Number of trials, ``None`` takes the profile's.
        time_budget: Seconds after which no new trial starts, ``None`` for no limit.
        workers: Trials at a time, ``None`` takes what the machine offers.
        profile: ``quick`` or ``paper``.
        space: Name or file of the search space.
        seed: Root seed.
        ablate: Whether the winner is taken apart at the end.
        out: Folder for everything that is made.
        tracking_uri: MLflow, ``None`` is a database in ``out``.
        ray_address: A running Ray cluster, ``None`` starts one here.
        embed_on_cluster: With ``ray_address``, catalogues of so many items or more are embedded
            by the whole cluster together before the first trial.
        executor: ``ray`` or ``local``.
        reports: Folder for report pages.
    """

    category: str = "demo"
    release: str | None = None
    data: Path = Path("data")
    fetch: bool = True
    filters: Path | None = None
    salvage: bool = False
    trials: int | None = None
    time_budget: float | None = None
    workers: int | None = None
    profile: str = "quick"
    space: str = "full"
    seed: int = 0
    ablate: bool = True
    out: Path = Path("runs")
    tracking_uri: str | None = None
    ray_address: str | None = None
    embed_on_cluster: int = 20_000
    executor: ExecutorName = "ray"
    reports: Path = Path("reports/output")

    def __post_init__(self) -> None:
        for name, value, least in (
            ("TRIALS", self.trials, 1),
            ("WORKERS", self.workers, 1),
            ("SEED", self.seed, 0),
            ("EMBED_ON_CLUSTER", self.embed_on_cluster, 1),
        ):
            if value is not None and value < least:
                raise ConfigError(f"{name} must be at least {least}, got {value}; raise it.")
        most = _WORKERS_PER_CPU * usable_cpus()
        if self.workers is not None and self.workers > most and not self.ray_address:
            raise ConfigError(
                f"WORKERS on this machine must be at most {most}, {_WORKERS_PER_CPU} for each CPU, "
                f"got {self.workers}; lower it, or name a cluster in RAY_ADDRESS."
            )

    @property
    def num_workers(self) -> int:
        """Trials at a time: every CPU one, but so few that the search learns between batches."""
        trials = self.trials or (PROFILES[self.profile].trials if self.profile in PROFILES else 2)
        batches = max(2, trials // 2)
        return self.workers or max(1, min(usable_cpus(), 8, batches))

    def command(self) -> str:
        """The ``make`` call that asks for the same, without what is at its default."""
        plain = SweepOptions()
        shown: tuple[tuple[str, object, object], ...] = (
            ("CATEGORY", self.category, None),
            ("RELEASE", self.release, plain.release),
            ("FILTERS", self.filters, plain.filters),
            ("SALVAGE", int(self.salvage), 0),
            ("TRIALS", self.trials, plain.trials),
            ("WORKERS", self.workers, plain.workers),
            ("PROFILE", self.profile, plain.profile),
            ("SPACE", self.space, plain.space),
            ("SEED", self.seed, plain.seed),
        )
        return " ".join(["make sweep", *given(shown), *([] if self.ablate else ["ABLATE=0"])])

    def resume_command(self) -> str:
        """:meth:`command` with the places of this machine, so that it finds what is there.

        A password in an address is left out: what is printed may be copied anywhere.
        """
        plain = SweepOptions()
        budget = f"{self.time_budget:.0f}s" if self.time_budget else None
        shown: tuple[tuple[str, object, object], ...] = (
            ("DATA", self.data, plain.data),
            ("FETCH", int(self.fetch), 1),
            ("TIME_BUDGET", budget, None),
            ("OUT", self.out, plain.out),
            ("REPORTS", self.reports, plain.reports),
            ("MLFLOW_TRACKING_URI", without_password(self.tracking_uri), None),
            ("RAY_ADDRESS", self.ray_address, None),
            ("EMBED_ON_CLUSTER", self.embed_on_cluster, plain.embed_on_cluster),
        )
        return " ".join([self.command(), *given(shown)])


def given(shown: tuple[tuple[str, object, object], ...]) -> list[str]:
    """``NAME=value`` for the shell, of every (name, value, default) that is not at its default."""
    return [f"{name}={shlex.quote(str(value))}" for name, value, plain in shown if value != plain]


def without_password(uri: str | None) -> str | None:
    """An address whose password is three stars.

    Example:
        >>> without_password("postgresql://ada:secret@db/mlflow")
        'postgresql://ada:***@db/mlflow'
    """
    return re.sub(r"(://[^:/@]*):[^@/]*@", r"\1:***@", uri) if uri else None


def parse_duration(text: str) -> float:
    """Seconds of a duration such as ``90``, ``90s``, ``30m`` or ``1.5h``.

    Raises:
        ConfigError: The text is not a positive number with such a unit.

    Example:
        >>> parse_duration("1.5h")
        5400.0
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd]?)", text.strip())
    if match is None or float(match[1]) <= 0:
        raise ConfigError(
            f"TIME_BUDGET must be a positive time such as 90s, 30m or 2h, got {text!r}; "
            "give a number and a unit."
        )
    return float(match[1]) * _UNITS[match[2]]


def prepare_out(out: Path, name: str = "OUT", cure: str = "OUT=/path") -> Path:
    """Makes an output folder and proves that it can be written to.

    Args:
        out: The folder.
        name: What it is called in messages.
        cure: How another one is named.

    Raises:
        ConfigError: It cannot.
    """
    folder = out.expanduser().resolve()
    probe = folder / f".writable-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"x" * 4096)
        probe.unlink()
    except OSError as error:
        raise ConfigError(
            f"{name} must be a folder that can be written to, got {folder} ({error.strerror}); "
            f"choose another with {cure} or free some space."
        ) from error
    return folder
