"""The filters in a few lines of plain Python, written from their description alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from clairo.datasets.filtering import Filters


@dataclass(frozen=True)
class Row:
    """An interaction and its place: number of the raw file, line."""

    user: str
    item: str
    rating: float | None
    time: int
    place: tuple[int, int]

    @property
    def order(self) -> tuple[int, tuple[int, int]]:
        return self.time, self.place


@dataclass(frozen=True)
class Expected:
    """Histories by user, users and items in order, and (step, rows, users, items) of each step."""

    histories: dict[str, list[tuple[str, int]]]
    item_ids: list[str]
    counts: list[tuple[int, int, int]]


def without_rare(rows: Sequence[Row], user_core: int, item_core: int) -> list[Row]:
    """Drops one row at a time, the last rare one, until none is rare."""
    left = list(rows)
    while True:
        users, items = Counter(row.user for row in left), Counter(row.item for row in left)
        rare = [r for r in left if users[r.user] < user_core or items[r.item] < item_core]
        if not rare:
            return left
        left.remove(rare[-1])


def apply(rows: Sequence[Row], filters: Filters) -> Expected:
    """What is left of rows, without the sampling of users."""
    steps = [list(rows)]
    if filters.min_rating is not None:
        steps.append(
            [r for r in steps[-1] if r.rating is not None and r.rating >= filters.min_rating]
        )
    if filters.duplicates == "first":
        first: dict[tuple[str, str], Row] = {}
        for row in sorted(steps[-1], key=lambda row: row.order):
            first.setdefault((row.user, row.item), row)
        steps.append([row for row in steps[-1] if first[row.user, row.item] is row])
    pictured = filters.pictured
    if pictured is not None and filters.pictured_when == "before_core":
        steps.append([row for row in steps[-1] if row.item in pictured])
    numbered = sorted(steps[-1], key=lambda row: row.place)
    if max(filters.user_core, filters.item_core) > 1:
        steps.append(without_rare(steps[-1], filters.user_core, filters.item_core))
    if pictured is not None and filters.pictured_when == "after_core":
        steps.append([row for row in steps[-1] if row.item in pictured])
    left = steps[-1]
    users, items = {row.user for row in left}, {row.item for row in left}
    return Expected(
        histories={
            user: [
                (row.item, row.time)
                for row in sorted(left, key=lambda row: row.order)
                if row.user == user
            ]
            for user in dict.fromkeys(row.user for row in numbered)
            if user in users
        },
        item_ids=[item for item in dict.fromkeys(row.item for row in numbered) if item in items],
        counts=[
            (len(step), len({row.user for row in step}), len({row.item for row in step}))
            for step in steps
        ],
    )
