"""Checks that no interaction of validation or test can have been learned from."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Int64

from clairo.core.dataset import InteractionLog, Splits
from clairo.core.errors import DataError
from clairo.datasets.splits import count_disordered


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
        "interactions out of time order": count_disordered(log, log.timestamps) > 0,
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
    # The last is the latest: the order has been checked.
    last = log.timestamps[np.maximum(log.offsets[:-1] + train - 1, log.offsets[:-1])]
    of_valid = _times_at(log, splits.valid_positions)
    of_test = _times_at(log, splits.test_positions)
    asked_valid, asked_test = splits.valid_positions >= 0, splits.test_positions >= 0
    return {
        "training interactions after the training cut": (train > 0) & (last >= valid_from),
        "validation targets before the training cut": asked_valid & (of_valid < valid_from),
        "validation targets in the time of the test": asked_valid & (of_valid >= test_from),
        "test targets before the test cut": asked_test & (of_test < test_from),
    }


def _times_at(log: InteractionLog, positions: np.ndarray) -> Int64[np.ndarray, " users"]:
    places = np.minimum(log.offsets[:-1] + np.maximum(positions, 0), max(len(log) - 1, 0))
    return log.timestamps[places]
