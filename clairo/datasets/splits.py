"""Which interactions are for training, validation and test, and the checks against leaks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal, Self

import numpy as np
from jaxtyping import Int32, Int64
from pydantic import Field, model_validator

from clairo.core.config import Config
from clairo.core.dataset import InteractionLog, Splits
from clairo.core.errors import DataError

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
    before_valid = _count_before(log, valid_from)
    before_test = _count_before(log, test_from)
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


def official(log: InteractionLog, sources: Int32[np.ndarray, " interactions"]) -> Splits:
    """Splits that a publisher gives as three files: 0 trains, 1 validates, 2 tests.

    Raises:
        DataError: A user has two validation or test rows, or rows of a later file that are
            not the latest.
    """
    counts = [_count_per_user(log, sources == part) for part in range(3)]
    train, valid, test = counts
    same_user = np.diff(_owners(log)) == 0
    disordered = int((np.diff(sources)[same_user] < 0).sum())
    repeated = int((valid > 1).sum() + (test > 1).sum())
    if disordered or repeated:
        raise DataError(
            "Official splits must hold at most one validation and one test row of a user, later "
            f"than all that come before, got {disordered} rows out of order and {repeated} users "
            "with more rows; fetch the three files of one category again."
        )
    return Splits(
        train_lengths=train,
        valid_positions=np.where(valid > 0, train, -1).astype(np.int32),
        test_positions=np.where(test > 0, train + valid, -1).astype(np.int32),
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
    ordered = np.partition(timestamps, [first_valid, first_test])
    valid_from, test_from = int(ordered[first_valid]), int(ordered[first_test])
    if not int(ordered[: first_valid + 1].min()) < valid_from < test_from:
        raise DataError(
            "A split by time needs two moments with interactions before, between and after them, "
            f"got {valid_from} and {test_from}; choose other shares, or leave-last-out."
        )
    return valid_from, test_from


def check_splits(log: InteractionLog, splits: Splits, moments: tuple[int, int] | None) -> list[str]:
    """What was checked, a sentence each; anything that leaks is an error.

    Args:
        log: Histories in time order.
        splits: What is trained on and what is asked.
        moments: First timestamps of validation and test, for a split by time.

    Raises:
        DataError: A target stands within or before the training part, or an interaction is on
            the wrong side of a moment.
    """
    valid, test, train = splits.valid_positions, splits.test_positions, splits.train_lengths
    lengths = np.diff(log.offsets)
    leaks = {
        "validation targets within the training part": (valid >= 0) & (valid < train),
        "test targets within the training part": (test >= 0) & (test < train),
        "test targets before the validation target": (test >= 0) & (test <= valid),
        "targets beyond the history": (np.maximum(valid, test) >= lengths) | (train > lengths),
    }
    # Times are only looked up at places that are known to be there.
    _refuse_leaks(leaks)
    if moments:
        leaks |= _time_leaks(log, splits, moments)
        _refuse_leaks(leaks)
    return [f"no {words}" for words in leaks]


def _refuse_leaks(leaks: Mapping[str, np.ndarray]) -> None:
    for words, found in leaks.items():
        if found.any():
            raise DataError(
                f"Splits must not leak, {int(found.sum()):,} users have {words}; this data set "
                "must not be used: check its timestamps and splits."
            )


def _time_leaks(
    log: InteractionLog, splits: Splits, moments: tuple[int, int]
) -> dict[str, np.ndarray]:
    valid_from, test_from = moments
    train = splits.train_lengths
    last = log.timestamps[np.maximum(log.offsets[:-1] + train - 1, log.offsets[:-1])]
    of_valid, of_test = (
        _times_at(log, splits.valid_positions),
        _times_at(log, splits.test_positions),
    )
    asked_valid, asked_test = splits.valid_positions >= 0, splits.test_positions >= 0
    return {
        "training interactions after the training cut": (train > 0) & (last >= valid_from),
        "validation targets before the training cut": asked_valid & (of_valid < valid_from),
        "validation targets in the time of the test": asked_valid & (of_valid >= test_from),
        "test targets before the test cut": asked_test & (of_test < test_from),
    }


def tied_targets(log: InteractionLog, positions: Int32[np.ndarray, " users"]) -> int:
    """Users whose target has the timestamp of another interaction of their history.

    Which of them is asked is then told by the order of the file alone.
    """
    asked = np.flatnonzero(positions >= 0)
    places = log.offsets[:-1][asked] + positions[asked]
    earlier = np.maximum(places - 1, log.offsets[:-1][asked])
    later = np.minimum(places + 1, log.offsets[1:][asked] - 1)
    times = log.timestamps
    tied = ((earlier < places) & (times[earlier] == times[places])) | (
        (later > places) & (times[later] == times[places])
    )
    return int(tied.sum())


def shuffle_ties(
    log: InteractionLog, seed: int, sources: Int32[np.ndarray, " interactions"] | None = None
) -> Int64[np.ndarray, " interactions"]:
    """An order of all interactions in which those of one user at one time are drawn anew.

    Args:
        log: Histories in time order.
        seed: Names the draw.
        sources: Part of the publisher's split of each interaction: what a publisher asks for
            stays what is asked.
    """
    draws = np.random.default_rng(seed).random(len(log))
    parts = np.zeros(len(log), np.int32) if sources is None else sources
    return np.lexsort((draws, parts, log.timestamps, _owners(log))).astype(np.int64)


def _owners(log: InteractionLog) -> Int64[np.ndarray, " interactions"]:
    return np.repeat(np.arange(len(log.user_ids)), np.diff(log.offsets))


def _count_before(log: InteractionLog, moment: int) -> Int32[np.ndarray, " users"]:
    return _count_per_user(log, log.timestamps < moment)


def _count_per_user(log: InteractionLog, chosen: np.ndarray) -> Int32[np.ndarray, " users"]:
    running = np.concatenate([[0], np.cumsum(chosen, dtype=np.int64)])
    return (running[log.offsets[1:]] - running[log.offsets[:-1]]).astype(np.int32)


def _times_at(log: InteractionLog, positions: np.ndarray) -> Int64[np.ndarray, " users"]:
    places = np.minimum(log.offsets[:-1] + np.maximum(positions, 0), max(len(log) - 1, 0))
    return log.timestamps[places]
