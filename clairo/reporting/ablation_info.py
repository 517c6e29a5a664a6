"""What an ablation found, as records: arms, effects and families of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from clairo.evaluation.significance import Interval, UserShares, Verdict
from clairo.reporting.ablation_families import REFERENCE, Rule
from clairo.reporting.labels import digits_for, plural
from clairo.reporting.pairing import PairedGains
from clairo.reporting.search_info import Absent
from clairo.reporting.selection import EXPLORATORY_SEEDS
from clairo.tracking.records import Arm, ArmFamily, TrialRecord


@dataclass(frozen=True)
class ArmInfo:
    """One arm's own result.

    Attributes:
        name: Identifier.
        title: For people, with the group where there are several.
        changes: Dotted settings that differ from the base.
        by_seed: Mean metric of each seed that has per-user ranks.
        missing: Sentences on seeds without a result.
        wanted: Seeds that were planned.
        runs: Its finished runs with ranks, by seed.
        plan: The arm as planned.
        group: Name of its group.
    """

    name: str
    title: str
    changes: Mapping[str, object]
    by_seed: Mapping[int, float]
    missing: tuple[str, ...]
    wanted: int
    runs: tuple[TrialRecord, ...]
    plan: Arm
    group: str = ""

    @property
    def mean(self) -> float | None:
        """Mean over seeds."""
        return float(np.mean(list(self.by_seed.values()))) if self.by_seed else None

    @property
    def example(self) -> TrialRecord | None:
        """One finished run, for its facts; ``None`` without any."""
        return self.runs[0] if self.runs else None


@dataclass(frozen=True)
class EffectInfo:
    """An arm minus its reference.

    Attributes:
        arm: The arm.
        reference: What it is compared with.
        pairs: Both, user by user.
        deltas: Difference of means, by shared seed.
        interval: Users crossed with seeds: mean, 95 % interval, raw p.
        over_seeds: Paired t over seeds alone.
        percent: Mean difference over the reference's mean on the same seeds, ``None`` if that
            is 0.
        users: 95 % interval over users, for these trained models only.
        shares: Users better, equal and worse.
        effect_size: d_z over users.
        sign_flip: Exact sign-flip p over seeds, ``None`` beyond 16 seeds.
        margin: Minimum relevant effect; a share is one of the reference's mean on the same seeds,
            ``None`` if that is 0.
        adjusted_p: Holm-adjusted p.
        equivalence_p: Holm-adjusted p of the equivalence test, ``None`` where there is none.
        verdict: By adjusted p and equivalence test.
    """

    arm: ArmInfo
    reference: ArmInfo
    pairs: PairedGains
    deltas: Mapping[int, float]
    interval: Interval
    over_seeds: Interval
    percent: float | None
    users: tuple[float, float]
    shares: UserShares
    effect_size: float | None
    sign_flip: float | None
    margin: float | None
    adjusted_p: float | None
    equivalence_p: float | None
    verdict: Verdict

    @property
    def agreed(self) -> bool:
        """Whether at least two seeds all point the same way."""
        signs = {delta > 0 for delta in self.deltas.values()}
        return len(self.deltas) > 1 and len(signs) == 1


@dataclass(frozen=True)
class AblationInfo:
    """One family of arms.

    Attributes:
        family: Which one.
        rule: What was declared.
        references: What its arms are compared with; one, unless the arms say otherwise.
        effects: Arms that can be compared, in the order planned.
        refused: (title, reason) of arms that cannot be compared.
        corrected: Comparisons in the family of the correction.
    """

    family: ArmFamily
    rule: Rule
    references: tuple[ArmInfo, ...]
    effects: tuple[EffectInfo, ...]
    refused: tuple[tuple[str, str], ...]
    corrected: int

    @property
    def split(self) -> Literal["valid", "test"]:
        """Where arms are compared."""
        return self.rule.split

    @property
    def metric(self) -> str:
        """Key of the metric, without the split."""
        return self.rule.metric

    @property
    def reference(self) -> ArmInfo:
        """What the first arms are compared with."""
        return self.references[0]

    @property
    def arms(self) -> tuple[ArmInfo, ...]:
        """References, then the compared arms; each once."""
        found = [*self.references, *(effect.arm for effect in self.effects)]
        return tuple({(arm.group, arm.name): arm for arm in found}.values())

    @property
    def margin(self) -> float | None:
        """The minimum relevant effect where all arms have the same one."""
        margins = self.margins
        return margins[0] if len(margins) == 1 else self.rule.margin

    @property
    def margins(self) -> tuple[float, ...]:
        """The different minimum relevant effects of its arms, ascending.

        A share is one of the reference's mean on the seeds that it was paired on.
        """
        return tuple(sorted({e.margin for e in self.effects if e.margin is not None}))

    @property
    def num_users(self) -> int:
        """Users asked in each seed, smallest over seeds and arms."""
        return min((effect.pairs.fewest_users for effect in self.effects), default=0)

    @property
    def num_seeds(self) -> int:
        """Fewest paired seeds of any compared arm."""
        return min((len(effect.deltas) for effect in self.effects), default=0)

    @property
    def seeds_text(self) -> str:
        """Paired seeds as words, a range where arms differ."""
        counts = sorted({len(effect.deltas) for effect in self.effects} or {0})
        if len(counts) == 1:
            return plural(counts[0], "paired seed")
        return f"{counts[0]} to {counts[-1]} paired seeds"

    @property
    def against(self) -> str:
        """What the arms are compared with, in words."""
        titles = list(dict.fromkeys(arm.plan.title for arm in self.references))
        if all(arm.name == REFERENCE for arm in self.references):
            return "the full configuration"
        return f"“{titles[0]}”" if len(titles) == 1 else "each arm's reference"

    @property
    def digits(self) -> int:
        """Decimals of differences: one more than the shortest interval justifies, up to 4.

        Intervals that the verdict comes from count; where one seed leaves none, those over users.
        """
        seeds = [(e.interval.low, e.interval.high) for e in self.effects]
        bounds = [(low, high) for low, high in seeds if low is not None and high is not None]
        bounds = bounds or [effect.users for effect in self.effects]
        halves = [(high - low) / 2 for low, high in bounds if high > low]
        return min(4, digits_for(min(halves, default=None)))

    @property
    def exploratory(self) -> bool:
        """Whether there are too few seeds for a claim."""
        return self.num_seeds < EXPLORATORY_SEEDS


Ablations = Mapping[str, AblationInfo | Absent]
"""Each family's comparison by the family's name, or why there is none."""
