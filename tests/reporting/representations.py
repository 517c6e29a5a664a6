"""The made-up sweep, with everything that can be known of its codes and its fusion."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

from PIL import Image

from clairo.quantization.representation import (
    Branch,
    CategoryWeights,
    CodeTree,
    FusionWeights,
    Representation,
    ShownItem,
)
from clairo.tracking.records import StageRecord, SweepRecord, TrialRecord
from tests.reporting.records import demo_record

COLORS = ((200, 30, 30), (30, 30, 200))
"""Pictures of items 1 and 2; item 3 has none, item 4 has no room."""


def learned_curve(epochs: int = 6, levels: int = 2, fall: float = 0.0) -> list[dict[str, float]]:
    """Usage that starts at 90 % and falls by so much an epoch, more at later levels."""
    return [
        {
            "reconstruction_error": 0.8 / epoch,
            "collision_rate": 0.1,
            **{f"usage/{d}": max(0.05, 0.9 - fall * (epoch - 1) * (1 + d)) for d in range(levels)},
        }
        for epoch in range(1, epochs + 1)
    ]


def meaning_facts(modality: str = "fused", depth: int = 2) -> dict[str, Any]:
    """Facts of one modality's codes: at each depth, far above chance."""
    found: dict[str, Any] = {f"{modality}/num_categories": 5}
    for d in range(1, depth + 1):
        found |= {
            f"{modality}/neighbors_{d}": 0.6 / d, f"{modality}/neighbors_chance_{d}": 0.1 / d,
            f"{modality}/purity_{d}": 0.5 + 0.1 * d, f"{modality}/purity_chance_{d}": 0.2 + 0.1 * d,
        }  # fmt: skip
    return found | {f"{modality}/reconstruction_error": 0.25}


def reliance_facts(text: float, image: float) -> dict[str, float]:
    """Items whose first code changes with each modality; half as many change their second one."""
    return {
        "fused/reliance/text": (1 + text) / 2, "fused/reliance/text/0": text,
        "fused/reliance/text/1": text / 2, "fused/reliance/image": (1 + image) / 2,
        "fused/reliance/image/0": image, "fused/reliance/image/1": image / 2,
    }  # fmt: skip


def weights() -> FusionWeights:
    """Text weighs more, least so for tents."""
    text = (0.3, 0.4, 0.5, 0.6, 0.7)
    other = (0.5, 0.6, 0.8, 0.9, 0.95)

    def mirrored(quantiles: tuple[float, ...]) -> Any:
        return tuple(1 - value for value in reversed(quantiles))

    return FusionWeights(
        num_items=40,
        num_single=2,
        histogram={"text": (0, 5, 15, 20), "image": (20, 15, 5, 0)},
        means={"text": 0.65, "image": 0.35},
        categories=(
            CategoryWeights("Tents", 25, {"text": text, "image": mirrored(text)}),
            CategoryWeights("", 15, {"text": other, "image": mirrored(other)}),
        ),
        leaning={"text": ((1, 0.97), (3, 0.9)), "image": ((2, 0.88),)},
    )


def representation(with_weights: bool = True) -> Representation:
    """A tree of two levels, a sheet of two pictures."""
    leaves = (Branch((5, 0), 8, "Tents", 0.75, (1,)), Branch((5, 3), 4, "", 0.0, (3, 4)))
    tree = CodeTree("fused", 40, 7, (
        Branch((5,), 20, "Tents", 0.55, (1, 2), 4, leaves),
        Branch((0,), 10, "Kettles <b>", 1.0, (3,), 1, (Branch((0, 1), 10, "Kettles", 1.0, (3,)),)),
    ))  # fmt: skip
    sheet = io.BytesIO()
    picture = Image.new("RGB", (160, 80), COLORS[0])
    picture.paste(COLORS[1], (80, 0, 160, 80))
    picture.save(sheet, format="JPEG")
    items = {
        1: ShownItem("Tent, Red", "$99", True, 0), 2: ShownItem("Tent, Blue", "", True, 1),
        3: ShownItem("Kettle", "$7", False), 4: ShownItem("", "", True),
    }  # fmt: skip
    kept = weights() if with_weights else None
    return Representation((tree,), kept, items, sheet.getvalue(), 80, 2)


def with_facts(trial: TrialRecord, stage: str, kind: str = "", **more: Any) -> TrialRecord:
    """A run whose stage states more, under another kind where one is given."""

    def change(record: StageRecord) -> StageRecord:
        if record.name != stage:
            return record
        return replace(record, kind=kind or record.kind, facts={**record.facts, **more})

    return replace(trial, stages=tuple(change(record) for record in trial.stages))


def fused_codes(depth: int = 2) -> dict[str, Any]:
    """Two codebooks of a joint vector, the second one with half of its codes dead."""
    counts = ([10, 10, 10, 10], [30, 10, 0, 0])
    facts: dict[str, Any] = {"num_items": 40, "collision_rate": 0.1, "largest_bucket": 4}
    for level in range(depth):
        facts |= {
            f"fused/{level}/counts": counts[level], f"fused/{level}/perplexity": (4.0, 1.75)[level],
            f"fused/{level}/entropy": (2.0, 0.81)[level],
        }  # fmt: skip
    return facts


def described_record(text: float = 0.7, image: float = 0.4, fall: float = 0.02) -> SweepRecord:
    """A winner with a learned fusion and quantizer, and a run of ``vq_vae`` and one of ``opq``.

    Args:
        text: Share of items whose first code changes with another text.
        image: With another image.
        fall: How much of its codes ``vq_vae`` loses in an epoch.
    """
    record = demo_record()
    winner = next(t for t in record.trials if t.role == "confirm" and t.number == 3)
    described = []
    for trial in record.trials:
        made = trial
        if trial.config_key == winner.config_key:
            made = _winner(trial, text, image)
        elif trial.role == "search" and trial.number == 0:
            made = _other(trial, winner, "vq_vae", learned_curve(6, 1, fall))
        elif trial.role == "search" and trial.number == 1:
            made = _other(trial, winner, "opq", None)
        described.append(made)
    return replace(record, trials=tuple(described))


def _winner(trial: TrialRecord, text: float, image: float) -> TrialRecord:
    quantized = {
        **fused_codes(), **meaning_facts(), **reliance_facts(text, image),
        "fused/curve": learned_curve(), "fused/selected_epoch": 4,
    }  # fmt: skip
    made = _fresh(trial, "quantization", "rq_vae", quantized)
    losses = [{"loss": 2.0 / epoch, "retrieval": epoch / 10} for epoch in range(1, 6)]
    made = _fresh(made, "fusion", "attention", {"fused/curve": losses})
    # The encoder reduced as well, and says so under the name that PCA uses.
    made = with_facts(made, "text", **{"text/variance_kept": 0.54})
    reduced = (_reduction("text", 384, 96), _reduction("image", 512, 128))
    made = replace(made, stages=(*made.stages[:3], *reduced, *made.stages[3:]))
    shown = representation() if trial.role == "confirm" else None
    return replace(made, representation=shown)


def _reduction(modality: str, before: int, kept: int) -> StageRecord:
    name = f"{modality}_reduction"
    facts = {f"{modality}/dims_before": before, f"{modality}/dims_kept": kept,
             f"{modality}/variance_kept": 0.95, f"{modality}/bytes_before": 4 * 300 * before,
             f"{modality}/bytes_after": 4 * 300 * kept}  # fmt: skip
    return StageRecord(name, "pca", f"{name}/pca-0123456789abcdef", 0.1, 0.1, False, 9, facts)


def _other(
    trial: TrialRecord, winner: TrialRecord, kind: str, curve: list[dict[str, float]] | None
) -> TrialRecord:
    inputs = {name: winner.config.get(name) for name in ("text", "image", "reduction", "fusion")}
    facts = fused_codes(1) | ({"fused/curve": curve} if curve else {})
    made = _fresh(trial, "quantization", kind, facts)
    return replace(made, config={**trial.config, **inputs})


def _fresh(trial: TrialRecord, stage: str, kind: str, facts: dict[str, Any]) -> TrialRecord:
    emptied = tuple(replace(s, facts={}) if s.name == stage else s for s in trial.stages)
    return with_facts(replace(trial, stages=emptied), stage, kind, **facts)
