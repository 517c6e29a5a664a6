"""Each component alone: what it adds to a pipeline that has none of them.

The other side of leaving one out: of two components that can stand in for each other, each
shows its whole worth here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final, Literal

from pydantic import AfterValidator

from clairo.ablation.components import (
    COMPONENTS,
    Component,
    ComponentName,
    all_off,
    contradiction,
)
from clairo.ablation.generators.base import Draft, Generator, at_least_one, build_table
from clairo.ablation.plan import Present, SkippedArm, Table
from clairo.core.errors import ConfigError
from clairo.pipeline.config import PipelineConfig
from clairo.tracking.records import ArmFamily

BARE: Final = "bare"
"""Name of the arm in which all components are off."""


class AddOneInConfig(Generator):
    """The base with all components off but one.

    ``bare``, with all of them off, stands in the table, compared with the base; the others are
    compared with it.

    Attributes:
        components: Which; ``None`` for all that the base uses and that can be switched apart.
        without: Of all, those that are not asked about.
    """

    kind: Literal["add_one_in"] = "add_one_in"
    components: Annotated[tuple[ComponentName, ...], AfterValidator(at_least_one)] | None = None
    without: tuple[ComponentName, ...] = ()

    def make(self, base: PipelineConfig, present: Present) -> Table:
        """``bare``, and one arm a component.

        Raises:
            ConfigError: A component that was asked for is not used by the base, or cannot be
                switched apart from another one.
        """
        chosen, skipped = self._choose(base)
        names = ", ".join(component.title for component in chosen) or "no component"
        about = (
            f"The bare arm is the base without {names}; each other arm has one of them back. All "
            "are trained anew; the bare arm is compared with the base, the others with it."
        )
        family = ArmFamily("add_one_in", "One component added", about)
        drafts: list[Draft | SkippedArm] = [*skipped, *_drafts(base, chosen)]
        return build_table(family, base, drafts)

    def _choose(self, base: PipelineConfig) -> tuple[list[Component], list[SkippedArm]]:
        """Components that are on and do not contradict each other, earlier ones first."""
        chosen: list[Component] = []
        skipped = []
        for name in self.components or COMPONENTS:
            if name in self.without:
                continue
            component = COMPONENTS[name]
            why = _unfit(base, component, chosen)
            if not why:
                chosen.append(component)
            elif self.components is None:
                skipped.append(SkippedArm(f"{component.title} alone", why))
            else:
                raise ConfigError(
                    "add_one_in: components that are named must be on in the base and switched "
                    f"apart from each other, got {name}: {why}; leave one of them out."
                )
        return chosen, skipped


def _unfit(base: PipelineConfig, component: Component, chosen: list[Component]) -> str:
    """Why a component cannot be added to those that were chosen, else nothing."""
    off = component.switch_off(base)
    if isinstance(off, str):
        return off
    reasons = (contradiction(base, other, component) for other in chosen)
    return next((reason for reason in reasons if reason), "")


def _drafts(base: PipelineConfig, chosen: list[Component]) -> Iterator[Draft]:
    if not chosen:
        return
    yield Draft(BARE, "All of them off", all_off(base, chosen), asked=True)
    for component in chosen:
        others = [other for other in chosen if other is not component]
        yield Draft(
            f"add_{component.name}",
            f"{component.title} alone",
            all_off(base, others),
            asked=True,
            reference=BARE,
        )
