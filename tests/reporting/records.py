"""A made-up sweep with everything a report must show: 12 trials, fresh seeds, ablation arms."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image

from clairo.core.artifacts import Rankings
from clairo.evaluation.ranking import ranking_metrics
from clairo.merging.spelled import Example, ItemGroup, Side, SpelledMerge, SpelledVocabulary
from clairo.tracking.records import (
    Arm,
    Candidate,
    StageRecord,
    SweepRecord,
    SweepSummary,
    TrialRecord,
    TrialRole,
    TrialState,
)

OBJECTIVE = "valid/ndcg_at_10"
AXES = (
    "reduction.variance",
    "quantization.kind",
    "quantization.num_codebooks",
    "quantization.codebook_size",
    "fusion.kind",
    "merging.num_merges",
)
USERS = 400
FAILURE = "StageError: k-means needs at least 32 items, got 20; lower codebook_size."
OUT_OF_MEMORY = "StageError: out of memory in training; lower batch_size."
SEEDS = (101, 102)

_STATES: tuple[TrialState, ...] = (
    "complete", "complete", "pruned", "complete", "infeasible", "complete",
    "complete", "failed", "complete", "pruned", "complete", "complete",
)  # fmt: skip
_FUSIONS = ("none", "concat", "text_only", "none", "concat_pca", "image_only")
_ARMS = (
    ("full", "components", "Everything on", {}, 0.0),
    ("text_only", "modality_masking", "Text only", {"fusion": {"kind": "text_only"}}, -0.06),
    ("image_only", "modality_masking", "Image only", {"fusion": {"kind": "image_only"}}, -0.09),
    ("no_merging", "components", "Without merging", {"merging.kind": "identity"}, -0.02),
    ("no_pca", "components", "Without PCA", {"reduction.kind": "identity"}, 0.004),
    ("no_spr", "components", "Greedy segmentation", {"model.segmentation": "greedy"}, -0.01),
)  # fmt: skip


def rankings(level: float, seed: int, split: str = "valid", users: int = USERS) -> Rankings:
    """Ranks of the same users in every call; a higher level finds more targets.

    Users are crossed with seeds: who is easy to serve does not depend on the seed.
    """
    ease = np.random.default_rng(7).random(users)
    rng = np.random.default_rng([seed, 1])
    score = np.clip(0.55 * ease + 0.45 * rng.random(users) + level, 0, 0.999)
    ranks = np.where(score > 0.5, 1 + (40 * (1 - score) ** 1.5).astype(int), 0).astype(np.int32)
    top_items = rng.integers(0, 300, size=(users, 20))
    order = np.arange(users, dtype=np.int32)
    targets = (order * 7 % 300).astype(np.int32)
    return Rankings(split, order, targets, ranks, top_items, facts=dict(ranking_metrics(ranks)))


def exposure(level: float) -> dict[str, float]:
    """Exposure and segment metrics under their bare names."""
    segments = {
        "head": (180, 0.1),
        "torso": (140, 0.0),
        "tail": (80, -0.08),
        "history_1_4": (90, -0.03),
    }
    found = {
        "coverage_at_10": 0.62 + level, "gini_at_10": 0.71 - level,
        "mean_popularity_at_10": 24.3, "tail_share_at_10": 0.11 + level,
        "invalid_share": 0.01, "unseen/num_users": 0.0, "num_users": float(USERS),
    }  # fmt: skip
    for name, (users, shift) in segments.items():
        found[f"{name}/num_users"] = float(users)
        for metric in ("recall_at_10", "ndcg_at_10", "mrr_at_10"):
            found[f"{name}/{metric}"] = max(0.0, 0.2 + level + shift)
    return found


def code_facts(num_codebooks: int, size: int, fusion: str, number: int) -> dict[str, Any]:
    """Diagnostics as the code table states them."""
    modalities = {"none": ("text", "image"), "text_only": ("text",), "image_only": ("image",)}
    facts: dict[str, Any] = {
        "collision_rate": 0.02 + 0.01 * number,
        "largest_bucket": 3,
        "usage_min": 0.8,
        "bits_per_item": 4.0 * num_codebooks,
    }
    for modality in modalities.get(fusion, ("fused",)):
        for index in range(num_codebooks):
            weights = np.random.default_rng([number, index, len(modality)]).gamma(2.0, size=size)
            counts = np.floor(300 * weights / weights.sum()).astype(int)
            counts[: index + 1] = 0
            shares = counts[counts > 0] / counts.sum()
            facts[f"{modality}/{index}/counts"] = counts.tolist()
            facts[f"{modality}/{index}/usage"] = float((counts > 0).mean())
            facts[f"{modality}/{index}/perplexity"] = float(2 ** -(shares * np.log2(shares)).sum())
    return facts


def token_facts(num_codebooks: int, num_merges: int) -> dict[str, Any]:
    """What the tokenizer states."""
    merges: list[dict[str, Any]] = [
        {
            "token": 100 + i,
            "leaves": [[0, i % 5], [num_codebooks, i % 7]],
            "priority": 120.5 - 6 * i,
            "inside": 90 - 9 * i,
            "across": 4 + 9 * i,
        }
        for i in range(8)
    ]
    merges.append(
        {"token": 108, "leaves": [[0, 1], [1, 2], [2 * num_codebooks, 0]], "priority": 40.0}
    )
    if not num_merges:
        return {"num_merges": 0, "vocab_size": 1 + 16 * num_codebooks, "top_merges": [],
                "tokens_per_item": 2.0 * num_codebooks + 1}  # fmt: skip
    before = 2.0 * num_codebooks + 1
    return {
        "tokens_per_item_before": before, "tokens_per_history_item": 0.4 * before,
        "uniform_bits_per_item_before": 5 * before, "uniform_bits_per_item": 4 * before,
        "uniform_bits_per_history_item": 3.5 * before, "unigram_bits_per_item_before": 4 * before,
        "unigram_bits_per_history_item": 3 * before, "described_items": 3000,
        "training_items": 4000,
        "vocabulary_usage": 0.75, "unigram_entropy": 5.5, "unigram_entropy_normalized": 0.9,
        "token_perplexity": 2**5.5, "token_lengths": [[1, 33, 120], [2, 40, 300], [5, 20, 180]],
        "cross_modal_by_rank": [0.2, 0.4, 0.6, 0.8], "cross_item_by_rank": [0.0, 0.0, 0.5, 0.3],
        "num_merges": num_merges, "vocab_size": 1 + 16 * num_codebooks + num_merges,
        "tokens_per_item": max(1.2, 2 * num_codebooks + 1 - num_merges / 60),
        "cross_modal_share_of_merges": 0.5, "cross_item_share": 0.2, "top_merges": merges,
    }  # fmt: skip


PICTURES, MISSING = (1, 2), 3
"""Items with a picture: red, blue; and one without."""


def vocabulary(num_codebooks: int) -> SpelledVocabulary:
    """Three of the merges in words: inside an item, between neighbours, with the digit."""
    text = ItemGroup(12, ("Tent, Red", "Tent, Blue"), ("tent", "camping"), (1, 2))
    image = ItemGroup(30, ("Tent, Red", "Kettle"), (), (1, MISSING, 4))
    left, right = Side(((0, 1),), text), Side(((num_codebooks, 1),), image)
    pair = Side(((0, 1), (num_codebooks, 1)), None, (left, right))
    merges = (
        SpelledMerge(100, left, right, False, both=ItemGroup(1, ("Tent, Red",), (), (1,))),
        SpelledMerge(107, left, right, True, None, (Example((1, MISSING), 5),), 8, 6, 3),
        SpelledMerge(108, pair, Side(((2 * num_codebooks, 0),), ItemGroup(150)), True),
    )
    sheet = io.BytesIO()
    picture = Image.new("RGB", (160, 80), (200, 30, 30))
    picture.paste((30, 30, 200), (80, 0, 160, 80))
    picture.save(sheet, format="JPEG")
    titles = {1: "Tent, Red", 2: "Tent, Blue", 3: "Kettle", 4: ""}
    tiles = {1: 0, 2: 1}
    return SpelledVocabulary(
        merges, titles, frozenset({1, 2, 4}), 2000, 3000, tiles, sheet.getvalue(), 80, 2
    )


def stages(number: int, config: Mapping[str, Any], trained: bool) -> tuple[StageRecord, ...]:
    """Stage records; later trials find more in the store."""
    quantization, merges = config["quantization"], config["merging"]["num_merges"]
    codebooks, size = quantization["num_codebooks"], quantization["codebook_size"]
    fusion = config["fusion"]["kind"]
    plan: list[tuple[str, str, float, dict[str, Any]]] = [
        ("dataset", "demo", 2.1, {"num_items": 300}),
        ("text", "lsa", 1.2, {"text/dims": 64}),
        ("image", "color_hog", 3.4, {"image/dims": 120}),
        ("fusion", fusion, 0.3, {}),
        ("quantization", quantization["kind"], 1.1, code_facts(codebooks, size, fusion, number)),
        ("merging", "feature_set_bpe", 0.8, token_facts(codebooks, merges)),
    ]  # fmt: skip
    if trained:
        plan += [("training", "t5", 14.0 + number, {}), ("valid_evaluation", "beam", 2.5, {})]
    made = []
    for place, (name, kind, seconds, facts) in enumerate(plan):
        cached = place < 3 and number > 0
        made.append(
            StageRecord(name, kind, f"{name}/{kind}-0123456789abcdef", 0.05 if cached else seconds,
                        seconds, cached, 20_000 * (place + 1), facts)
        )  # fmt: skip
    return tuple(made)


def config_of(number: int) -> dict[str, Any]:
    """A resolved configuration, different for every number."""
    return {
        "dataset": {"kind": "demo", "num_items": 300, "num_users": 600},
        "text": {"kind": "lsa", "dims": 64},
        "image": {"kind": "color_hog"},
        "reduction": {"kind": "pca", "variance": (0.8, 0.9, 0.95, 0.99)[number % 4]},
        "fusion": {"kind": _FUSIONS[number % 6]},
        "quantization": {
            "kind": ("opq", "rq_kmeans")[number % 2],
            "num_codebooks": 2 + number % 3,
            "codebook_size": (16, 32)[number // 2 % 2],
        },
        "merging": {"kind": "feature_set_bpe", "num_merges": 60 * (number % 4)},
        "model": {"kind": "t5", "segmentation": "spr", "epochs": 6},
    }


def flatten(config: Mapping[str, Any]) -> dict[str, Any]:
    """Dotted leaves; conditional children exist only where they apply."""
    return {f"{k}.{n}": v for k, values in config.items() for n, v in values.items()}


def trial(
    number: int,
    role: TrialRole = "search",
    state: TrialState = "complete",
    seed: int = 11,
    level: float = 0.0,
    config: Mapping[str, Any] | None = None,
    splits: tuple[str, ...] = ("valid",),
    config_key: str = "",
) -> TrialRecord:
    """One run; its metrics are those of its own ranks."""
    config = config or config_of(number)
    ranked = {
        s: rankings(level - (0.02 if s == "test" else 0), seed * 31 + number, s) for s in splits
    }
    complete = state == "complete"
    metrics: dict[str, float] = {}
    if complete:
        for split, found in ranked.items():
            metrics |= {f"{split}/{k}": v for k, v in found.facts.items()}
            metrics |= {f"{split}/{k}": v for k, v in exposure(level).items()}
    epochs = 6 if complete else 2
    final = metrics.get(OBJECTIVE, 0.1)
    curve = tuple((e, final * (1 - math.exp(-0.7 * e))) for e in range(1, epochs + 1))
    trained = state not in ("infeasible", "failed")
    return TrialRecord(
        run_id=f"run-{role}-{number}-{seed}",
        key=f"{role}-{number}-{seed}",
        config_key=config_key or f"config-{number:02d}",
        number=number,
        role=role,
        state=state,
        seed=seed,
        config=config,
        params=flatten(config),
        metrics=metrics,
        history={f"epoch/{OBJECTIVE}": curve} if trained else {},
        stages=stages(number, config, trained),
        seconds=30.0 + 1.5 * number,
        error=FAILURE if state == "failed" else "",
        rankings=ranked if complete else {},
        vocabulary=vocabulary(config["quantization"]["num_codebooks"])
        if role == "confirm"
        else None,
    )  # fmt: skip


def demo_summary(**changes: Any) -> SweepSummary:
    """What the parent run says."""
    summary = SweepSummary(
        sweep_id="demo-20260101-120000", category="demo", release="", profile="quick", seed=1,
        workers=2, requested_trials=12, space_name="full",
        space=dict.fromkeys(AXES, "choices"), axes=AXES, objective=OBJECTIVE,
        dataset_name="Demo world", dataset_digest="9f2c",
        dataset_facts={
            "num_items": 300, "num_users": 600, "num_interactions": 5400,
            "image_coverage": 251 / 300, "text_coverage": 1.0, "num_training_prefixes": 4200,
            "num_valid_users": 600, "num_test_users": 600,
            "ceiling_valid_ndcg_at_10": 0.52, "ceiling_test_ndcg_at_10": 0.50,
            "popularity_valid_ndcg_at_10": 0.06, "popularity_test_ndcg_at_10": 0.05,
            "popularity_test_recall_at_10": 0.11,
        },
        notes=("Fusion attention was left out of the space: it needs the paper profile.",),
        environment={"commit": "0123abcd", "dirty": False, "python": "3.11.9", "torch": "2.13.0"},
        command="make sweep CATEGORY=demo TRIALS=12 SEED=1",
        duplicates=3, wall_seconds=431.0, finished=True,
    )  # fmt: skip
    return replace(summary, **changes)


def demo_record(**changes: Any) -> SweepRecord:
    """The whole sweep: search, confirmation on fresh seeds, ablation of the winner."""
    search = [trial(n, state=_STATES[n], level=0.03 * math.sin(n)) for n in range(12)]
    confirm, candidates = [], []
    for number, level in ((3, 0.055), (1, 0.046), (6, -0.02)):
        runs = [
            trial(number, "confirm", seed=s, level=level, splits=("valid", "test"))
            for s in (21, 22, 23)
        ]
        confirm += runs
        found = next(t for t in search if t.number == number)
        keys = tuple(run.key for run in runs)
        candidates.append(Candidate(found.config_key, found.metrics[OBJECTIVE], keys))
    arms, arm_runs = [], []
    for place, (name, family, title, setting, shift) in enumerate(_ARMS):
        key, level = f"arm-{name}", 0.05 + shift
        runs = [
            trial(20 + place, "ablation", "complete", seed, level, config_of(3), config_key=key)
            for seed in SEEDS
        ]
        if name == "no_pca":
            runs[1] = replace(runs[1], state="failed", metrics={}, rankings={}, error=OUT_OF_MEMORY)
        arm_runs += runs
        arms.append(Arm(name, family, title, setting, tuple(run.key for run in runs)))
    summary = demo_summary(
        candidates=tuple(candidates), arms=tuple(arms), ablation_seeds=SEEDS,
        skipped_arms=(("Without ensemble", "the winner decodes one segmentation only"),),
    )  # fmt: skip
    return SweepRecord("parent", replace(summary, **changes), (*search, *confirm, *arm_runs))
