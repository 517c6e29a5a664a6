"""Arms written out by hand: any settings, each validated like all others."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from clairo.ablation.generators.base import Draft, Generator, at_least_one, build_table
from clairo.ablation.plan import Present, Table
from clairo.core.config import Config
from clairo.pipeline.config import PipelineConfig
from clairo.tracking.records import ArmFamily


class Variant(Config):
    """One arm.

    Attributes:
        name: Identifier.
        title: For people.
        changes: Dotted settings with their new values.
    """

    name: str = Field(pattern=r"^[a-z0-9_]+$")
    title: str
    changes: dict[str, Any] = Field(min_length=1)


class VariantsConfig(Generator):
    """A table of arms that are written out.

    Attributes:
        name: Identifier of the table.
        title: For people.
        about: What these arms are.
        arms: The arms.
    """

    kind: Literal["variants"] = "variants"
    name: str = Field(default="variants", pattern=r"^[a-z0-9_]+$")
    title: str = "Variants"
    about: str = "Each changes the settings named, trained anew."
    arms: Annotated[tuple[Variant, ...], AfterValidator(at_least_one)]

    def make(self, base: PipelineConfig, present: Present) -> Table:
        """Every arm as written.

        Raises:
            ConfigError: An arm names a setting that the base has not, or does not fit together.
        """
        drafts = [Draft(arm.name, arm.title, arm.changes, asked=True) for arm in self.arms]
        return build_table(ArmFamily(self.name, self.title, self.about), base, drafts)
