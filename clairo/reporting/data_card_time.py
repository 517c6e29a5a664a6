"""When interactions happened, and whether a split lets the future into training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Int64

from clairo.core.dataset import Dataset
from clairo.reporting.data_card_log import target_rows, train_rows, within_histories
from clairo.reporting.search_info import Absent

_PER_SECOND = {"s": 1, "ms": 1000}
_LONGEST_DAYS, _LONGEST_MONTHS, _LONGEST_YEARS = 90, 72, 200
_STEP = {"day": "D", "month": "M", "year": "Y"}


@dataclass(frozen=True)
class TimelineInfo:
    """Interactions over the calendar (UTC).

    Attributes:
        step: What a bar stands for.
        starts: First day of every step from the first interaction to the last, as ISO dates.
        counts: Interactions in each.
        first: Day of the first interaction.
        middle: Day by which half of the interactions had happened.
        last: Day of the last interaction.
        cuts: (name, day) where a split by time cuts.
        late_train: Share of the training interactions that happened after half of the test
            targets had; ``None`` where nobody is asked on test.
    """

    step: Literal["day", "month", "year"]
    starts: tuple[str, ...]
    counts: tuple[int, ...]
    first: str
    middle: str
    last: str
    cuts: tuple[tuple[str, str], ...]
    late_train: float | None


@dataclass(frozen=True)
class LeakCheck:
    """One way for the answer to leak into what is known, looked for in the data itself.

    Attributes:
        rule: What must hold.
        looked_at: How many cases there are, with their noun.
        violations: Cases in which it does not hold; ``None`` where it cannot be looked for.
        reason: Why it cannot.
    """

    rule: str
    looked_at: str
    violations: int | None
    reason: str = ""


def compute_timeline(dataset: Dataset) -> TimelineInfo | Absent:
    """Interactions by day, month or year, whichever keeps the bars countable."""
    log, unit = dataset.log, dataset.facts.get("time_unit")
    if not len(log):
        return Absent("There are no interactions.")
    if unit == "position":
        return Absent("Timestamps are positions in a history; there is no calendar.")
    if unit not in _PER_SECOND:
        return Absent("The unit of the timestamps was not recorded, so they cannot be dated.")
    seconds = log.timestamps // _PER_SECOND[unit]
    first, last = int(seconds.min()), int(seconds.max())
    if (last - first) / (365.25 * 86_400) > _LONGEST_YEARS:
        return Absent(
            f"Timestamps run from {_day(first)} to {_day(last)}, which no shop can; look for a "
            "wrong unit or broken rows."
        )
    step = _step(first, last)
    steps = seconds.astype("datetime64[s]").astype(f"datetime64[{_STEP[step]}]").astype(np.int64)
    low = int(steps.min())
    starts = np.arange(low, int(steps.max()) + 1).astype(f"datetime64[{_STEP[step]}]")
    return TimelineInfo(
        step=step,
        starts=tuple(str(day) for day in starts.astype("datetime64[D]")),
        counts=tuple(np.bincount(steps - low).tolist()),
        first=_day(first),
        middle=_day(int(np.quantile(seconds, 0.5, method="inverted_cdf"))),
        last=_day(last),
        cuts=_cuts(dataset.facts, _PER_SECOND[unit]),
        late_train=_late_train(dataset),
    )


def _step(first: int, last: int) -> Literal["day", "month", "year"]:
    days = (last - first) / 86_400
    if days <= _LONGEST_DAYS:
        return "day"
    return "month" if days / 30.44 <= _LONGEST_MONTHS else "year"


def _day(seconds: int) -> str:
    return str(np.datetime64(seconds, "s").astype("datetime64[D]"))


def _cuts(facts: Mapping[str, Any], per_second: int) -> tuple[tuple[str, str], ...]:
    names = (("valid_from", "validation from"), ("test_from", "test from"))
    return tuple(
        (name, _day(int(facts[key]) // per_second)) for key, name in names if facts.get(key)
    )


def _late_train(dataset: Dataset) -> float | None:
    log, splits = dataset.log, dataset.splits
    targets, train = target_rows(log, splits, "test"), train_rows(log, splits)
    if not len(targets) or not train.any():
        return None
    middle = np.quantile(log.timestamps[targets], 0.5, method="inverted_cdf")
    return float((log.timestamps[train] > middle).mean())


def check_split(dataset: Dataset) -> tuple[LeakCheck, ...]:
    """Looks in the arrays for every way in which a target may be known beforehand."""
    log, splits = dataset.log, dataset.splits
    valid, test = splits.valid_positions, splits.test_positions
    backwards = within_histories(log, np.diff(log.timestamps) < 0)
    checks = [
        LeakCheck(
            f"Training ends before a user's {name} target",
            f"{int((places >= 0).sum()):,} users",
            int(((places >= 0) & (splits.train_lengths > places)).sum()),
        )
        for name, places in (("validation", valid), ("test", test))
    ]
    both = (valid >= 0) & (test >= 0)
    checks += [
        LeakCheck(
            "The validation target stands before the test target",
            f"{int(both.sum()):,} users",
            int((both & (valid >= test)).sum()),
        ),
        LeakCheck(
            "Histories are in time order", f"{len(log):,} interactions", int(backwards.sum())
        ),
    ]
    if dataset.facts.get("split") == "global_time":
        checks += _time_checks(dataset)
    return tuple(checks)


def _time_checks(dataset: Dataset) -> list[LeakCheck]:
    """What a split by time promises."""
    log, splits, facts = dataset.log, dataset.splits, dataset.facts
    train = log.timestamps[train_rows(log, splits)]
    valid, test = (log.timestamps[target_rows(log, splits, s)] for s in ("valid", "test"))
    return [
        _compare("No training interaction at or after the start of validation", train,
                 facts.get("valid_from"), late=True, noun="training interactions"),
        _compare("No validation target before the start of validation", valid,
                 facts.get("valid_from"), late=False, noun="targets"),
        _compare("No validation target at or after the start of test", valid,
                 facts.get("test_from"), late=True, noun="targets"),
        _compare("No test target before the start of test", test,
                 facts.get("test_from"), late=False, noun="targets"),
    ]  # fmt: skip


def _compare(
    rule: str,
    times: Int64[np.ndarray, " times"],
    cut: int | None,
    *,
    late: bool,
    noun: str,
) -> LeakCheck:
    looked_at = f"{len(times):,} {noun}"
    if cut is None:
        return LeakCheck(rule, looked_at, None, "The time of the cut was not recorded.")
    wrong = times >= cut if late else times < cut
    return LeakCheck(rule, looked_at, int(wrong.sum()))
