"""The sentences of a page: each is computed from the numbers it speaks of."""

from __future__ import annotations

from clairo.reporting.labels import (
    capitalised,
    duration,
    number,
    percent,
    plural,
    sentence_list,
    setting_label,
    with_error,
)
from clairo.reporting.outcome_info import CurvesInfo, VerdictInfo
from clairo.reporting.search_info import HistoryInfo, ImportanceInfo, ParallelInfo, TradeoffInfo
from clairo.reporting.selection import count_test_reads, search_trials
from clairo.reporting.stage_figures import codebook_name
from clairo.reporting.stage_info import CodebooksInfo, CostInfo
from clairo.tracking.records import SweepRecord

Words = tuple[str, str]
"""Title (the point) and subtitle (the data)."""


def verdict_claims(verdict: VerdictInfo, label: str) -> tuple[str, ...]:
    """The claims of a sweep's first screen."""
    value = with_error(verdict.value, verdict.error)
    if verdict.confirmed:
        seeds = plural(verdict.num_seeds, "fresh seed")
        spread = "mean ± standard error over" if verdict.error is not None else "on"
        first = f"Trial {verdict.number} is best: {label} {value} on valid, {spread} {seeds}."
    else:
        first = (
            f"Trial {verdict.number} scored highest in the search: {label} {value} on one "
            "seed. It was not run again on fresh seeds, so it is not called best."
        )
    return (
        first,
        *_tie_claims(verdict),
        *_test_claims(verdict, label),
        *_scale_claims(verdict, label),
    )


def _tie_claims(verdict: VerdictInfo) -> tuple[str, ...]:
    if verdict.confirmed and verdict.error is None:
        return ("One seed leaves no standard error, so ties cannot be told.",)
    others = [c for c in verdict.candidates[1:] if c.tied]
    claims = []
    if others:
        names = sentence_list([f"trial {c.number}" for c in others])
        claims.append(f"Tied with it, within one standard error on the same seeds: {names}.")
    elif len(verdict.candidates) > 1:
        claims.append("No other confirmed configuration is within one standard error of it.")
    confirmed = {c.number for c in verdict.candidates}
    rest = [number for number in verdict.tied_trials if number not in confirmed]
    if rest:
        shown = sentence_list([str(n) for n in rest[:8]])
        more = f" and {len(rest) - 8} more" if len(rest) > 8 else ""
        claims.append(
            "Within one standard error of the best search value, but not run again: "
            f"trials {shown}{more}."
        )
    return tuple(claims)


def _test_claims(verdict: VerdictInfo, label: str) -> tuple[str, ...]:
    if not verdict.candidates or verdict.candidates[0].test.mean is None:
        return ()
    test = verdict.candidates[0].test
    value, share = with_error(test.mean, test.error), ""
    if verdict.test_ceiling and test.mean is not None:
        share = f", {percent(test.mean / verdict.test_ceiling)} of the ceiling"
    reads = plural(verdict.num_test_reads, "run")
    return (f"On test, read once by each of {reads}: {label} {value}{share}.",)


def _scale_claims(verdict: VerdictInfo, label: str) -> tuple[str, ...]:
    parts = []
    if verdict.ceiling:
        share = percent(verdict.value / verdict.ceiling)
        parts.append(
            f"{share} of the best score possible in this world ({number(verdict.ceiling)})"
        )
    if verdict.popularity:
        times = f"{verdict.value / verdict.popularity:.1f}"
        parts.append(f"{times} times the popularity ranking ({number(verdict.popularity)})")
    return (f"For scale, {label} on valid is {' and '.join(parts)}.",) if parts else ()


def say_history(info: HistoryInfo, label: str) -> Words:
    """When the best value was found."""
    place = info.values.index(max(info.values))
    ordinal = {2: "2nd", 3: "3rd"}.get(info.step, f"{info.step}th")
    thinned = f"; drawn of them: every {ordinal} value, the best and the last" * (info.step > 1)
    if thinned and info.unscored:
        thinned += f", and {plural(len(info.unscored), 'trial')} without a value"
    title = f"The best value came with trial {info.numbers[place]}"
    if place == len(info.values) - 1 and len(info.values) > 3:
        title += ", the last one scored: more trials may find more"
    subtitle = (
        f"{label} on valid, one point a trial ({plural(info.num_trials, 'trial')}), line: best "
        f"so far{_rug_words(info)}{thinned}."
    )
    return title, subtitle


_MARKS = {"pruned": "▼", "infeasible": "■", "failed": "✕", "killed": "✕"}


def _rug_words(info: HistoryInfo) -> str:
    states = sorted({state for _, state in info.unscored})
    if not states:
        return ""
    marks = [f"{_MARKS.get(state, '○')} {state}" for state in states]
    return f"; without a value, below: {', '.join(marks)}"


def say_importance(info: ImportanceInfo) -> Words:
    """Which setting mattered, if that can be told."""
    first = setting_label(info.axes[0])
    title = (
        f"What mattered most was {first}"
        if info.leads
        else f"{capitalised(first)} leads, but these trials cannot rank the settings"
    )
    subtitle = (
        f"fANOVA share over {info.num_trials} scored trials (dot), range over ten samples of 80 % "
        "of them (line). Shares describe this search, not causes."
    )
    return title, subtitle


def say_parallel(info: ParallelInfo, label: str) -> Words:
    """What the best quarter, at least two trials, has in common, if anything."""
    count = len(info.values)
    order = sorted(range(count), key=lambda i: -info.values[i])
    quarter = order[: max(2, count // 4)]
    common = [
        f"{setting_label(axis.name)} {axis.ticks[info.places[quarter[0]][place]]}"
        for place, axis in enumerate(info.axes)
        if len({info.places[i][place] for i in quarter}) == 1
    ]
    thinned = "" if count == info.num_trials else f"; {count} of {info.num_trials} drawn"
    subtitle = (
        f"One line a trial ({plural(info.num_trials, 'scored trial')}) through its settings to its "
        f"{label} on valid; the darker, the better{thinned}."
    )
    if count < 4:
        return f"{plural(count, 'trial')}: too few to say what good ones share", subtitle
    if not common:
        return f"The best {len(quarter)} trials do not share one setting", subtitle
    return f"The best {len(quarter)} trials share {sentence_list(common)}", subtitle


CLOSE = 0.05
"""A trial within this share of the best value is a cheaper choice, not another class."""


def say_tradeoff(info: TradeoffInfo, label: str) -> Words:
    """Whether something cheaper comes close to the best trial."""
    by_number = dict(zip(info.numbers, zip(info.costs, info.values, strict=True), strict=True))
    best = by_number[info.front[0]]
    close = [n for n in info.front if by_number[n][1] >= (1 - CLOSE) * best[1]]
    chosen = close[-1] if len(close) > 1 else info.front[-1]
    if len(info.front) == 1:
        title = f"The best trial is also the lowest in {info.cost[:1].lower() + info.cost[1:]}"
    else:
        cost, value = by_number[chosen]
        loss = f", at {percent(value / best[1] - 1, 1, signed=True)} {label}" if best[1] else ""
        title = (
            f"Trial {chosen} takes {number(cost, 1)} {info.unit} instead of "
            f"{number(best[0], 1)}{loss}"
        )
    missing = f"; {info.missing:,} without this cost" if info.missing else ""
    if len(info.numbers) < info.num_trials:
        missing += f"; {len(info.numbers):,} are drawn, among them the best"
    return title, (
        f"{plural(info.num_trials, 'scored trial')}, {label} on valid, one seed each; numbered: "
        f"no other trial is better in both{missing}."
    )


def say_candidates(verdict: VerdictInfo, label: str) -> Words:
    """Whether the search value survived fresh seeds."""
    best = verdict.candidates[0]
    drop = (best.valid.mean or 0.0) - best.search_value
    if verdict.error is None:
        title = "One fresh seed: no error can be given"
    elif abs(drop) <= verdict.error:
        title = "On fresh seeds the best configuration keeps its search value"
    else:
        way = "less" if drop < 0 else "more"
        title = f"The best scores {number(abs(drop))} {way} on fresh seeds than in the search"
    return title, (
        f"{label} on valid; circles: fresh seeds, diamond below: the search's one seed, dot and "
        "line: mean ± standard error over fresh seeds."
    )


def say_curves(info: CurvesInfo, label: str) -> Words:
    """Whether training had come to rest."""
    best = next((curve for curve in reversed(info.curves) if curve[1]), None)
    thinned = "" if len(info.curves) == info.num_curves else f"; the best {len(info.curves)} drawn"
    subtitle = (
        f"{label} on valid by epoch, {plural(info.num_curves, 'trial')}{thinned}; the best "
        f"configuration in colour.{_lighter(info)}"
    )
    if best is None:
        return "No curve of the best configuration was logged", subtitle
    peak = best[2][best[3].index(max(best[3]))]
    if peak == best[2][-1] and len(best[2]) > 1:
        return (
            f"The best configuration was still improving when it stopped at epoch {peak}",
            subtitle,
        )
    return f"The best configuration peaked at epoch {peak} of {best[2][-1]}", subtitle


def _lighter(info: CurvesInfo) -> str:
    """Why the end of a curve is not the trial's final value."""
    if not info.light_users:
        return ""
    return (
        f" While training, {plural(info.light_users, 'user')} are asked and one segmentation is "
        "decoded, so a curve does not end at the final value."
    )


def say_codebooks(info: CodebooksInfo) -> Words:
    """Which codebook is used least evenly."""
    shares = [
        (book.perplexity / len(book.counts), book) for book in info.codebooks if book.perplexity
    ]
    subtitle = (
        f"Items per code of trial {info.trial}, codes sorted by use; a flat line would be "
        "perfectly even."
    )
    if not shares:
        return f"{plural(len(info.codebooks), 'codebook')}, perplexity was not logged", subtitle
    share, book = min(shares, key=lambda pair: pair[0])
    return (
        f"The least even codebook is {codebook_name(book)}: it works like {book.perplexity:.0f} "
        f"of {len(book.counts)} codes ({percent(share)})",
        subtitle,
    )


def say_cost(info: CostInfo) -> Words:
    """What took the time, and what the store saved."""
    top = max(info.stages, key=lambda stage: stage.computed + stage.loaded)
    share = (top.computed + top.loaded) / info.spent if info.spent else 0.0
    name = top.name.replace("_", " ")
    found, runs = sum(s.num_cached for s in info.stages), info.num_runs
    spent = f"{capitalised(name)} took {percent(share)} of the stage time"
    if found == runs:
        spent = "No stage was computed again"
    return (
        f"{spent}; the store saved {duration(info.saved)}",
        f"{found:,} of {plural(runs, 'stage run')} were found in the store ({percent(found / runs)}"
        f"). Filled: {duration(info.spent)} in stages, summed over all trials; outlined: what "
        f"computing the found ones again would have taken. {duration(info.other)} outside stages.",
    )


def say_collisions(info: CodebooksInfo) -> str:
    """How often items share their codes before disambiguation."""
    if info.collision_rate is None:
        return "The collision rate was not logged."
    if info.collision_rate == 0:
        return (
            "Every item has codes of its own already, so the disambiguation digit tells nothing "
            "apart."
        )
    largest = (
        ""
        if info.largest_bucket is None
        else f"; at most {plural(int(info.largest_bucket), 'item')} share one tuple"
    )
    return (
        f"Before disambiguation {percent(info.collision_rate, 1)} of the items do not have codes "
        f"of their own{largest}. The disambiguation digit makes every item unique."
    )


def say_spared(record: SweepRecord) -> str:
    """What was spared besides the store's hits: counted, not estimated."""
    states = [trial.state for trial in search_trials(record)]
    pruned, infeasible = states.count("pruned"), states.count("infeasible")
    parts = []
    if record.summary.duplicates:
        duplicates = plural(record.summary.duplicates, "duplicate suggestion")
        parts.append(f"{duplicates} answered from the record")
    if pruned:
        parts.append(f"the later epochs of {plural(pruned, 'pruned trial')}")
    if infeasible:
        trials = plural(infeasible, "trial")
        parts.append(f"all training of {trials} whose codes did not pass the gates")
    if not parts:
        return "Nothing else was spared: no duplicate, no pruned trial, none stopped at the gates."
    return f"Also spared: {sentence_list(parts)}. Their seconds are unknown and not estimated."


def say_reads(record: SweepRecord) -> str:
    """How often test was read, and by what; a read outside the confirmation is called out."""
    reads = count_test_reads(record)
    total = sum(reads.values())
    if not total:
        return "Test was not read."
    others = {role: n for role, n in reads.items() if role != "confirm"}
    experiment = record.summary.experiment
    if record.summary.is_ablation and experiment is not None and experiment.split == "test":
        return f"Test was read by {plural(total, 'run')}, as declared: once by each arm and seed."
    if others:
        named = sentence_list([f"{n} in the {role}" for role, n in others.items()])
        return f"Test was read by {plural(total, 'run')}, {named}: more than the protocol allows."
    configurations = plural(len(record.summary.candidates), "confirmed configuration")
    return (
        f"Test was read {plural(total, 'time')}: once by each fresh-seed run of the "
        f"{configurations}, by no trial of the search and no arm of the ablation."
    )


def say_states(record: SweepRecord) -> str:
    """How the runs of each role ended."""
    parts = []
    for role, name in (("search", "Search"), ("confirm", "Fresh seeds"), ("ablation", "Ablation")):
        states = [trial.state for trial in record.trials if trial.role == role]
        if states:
            counts = [f"{states.count(state)} {state}" for state in sorted(set(states))]
            parts.append(f"{name}: {', '.join(counts)}.")
    return " ".join(parts) or "No trial has been run yet."
