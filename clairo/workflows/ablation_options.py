"""What a person asks for with ``make ablate``."""

from __future__ import annotations

from dataclasses import dataclass

from clairo.core.errors import ConfigError
from clairo.core.threads import usable_cpus
from clairo.workflows.options import SweepOptions, given

MAX_SEEDS = 64


@dataclass(frozen=True)
class AblateOptions(SweepOptions):
    """The variables of ``make ablate``: those of a sweep that say which data, where and how.

    Attributes:
        experiment: Name or file of the definition.
        base: Id of the sweep whose best is the base, ``latest`` for the last one, ``None`` for
            what the definition says.
        seeds: Paired seeds, ``None`` for the definition's.
    """

    experiment: str = "modality_masking"
    base: str | None = None
    seeds: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.seeds is not None and not 1 <= self.seeds <= MAX_SEEDS:
            raise ConfigError(
                f"SEEDS must be from 1 to {MAX_SEEDS}, got {self.seeds}; fewer than 5 are "
                "exploratory."
            )

    @property
    def num_workers(self) -> int:
        """Trials at a time: every CPU one."""
        return self.workers or max(1, min(usable_cpus(), 8))

    def command(self) -> str:
        """The ``make`` call that asks for the same, without what is at its default."""
        plain = AblateOptions()
        shown: tuple[tuple[str, object, object], ...] = (
            ("CATEGORY", self.category, None),
            ("EXPERIMENT", self.experiment, None),
            ("RELEASE", self.release, plain.release),
            ("FILTERS", self.filters, plain.filters),
            ("SALVAGE", int(self.salvage), 0),
            ("BASE", self.base, plain.base),
            ("SEEDS", self.seeds, plain.seeds),
            ("WORKERS", self.workers, plain.workers),
            ("PROFILE", self.profile, plain.profile),
            ("SEED", self.seed, plain.seed),
        )
        return " ".join(["make ablate", *given(shown)])
