"""Users crossed with seeds: the interval behind a verdict.

The claim is that an arm would gain this much with models trained anew *and* for users drawn anew.
Each user is asked in each seed, so the difference of seed s and user u is

    delta_su = mean + seed_s + user_u + rest_su

and the mean over the table errs by ``seed / S + user / U + rest / (S U)``, variances over counts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from clairo.core.errors import DataError
from clairo.evaluation.intervals import ROUNDING, Interval, student_interval


@dataclass(frozen=True)
class MeanSquares:
    """Analysis of variance of a table without replication.

    Attributes:
        seeds: Users times the variance of the seeds' means; ``rest + U * seed`` on average.
        users: Seeds times the variance of the users' means; ``rest + S * user`` on average.
        rest: Variance of what neither explains.
    """

    seeds: float
    users: float
    rest: float


def asked_in_every_seed(deltas: Float[np.ndarray, "seeds users"]) -> Bool[np.ndarray, " users"]:
    """Which users have a difference in every seed; ``nan`` marks a user who was not asked.

    Example:
        >>> asked_in_every_seed(np.array([[0.1, np.nan], [0.2, 0.3]])).tolist()
        [True, False]
    """
    return ~np.isnan(deltas).any(axis=0)


def crossed_interval(
    deltas: Float[np.ndarray, "seeds users"], confidence: float = 0.95
) -> Interval:
    """Interval and test of the mean difference, for other users and models trained anew.

    Two-way random effects without replication. The variance of the mean is ``(MS_seeds +
    max(0, MS_users - MS_rest)) / (S U)``. Its two parts have S - 1 and U - 1 degrees of freedom;
    those of the sum are their harmonic mean, weighted by the parts. Where users add nothing this
    is the paired t over seeds. Where a seed adds nothing either, the interval is a little wide.

    Only users who were asked in every seed enter, the mean included: the others, ``nan`` in some
    seed, would make it a mean over different people in each seed. One seed says nothing of models
    trained anew, one user nothing of other users: both have a mean and no interval.

    Args:
        deltas: Arm minus reference, by seed and user; ``nan`` where a user was not asked.
        confidence: Coverage of the interval.

    Raises:
        DataError: There are no seeds, a difference is infinite, or no user was asked in every
            seed.

    References:
        Satterthwaite 1946 weights the reciprocals by *squared* shares. With few seeds that is too
        generous: a table whose seeds agree by luck has a small error and is granted many degrees
        of freedom at once. At 5 seeds its two-sided test of level 0.01, which Holm asks of five
        arms, errs in up to 1.7 % of normal tables (ours: 1.2 %). Plain shares are to first order
        the interval of Banerjee 1960, which squares and adds the reaches of the parts.

    Example:
        >>> interval = crossed_interval(np.array([[0.0, 0.1, 0.2], [0.2, 0.3, 0.4]]))
        >>> round(interval.mean, 3), round(interval.error, 3), round(interval.freedom, 2)
        (0.2, 0.115, 1.14)
    """
    table = _complete(deltas)
    mean, (num_seeds, num_users) = float(table.mean()), table.shape
    if num_seeds < 2 or num_users < 2:
        return Interval(mean, None, None, None, None)
    squares = mean_squares(table)
    # Seeds whose means agree to the last digit, though users within them do not, agree by chance.
    seeds = squares.seeds if squares.seeds > 0.0 else squares.rest
    users = max(0.0, squares.users - squares.rest)
    if seeds + users == 0.0:
        return student_interval(mean, 0.0, num_seeds - 1.0, confidence)
    error = float(np.sqrt((seeds + users) / table.size))
    freedom = (seeds + users) / (seeds / (num_seeds - 1) + users / (num_users - 1))
    return student_interval(mean, error, freedom, confidence)


def mean_squares(deltas: Float[np.ndarray, "seeds users"]) -> MeanSquares:
    """The three mean squares of a complete table of at least two seeds and two users.

    What rounding leaves of a mean square that is zero is taken as zero.

    Example:
        >>> mean_squares(np.array([[1.0, 3.0], [1.0, 7.0]]))
        MeanSquares(seeds=4.0, users=16.0, rest=4.0)
    """
    num_seeds, num_users = deltas.shape
    by_seed, by_user = deltas.mean(axis=1), deltas.mean(axis=0)
    rest = deltas - by_seed[:, None] - by_user + deltas.mean()
    floor = (ROUNDING * float(np.max(np.abs(deltas)))) ** 2 * deltas.size
    squares = (
        num_users * float(by_seed.var(ddof=1)),
        num_seeds * float(by_user.var(ddof=1)),
        float((rest**2).sum()) / ((num_seeds - 1) * (num_users - 1)),
    )
    return MeanSquares(*(square if square > floor else 0.0 for square in squares))


def _complete(deltas: Float[np.ndarray, "seeds users"]) -> Float[np.ndarray, "seeds users"]:
    if np.isinf(deltas).any():
        raise DataError(
            "Differences of a metric are finite, got an infinite one; check the metric's values."
        )
    asked = asked_in_every_seed(deltas)
    if not len(deltas) or not asked.any():
        raise DataError(
            f"An interval over seeds and users needs a user asked in every seed, got none of "
            f"{deltas.shape[1]} in {len(deltas)} seeds; compare runs on the same users."
        )
    return deltas[:, asked]
