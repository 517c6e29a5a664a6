"""Figures of an ablation: effects with intervals, and every seed as a point."""

from __future__ import annotations

import plotly.graph_objects as go

from clairo.reporting.ablation_families import REFERENCE
from clairo.reporting.ablation_info import AblationInfo, ArmInfo, EffectInfo
from clairo.reporting.drawing import add_interval, harmless, row_figure
from clairo.reporting.labels import number
from clairo.reporting.style import ACCENT, MODALITY_COLORS, NEUTRAL

_MODALITY_FAMILIES = ("modality_masking", "inference_masking")
"""Families whose arms are named after what they use, or what is masked in them."""

_ARM_COLORS = {"text": MODALITY_COLORS["text"], "image": MODALITY_COLORS["image"]}
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross")


def arm_color(family: str, name: str) -> str:
    """Modality arms wear their modality's colour, all others the accent."""
    if family not in _MODALITY_FAMILIES:
        return ACCENT
    return _ARM_COLORS.get(name.partition("_")[0], MODALITY_COLORS["joint"])


def _masking_name(arm: ArmInfo) -> str:
    """The unchanged winner wears the colour of what it uses."""
    if arm.name != REFERENCE or arm.example is None:
        return arm.name
    quantization = arm.example.config.get("quantization", {})
    if quantization.get("kind") == "given":
        return f"{quantization.get('modalities', REFERENCE)}_only"
    return str(arm.example.config.get("fusion", {}).get("kind", REFERENCE))


def plot_effects(info: AblationInfo, label: str) -> go.Figure:
    """Forest plot of arm minus reference: thin line the verdict's interval, thick over users."""
    effects = info.effects
    figure = row_figure(
        [effect.arm.title for effect in effects],
        [number(e.interval.mean, info.digits, signed=True) for e in effects],
        f"Difference in {label} from {info.against}",
    )
    reach = _reach(info)
    if info.margin is not None:
        figure.add_vrect(
            x0=-info.margin, x1=info.margin, fillcolor=NEUTRAL, opacity=0.14, line_width=0,
            layer="below",
        )  # fmt: skip
    for place, effect in enumerate(effects):
        _add_effect(figure, effect, -place, arm_color(info.family.name, effect.arm.name), reach)
    figure.update_xaxes(range=[-reach, reach], zeroline=True)
    return figure


def _reach(info: AblationInfo) -> float:
    """Half the axis: shows every seed and users' interval; a longer t interval is cut, and says so.

    With two seeds the t interval can be ten times as long as all effects together, and a figure
    scaled to it would show nothing.
    """
    sizes = [info.margin or 0.0]
    for effect in info.effects:
        sizes += [abs(delta) for delta in effect.deltas.values()]
        sizes += [abs(bound) for bound in effect.users]
    return 1.35 * max(sizes) or 1.0


def _add_effect(
    figure: go.Figure, effect: EffectInfo, row: float, color: str, reach: float
) -> None:
    add_interval(figure, effect.interval, row, color, reach)
    figure.add_scatter(
        x=list(effect.users), y=[row, row], mode="lines", line={"color": color, "width": 5},
        opacity=0.45, name="95 % over users, these trained models only",
        hovertemplate="95 % over users, these trained models only: %{x:+.4f}<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=list(effect.deltas.values()), y=[row] * len(effect.deltas), mode="markers", name="seed",
        text=list(effect.deltas), hovertemplate="Seed %{text}: %{x:+.4f}<extra></extra>",
        marker={"symbol": "line-ns", "size": 7, "line": {"color": color, "width": 2}},
    )  # fmt: skip
    figure.add_scatter(
        x=[effect.interval.mean], y=[row], mode="markers", marker={"color": color, "size": 11,
                "symbol": "circle-open" if effect.verdict == "inconclusive" else "circle",
                "line": {"width": 2.5, "color": color}},
        text=[f"{harmless(effect.arm.title)}, {effect.verdict}"], name="mean difference",
        hovertemplate="%{text}: %{x:+.4f}<extra></extra>",
    )  # fmt: skip


def plot_seeds(info: AblationInfo, label: str) -> go.Figure:
    """Each seed of each arm as a point, the arm's mean as a bar; references on top."""
    arms = info.arms
    figure = row_figure(
        [arm.title for arm in arms], [number(arm.mean, info.digits) for arm in arms], label
    )
    seeds = sorted({seed for arm in arms for seed in arm.by_seed})
    for place, arm in enumerate(arms):
        color = arm_color(info.family.name, _masking_name(arm))
        figure.add_scatter(
            x=[arm.mean], y=[-place], mode="markers", name="mean", hoverinfo="skip",
            marker={"color": color, "symbol": "line-ns", "size": 14,
                    "line": {"color": color, "width": 3}},
        )  # fmt: skip
        figure.add_scatter(
            x=list(arm.by_seed.values()), y=[-place] * len(arm.by_seed), mode="markers",
            text=list(arm.by_seed), name="seed",
            marker={"color": color, "size": 9, "opacity": 0.75,
                    "symbol": [_SYMBOLS[seeds.index(s) % len(_SYMBOLS)] for s in arm.by_seed]},
            hovertemplate="Seed %{text}: %{x:.4f}<extra></extra>",
        )  # fmt: skip
    return figure
