"""From raw interactions to numbered ones: filters, k-core, sampling, order.

The filters are applied in this order, which is part of what a data set is: rating, repeats,
pictures (where asked for before the core), k-core, pictures (where asked for after it), sample
of users. Users and items are numbered by their first interaction in the raw files that passes
the first three. Histories are in order of (timestamp, raw file, line).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Int, Int32, Int64

from clairo.core.errors import DataError
from clairo.core.interaction_table import LINE_BITS, InteractionTable
from clairo.core.string_column import StringColumn, write_strings
from clairo.datasets.engine import Engine
from clairo.datasets.kcore import count_pairs, k_core
from clairo.datasets.time_positions import are_only_positions

_PAIR_ROWS: Final = 1 << 22
_INT32, _INT64 = np.dtype(np.int32), np.dtype(np.int64)
_PAIR_FILES: Final[dict[str, np.dtype[Any]]] = {"pair_u": _INT32, "pair_i": _INT32}
_HISTORY_FILES: Final[dict[str, np.dtype[Any]]] = {"item": _INT32, "t": _INT64}
_SOURCE_FILE: Final[dict[str, np.dtype[Any]]] = {"source": _INT32}


@dataclass(frozen=True)
class Filters:
    """What remains of the raw interactions.

    Attributes:
        min_rating: Lowest rating that stays, ``None`` for any.
        duplicates: ``first`` keeps of a user's interactions with one item the earliest.
        user_core: Fewest interactions of a user; 1 filters nothing.
        item_core: The same for items.
        pictured: Ids of items that have a picture, ``None`` where none is required.
        pictured_when: Whether others leave before the k-core, or after it.
        sample_users: So many users, with all their interactions; ``None`` for all.
        sample_seed: Names the draw.
    """

    min_rating: float | None = None
    duplicates: Literal["all", "first"] = "all"
    user_core: int = 1
    item_core: int = 1
    pictured: Sequence[str] | None = None
    pictured_when: Literal["before_core", "after_core"] = "after_core"
    sample_users: int | None = None
    sample_seed: int = 0


@dataclass(frozen=True)
class FunnelStep:
    """How much was left after a filter."""

    step: str
    interactions: int
    users: int
    items: int


@dataclass(frozen=True)
class NumberedInteractions:
    """Histories, one user after another.

    Attributes:
        user_ids: External ids by user index.
        item_ids: External ids by item index.
        items: Item index of each interaction.
        timestamps: In the unit of the source.
        offsets: User ``u`` owns ``items[offsets[u]:offsets[u + 1]]``.
        sources: Number of the raw file of each interaction; empty unless asked for.
        funnel: What each filter left.
        only_positions: Whether the raw timestamps say no more than the place in the history.
    """

    user_ids: StringColumn
    item_ids: tuple[str, ...]
    items: Int32[np.ndarray, " interactions"]
    timestamps: Int64[np.ndarray, " interactions"]
    offsets: Int64[np.ndarray, " users+1"]
    sources: Int32[np.ndarray, " interactions"]
    funnel: tuple[FunnelStep, ...]
    only_positions: bool


def filter_interactions(
    table: InteractionTable, filters: Filters, engine: Engine, *, keep_sources: bool = False
) -> NumberedInteractions:
    """Applies the filters and puts what remains in order.

    Raises:
        DataError: Nothing remains, or ratings are asked for that are not there.
    """
    work = _Work(engine, filters)
    work.open(table)
    work.filter_rows()
    work.number()
    work.apply_core()
    work.sample()
    return work.collect(keep_sources)


class _Work:
    """One filtering under way: tables in the engine, and marks of who is left."""

    def __init__(self, engine: Engine, filters: Filters) -> None:
        self.engine, self.filters = engine, filters
        self.funnel: list[FunnelStep] = []
        self.users: Bool[np.ndarray, " users"] = np.ones(0, dtype=bool)
        self.items: Bool[np.ndarray, " items"] = np.ones(0, dtype=bool)
        self.counts: tuple[np.ndarray, np.ndarray] | None = None

    def open(self, table: InteractionTable) -> None:
        # Links of our own: the engine would read patterns and quotes into other names.
        links = [self.engine.folder / f"raw{number}" for number in range(len(table.paths))]
        for link, path in zip(links, table.paths, strict=True):
            link.symlink_to(path.resolve())
        self.engine.run(
            'CREATE VIEW raw AS SELECT "user", item, rating, "timestamp", position '
            f"FROM read_parquet([{', '.join(repr(str(link)) for link in links)}])"
        )

    def filter_rows(self) -> None:
        """Rating, repeats, and pictures before the core: rows that the core never sees."""
        filters = self.filters
        steps: list[tuple[str, str]] = []
        if filters.min_rating is not None:
            self._require_ratings()
            words = f"rating of {filters.min_rating:g} or more"
            steps.append((words, f"SELECT * FROM {{}} WHERE rating >= {filters.min_rating!r}"))
        if filters.duplicates == "first":
            first = (
                'SELECT * FROM {} QUALIFY row_number() OVER (PARTITION BY "user", item '
                'ORDER BY "timestamp", position) = 1'
            )
            steps.append(("first of repeated interactions", first))
        if filters.pictured is not None and filters.pictured_when == "before_core":
            self._register_pictured()
            has_picture = "SELECT * FROM {} SEMI JOIN pictured USING (item)"
            steps.append(("items with a picture (before the core)", has_picture))
        source = "raw"
        if steps:
            self._note_rows("raw files", source)
        for number, (words, sql) in enumerate(steps):
            self.engine.run(f"CREATE TABLE rows{number} AS {sql.format(source)}")
            source = f"rows{number}"
            self._note_rows(words, source)
        self.engine.run(f"CREATE VIEW rows AS SELECT * FROM {source}")

    def number(self) -> None:
        """Numbers users and items; those too rare for any core get no number."""
        filters, engine = self.filters, self.engine
        for name, core in (("user", filters.user_core), ("item", filters.item_core)):
            engine.run(
                f'CREATE TABLE all_{name}s AS SELECT "{name}" AS id, count(*) AS n, '
                f'min(position) AS first FROM rows GROUP BY "{name}"'
            )
            engine.run(
                f"CREATE TABLE {name}s AS SELECT id, (row_number() OVER (ORDER BY first) - 1)"
                f"::INTEGER AS number FROM all_{name}s WHERE n >= {core}"
            )
        if not self.funnel:
            rows, users = engine.run("SELECT sum(n)::BIGINT, count(*) FROM all_users")[0]
            items = engine.one("SELECT count(*) FROM all_items")
            self.funnel.append(FunnelStep("raw files", int(rows or 0), int(users), items))
        engine.run(
            'CREATE TABLE numbered AS SELECT u.number AS u, i.number AS i, r."timestamp" AS t, '
            'r.position AS p FROM rows r JOIN users u ON r."user" = u.id JOIN items i '
            "ON r.item = i.id"
        )
        engine.run("DROP TABLE all_users; DROP TABLE all_items")
        self.users = np.ones(engine.one("SELECT count(*) FROM users"), dtype=bool)
        self.items = np.ones(engine.one("SELECT count(*) FROM items"), dtype=bool)
        engine.to_files("SELECT u AS pair_u, i AS pair_i FROM numbered", _PAIR_FILES)

    def apply_core(self) -> None:
        filters = self.filters
        if max(filters.user_core, filters.item_core) > 1:
            core = k_core(
                self.pairs,
                len(self.users),
                len(self.items),
                user_core=filters.user_core,
                item_core=filters.item_core,
            )
            self.users, self.items = core.users, core.items
            self.counts = core.of_user, core.of_item
            self._note(f"{filters.user_core}-core of users, {filters.item_core}-core of items")
        if filters.pictured is not None and filters.pictured_when == "after_core":
            self._register_pictured()
            numbers = self._numbers("SELECT number FROM items WHERE id IN (FROM pictured)")
            has_picture = np.zeros(len(self.items), dtype=bool)
            has_picture[numbers] = True
            self.items = self.items & has_picture
            self.counts = None
            self._note("items with a picture (after the core)")

    def sample(self) -> None:
        """Draws users; each stays with all that was left of their interactions."""
        count = self.filters.sample_users
        # Without the pictured items some users have nothing left; they are not drawn.
        left = np.flatnonzero(self._counted()[0])
        if count is None or count >= len(left):
            return
        drawn = np.random.default_rng(self.filters.sample_seed).choice(left, count, replace=False)
        self.users = np.zeros(len(self.users), dtype=bool)
        self.users[drawn] = True
        self.counts = None
        self._note(f"sample of {count:,} users")

    def collect(self, keep_sources: bool) -> NumberedInteractions:
        """Those who are left, renumbered without gaps, their histories in order."""
        lengths = self._forget_those_without_rows()
        engine = self.engine
        for name, left in (("users", self.users), ("items", self.items)):
            old = np.flatnonzero(left).astype(np.int32)
            new = pa.table({"old": old, "new": np.arange(len(old), dtype=np.int32)})
            engine.run(f"CREATE TABLE kept_{name} AS SELECT * FROM renumbered", renumbered=new)
        engine.to_files(
            f"SELECT ki.new AS item, t, (p >> {LINE_BITS})::INTEGER AS source "
            "FROM numbered JOIN kept_users ku ON u = ku.old JOIN kept_items ki ON i = ki.old "
            "ORDER BY ku.new, t, p",
            _HISTORY_FILES | (_SOURCE_FILE if keep_sources else {}),
        )
        return NumberedInteractions(
            user_ids=self._ids("users"),
            item_ids=tuple(self._ids("items")),
            items=engine.mapped("item", _INT32),
            timestamps=engine.mapped("t", _INT64),
            offsets=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            sources=engine.mapped("source", _INT32) if keep_sources else np.zeros(0, np.int32),
            funnel=tuple(self.funnel),
            only_positions=are_only_positions(engine, self.funnel[0].users),
        )

    def pairs(self) -> Iterator[Int32[np.ndarray, "rows 2"]]:
        """All numbered interactions, in pieces read from disk."""
        paths = [self.engine.folder / name for name in _PAIR_FILES]
        size = paths[0].stat().st_size // _INT32.itemsize
        for start in range(0, size, _PAIR_ROWS):
            yield np.stack(
                [
                    np.fromfile(path, _INT32, _PAIR_ROWS, offset=start * _INT32.itemsize)
                    for path in paths
                ],
                axis=1,
            )

    def _forget_those_without_rows(self) -> Int64[np.ndarray, " users"]:
        """Marks who has an interaction left; gives the lengths of the histories.

        Raises:
            DataError: Nobody has.
        """
        of_user, of_item = self._counted()
        self.users, self.items = of_user > 0, of_item > 0
        if not self.users.any():
            raise DataError(
                "The filters must leave interactions, they leave none of "
                f"{self.funnel[0].interactions:,}: "
                + "; ".join(f"{step.step} left {step.interactions:,}" for step in self.funnel[1:])
                + f" (user_core={self.filters.user_core}, item_core={self.filters.item_core}); "
                "loosen one of them."
            )
        return of_user[self.users]

    def _ids(self, name: str) -> StringColumn:
        sql = f"SELECT id FROM {name} JOIN kept_{name} ON number = old ORDER BY new"
        path = self.engine.folder / f"{name}.arrow"
        write_strings(path, (batch.column(0) for batch in self.engine.stream(sql)))
        return StringColumn.read(path)

    def _numbers(self, sql: str) -> Int64[np.ndarray, " rows"]:
        return np.array([row[0] for row in self.engine.run(sql)], dtype=np.int64)

    def _register_pictured(self) -> None:
        ids = pa.table({"item": pa.array(list(self.filters.pictured or ()), pa.string())})
        self.engine.run("CREATE TABLE pictured AS SELECT * FROM ids", ids=ids)

    def _require_ratings(self) -> None:
        missing = self.engine.one("SELECT count(*) FROM raw WHERE rating IS NULL")
        if missing:
            raise DataError(
                f"min_rating needs a rating in every row, {missing:,} have none; leave "
                "min_rating out for this data."
            )

    def _counted(self) -> tuple[Int[np.ndarray, " users"], Int[np.ndarray, " items"]]:
        """Interactions of each user and item between those who are left; counted once."""
        if self.counts is None:
            self.counts = count_pairs(self.pairs(), self.users, self.items)
        return self.counts

    def _note(self, words: str) -> None:
        of_user, of_item = self._counted()
        left = int((of_user > 0).sum()), int((of_item > 0).sum())
        self.funnel.append(FunnelStep(words, int(of_user.sum()), *left))

    def _note_rows(self, words: str, source: str) -> None:
        counts: Any = self.engine.run(
            f'SELECT count(*), count(DISTINCT "user"), count(DISTINCT item) FROM {source}'
        )[0]
        self.funnel.append(FunnelStep(words, *map(int, counts)))
