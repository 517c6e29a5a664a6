"""The sentences about a representation: each is computed from the numbers it speaks of."""

from __future__ import annotations

from clairo.reporting.fusion_info import (
    DECISIVE,
    IDLE,
    OUTWEIGHS,
    FusionCurvesInfo,
    RelianceInfo,
    WeightsInfo,
)
from clairo.reporting.health_info import DepthCourse, DepthInfo, HealthInfo, Level
from clairo.reporting.labels import capitalised, duration, number, percent, plural, sentence_list
from clairo.reporting.reduction_info import DownstreamSeconds, ReductionInfo
from clairo.reporting.search_info import Absent
from clairo.reporting.tree_info import TreeInfo
from clairo.reporting.usage_info import UsageInfo, UsageLine
from clairo.reporting.vocabulary_findings import Words

REPRESENTATION_TITLE = "What the codes mean"
"""Name of the page."""


def say_health(info: HealthInfo) -> str:
    """Whether the codes collapse."""
    least = min(info.levels, key=lambda level: (level.usage, level.perplexity or 0.0))
    if info.collapsed:
        named = sentence_list([_level(level) for level in info.collapsed])
        said = f"Codes collapse: {named} of {plural(len(info.levels), 'codebook')}"
        worst = min(info.collapsed, key=lambda level: level.usage)
        return f"{said}; {_level(worst)} uses {_used(worst)}."
    one = f"the only codebook, {_level(least)}," if len(info.levels) == 1 else ""
    which = one or f"the least used of {len(info.levels)} codebooks, {_level(least)},"
    return f"No codebook collapses: {which} uses {_used(least)}."


def _used(level: Level) -> str:
    works = f", working like {number(level.perplexity, 0)} codes" if level.perplexity else ""
    return f"{percent(level.usage)} of its {level.size:,} codes{works}"


def _level(level: Level) -> str:
    return f"{level.modality} {level.index + 1}"


def say_usage(info: UsageInfo) -> Words:
    """Whose codebooks as kept are used least, and whose most."""
    ends = sorted(info.lines, key=lambda line: line.kept)
    low, high = ends[0], ends[-1]
    title = f"Of its codes {low.name} uses {percent(low.kept)} ({_counted(low)})"
    if low is not high:
        title += f", {high.name} {percent(high.kept)} ({_counted(high)})"
    fallen = [line for line in info.lines if _fell(line)]
    if fallen:
        names = sentence_list([line.name for line in fallen])
        title += (
            f"; {names} lost more than half of what {'it' if len(fallen) == 1 else 'they'} used"
        )
    same = {
        True: " All quantise the same vectors.",
        False: " Not all quantise the same vectors, so the lines do not compare quantizers alone.",
        None: "",
    }[info.same_vectors]
    at_once = [line.name for line in info.lines if not line.epochs]
    level = (
        f" Level lines: fitted without epochs, codes that any item has ({sentence_list(at_once)})."
        if at_once
        else ""
    )
    marked = any(line.selected in line.epochs for line in info.lines)
    diamond = "; diamond: the epoch that is kept" if marked else ""
    return (
        title,
        f"{info.source}. Curves: share of codes that any training row has, by epoch{diamond}."
        f"{level}{same}",
    )


def _counted(line: UsageLine) -> str:
    """Which items a line's usage counts, and when."""
    if not line.epochs:
        return "all items"
    kept = line.selected in line.epochs
    return f"training rows, {f'epoch {line.selected}, kept' if kept else 'last epoch'}"


def _fell(line: UsageLine) -> bool:
    return line.kept < 0.5 * max(line.until_kept)


def say_neighbors(info: DepthInfo) -> Words:
    """How many neighbours the first code keeps, against chance."""
    parts = [_against_chance(course) for course in info.courses]
    dots = "; in dots, the share of any two items" if _knows_chance(info) else ""
    return (
        f"The first code keeps {sentence_list(parts)}",
        f"Trial {info.trial}: share of an item's ten nearest neighbours, by cosine of the vectors "
        f"quantised, that have the same first codes{dots}.",
    )


def _knows_chance(info: DepthInfo) -> bool:
    return any(course.by_chance for course in info.courses)


def _by_chance(course: DepthCourse, depth: int) -> str:
    """The chance level in brackets, nothing where it is not known."""
    return f" ({percent(course.by_chance[depth])} by chance)" if course.by_chance else ""


def _against_chance(course: DepthCourse) -> str:
    share = percent(course.shares[0])
    return f"{share} of the {course.modality} neighbours together{_by_chance(course, 0)}"


def say_purity(info: DepthInfo) -> Words:
    """How much purer than chance the prefixes are."""
    parts = [_purity(course) for course in info.courses]
    categories = "" if info.num_categories is None else f"{int(info.num_categories)} categories; "
    order = (
        ""
        if info.nested
        else " These codes stand for parts of the vector side by side: their order means nothing, "
        "and a prefix is no branch."
    )
    dots = (
        ": in dots, the same groups with the categories dealt out at random"
        if _knows_chance(info)
        else ""
    )
    return (
        capitalised(sentence_list(parts)),
        f"Trial {info.trial}, {categories}share of items in the majority category of those with "
        "the same first codes. Purity rises with depth for any codes, because groups get smaller"
        f"{dots}.{order}",
    )


def _purity(course: DepthCourse) -> str:
    # Without chance the first code is named: purity alone is highest at the deepest one.
    gains = [s - c for s, c in zip(course.shares, course.by_chance, strict=False)] or [0.0]
    depth = max(range(len(gains)), key=lambda place: gains[place])
    codes = "first code" if depth == 0 else f"first {depth + 1} codes"
    return (
        f"{percent(course.shares[depth])} of the {course.modality} items are in the majority "
        f"category of their {codes}{_by_chance(course, depth)}"
    )


def say_hierarchy(info: DepthInfo) -> str:
    """Whether the hierarchy means something, in one sentence for the first screen."""
    known = [course for course in info.courses if course.by_chance]
    if not known:
        return (
            "Whether the hierarchy means something is not known: its purity has no chance level "
            "to stand against."
        )
    best = max(known, key=lambda c: c.shares[0] - c.by_chance[0])
    gain = best.shares[0] - best.by_chance[0]
    verdict = "The hierarchy means something" if gain >= 0.05 else "The hierarchy means little"
    if not info.nested:
        verdict = "The codes mean something" if gain >= 0.05 else "The codes mean little"
    return (
        f"{verdict}: {percent(best.shares[0])} of the items are in the majority category of their "
        f"first {best.modality} code, {percent(best.by_chance[0])} by chance."
    )


def say_weights(info: WeightsInfo) -> Words:
    """Whom the fusion listens to."""
    weights = info.weights
    parts = [f"{name} {percent(mean)}" for name, mean in weights.means.items()]
    single = (
        f"; {plural(weights.num_single, 'item')} with one modality are left out"
        if weights.num_single
        else ""
    )
    return (
        f"The fusion gives {sentence_list(parts)} on average",
        f"Trial {info.trial} (seed {info.seed}), {info.kind}: weights of "
        f"{plural(weights.num_items, 'item')} with several modalities{single}. An item's weights "
        "sum to 100 %.",
    )


def say_weights_by_category(info: WeightsInfo) -> Words:
    """Where the first modality weighs most and least."""
    shown = next(iter(info.weights.histogram))
    rows = sorted(info.weights.categories, key=lambda row: row.quantiles[shown][2])
    low, high = rows[0], rows[-1]
    names = [row.category or "unknown categories" for row in (high, low)]
    medians = [percent(row.quantiles[shown][2]) for row in (high, low)]
    point = f"{capitalised(shown)} weighs most in {names[0]} ({medians[0]})"
    if low is not high:
        point += f" and least in {names[1]} ({medians[1]})"
    return (
        point,
        f"Trial {info.trial}; categories: the {len(rows)} most frequent, with the number of items. "
        "Point: median; thick: half of the items; thin: nine tenths.",
    )


def say_reliance(info: RelianceInfo) -> Words:
    """How far codes change when one modality is exchanged."""
    first, *others = info.reliances
    parts = [f", exchanging {r.modality} that of {percent(r.first)}" for r in others]
    return (
        f"Exchanging {first.modality} changes the first code of {percent(first.first)} of the items"
        f"{''.join(parts)}",
        f"Trial {info.trial}, {info.kind}: one modality of probed items is taken from another "
        "item, the rest is left, and the joint vector is quantised again. That any code changes "
        "grows likelier with every further code, so the first one is judged.",
    )


def warn_of_reliance(info: RelianceInfo) -> str:
    """A warning where one modality alone decides, ``""`` where none does."""
    if info.leaning is None:
        return ""
    most, least = info.leaning
    limit = (
        f"at least {percent(DECISIVE)}"
        if most.first >= DECISIVE
        else f"at least {number(OUTWEIGHS, 0)} times as many"
    )
    return (
        f"Warning: the codes rely on {most.modality} alone. Exchanging {most.modality} changes "
        f"the first code of {percent(most.first)} of the items ({limit}), exchanging "
        f"{least.modality} that of {percent(least.first)} (less than {percent(IDLE)}): "
        f"{least.modality} hardly enters them."
    )


def say_fusion_curves(info: FusionCurvesInfo) -> Words:
    """Where the training of the fusion began and ended."""
    curve = (info.losses or info.others)[0]
    first, last = number(curve.values[0]), number(curve.values[-1])
    return (
        f"{capitalised(curve.name.replace('_', ' '))} went from {first} to {last} in "
        f"{plural(curve.epochs[-1], 'epoch')}",
        f"Trial {info.trial}, training of the fusion {info.kind}.",
    )


def say_reduction(info: ReductionInfo) -> str:
    """What PCA kept and what it saved, seconds included where they were measured."""
    parts = [
        f"{part.dims_kept} of {part.dims_before} {part.modality} dims"
        + (f" with {percent(part.variance_kept)} of the variance" if part.variance_kept else "")
        for part in info.modalities
    ]
    # What PCA leaves of the joint vector has been counted before fusion.
    apart = [part for part in info.modalities if part.modality != "fused"] or info.modalities
    before = sum(part.dims_before for part in apart)
    share = 1 - sum(part.dims_kept for part in apart) / before
    saved = f" and saves {percent(share)} of the bytes of these vectors"
    return f"PCA keeps {sentence_list(parts)}{saved}. {say_downstream(info.seconds)}"


def say_downstream(seconds: DownstreamSeconds | Absent) -> str:
    """What PCA saved in the stages behind it."""
    if isinstance(seconds, Absent):
        return f"Seconds saved downstream: {seconds.reason[:1].lower()}{seconds.reason[1:]}"
    reduced = sum(seconds.reduced) / len(seconds.reduced)
    whole = sum(seconds.whole) / len(seconds.whole)
    saved = seconds.saved_share
    verb = "less" if saved >= 0 else "more"
    change = (
        f"{percent(abs(saved))} {verb}" if percent(abs(saved)) != percent(0.0) else "just as long"
    )
    runs = f"{plural(len(seconds.reduced), 'run')} each, on the same seeds"
    return (
        f"Fusion and codes took {duration(reduced)} with PCA and {duration(whole)} without, "
        f"{change} (means of {runs}; seconds of computing, not of reading from the store)."
    )


def say_tree(info: TreeInfo) -> tuple[str, ...]:
    """What the branches show and how to read them."""
    sizes = []
    for tree in info.trees:
        first = plural(tree.num_branches, f"first {tree.modality} code")
        items = plural(tree.num_items, "item")
        sizes.append(
            f"the {len(tree.branches)} largest of {first} ({percent(tree.covered)} of {items})"
        )
    return (
        f"Trial {info.trial} (seed {info.seed}): {sentence_list(sizes)}. Each branch says how many "
        "items have its codes and which category is the most frequent among them; its pictures are "
        "of the items most frequent in training. Open a branch to see what the next code parts it "
        "into.",
    )
