"""Whether timestamps are times at all, or only places in the history.

Data that was rebuilt from sequences carries such: a user's first interaction has one timestamp,
the second the next one on a grid that all users share. A split by time would then ask those with
long histories and call it the future.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from clairo.datasets.engine import Engine

_START_TOGETHER: Final = 0.5
"""Share of users whose first timestamp is the earliest of all; others lost their first rows."""

_EVEN_STEPS: Final = 0.9
"""Share of the steps between all timestamps that are of one size."""

_TIES: Final = 0.01
"""Share of users with two interactions at one time: two places in a history never are one."""

_GRID_BEYOND_LONGEST: Final = 1.5
"""Timestamps for each place of the longest history: rows that were lost leave gaps."""


_MANY_USERS: Final = 20
"""From so many users on a few that differ are no proof of times; among fewer, one is."""


def are_only_positions(engine: Engine, num_users: int) -> bool:
    """Judges the raw rows (a table ``raw`` of the engine), before any filter leaves gaps.

    All of these hold for places in a history, also where some rows were lost: most users start
    at the earliest timestamp, all timestamps are evenly spaced, they are hardly more than the
    longest history has interactions, and nobody has two at one time. A panel in which everyone
    acts once a day from one day on looks the same, and no data can tell. Among few users, every
    first interaction must have one timestamp, every second one another, and so on.

    Args:
        engine: Holds the raw rows.
        num_users: Users of the raw rows.
    """
    at_first = engine.one(
        'SELECT count(*) FROM raw WHERE "timestamp" = (SELECT min("timestamp") FROM raw)'
    )
    # Spares real data all that costs more than a glance.
    if at_first < _START_TOGETHER * num_users:
        return False
    return _form_a_grid(engine, num_users) if num_users >= _MANY_USERS else _are_places(engine)


def _form_a_grid(engine: Engine, num_users: int) -> bool:
    times = np.array(
        [row[0] for row in engine.run('SELECT DISTINCT "timestamp" FROM raw ORDER BY 1')], np.int64
    )
    if len(times) < 2 or not _is_even(np.diff(times)):
        return False
    longest, tied = engine.run(
        "SELECT max(n), count(*) FILTER (WHERE n > times) FROM (SELECT count(*) AS n, "
        'count(DISTINCT "timestamp") AS times FROM raw GROUP BY "user")'
    )[0]
    return bool(len(times) <= _GRID_BEYOND_LONGEST * longest and tied <= _TIES * num_users)


def _are_places(engine: Engine) -> bool:
    places = engine.run(
        'SELECT min(t), max(t), count(*) FROM (SELECT "timestamp" AS t, row_number() OVER '
        '(PARTITION BY "user" ORDER BY "timestamp", position) AS place FROM raw) '
        "GROUP BY place ORDER BY place"
    )
    times = [first for first, last, _ in places if first == last]
    is_told_twice = len(places) > 1 and places[1][2] > 1
    return is_told_twice and len(set(times)) == len(places)


def _is_even(steps: np.ndarray) -> bool:
    _, counts = np.unique(steps, return_counts=True)
    return bool(counts.max() >= _EVEN_STEPS * len(steps))
