"""The page of a sweep: verdict first, then the argument, cost, failures and how to reproduce."""

from __future__ import annotations

from clairo.evaluation.metric_names import metric_label
from clairo.reporting import (
    failure_tables,
    findings,
    representation_page,
    search_figures,
    search_tables,
    stage_figures,
    stage_tables,
    vocabulary_findings,
)
from clairo.reporting.labels import plural, sentence_list, setting_label
from clairo.reporting.links import page_links
from clairo.reporting.outcome_info import VerdictInfo, compute_curves, compute_verdict
from clairo.reporting.page import (
    Block,
    Figure,
    Missing,
    Page,
    Prose,
    Section,
    TableBlock,
    absent,
)
from clairo.reporting.provenance import best_code, measured_on, no_evidence_for, reproduce_section
from clairo.reporting.search_info import (
    Absent,
    compute_history,
    compute_importances,
    compute_parallel,
    compute_tradeoff,
)
from clairo.reporting.selection import search_trials, shown_number, spread
from clairo.reporting.spelled_info import SpelledInfo, compute_spelled
from clairo.reporting.stage_info import (
    compute_codebooks,
    compute_cost,
    compute_merges,
)
from clairo.reporting.vocabulary_page import crossing_block, economy_blocks
from clairo.tracking.records import SweepRecord


def make_sweep_page(record: SweepRecord) -> Page:
    """The page of a sweep; what is missing is said in its place."""
    summary, verdict = record.summary, compute_verdict(record)
    found = verdict if isinstance(verdict, VerdictInfo) else None
    label = metric_label(summary.objective)
    claims = (
        findings.verdict_claims(verdict, label)
        if isinstance(verdict, VerdictInfo)
        else (verdict.reason,)
    )
    sections = (
        _confirmation(record, found, label),
        _test(record, found),
        _search(record, found, label),
        _settings(record, label),
        codes_section(record),
        _training(record, label),
        _cost(record, label),
        failures_section(record),
        _protocol(record, label),
        reproduce_section(record),
    )
    return Page(
        title=f"{summary.dataset_name}: sweep {summary.sweep_id}",
        headline=_headline(record, label),
        claims=claims,
        warning=no_evidence_for(record, exploratory=found is None or found.num_seeds < 5),
        lead=_lead(record),
        sections=sections,
        links=page_links(record, "index.html"),
    )


def _headline(record: SweepRecord, label: str) -> str:
    summary = record.summary
    return f"Which settings give {summary.dataset_name} the best {label}?"


def _lead(record: SweepRecord) -> tuple[Block, ...]:
    axes = sentence_list([setting_label(axis) for axis in record.summary.axes])
    blocks: list[Block] = [measured_on(record), *best_code(record)]
    words = (f"Searched: {axes}.",) if axes else ()
    if words or record.summary.notes:
        blocks.append(Prose((*words, *record.summary.notes)))
    return tuple(blocks)


def _confirmation(record: SweepRecord, verdict: VerdictInfo | None, label: str) -> Section:
    title = "Does it hold on fresh seeds?"
    if verdict is None or not verdict.candidates:
        reason = (
            "No configuration was run again on fresh seeds, so the search's best value may be luck."
        )
        blocks_without = (Missing("Confirmation", reason), *_lost_seeds(record))
        return Section("confirmation", title, blocks_without)
    words = findings.say_candidates(verdict, label)
    figure = search_figures.plot_candidates(verdict.candidates, f"{label} on valid")
    table = search_tables.candidates_table(record, verdict.candidates)
    blocks: list[Block] = [Figure("confirmation", *words, figure), TableBlock(table)]
    return Section("confirmation", title, (*blocks, *_lost_seeds(record)))


def _lost_seeds(record: SweepRecord) -> tuple[Block, ...]:
    """Fresh seeds that gave no value, of every candidate."""
    lost = [
        Missing(f"Fresh seeds of {candidate.config_key[:8]}", f"{sentence_list(gone)}.")
        for candidate in record.summary.candidates
        if (gone := spread(record, candidate.trial_keys, record.summary.objective).missing)
    ]
    return tuple(lost)


def _test(record: SweepRecord, verdict: VerdictInfo | None) -> Section:
    title = "Test results and what users are shown"
    if verdict is None or not verdict.candidates:
        reason = "Test is read for confirmed configurations only, and there is none."
        return Section("test", title, (Missing("Test results", reason),))
    has_test = any(c.test.values for c in verdict.candidates)
    split = "test" if has_test else "valid"
    blocks: list[Block] = []
    if not has_test:
        blocks.append(Missing("Test results", "No confirming run logged them; valid follows."))
    for table in (
        search_tables.results_table(record, verdict.candidates, split),
        search_tables.exposure_table(record, verdict.candidates, split),
        search_tables.segments_table(record, verdict.candidates[0], split),
    ):
        if any(cell.value is not None for row in table.rows for cell in row[1:]):
            blocks.append(TableBlock(table))
        else:
            blocks.append(Missing(table.caption, "No confirming run logged these metrics."))
    return Section("test", title, tuple(blocks))


def _search(record: SweepRecord, verdict: VerdictInfo | None, label: str) -> Section:
    history = compute_history(record)
    blocks: list[Block] = [
        absent("Optimisation history", history)
        if isinstance(history, Absent)
        else Figure(
            "history",
            *findings.say_history(history, label),
            search_figures.plot_history(history, label),
        )
    ]
    if search_trials(record):
        blocks.append(TableBlock(search_tables.trials_table(record, verdict)))
    return Section("search", "The search", tuple(blocks))


def _settings(record: SweepRecord, label: str) -> Section:
    importance, parallel = compute_importances(record), compute_parallel(record)
    blocks: list[Block] = [
        absent("Importance of the settings", importance)
        if isinstance(importance, Absent)
        else Figure(
            "importance",
            *findings.say_importance(importance),
            search_figures.plot_importance(importance),
        ),
        absent("Parallel coordinates", parallel)
        if isinstance(parallel, Absent)
        else Figure(
            "parallel",
            *findings.say_parallel(parallel, label),
            search_figures.plot_parallel(parallel, label),
            min_width=110 * (len(parallel.axes) + 1),
        ),
    ]
    return Section("settings", "Which settings matter", tuple(blocks))


def codes_section(record: SweepRecord) -> Section:
    """Codebooks and merges of the best configuration, or of an ablation's reference."""
    books, merges = compute_codebooks(record), compute_merges(record)
    blocks: list[Block] = []
    if isinstance(books, Absent):
        blocks.append(absent("Codebook usage", books))
    else:
        words = findings.say_codebooks(books)
        blocks.append(Figure("codebooks", *words, stage_figures.plot_codebooks(books)))
        blocks.append(Prose((findings.say_collisions(books),)))
        blocks.append(TableBlock(stage_tables.codebooks_table(books)))
    blocks += representation_page.reliance_caution(record)
    if isinstance(merges, Absent):
        blocks.append(absent("Merges", merges))
    else:
        spelled = isinstance(compute_spelled(record), SpelledInfo)
        blocks.append(Prose((vocabulary_findings.say_merges(merges, spelled),)))
        blocks += [crossing_block(record), *economy_blocks(record)]
        blocks.append(TableBlock(stage_tables.merges_table(merges)))
    blocks += _unread_merges(record)
    whose = "the reference" if record.summary.is_ablation else "the best"
    return Section("codes", f"Codes and merges of {whose}", tuple(blocks))


def _unread_merges(record: SweepRecord) -> list[Block]:
    """Runs whose merges in words were logged and cannot be read."""
    return [
        Missing(
            f"Merges in words, trial {shown_number(record, trial)}, seed {trial.seed}",
            trial.vocabulary_error,
        )
        for trial in record.trials
        if trial.vocabulary_error
    ]


def _training(record: SweepRecord, label: str) -> Section:
    curves = compute_curves(record)
    if isinstance(curves, Absent):
        return Section("training", "Training", (absent("Training curves", curves),))
    words = findings.say_curves(curves, label)
    figure = search_figures.plot_curves(curves, label)
    return Section("training", "Training", (Figure("curves", *words, figure),))


def _cost(record: SweepRecord, label: str) -> Section:
    blocks: list[Block] = []
    for name, cost in (("tokens", "tokens"), ("seconds", "seconds")):
        info = compute_tradeoff(record, cost)
        blocks.append(
            absent(f"{label} against {cost}", info)
            if isinstance(info, Absent)
            else Figure(
                f"metric_by_{name}",
                *findings.say_tradeoff(info, label),
                search_figures.plot_tradeoff(info, label),
            )
        )
    blocks += [*stage_cost_blocks(record), Prose((findings.say_spared(record),))]
    return Section("cost", "Cost, and what was saved", tuple(blocks))


def stage_cost_blocks(record: SweepRecord) -> tuple[Block, ...]:
    """Where the time of the stages went, and what the store saved."""
    stages = compute_cost(record)
    if isinstance(stages, Absent):
        return (absent("Time by stage", stages),)
    words = findings.say_cost(stages)
    return (
        Figure("stages", *words, stage_figures.plot_cost(stages)),
        TableBlock(stage_tables.cost_table(stages)),
    )


def failures_section(record: SweepRecord) -> Section:
    """How runs ended, and each that gave no value with the reason."""
    title = "How runs ended" if record.summary.is_ablation else "Failures and missing seeds"
    unfinished = tuple(t for t in record.trials if t.state != "complete")
    blocks: list[Block] = [Prose((findings.say_states(record),))]
    if unfinished:
        blocks.append(
            TableBlock(failure_tables.failures_table(unfinished, record.summary.objective))
        )
    return Section("failures", title, tuple(blocks))


def _protocol(record: SweepRecord, label: str) -> Section:
    summary = record.summary
    asked = plural(summary.requested_trials, "trial")
    return Section(
        "protocol",
        "Protocol",
        (
            Prose(
                (
                    "Leave-last-out: each user's last interaction is the test target, the one "
                    "before it the validation target, everything before is for training.",
                    f"{asked} {'was' if summary.requested_trials == 1 else 'were'} asked for; each "
                    f"is the whole pipeline with one seed. The sampler saw only {label} on valid. "
                    "Pruned trials never count as complete.",
                    "The winner of the search and its runners-up were run again on fresh seeds; "
                    "the best mean among them is called best, and what lies within one standard "
                    "error of it is called tied.",
                    findings.say_reads(record),
                    "One relevant item per user; every asked user is in the denominator; items "
                    "already seen are not filtered out. Ranks start at 1.",
                )
            ),
        ),
    )
