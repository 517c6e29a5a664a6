"""Effects by segment as a figure: for which users an arm matters most."""

from __future__ import annotations

import plotly.graph_objects as go

from clairo.reporting.ablation_figures import arm_color
from clairo.reporting.ablation_findings import lowered
from clairo.reporting.drawing import harmless, padded_range, row_figure
from clairo.reporting.findings import Words
from clairo.reporting.labels import number, percent, plural
from clairo.reporting.marks import is_clear
from clairo.reporting.segment_info import (
    BY_TARGET,
    FEW_USERS,
    SEGMENT_TITLES,
    SegmentEffect,
    SegmentRow,
    SegmentsInfo,
)

MOST_ARMS = 3
"""Arms that are drawn, those with the largest effects; the table holds all."""

_GAP = 0.24
_SYMBOLS = ("circle", "square", "diamond")
_WORTH = {"text_only": ("Images", "help"), "image_only": ("Text", "helps")}
"""What an arm has lost, where it is one modality, and the verb that fits it."""

_SHORT = {"head": "bestsellers", "torso": "the torso", "tail": "the tail"}


def key_rows(found: SegmentsInfo) -> tuple[SegmentRow, ...]:
    """The arms that are drawn, in the order of the table."""
    ranked = sorted(found.rows, key=lambda row: -abs(row.effect.interval.mean))[:MOST_ARMS]
    return tuple(row for row in found.rows if row in ranked)


def say_segments(found: SegmentsInfo, label: str) -> Words:
    """In which targets the largest effect is largest, and whether that stands out."""
    first = max(found.rows, key=lambda row: abs(row.effect.interval.mean))
    sizes = [s for s in (first.of(name) for name in BY_TARGET) if s.users >= FEW_USERS]
    names = ", ".join(
        f"{_SYMBOL_WORDS[place]} {lowered(row.effect.arm.title)}"
        for place, row in enumerate(key_rows(found))
    )
    drawn = len(key_rows(found))
    of = "" if drawn == len(found.rows) else f" (the {drawn} largest of {len(found.rows)})"
    subtitle = (
        f"Difference in {label} on {found.info.split}{of}: {names}; line: 95 % over users and "
        f"seeds, not adjusted; {found.info.seeds_text}. Segments with fewer than {FEW_USERS} users "
        "are in the table only."
    )
    if len(sizes) < 2:
        return "Too few users in each segment to say where the effect comes from", subtitle
    return _point(first, sizes), subtitle


_SYMBOL_WORDS = ("●", "■", "◆")


def _point(row: SegmentRow, sizes: list[SegmentEffect]) -> str:
    """Which segment of targets has the largest effect in the direction of the whole."""
    way = 1.0 if row.effect.interval.mean >= 0 else -1.0
    ranked = sorted(sizes, key=lambda s: -way * (s.interval.mean if s.interval else 0.0))
    top, rest = ranked[0], ranked[1:]
    assert top.interval is not None
    size = f"{number(top.interval.mean, 3, signed=True)}, {percent(top.percent, 0, signed=True)}"
    arm = row.effect.arm
    if not is_clear(top.interval):
        return (
            "No segment of targets shows a clear effect; largest: "
            f"{lowered(arm.title)} in {_SHORT[top.segment]} ({size})"
        )
    lost, verb = _WORTH.get(arm.name, ("", ""))
    start = f"{arm.title} differs most in {_SHORT[top.segment]} ({size})"
    if lost and way < 0:
        start = f"{lost} {verb} most in {_SHORT[top.segment]} ({lowered(arm.title)}: {size})"
    overlap = [_SHORT[s.segment] for s in rest if _overlap(top, s)]
    return f"{start}; its interval overlaps that of {overlap[0]}" if overlap else start


def _overlap(one: SegmentEffect, other: SegmentEffect) -> bool:
    """Whether intervals overlap; where one is unknown, nothing stands out."""
    a, b = one.interval, other.interval
    if a is None or b is None or None in (a.low, a.high, b.low, b.high):
        return True
    assert a.low is not None
    assert a.high is not None
    assert b.low is not None
    assert b.high is not None
    return a.low <= b.high and b.low <= a.high


def plot_segments(found: SegmentsInfo, label: str) -> go.Figure:
    """One row a segment, in it a dot with its interval for each key arm."""
    rows = key_rows(found)
    shown = [
        name for name in SEGMENT_TITLES if any(row.of(name).users >= FEW_USERS for row in rows)
    ]
    users = {name: max(row.of(name).users for row in rows) for name in shown}
    figure = row_figure(
        [SEGMENT_TITLES[name] for name in shown],
        [plural(users[name], "user") for name in shown],
        f"Difference in {label} from {found.info.against}",
    )
    ends: list[float] = []
    for place, row in enumerate(rows):
        color = arm_color(found.info.family.name, row.effect.arm.name)
        shift = _GAP * (place - (len(rows) - 1) / 2)
        kept = [(y, row.of(name)) for y, name in enumerate(shown)]
        kept = [(y, segment) for y, segment in kept if segment.users >= FEW_USERS]
        intervals = [segment.interval for _, segment in kept if segment.interval]
        means = [interval.mean for interval in intervals]
        figure.add_scatter(
            x=means, y=[-y - 0.12 - shift for y, _ in kept], mode="markers",
            name=harmless(row.effect.arm.title),
            marker={"color": color, "size": 9, "symbol": _SYMBOLS[place]},
            error_x={
                "type": "data", "symmetric": False, "color": color, "thickness": 1.5, "width": 0,
                "array": [(i.high if i.high is not None else i.mean) - i.mean for i in intervals],
                "arrayminus": [i.mean - (i.low if i.low is not None else i.mean)
                               for i in intervals],
            },
            text=[f"{SEGMENT_TITLES[s.segment]}: {plural(s.users, 'user')}" for _, s in kept],
            hovertemplate=f"{harmless(row.effect.arm.title)}<br>%{{text}}<br>%{{x:+.4f}}"
            "<extra></extra>",
        )  # fmt: skip
        ends += [i.mean for i in intervals]
        ends += [bound for i in intervals for bound in (i.low, i.high) if bound is not None]
    figure.update_xaxes(zeroline=True, range=padded_range(ends))
    return figure
