"""Every combination of a few components, from which Shapley values are computed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from clairo.ablation.components import (
    COMPONENTS,
    Component,
    ComponentName,
    all_off,
    contradiction,
)
from clairo.ablation.generators.base import Draft, Generator, build_table
from clairo.ablation.plan import Present, Table
from clairo.core.errors import ConfigError
from clairo.pipeline.config import PipelineConfig
from clairo.tracking.records import ArmFamily


def _two_to_four(names: tuple[str, ...]) -> tuple[str, ...]:
    """Refuses other numbers of components, and one that stands there twice."""
    if not 2 <= len(set(names)) == len(names) <= 4:
        raise ValueError(
            f"a factorial is of 2 to 4 different components, got {len(names)}: "
            f"{', '.join(names)}; {2 ** len(names)} cells each need all seeds, so choose those "
            "that are asked about"
        )
    return names


class FactorialConfig(Generator):
    """All combinations of 2 to 4 components switched on and off.

    The cell in which all of them are on is the base itself, ``full``; it stands in no table, and
    has all of ``ArmFamily.components`` as its parts.

    Attributes:
        components: Which; all of them are on in the base.
    """

    kind: Literal["factorial"] = "factorial"
    components: Annotated[
        tuple[ComponentName, ...], Field(max_length=20), AfterValidator(_two_to_four)
    ]

    def make(self, base: PipelineConfig, present: Present) -> Table:
        """2^k - 1 arms, those with the fewest components first.

        Raises:
            ConfigError: A component is not on in the base, or two of them cannot be switched
                apart from each other.
        """
        chosen = [COMPONENTS[name] for name in self.components]
        _require_apart(base, chosen)
        about = (
            "Each arm has some of the components "
            f"{', '.join(component.title for component in chosen)} on and the others off, trained "
            "anew; with all of them on it is the base."
        )
        family = ArmFamily(
            "factorial",
            "Every combination",
            about,
            kind="factorial",
            components=tuple((component.name, component.title) for component in chosen),
        )
        return build_table(family, base, _cells(base, chosen))


def _require_apart(base: PipelineConfig, chosen: list[Component]) -> None:
    for component in chosen:
        off = component.switch_off(base)
        if isinstance(off, str):
            raise ConfigError(
                f"A factorial switches components that are on in the base, got {component.name}: "
                f"{off}; leave it out or choose a base that uses it."
            )
    for one, other in combinations(chosen, 2):
        why = contradiction(base, one, other)
        if why:
            raise ConfigError(
                "A factorial is of components that can be switched on and off apart from each "
                f"other, got {one.name} with {other.name}: {why}; leave one of them out."
            )


def _cells(base: PipelineConfig, chosen: list[Component]) -> Iterator[Draft]:
    for count in range(len(chosen)):
        for on in combinations(chosen, count):
            names = tuple(component.name for component in on)
            titles = ", ".join(component.title for component in on) or "none of them"
            off = [component for component in chosen if component not in on]
            yield Draft(
                f"with_{'_'.join(names) or 'none'}",
                f"On: {titles}",
                all_off(base, off),
                asked=True,
                parts=names,
            )
