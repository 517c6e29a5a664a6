"""Usage of codebooks over training: one run's levels, and several quantizers beside one another."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clairo.core.artifacts import Modality
from clairo.reporting.health_info import (
    NO_BEST,
    curve_of,
    levels_of,
    quantizer_of,
    selected_epoch_of,
)
from clairo.reporting.search_info import Absent
from clairo.reporting.selection import best_trial, metric, shown_number
from clairo.tracking.records import SweepRecord, TrialRecord

_USAGE = re.compile(r"^usage/(\d+)$")
_INPUTS = ("dataset", "text", "image", "reduction", "fusion")
"""Settings that decide which vectors are quantised."""


@dataclass(frozen=True)
class UsageLine:
    """Usage over training of one codebook or quantizer.

    Attributes:
        name: Where the line ends, for example ``rq_vae``.
        epochs: Epochs from 1; empty where it is fitted at once, without epochs.
        usage: Share of codes in use at each, by training rows; a single one, by all items, where
            there are no epochs.
        about: For the hover: which trial, how large.
        selected: The epoch whose codebooks are kept, ``None`` where none is known or where the
            codebooks behind the line are of different ones.
    """

    name: str
    epochs: tuple[int, ...]
    usage: tuple[float, ...]
    about: str = ""
    selected: int | None = None

    @property
    def until_kept(self) -> tuple[float, ...]:
        """Usage up to the epoch that is kept, to the last one where that is not known."""
        if self.selected not in self.epochs:
            return self.usage
        return self.usage[: self.epochs.index(self.selected) + 1]

    @property
    def kept(self) -> float:
        """Usage at the epoch that is kept, at the last one where that is not known."""
        return self.until_kept[-1]


@dataclass(frozen=True)
class UsageInfo:
    """Lines in one figure.

    Attributes:
        lines: At least one.
        source: Which trials they are of, or other words on where they come from.
        same_vectors: Whether all quantise the same vectors; ``None`` where that is not known.
    """

    lines: tuple[UsageLine, ...]
    source: str
    same_vectors: bool | None = None


def usage_line(
    name: str,
    curve: Sequence[Mapping[str, float]],
    final: Sequence[float] = (),
    about: str = "",
    selected: int | None = None,
) -> UsageLine | None:
    """The usage of the least used codebook at each epoch, ``None`` where nothing is known.

    Args:
        name: Of the quantizer.
        curve: Its training curve, one ``{name: number}`` an epoch, with ``usage/<level>``.
        final: Usage of each of its codebooks after fitting, which is all there is of a quantizer
            that is fitted at once.
        about: For the hover.
        selected: The epoch whose codebooks are kept, from 1.

    Example:
        >>> usage_line("vq_vae", [{"usage/0": 0.9, "usage/1": 0.5}, {"usage/0": 0.8}]).usage
        (0.5, 0.8)
    """
    rows = [[v for key, v in epoch.items() if _USAGE.match(key)] for epoch in curve]
    epochs = tuple(place for place, row in enumerate(rows, start=1) if row)
    if epochs:
        return UsageLine(name, epochs, tuple(min(row) for row in rows if row), about, selected)
    return UsageLine(name, (), (min(final),), about) if final else None


def compute_level_usage(record: SweepRecord) -> UsageInfo | Absent:
    """Usage over training of every codebook of the best configuration."""
    trial = best_trial(record)
    if trial is None:
        return Absent(NO_BEST)
    number, kind = shown_number(record, trial), quantizer_of(trial)
    lines = []
    for modality in _modalities(trial):
        curve = curve_of(trial, modality)
        names = sorted(
            {key for epoch in curve for key in epoch if _USAGE.match(key)},
            key=lambda key: int(key.rsplit("/", maxsplit=1)[1]),
        )
        for key in names:
            points = [(i, e[key]) for i, e in enumerate(curve, start=1) if key in e]
            epochs, usage = zip(*points, strict=True)
            level = int(key.rsplit("/", maxsplit=1)[1]) + 1
            name, selected = f"{modality} {level}", selected_epoch_of(trial, modality)
            lines.append(UsageLine(name, epochs, usage, f"trial {number}", selected))
    if not lines:
        return Absent(f"{kind or 'The quantizer'} of trial {number} is fitted without epochs.")
    return UsageInfo(tuple(lines), f"Trial {number}, {kind}")


def compute_usage_by_quantizer(record: SweepRecord) -> UsageInfo | Absent:
    """One line for each quantizer of the sweep: the least used codebook over training.

    Of each quantizer the run is taken that has the same vectors as the best configuration, and
    among these the one with the highest objective; a run with other vectors only where there is no
    such one.
    """
    best = best_trial(record)
    if best is None:
        return Absent(NO_BEST)
    chosen = _by_kind(record, best)
    lines = tuple(line for kind, trial in chosen.items() if (line := _line_of(record, kind, trial)))
    if len(lines) < 2:
        return Absent(
            "The sweep has runs of one quantizer only, so there is none to set beside it."
        )
    if not any(line.epochs for line in lines):
        names = ", ".join(line.name for line in lines)
        return Absent(f"All quantizers of the sweep ({names}) are fitted without epochs.")
    numbers = ", ".join(str(shown_number(record, trial)) for trial in chosen.values())
    same = all(_vectors(trial) == _vectors(best) for trial in chosen.values())
    return UsageInfo(lines, f"Trials {numbers}", same)


def _by_kind(record: SweepRecord, best: TrialRecord) -> dict[str, TrialRecord]:
    """The run that stands for each quantizer, in the order of their names."""

    def rank(trial: TrialRecord) -> tuple[bool, bool, float, int]:
        value = metric(trial, record.summary.objective)
        other = _vectors(trial) != _vectors(best)
        return trial is not best, other, -(value if value is not None else -1.0), trial.number

    ordered = sorted((t for t in record.trials if levels_of(t) and quantizer_of(t)), key=rank)
    first: dict[str, TrialRecord] = {}
    for trial in ordered:
        first.setdefault(quantizer_of(trial), trial)
    return {kind: first[kind] for kind in sorted(first)}


def _vectors(trial: TrialRecord) -> dict[str, object]:
    return {name: trial.config.get(name) for name in _INPUTS}


def _line_of(record: SweepRecord, kind: str, trial: TrialRecord) -> UsageLine | None:
    levels = levels_of(trial)
    worst = [_least(trial, modality) for modality in _modalities(trial)]
    curves = [curve for curve in worst if curve]
    # Of several modalities the least used codebook counts; one that is done stays as it ended.
    length = max((len(curve) for curve in curves), default=0)
    joint = [
        {f"usage/{place}": curve[min(epoch, len(curve) - 1)] for place, curve in enumerate(curves)}
        for epoch in range(length)
    ]
    sizes = f"{len(levels)} × {levels[0].size}"
    about = f"trial {shown_number(record, trial)}, {sizes}"
    kept = {selected_epoch_of(trial, modality) for modality in _modalities(trial)}
    selected = kept.pop() if len(kept) == 1 else None
    return usage_line(kind, joint, [level.usage for level in levels], about, selected)


def _least(trial: TrialRecord, modality: Modality) -> tuple[float, ...]:
    line = usage_line(modality, curve_of(trial, modality))
    return line.usage if line else ()


def _modalities(trial: TrialRecord) -> tuple[Modality, ...]:
    return tuple(dict.fromkeys(level.modality for level in levels_of(trial)))
