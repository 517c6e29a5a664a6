"""Made-up ablations of every kind, with effects that differ between segments and groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np

from clairo.core.artifacts import Rankings
from clairo.evaluation.ranking import ranking_metrics
from clairo.evaluation.segments import SegmentIndex
from clairo.tracking.records import (
    Arm,
    ArmFamily,
    ArmGroup,
    Experiment,
    StageRecord,
    SweepRecord,
    SweepSummary,
    TrialRecord,
)
from tests.reporting.records import config_of, demo_summary, trial, vocabulary

SEEDS = (101, 102, 103, 104, 105)
USERS, ITEMS = 400, 300
QUESTION = "What are text and images worth, and what do they add to each other?"
DEFINITION = "question: What are text and images worth?\nseeds: 5\n"

MASKING = ArmFamily(
    "modality_masking", "Modalities", "Retrained without a modality, everything rebuilt."
)
INFERENCE = ArmFamily(
    "inference_masking",
    "Masked at inference",
    "The trained models, asked with a mean vector.",
    "inference",
)
CURVE = ArmFamily(
    "pca_curve", "PCA variance", "Only the variance changes.", "curve", "reduction.variance"
)
FACTORIAL = ArmFamily(
    "factorial",
    "All combinations",
    "Every combination of three components.",
    "factorial",
    components=(("pca", "PCA"), ("merging", "Merging"), ("spr", "Random segmentation")),
)

_MASKING_ARMS = (("text_only", "Text only", -0.05), ("image_only", "Images only", -0.09))
_MASKED_ARMS = (
    ("text_zero", "Text replaced by zeros", -0.12),
    ("image_zero", "Images replaced by zeros", -0.07),
)
_CURVE_ARMS = ((0.5, -0.05), (0.7, -0.03), (0.9, -0.01), (0.95, -0.02))
_WORTH = {"pca": 0.01, "merging": 0.05, "spr": 0.02}


def train_counts() -> np.ndarray:
    """Few items are popular, many are rare, some were never seen."""
    return (np.random.default_rng(5).pareto(1.1, size=ITEMS) * 5).astype(np.int64)


def known_lengths() -> np.ndarray:
    """Histories from one to thirty interactions."""
    return 1 + np.random.default_rng(6).geometric(0.15, size=USERS).clip(1, 29)


def targets() -> np.ndarray:
    """The same question of each user in every run."""
    return (np.arange(USERS) * 7 % ITEMS).astype(np.int32)


def segment_index() -> SegmentIndex:
    """What the parent run logs once."""
    return SegmentIndex(train_counts(), dict.fromkeys(("valid", "test"), known_lengths()))


def ranked(level: float, run: int, split: str = "valid", tail: float = 0.0) -> Rankings:
    """Ranks of the same users in every call.

    Args:
        level: The higher, the more targets are found.
        run: What differs between runs at one level: seed and arm.
        split: Where the questions come from.
        tail: Added to the level of users whose target is rare.
    """
    ease = np.random.default_rng(7).random(USERS)
    rng = np.random.default_rng([run, 3])
    rare = train_counts()[targets()] <= 5
    score = 0.55 * ease + 0.45 * rng.random(USERS) + level + tail * rare + 0.01 * rng.normal()
    score = np.clip(score, 0, 0.999)
    ranks = np.where(score > 0.5, 1 + (40 * (1 - score) ** 1.5).astype(int), 0).astype(np.int32)
    users = np.arange(USERS, dtype=np.int32)
    top_items = rng.integers(0, ITEMS, size=(USERS, 20))
    return Rankings(split, users, targets(), ranks, top_items, dict(ranking_metrics(ranks)))  # type: ignore[arg-type]


def runs(
    number: int,
    level: float,
    config: Mapping[str, Any],
    tail: float = 0.0,
    seeds: Sequence[int] = SEEDS,
    split: str = "valid",
) -> list[TrialRecord]:
    """One arm's runs, one a seed, each with the metrics of its own ranks."""
    made = []
    for seed in seeds:
        found = ranked(level, seed * 1000 + number, split, tail)
        run = trial(number, "ablation", seed=seed, config=config, config_key=f"arm-{number}")
        metrics = {f"{split}/{name}": value for name, value in found.facts.items()}
        facts = {"num_parameters": 120_000, "epochs_done": 4 + seed % 2}
        training = StageRecord("training", "t5", "training/t5-00", 9.0, 9.0, False, 1, facts)
        stages = (*(s for s in run.stages if s.name != "training"), training)
        made.append(
            replace(
                run, rankings={split: found}, metrics={**run.metrics, **metrics}, stages=stages,
                vocabulary=vocabulary(2) if number == 3 else None,
            )
        )  # fmt: skip
    return made


def config_with(changes: Mapping[str, Any]) -> dict[str, Any]:
    """The base's configuration with dotted settings replaced."""
    config = config_of(3)
    config["model"] = {**config["model"], "batch_size": 256, "max_examples": 3000}
    for path, value in changes.items():
        section, _, name = path.partition(".")
        config[section] = {**config[section], name: value} if name else value
    return config


class Builder:
    """Collects arms and their runs."""

    def __init__(self) -> None:
        self.arms: list[Arm] = []
        self.trials: list[TrialRecord] = []

    def add(self, arm: Arm, level: float, tail: float = 0.0, seeds: Sequence[int] = SEEDS) -> None:
        """Adds an arm that scores at some level."""
        number = 3 + len(self.arms)
        made = runs(number, level, config_with(arm.changes), tail, seeds)
        self.trials += made
        self.arms.append(replace(arm, trial_keys=tuple(run.key for run in made)))


def experiment(*families: ArmFamily, **changes: Any) -> Experiment:
    """What was declared."""
    made = Experiment(
        name="modality_masking", question=QUESTION, base="the profile's settings",
        metric="ndcg_at_10", split="valid", margin=None, margin_share=0.1, correction="table",
        tuning="frozen", families=families, definition=DEFINITION,
    )  # fmt: skip
    return replace(made, **changes)


def ablation_summary(arms: Sequence[Arm], declared: Experiment, **changes: Any) -> SweepSummary:
    """The parent run of an ablation by itself."""
    return demo_summary(
        sweep_id="demo-20260101-130000-modality-masking",
        axes=(), space={}, space_name="", candidates=(), arms=tuple(arms), ablation_seeds=SEEDS,
        experiment=declared, duplicates=0, notes=(),
        command="make ablate CATEGORY=demo EXPERIMENT=modality_masking",
        **changes,
    )  # fmt: skip


def kinds_record(**changes: Any) -> SweepRecord:
    """An ablation with a family of every kind that one data set can have.

    Args:
        changes: Fields of the experiment.
    """
    build = Builder()
    parts = tuple(name for name, _ in FACTORIAL.components)
    build.add(Arm("full", "modality_masking", "Everything on", {}, (), parts=parts), 0.05)
    for name, title, shift in _MASKING_ARMS:
        arm = Arm(name, "modality_masking", title, {"fusion.kind": name}, ())
        build.add(arm, 0.05 + shift, tail=-0.08 if name == "text_only" else 0.0)
    for name, title, shift in _MASKED_ARMS:
        build.add(Arm(name, "inference_masking", title, {}, ()), 0.05 + shift)
    for value, shift in _CURVE_ARMS:
        changed = {"reduction.variance": value}
        arm = Arm(f"variance_{value}", "pca_curve", f"Variance {value}", changed, (), level=value)
        build.add(arm, 0.05 + shift)
    for switched in product((False, True), repeat=3):
        on = tuple(name for name, there in zip(parts, switched, strict=True) if there)
        if on == parts:
            continue
        level = 0.05 - sum(worth for name, worth in _WORTH.items() if name not in on)
        # Random segmentation is worth something only where there are merges.
        level += 0.02 if "merging" not in on and "spr" not in on else 0.0
        title = " + ".join(dict(FACTORIAL.components)[name] for name in on) or "None of them"
        build.add(Arm(f"cell_{'_'.join(on)}", "factorial", title, {}, (), parts=on), level)
    declared = experiment(MASKING, INFERENCE, CURVE, FACTORIAL, **changes)
    summary = ablation_summary(build.arms, declared)
    return SweepRecord("parent", summary, tuple(build.trials), {"": segment_index()})


ADDED = ArmFamily("add_one_in", "One component added", "The bare arm, and one component each.")


def added_record(**changes: Any) -> SweepRecord:
    """Components added one at a time: the bare arm against the base, the others against it.

    Args:
        changes: Fields of the experiment.
    """
    build = Builder()
    build.add(Arm("full", "", "Everything on", {}, ()), 0.05)
    build.add(Arm("bare", "add_one_in", "All of them off", {}, ()), -0.04)
    for name, title, shift in (("pca", "PCA alone", 0.0), ("merging", "Merging alone", 0.06)):
        arm = Arm(f"add_{name}", "add_one_in", title, {}, (), reference="bare")
        build.add(arm, -0.04 + shift)
    declared = experiment(ADDED, **changes)
    return SweepRecord("parent", ablation_summary(build.arms, declared), tuple(build.trials))


SHARES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


def groups_record(shares: Sequence[float] = SHARES, **changes: Any) -> SweepRecord:
    """Text only against both on several data sets: images are worth more, the more they show.

    Args:
        shares: Planted share of each data set.
        changes: Fields of the experiment.
    """
    build = Builder()
    groups = []
    for place, share in enumerate(shares):
        name = f"world_{place}"
        facts = {"num_training_prefixes": 2000 + 100 * place, "num_items": ITEMS}
        groups.append(ArmGroup(name, f"World {place}", share, f"digest-{place}", facts))
        build.add(Arm("full", "modality_masking", "Text and images", {}, (), group=name), 0.05)
        arm = Arm("text_only", "modality_masking", "Text only", {"fusion.kind": "text_only"}, (),
                  group=name)  # fmt: skip
        build.add(arm, 0.05 - 0.1 * share)
    gone = ArmGroup("beauty", "Beauty", None, missing="run 'make ablate CATEGORY=beauty'.")
    declared = experiment(
        MASKING, groups=(*groups, gone), covariate="planted visual share", **changes
    )
    index = {group.name: segment_index() for group in groups}
    return SweepRecord("parent", ablation_summary(build.arms, declared), tuple(build.trials), index)
