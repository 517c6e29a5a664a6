"""Which interactions are for training, validation and test."""

from __future__ import annotations

import numpy as np

from clairo.core.dataset import InteractionLog, Splits


def leave_last_out(log: InteractionLog) -> Splits:
    """Test is each user's last interaction, validation the last but one, training the rest.

    Users with fewer than three interactions only train, with all they have.

    Example:
        >>> import numpy as np
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
    asked = lengths >= 3
    return Splits(
        train_lengths=np.where(asked, lengths - 2, lengths).astype(np.int32),
        valid_positions=np.where(asked, lengths - 2, -1).astype(np.int32),
        test_positions=np.where(asked, lengths - 1, -1).astype(np.int32),
    )
