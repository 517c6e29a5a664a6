"""Asynchronous successive halving whose decisions do not depend on timing.

A trial that reaches a rung goes on when its value is among the best ``1/eta`` of the values
known there, its own included. Stock ASHA compares with whatever happened to be reported by
then, so two runs of one sweep prune different trials. Here a trial is compared with a
*snapshot*: the rung values of all trials of **earlier batches**, taken when its batch was
suggested. The snapshot travels with the trial, and the decision is made where the trial runs.

Why in the worker, and not as a Ray ``TrialScheduler``: a scheduler sees results in order of
arrival, its STOP kills the actor before the trial could log its end, and the local executor
would need a second implementation. In the worker the rule is one pure function for both
executors, and a pruned trial closes its own run.

References:
    Li et al., "A System for Massively Parallel Hyperparameter Tuning" (MLSys 2020), algorithm
    2. Differs in that promotion looks at earlier batches only.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class RungSnapshot:
    """Rung values of earlier trials, and the rule that compares with them.

    Attributes:
        eta: One in ``eta`` trials goes on.
        values: Per rung (an epoch) the finite values that are known, in trial order.

    Example:
        >>> snapshot = RungSnapshot(eta=3, values={2: (0.1, 0.2, 0.3)})
        >>> snapshot(2, 0.4), snapshot(2, 0.05), snapshot(4, 0.05)
        (True, False, True)
    """

    eta: int = 3
    values: Mapping[int, tuple[float, ...]] = field(default_factory=dict)

    def __call__(self, rung: int, value: float) -> bool:
        """Whether a trial with this value goes on after this rung.

        A rung with fewer than ``eta`` values lets every finite value pass; a value that is
        not finite never passes; a tie with the last promoted value passes.
        """
        if not math.isfinite(value):
            return False
        known = self.values.get(rung, ())
        if len(known) < self.eta:
            return True
        promoted = max(1, (len(known) + 1) // self.eta)
        better = sum(1 for other in known if other > value)
        return better < promoted


@dataclass(frozen=True)
class RungRecord:
    """The rung values of all trials that were told so far; adding gives a new record.

    Attributes:
        eta: One in ``eta`` trials goes on.
        values: Per rung the known values, in trial order.
    """

    eta: int = 3
    values: Mapping[int, tuple[float, ...]] = field(default_factory=dict)

    def add(self, rung_values: Mapping[int, float]) -> RungRecord:
        """With the rung values of one more trial; values that are not finite are left out."""
        values = dict(self.values)
        for rung, value in sorted(rung_values.items()):
            if math.isfinite(value):
                values[rung] = (*values.get(rung, ()), value)
        return RungRecord(self.eta, values)

    def snapshot(self) -> RungSnapshot:
        """What the trials of the next batch are compared with."""
        return RungSnapshot(self.eta, dict(self.values))


def always(rung: int, value: float) -> bool:
    """The judge of a trial that is never pruned."""
    return True
