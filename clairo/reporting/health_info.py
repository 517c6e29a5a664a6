"""Numbers behind whether codes collapse and mean something: health, neighbours, purity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from clairo.core.artifacts import Modality
from clairo.quantization.fact_names import CURVE, SELECTED_EPOCH, neighbors_fact, purity_fact
from clairo.reporting.search_info import Absent
from clairo.reporting.selection import best_trial, number_fact, shown_number
from clairo.reporting.stage_info import codebooks_of
from clairo.tracking.records import SweepRecord, TrialRecord

COLLAPSED_USAGE, COLLAPSED_PERPLEXITY = 0.5, 0.1
"""A codebook is called collapsed where it uses less than this share of its codes, or where its
perplexity is below this share of its size."""

NO_BEST = "No trial has a value, so there is no best configuration to look into."


@dataclass(frozen=True)
class Level:
    """One codebook.

    Attributes:
        modality: What it quantises.
        index: Place among the codebooks of this modality, from 0.
        size: Its codes.
        usage: Share of them that any item uses.
        dead: Codes that no item uses.
        perplexity: Effective number of codes, ``None`` where it was not logged.
        entropy: In bits, ``None`` where it was not logged.
        largest: Items with the most frequent code.
    """

    modality: Modality
    index: int
    size: int
    usage: float
    dead: int
    perplexity: float | None
    entropy: float | None
    largest: int

    @property
    def collapsed(self) -> bool:
        """Whether most of it is not used, or hardly."""
        hardly = self.perplexity is not None and self.perplexity / self.size < COLLAPSED_PERPLEXITY
        return self.usage < COLLAPSED_USAGE or hardly


@dataclass(frozen=True)
class Kept:
    """How much one modality's quantizer keeps.

    Attributes:
        modality: What was quantised.
        reconstruction_error: Share of the variance lost, ``None`` where it was not measured.
        neighbors: Share of nearest neighbours with the same first code.
        chance: The same for any two items.
    """

    modality: Modality
    reconstruction_error: float | None
    neighbors: float | None
    chance: float | None


@dataclass(frozen=True)
class HealthInfo:
    """The codebooks of one configuration.

    Attributes:
        trial: Number of the trial shown.
        kind: Its quantizer.
        levels: Its codebooks in column order.
        kept: By modality.
        collision_rate: Share of items whose codes are not unique before disambiguation.
        largest_bucket: Items that share one tuple at most.
    """

    trial: int
    kind: str
    levels: tuple[Level, ...]
    kept: tuple[Kept, ...]
    collision_rate: float | None
    largest_bucket: float | None

    @property
    def collapsed(self) -> tuple[Level, ...]:
        """Codebooks that are called collapsed."""
        return tuple(level for level in self.levels if level.collapsed)


@dataclass(frozen=True)
class DepthCourse:
    """A share by number of first codes, beside the one that chance gives.

    Attributes:
        modality: What the codes were made from.
        shares: From one code on.
        by_chance: The same by chance; empty where that is not known.
    """

    modality: Modality
    shares: tuple[float, ...]
    by_chance: tuple[float, ...]


@dataclass(frozen=True)
class DepthInfo:
    """Shares by depth of one configuration.

    Attributes:
        trial: Number of the trial shown.
        what: ``neighbors`` or ``purity``.
        courses: One for each modality with codes.
        num_categories: Categories that occur, for purity.
        nested: Whether later codes refine earlier ones, so that a prefix is a branch of a tree.
    """

    trial: int
    what: Literal["neighbors", "purity"]
    courses: tuple[DepthCourse, ...]
    num_categories: float | None
    nested: bool


def has_codes(record: SweepRecord) -> bool:
    """Whether the best configuration logged its codebooks."""
    trial = best_trial(record)
    return trial is not None and bool(codebooks_of(trial))


def compute_health(record: SweepRecord) -> HealthInfo | Absent:
    """Codebooks of the best configuration."""
    trial = best_trial(record)
    if trial is None:
        return Absent(NO_BEST)
    levels = levels_of(trial)
    if not levels:
        return Absent(f"Trial {shown_number(record, trial)} stored no code histograms.")
    return HealthInfo(
        trial=shown_number(record, trial),
        kind=quantizer_of(trial),
        levels=levels,
        kept=tuple(_kept(trial, modality) for modality in _modalities(levels)),
        collision_rate=number_fact(trial, "collision_rate"),
        largest_bucket=number_fact(trial, "largest_bucket"),
    )


def levels_of(trial: TrialRecord) -> tuple[Level, ...]:
    """The codebooks of a run, in column order."""
    return tuple(
        Level(
            modality=book.modality,
            index=book.index,
            size=len(book.counts),
            usage=book.usage,
            dead=book.counts.count(0),
            perplexity=book.perplexity,
            entropy=number_fact(trial, f"{book.modality}/{book.index}/entropy"),
            largest=book.counts[0],
        )
        for book in codebooks_of(trial)
    )


def quantizer_of(trial: TrialRecord) -> str:
    """Name of a run's quantizer, ``""`` where it did not come to it."""
    return next((s.kind for s in trial.stages if s.name == "quantization"), "")


def compute_neighbors(record: SweepRecord) -> DepthInfo | Absent:
    """Nearest neighbours that the first codes of the best configuration keep together."""
    return _by_depth(record, "neighbors")


def compute_purity(record: SweepRecord) -> DepthInfo | Absent:
    """Categories under the first codes of the best configuration."""
    return _by_depth(record, "purity")


def _by_depth(record: SweepRecord, what: Literal["neighbors", "purity"]) -> DepthInfo | Absent:
    trial = best_trial(record)
    if trial is None:
        return Absent(NO_BEST)
    modalities = _modalities(levels_of(trial))
    found = (_course(trial, modality, what) for modality in modalities)
    courses = tuple(course for course in found if course is not None)
    if not courses:
        name = shown_number(record, trial)
        return Absent(_why_unmeasured(trial, name, what))
    categories = (number_fact(trial, f"{c.modality}/num_categories") for c in courses)
    return DepthInfo(
        trial=shown_number(record, trial),
        what=what,
        courses=courses,
        num_categories=next((count for count in categories if count is not None), None),
        # The codes of opq and pq stand for parts of the vector that lie side by side.
        nested=quantizer_of(trial) not in ("opq", "pq"),
    )


def _why_unmeasured(trial: TrialRecord, name: int, what: str) -> str:
    if what == "neighbors" and quantizer_of(trial) == "given":
        return f"The codes of trial {name} came with the data: there are no vectors to compare."
    if what == "purity":
        return f"Trial {name} knows fewer than two categories, or an older version ran it."
    return f"Trial {name} was run by an older version, which did not measure this."


def _course(
    trial: TrialRecord, modality: Modality, what: Literal["neighbors", "purity"]
) -> DepthCourse | None:
    name = neighbors_fact if what == "neighbors" else purity_fact
    shares: list[float] = []
    by_chance: list[float | None] = []
    depth = 1
    while (share := number_fact(trial, f"{modality}/{name(depth)}")) is not None:
        shares.append(share)
        by_chance.append(number_fact(trial, f"{modality}/{name(depth, chance=True)}"))
        depth += 1
    known = tuple(chance for chance in by_chance if chance is not None)
    whole = known if len(known) == len(shares) else ()
    return DepthCourse(modality, tuple(shares), whole) if shares else None


def _kept(trial: TrialRecord, modality: Modality) -> Kept:
    return Kept(
        modality,
        number_fact(trial, f"{modality}/reconstruction_error"),
        number_fact(trial, f"{modality}/{neighbors_fact(1)}"),
        number_fact(trial, f"{modality}/{neighbors_fact(1, chance=True)}"),
    )


def _modalities(levels: tuple[Level, ...]) -> tuple[Modality, ...]:
    return tuple(dict.fromkeys(level.modality for level in levels))


def curve_of(trial: TrialRecord, modality: Modality) -> tuple[dict[str, float], ...]:
    """Training curve of one modality's quantizer, one mapping an epoch; empty without epochs.

    The fusion may have a curve of the same name, so that its own stage is not asked.
    """
    own = next((stage for stage in trial.stages if stage.name == "quantization"), None)
    found = own.facts.get(f"{modality}/{CURVE}") if own else None
    return tuple(dict(epoch) for epoch in found or ())


def selected_epoch_of(trial: TrialRecord, modality: Modality) -> int | None:
    """The epoch, from 1, whose codebooks one modality's quantizer kept; ``None`` without one."""
    own = next((stage for stage in trial.stages if stage.name == "quantization"), None)
    found = own.facts.get(f"{modality}/{SELECTED_EPOCH}") if own else None
    return None if found is None else int(found)
