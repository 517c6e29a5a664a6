"""Training curves of an ablation's arms: the metric by epoch of every run."""

from __future__ import annotations

import math
from dataclasses import dataclass

import plotly.graph_objects as go

from clairo.reporting.ablation_families import families
from clairo.reporting.drawing import harmless, new_figure
from clairo.reporting.findings import Words
from clairo.reporting.labels import plural
from clairo.reporting.search_info import MAX_MARKS, Absent
from clairo.reporting.style import ACCENT, NEUTRAL
from clairo.tracking.records import SweepRecord


@dataclass(frozen=True)
class ArmCurve:
    """One run of one arm.

    Attributes:
        title: The arm's.
        seed: The run's.
        reference: Whether other arms are compared with it.
        epochs: From 1.
        values: The metric after each.
    """

    title: str
    seed: int
    reference: bool
    epochs: tuple[int, ...]
    values: tuple[float, ...]

    @property
    def rising(self) -> bool:
        """Whether its last epoch was its best."""
        return len(self.values) > 1 and max(self.values) == self.values[-1]


@dataclass(frozen=True)
class ArmCurvesInfo:
    """Curves of all arms.

    Attributes:
        curves: Those drawn, references last.
        num_curves: Before thinning.
        rising: How many of all ended with their best epoch.
    """

    curves: tuple[ArmCurve, ...]
    num_curves: int
    rising: int


def compute_arm_curves(record: SweepRecord) -> ArmCurvesInfo | Absent:
    """The objective by epoch of every run that was trained; thinned evenly where there are many.

    Arms that are masked at inference train nothing, and arms of one configuration share a run:
    each training is drawn once.
    """
    masked = {family.name for family in families(record) if family.kind == "inference"}
    seen: set[str] = set()
    key, trials = f"epoch/{record.summary.objective}", record.by_key()
    references = {(arm.group, arm.reference) for arm in record.summary.arms}
    curves = []
    for arm in (a for a in record.summary.arms if a.family not in masked):
        for trial in (trials[k] for k in arm.trial_keys if k in trials and k not in seen):
            seen.add(trial.key)
            points = [(e, v) for e, v in trial.history.get(key, ()) if math.isfinite(v)]
            if points:
                epochs, values = zip(*points, strict=True)
                is_reference = (arm.group, arm.name) in references
                curves.append(ArmCurve(arm.title, trial.seed, is_reference, epochs, values))
    if not curves:
        return Absent(f"No arm's run logged {key} while it trained.")
    step = 1 + sum(len(curve.epochs) for curve in curves) // MAX_MARKS
    kept = [curve for place, curve in enumerate(curves) if curve.reference or place % step == 0]
    ordered = tuple(sorted(kept, key=lambda curve: curve.reference))
    return ArmCurvesInfo(ordered, len(curves), sum(curve.rising for curve in curves))


def say_arm_curves(info: ArmCurvesInfo, label: str) -> Words:
    """Whether arms had come to rest."""
    of = plural(info.num_curves, "run")
    title = f"Of {of}, {info.rising} ended with their best epoch"
    if info.rising > info.num_curves / 2:
        title += ": longer training may change what arms are worth"
    if not info.rising:
        title = f"All {of} peaked before they stopped"
    drawn = "" if len(info.curves) == info.num_curves else f", {len(info.curves)} drawn"
    return title, (
        f"{label} on valid by epoch, one line an arm and seed{drawn}; what arms are compared with "
        "in colour."
    )


def plot_arm_curves(info: ArmCurvesInfo, label: str) -> go.Figure:
    """One thin line a run, references in colour on top."""
    figure = new_figure(340, "Epoch", label)
    last = max(curve.epochs[-1] for curve in info.curves)
    figure.update_xaxes(dtick=1 if last <= 20 else None)
    for curve in info.curves:
        figure.add_scatter(
            x=curve.epochs, y=curve.values, name=f"{harmless(curve.title)}, seed {curve.seed}",
            mode="lines+markers" if len(curve.epochs) < 4 else "lines", marker={"size": 6},
            line={"color": ACCENT if curve.reference else NEUTRAL,
                  "width": 2.5 if curve.reference else 1.2},
            opacity=1.0 if curve.reference else 0.55,
            hovertemplate=f"{harmless(curve.title)}, seed {curve.seed}, epoch %{{x}}: %{{y:.4f}}"
            "<extra></extra>",
        )  # fmt: skip
    return figure
