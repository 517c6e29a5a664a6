"""The definition of an ablation: what is asked, of which base, and what counts as an answer.

A file in ``experiments/`` holds one. Everything a reader could suspect of having been chosen
afterwards is declared in it, before the first run: the primary metric, the minimum relevant
effect, the family of the correction, the seeds, and whether arms are tuned again.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import AfterValidator, Field, model_validator

from clairo.ablation.generators import AnyGenerator
from clairo.ablation.generators.base import at_least_one
from clairo.core.config import Config
from clairo.core.fingerprint import hash_json
from clairo.evaluation.metric_names import CUTOFFS


class Base(Config):
    """What the arms are variations of: the profile's settings where nothing is named.

    Under the profile ``paper`` those are the published recipe.

    Attributes:
        file: A pipeline configuration, relative to the definition; a published setting.
        best_of: Id of a sweep whose confirmed winner it is, ``latest`` for the last one.
        settings: Settings of a pipeline configuration, nested, that replace those of the above;
            a section of another ``kind`` is replaced whole.
    """

    file: str | None = None
    best_of: str | None = None
    settings: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if self.file and self.best_of:
            raise ValueError(
                f"a base is a file or the best of a sweep, got file={self.file} with "
                f"best_of={self.best_of}; give one of them"
            )
        return self

    @model_validator(mode="after")
    def _data_are_named_elsewhere(self) -> Self:
        if "dataset" in self.settings:
            raise ValueError(
                "a base has settings of every stage but the data, got settings.dataset; name the "
                "data with CATEGORY and FILTERS, or in 'groups'"
            )
        return self

    @property
    def label(self) -> str:
        """For people."""
        start = "the profile's settings"
        if self.best_of:
            start = f"best of sweep {self.best_of}"
        elif self.file:
            start = self.file
        return f"{start} with {', '.join(self.settings)} replaced" if self.settings else start


class RelevantEffect(Config):
    """The smallest difference that matters, declared before the run; exactly one of both.

    Attributes:
        value: In the metric's unit.
        share: As a share of the reference's mean.
    """

    value: float | None = Field(default=None, gt=0, lt=1)
    share: float | None = Field(default=None, gt=0, lt=1)

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.value is None) == (self.share is None):
            raise ValueError(
                "a minimum relevant effect is a value or a share of the reference's mean, got "
                f"value={self.value} with share={self.share}; give exactly one"
            )
        return self


class Tuning(Config):
    """Trials of its own that every arm is given before it is compared.

    Attributes:
        trials: Trials an arm.
        space: Name or file of the space; it searches nothing that an arm changes, and not the sizes
            of codes where arms are at equal bits.
    """

    trials: int = Field(ge=2, le=10_000)
    space: str


class GroupData(Config):
    """One of several data sets on which the same arms are run.

    Attributes:
        name: Identifier.
        title: For people.
        covariate: What is known of it beforehand.
        category: As on the command line; ``None`` for the command's own.
        release: Amazon release.
        dataset: Settings that differ from the category's own, for example of a demo world.
    """

    name: str = Field(pattern=r"^[a-z0-9_]+$")
    title: str
    covariate: float | None = None
    category: str | None = None
    release: str | None = None
    dataset: dict[str, Any] = Field(default_factory=dict)


class AblationDefinition(Config):
    """One ablation, declared beforehand.

    Attributes:
        question: What is asked, one sentence.
        base: What the arms are variations of.
        generators: What makes the arms, table by table.
        seeds: Paired seeds of every arm; fewer than five are called exploratory.
        metric: Primary metric; the only one that is tested.
        split: Where arms are compared; ``test`` is read once for every arm and seed, and counted.
        minimum_relevant_effect: The smallest difference that matters.
        correction: Family of Holm's correction: the arms of one table, or of all.
        tuning: ``None`` keeps the base's settings in every arm (frozen).
        groups: Data sets, where the same arms are run on several.
        covariate: What the groups' covariate is, for people.
    """

    question: str = Field(min_length=1)
    base: Base = Base()
    generators: Annotated[tuple[AnyGenerator, ...], AfterValidator(at_least_one)]
    seeds: int = Field(default=5, ge=1, le=64)
    metric: Annotated[str, Field(pattern=r"^(ndcg|recall|mrr)_at_\d+$")] = "ndcg_at_10"
    split: Literal["valid", "test"] = "valid"
    minimum_relevant_effect: RelevantEffect
    correction: Literal["table", "all"] = "table"
    tuning: Tuning | None = None
    groups: tuple[GroupData, ...] = ()
    covariate: str = ""

    @model_validator(mode="after")
    def _metric_is_measured(self) -> Self:
        cutoff = int(self.metric.rpartition("_at_")[2])
        if cutoff not in CUTOFFS:
            raise ValueError(
                f"the primary metric is measured at one of {CUTOFFS}, got {self.metric}; choose "
                "one of them"
            )
        return self

    @model_validator(mode="after")
    def _groups_are_apart(self) -> Self:
        names = [group.name for group in self.groups]
        if len(set(names)) < len(names) or len(names) == 1:
            raise ValueError(
                f"groups are two or more data sets with names of their own, got {names}; rename "
                "them, or name one data set with CATEGORY"
            )
        if any(group.covariate is not None for group in self.groups) and not self.covariate:
            raise ValueError(
                "groups with a covariate need to say what it is, got no 'covariate'; name it"
            )
        return self

    def to_yaml(self) -> str:
        """The definition as its file would have it, without what is at its default."""
        plain = self.model_dump(mode="json", exclude_defaults=True)
        generators = [generator.model_dump(mode="json") for generator in self.generators]
        whole = {**plain, "generators": generators}
        return yaml.safe_dump(whole, sort_keys=False, allow_unicode=True)

    @property
    def digest(self) -> str:
        """16 hexadecimal digits of everything declared."""
        return hash_json(self.identity())[:16]
