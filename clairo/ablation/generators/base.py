"""What every generator of arms is: settings, and a table made from a base."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from clairo.ablation.plan import (
    REFERENCE,
    PlannedArm,
    Present,
    SkippedArm,
    Table,
    changed,
    distinct,
)
from clairo.core.config import Config
from clairo.core.errors import ConfigError
from clairo.pipeline.config import PipelineConfig
from clairo.tracking.records import ArmFamily

Entry = TypeVar("Entry")


def at_least_one(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """Refuses an empty list; unlike a minimum length, not where each entry was refused before."""
    if not entries:
        raise ValueError("a list that is given has at least one entry, got none; add one")
    return entries


class Generator(Config, ABC):
    """Settings of one table of arms."""

    @abstractmethod
    def make(self, base: PipelineConfig, present: Present) -> Table:
        """The table for a base and for what the data have.

        Raises:
            ConfigError: An arm that was asked for by name or value cannot be built.
        """


@dataclass(frozen=True)
class Draft:
    """An arm before it is validated.

    Attributes:
        name: Identifier.
        title: For people.
        changes: Dotted settings that differ from the base, with their new values.
        asked: Whether it was asked for by name or value: then it must fit the base. Else it is
            one of a list of all there are, and is left out where it does not fit.
        reference: Name of the arm that it is compared with.
        level: Its place on a curve.
        parts: Components that are on in it.
    """

    name: str
    title: str
    changes: Mapping[str, Any]
    asked: bool = False
    reference: str = REFERENCE
    level: float | None = None
    parts: tuple[str, ...] = ()


def build_table(
    family: ArmFamily, base: PipelineConfig, drafts: Iterable[Draft | SkippedArm]
) -> Table:
    """Validates drafts, and leaves out those that equal the base or another arm of the table.

    Raises:
        ConfigError: A draft that was asked for does not fit the base.
    """
    made = [
        draft if isinstance(draft, SkippedArm) else _build(family, base, draft) for draft in drafts
    ]
    arms = [arm for arm in made if isinstance(arm, PlannedArm)]
    found = list(distinct(arms, base))
    skipped = [arm for arm in (*made, *found) if isinstance(arm, SkippedArm)]
    kept = [arm for arm in found if isinstance(arm, PlannedArm)]
    return Table(family, tuple(kept), tuple(skipped))


def _build(family: ArmFamily, base: PipelineConfig, draft: Draft) -> PlannedArm | SkippedArm:
    try:
        config = changed(base, draft.changes, f"{family.name}, arm {draft.name}")
    except ConfigError as error:
        if draft.asked:
            raise
        return SkippedArm(draft.title, str(error))
    return PlannedArm(
        draft.name,
        family.name,
        draft.title,
        draft.changes,
        config,
        draft.reference,
        draft.level,
        draft.parts,
    )
