"""What an ablation will run: its arms by table, all of them validated, and what was left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from clairo.core.config import parse_config
from clairo.core.errors import ConfigError
from clairo.pipeline.config import PipelineConfig
from clairo.tracking.records import ArmFamily

REFERENCE = "full"
"""Name of the arm that changes nothing."""


@dataclass(frozen=True)
class PlannedArm:
    """One side of the comparison.

    Attributes:
        name: Identifier; the unchanged base is ``full``.
        family: Name of the table it stands in.
        title: For people.
        changes: Dotted settings that differ from the base, with their new values.
        config: The whole configuration.
        reference: Name of the arm that it is compared with.
        level: Its place on a curve, ``None`` where it has none.
        parts: Components that are on in it, in a factorial.
    """

    name: str
    family: str
    title: str
    changes: Mapping[str, Any]
    config: PipelineConfig
    reference: str = REFERENCE
    level: float | None = None
    parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class SkippedArm:
    """An arm that makes no sense for this base or data.

    Attributes:
        title: For people.
        why: The reason.
    """

    title: str
    why: str


@dataclass(frozen=True)
class Table:
    """What one generator made.

    Attributes:
        family: The table.
        arms: Its arms; those it is compared with may stand in it, too.
        skipped: What it left out.
    """

    family: ArmFamily
    arms: tuple[PlannedArm, ...]
    skipped: tuple[SkippedArm, ...] = ()


@dataclass(frozen=True)
class Present:
    """What the data have.

    Attributes:
        text: Whether any item has text, or codes made from it.
        image: Whether any item has a picture, or codes made from it.
        items: Number of items, ``None`` where they were not counted; with it, arms are left out
            that need more.
    """

    text: bool = True
    image: bool = True
    items: int | None = None


@dataclass(frozen=True)
class AblationPlan:
    """All arms, ``full`` first, each name once, and what was left out.

    Attributes:
        arms: The arms.
        families: The tables they stand in, in order.
        skipped: Arms that were left out.
    """

    arms: tuple[PlannedArm, ...]
    families: tuple[ArmFamily, ...]
    skipped: tuple[SkippedArm, ...] = field(default=())

    @classmethod
    def of(cls, base: PipelineConfig, tables: Sequence[Table]) -> AblationPlan:
        """Joins tables, with the unchanged base in front.

        Raises:
            ConfigError: Two arms have one name, an arm is compared with one that is not there,
                or no table has an arm.
        """
        arms = [PlannedArm(REFERENCE, "", "Everything on", {}, base)]
        arms += [arm for table in tables for arm in table.arms]
        skipped = tuple(skip for table in tables for skip in table.skipped)
        names = [arm.name for arm in arms]
        doubled = _doubled(names)
        if doubled:
            raise ConfigError(
                f"Arms need names of their own, got {', '.join(doubled)} more than once; leave "
                "out one of the generators that make them."
            )
        tables_twice = _doubled([table.family.name for table in tables])
        if tables_twice:
            raise ConfigError(
                f"Tables need names of their own, got {', '.join(tables_twice)} more than once; "
                "join the generators that make them, or rename one."
            )
        lost = sorted({arm.reference for arm in arms} - set(names))
        if lost:
            raise ConfigError(
                f"Arms are compared with arms of the same ablation, got {', '.join(lost)}, which "
                "is not there; add it."
            )
        if len(arms) == 1:
            reasons = "; ".join(f"{skip.title}: {skip.why}" for skip in skipped)
            raise ConfigError(
                f"An ablation needs an arm that differs from its base, got none ({reasons}); "
                "choose another base or other generators."
            )
        return cls(tuple(arms), tuple(table.family for table in tables), skipped)

    def trained_arms(self) -> tuple[PlannedArm, ...]:
        """Arms that train a model; the others ask those of their reference."""
        kinds = {family.name: family.kind for family in self.families}
        return tuple(arm for arm in self.arms if kinds.get(arm.family) != "inference")

    def by_name(self) -> dict[str, PlannedArm]:
        """Arms by name."""
        return {arm.name: arm for arm in self.arms}


def changed(base: PipelineConfig, changes: Mapping[str, Any], where: str) -> PipelineConfig:
    """A configuration with some dotted settings replaced, validated as a whole.

    Args:
        base: The configuration.
        changes: Dotted settings with their new values; a whole section is replaced by its name.
        where: Names the source in messages.

    Raises:
        ConfigError: A changed setting does not exist in the base, does not fit it, or would ask
            other users than the base.
    """
    values = base.model_dump()
    for path, value in changes.items():
        *parents, last = path.split(".")
        place = values
        for depth, parent in enumerate(parents):
            child = place.get(parent)
            if not isinstance(child, dict):
                raise _unknown(".".join(parents[: depth + 1]), place, where)
            place = child
        if last not in place:
            raise _unknown(path, place, where)
        place[last] = value
    config = parse_config(PipelineConfig, values, where)
    _require_same_users(base, config, where)
    return config


def _require_same_users(base: PipelineConfig, arm: PipelineConfig, where: str) -> None:
    """Refuses an arm whose users are asked for other items, or are others, than the base's."""
    apart = {
        "dataset": arm.dataset != base.dataset,
        "evaluation.max_users": arm.evaluation.max_users != base.evaluation.max_users,
    }
    for path, differs in apart.items():
        if differs:
            raise ConfigError(
                f"{where}: arms are compared user by user on the same data, got another {path} "
                "than the base's; set it in the base, or name several data sets in 'groups'."
            )


def _doubled(names: Sequence[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})


def _unknown(path: str, place: Mapping[str, Any], where: str) -> ConfigError:
    return ConfigError(
        f"{where}: an arm may change only settings that its base has, got {path}; known there: "
        f"{', '.join(sorted(map(str, place)))}."
    )


def distinct(arms: Sequence[PlannedArm], base: PipelineConfig) -> Iterator[PlannedArm | SkippedArm]:
    """Arms that differ from the base and from each other.

    One that does not would be compared with itself, or counted twice in the correction.
    """
    seen: dict[str, str] = {}
    for arm in arms:
        key = arm.config.key
        if arm.config == base:
            yield SkippedArm(arm.title, "this is the base itself")
        elif key == base.key:
            yield SkippedArm(arm.title, "what it changes does nothing in this base")
        elif key in seen:
            yield SkippedArm(arm.title, f"this is the same as: {seen[key]}")
        else:
            seen[key] = arm.title
            yield arm
