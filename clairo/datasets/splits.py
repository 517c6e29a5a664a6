"""Which interactions are for training, validation and test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final, Literal, Self

import numpy as np
from jaxtyping import Bool, Int, Int32, Int64
from pydantic import Field, model_validator

from clairo.core.config import Config
from clairo.core.dataset import InteractionLog, Splits
from clairo.core.errors import DataError
from clairo.core.ragged import row_pieces

_PIECE: Final = 1 << 22
_SHORTEST: Final = 3
"""Interactions of the shortest history that is asked about."""


class LeaveLastOut(Config):
    """Test is each user's last interaction, validation the last but one."""

    kind: Literal["leave_last_out"] = "leave_last_out"


class GlobalTime(Config):
    """Everything before one moment trains; what users do after it is asked.

    The moments are those at which the given shares of all interactions lie behind. A user's
    validation target is the first interaction between the two moments, the test target the
    first one after the second; what stands before a target is its known history. Users without
    a training interaction are not asked.

    Attributes:
        valid_share: Share of all interactions that lie between the two moments.
        test_share: Share that lies after the second.
    """

    kind: Literal["global_time"] = "global_time"
    valid_share: Annotated[float, Field(gt=0, lt=1)] = 0.1
    test_share: Annotated[float, Field(gt=0, lt=1)] = 0.1

    @model_validator(mode="after")
    def _leave_something_to_learn(self) -> Self:
        if self.valid_share + self.test_share >= 1:
            raise ValueError(
                "valid_share and test_share must leave something to train on, got "
                f"{self.valid_share} and {self.test_share}; lower one of them"
            )
        return self


AnySplit = Annotated[LeaveLastOut | GlobalTime, Field(discriminator="kind")]


def leave_last_out(log: InteractionLog) -> Splits:
    """Test is each user's last interaction, validation the last but one, training the rest.

    Users with fewer than three interactions only train, with all they have.

    Example:
        >>> log = InteractionLog(
        ...     user_ids=("long", "short"),
        ...     items=np.array([4, 2, 7, 1, 0, 3], dtype=np.int32),
        ...     timestamps=np.arange(6),
        ...     offsets=np.array([0, 4, 6]),
        ... )
        >>> splits = leave_last_out(log)
        >>> splits.train_lengths.tolist(), splits.valid_positions.tolist()
        ([2, 2], [2, -1])
        >>> splits.test_positions.tolist()
        [3, -1]
    """
    lengths = np.diff(log.offsets)
    asked = lengths >= _SHORTEST
    return Splits(
        train_lengths=np.where(asked, lengths - 2, lengths).astype(np.int32),
        valid_positions=np.where(asked, lengths - 2, -1).astype(np.int32),
        test_positions=np.where(asked, lengths - 1, -1).astype(np.int32),
    )


def global_time(log: InteractionLog, valid_from: int, test_from: int) -> Splits:
    """Training is what lies before ``valid_from``; targets are the first ones after a moment.

    Args:
        log: Histories in time order.
        valid_from: First timestamp that is not for training.
        test_from: First timestamp of the test.

    Example:
        >>> log = InteractionLog(
        ...     user_ids=("ann", "bob"),
        ...     items=np.array([4, 2, 7, 1, 0, 3], dtype=np.int32),
        ...     timestamps=np.array([1, 5, 8, 9, 2, 9]),
        ...     offsets=np.array([0, 4, 6]),
        ... )
        >>> splits = global_time(log, valid_from=5, test_from=8)
        >>> splits.train_lengths.tolist(), splits.valid_positions.tolist()
        ([1, 1], [1, -1])
        >>> splits.test_positions.tolist()
        [2, 1]
    """
    lengths = np.diff(log.offsets)
    before_valid = count_per_user(log, lambda span: log.timestamps[span] < valid_from)
    before_test = count_per_user(log, lambda span: log.timestamps[span] < test_from)
    trained = before_valid > 0
    return Splits(
        train_lengths=before_valid,
        valid_positions=np.where(trained & (before_test > before_valid), before_valid, -1).astype(
            np.int32
        ),
        test_positions=np.where(trained & (lengths > before_test), before_test, -1).astype(
            np.int32
        ),
    )


def count_disordered(
    log: InteractionLog, values: Int[np.ndarray, " interactions"]
) -> Int32[np.ndarray, " users"]:
    """Of each user the interactions whose value is below that of the one before."""

    def falls(span: slice) -> Bool[np.ndarray, " span"]:
        found = np.zeros(span.stop - span.start, dtype=bool)
        found[1:] = np.diff(values[span]) < 0
        starts = log.offsets[np.searchsorted(log.offsets, span.start) :]
        found[starts[starts < span.stop] - span.start] = False
        return found

    return count_per_user(log, falls)


def official(log: InteractionLog, sources: Int32[np.ndarray, " interactions"]) -> Splits:
    """Splits that a publisher gives as three files: 0 trains, 1 validates, 2 tests.

    Raises:
        DataError: A user has two validation or test rows, or rows of a later file that are
            not the latest.
    """
    train, valid, test = (
        count_per_user(log, lambda span, part=part: sources[span] == part)  # type: ignore[misc]
        for part in range(3)
    )
    disordered = int(count_disordered(log, sources).sum())
    repeated = int((valid > 1).sum() + (test > 1).sum())
    if disordered or repeated:
        raise DataError(
            "Official splits must hold at most one validation and one test row of a user, later "
            f"than all that come before, got {disordered} rows out of order and {repeated} users "
            "with more rows; fetch the three files of one category again."
        )
    return Splits(
        train_lengths=train,
        # A target without anything before it asks nothing.
        valid_positions=np.where((valid > 0) & (train > 0), train, -1).astype(np.int32),
        test_positions=np.where((test > 0) & (train + valid > 0), train + valid, -1).astype(
            np.int32
        ),
    )


def moments_of(
    split: GlobalTime, timestamps: Int64[np.ndarray, " interactions"]
) -> tuple[int, int]:
    """First timestamps of validation and test.

    Raises:
        DataError: One moment holds so many interactions that a part would be empty.
    """
    count = len(timestamps)
    first_test = min(int(count * (1 - split.test_share)), count - 1)
    first_valid = int(count * (1 - split.test_share - split.valid_share))
    valid_from = _order_statistic(timestamps, first_valid)
    test_from = _order_statistic(timestamps, first_test)
    if not int(timestamps.min()) < valid_from < test_from:
        raise DataError(
            "A split by time needs two moments with interactions before, between and after them, "
            f"got {valid_from} and {test_from}; choose other shares, or leave-last-out."
        )
    return valid_from, test_from


def count_per_user(
    log: InteractionLog, chosen: Callable[[slice], Bool[np.ndarray, " span"]]
) -> Int32[np.ndarray, " users"]:
    """How many interactions of each user are chosen, in pieces that do not grow with the log.

    Args:
        log: The histories.
        chosen: Which interactions of a span of all are chosen.
    """
    counts = np.zeros(len(log.user_ids), np.int32)
    for users in row_pieces(log.offsets):
        bounds = log.offsets[users.start : users.stop + 1]
        span = slice(int(bounds[0]), int(bounds[-1]))
        running = np.concatenate([[0], np.cumsum(chosen(span), dtype=np.int64)])
        counts[users] = np.diff(running[bounds - bounds[0]])
    return counts


def _order_statistic(values: Int64[np.ndarray, " interactions"], rank: int) -> int:
    """The value that stands at a rank, from 0, when all are sorted; by halving, without a copy."""
    low, high = int(values.min()), int(values.max())
    while low < high:
        middle = (low + high) // 2
        if _count_up_to(values, middle) > rank:
            high = middle
        else:
            low = middle + 1
    return low


def _count_up_to(values: Int64[np.ndarray, " interactions"], limit: int) -> int:
    return sum(
        int((values[start : start + _PIECE] <= limit).sum())
        for start in range(0, len(values), _PIECE)
    )
