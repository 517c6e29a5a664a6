"""Each component switched off once: what the rest loses without it.

A component whose work another one can take over shows little here; see
:mod:`clairo.ablation.generators.add_one_in` for the other side.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final, Literal

from pydantic import AfterValidator

from clairo.ablation.components import (
    COMPONENTS,
    Component,
    ComponentName,
    disambiguation_swaps,
)
from clairo.ablation.generators.base import Draft, Generator, at_least_one, build_table
from clairo.ablation.plan import Present, SkippedArm, Table
from clairo.core.errors import ConfigError
from clairo.pipeline.config import PipelineConfig
from clairo.tracking.records import ArmFamily

_ABOUT: Final = (
    "Each arm is the base with one component switched off or exchanged, trained anew. Two "
    "components that can stand in for each other both show little here."
)


class LeaveOneOutConfig(Generator):
    """The base without one component at a time.

    Attributes:
        components: Which; ``None`` for all that the base uses.
        without: Of all, those that are not asked about.
        swaps: Exchange the kind of disambiguation, too, where disambiguation is asked about.
    """

    kind: Literal["leave_one_out"] = "leave_one_out"
    components: Annotated[tuple[ComponentName, ...], AfterValidator(at_least_one)] | None = None
    without: tuple[ComponentName, ...] = ()
    swaps: bool = True

    def make(self, base: PipelineConfig, present: Present) -> Table:
        """One arm a component, and one for each other kind of disambiguation.

        Raises:
            ConfigError: A component that was asked for is not used by the base, or switching it
                off does not fit it.
        """
        family = ArmFamily("components", "One component left out", _ABOUT)
        return build_table(family, base, self._drafts(base, present.items))

    def _drafts(self, base: PipelineConfig, items: int | None) -> Iterator[Draft | SkippedArm]:
        named = self.components is not None
        for name in self.components or COMPONENTS:
            if name in self.without:
                continue
            yield _left_out(base, COMPONENTS[name], named)
            if name == "disambiguation" and self.swaps:
                for swap in disambiguation_swaps(base, items):
                    if isinstance(swap, SkippedArm):
                        yield swap
                    else:
                        yield Draft(swap.name, swap.title, swap.changes)


def _left_out(base: PipelineConfig, component: Component, named: bool) -> Draft | SkippedArm:
    changes = component.switch_off(base)
    if not isinstance(changes, str):
        return Draft(component.off_name, component.without_title(base), changes, asked=named)
    if named:
        raise ConfigError(
            f"leave_one_out: a component that is named must be on in the base, got "
            f"{component.name}: {changes}; leave it out, or leave out 'components' for all that "
            "are on."
        )
    return SkippedArm(component.without, changes)
