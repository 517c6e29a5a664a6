"""What a result was measured on, what it is no evidence for, and how to make it again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from clairo.reporting.labels import duration, percent, plural, sentence_list, setting_value
from clairo.reporting.page import Block, Code, Definitions, Prose, Section
from clairo.reporting.selection import best_trial, metric, search_trials
from clairo.tracking.records import SweepRecord, TrialRecord

_MODEL_SIZES = ("epochs", "max_examples", "max_history", "d_model", "num_layers", "num_beams")


def data_sentence(record: SweepRecord) -> str:
    """The data set with its sizes."""
    summary, facts = record.summary, record.summary.dataset_facts
    sizes = [
        plural(int(facts[key]), noun)
        for key, noun in (
            ("num_items", "item"),
            ("num_users", "user"),
            ("num_interactions", "interaction"),
        )
        if isinstance(facts.get(key), int | float)
    ]
    return f"{summary.dataset_name}: {sentence_list(sizes) or 'sizes were not recorded'}"


def coverage_sentence(facts: Mapping[str, Any]) -> str:
    """How many items have a picture and a text."""
    items = facts.get("num_items")
    parts = []
    for key, what in (("image_coverage", "a picture"), ("text_coverage", "a text")):
        share = facts.get(key)
        if isinstance(share, int | float) and isinstance(items, int):
            parts.append(
                f"{round(share * items):,} of {items:,} items have {what} ({percent(share)})"
            )
    return "; ".join(parts) or "not recorded"


def sample_sentence(record: SweepRecord) -> str:
    """Users asked and training sizes, from the best run and the data set's facts."""
    best, facts = best_trial(record), record.summary.dataset_facts
    parts = []
    if isinstance(facts.get("num_training_prefixes"), int):
        parts.append(f"{facts['num_training_prefixes']:,} training prefixes")
    for split in ("valid", "test"):
        asked = metric(best, f"{split}/num_users") if best else None
        known = facts.get(f"num_{split}_users")
        if asked is not None:
            of = f" of {known:,}" if isinstance(known, int) and known != asked else ""
            parts.append(f"{asked:,.0f}{of} {split} users")
    parts += _model_sizes(best)
    return ", ".join(parts) or "not recorded"


def _model_sizes(best: TrialRecord | None) -> list[str]:
    if best is None:
        return []
    found = {**best.config.get("model", {}), **best.config.get("evaluation", {})}
    return [
        f"{name.replace('_', ' ')} {setting_value(found[name])}"
        for name in _MODEL_SIZES
        if found.get(name) is not None
    ]


def seeds_sentence(record: SweepRecord) -> str:
    """Which seeds were used for what."""
    trials = record.by_key()
    searched = sorted({trial.seed for trial in search_trials(record)})
    fresh = sorted(
        {trials[k].seed for c in record.summary.candidates for k in c.trial_keys if k in trials}
    )
    parts = [f"search {_join(searched)}"] if searched else []
    parts += [f"confirmation {_join(fresh)}"] if fresh else []
    ablation = record.summary.ablation_seeds
    parts += [f"ablation {_join(ablation)}"] if ablation else []
    return "; ".join(parts) or "none used yet"


def _join(seeds: list[int] | tuple[int, ...]) -> str:
    shown = ", ".join(str(seed) for seed in seeds[:8])
    return shown if len(seeds) <= 8 else f"{shown} and {len(seeds) - 8} more"


def measured_on(record: SweepRecord) -> Definitions:
    """The block of the first screen that says what the numbers stand on."""
    summary, environment = record.summary, record.summary.environment
    dirty = ", with uncommitted changes" if environment.get("dirty") else ""
    release = (("Release", summary.release),) if summary.release else ()
    return Definitions(
        (
            ("Data", data_sentence(record)),
            *release,
            ("Coverage", coverage_sentence(summary.dataset_facts)),
            ("Sample sizes", sample_sentence(record)),
            ("Profile", summary.profile),
            ("Seeds", seeds_sentence(record)),
            ("Commit", f"{environment.get('commit') or 'not recorded'}{dirty}"),
            ("Wall time", f"{duration(summary.wall_seconds)}, {plural(summary.workers, 'worker')}"),
        )
    )


def no_evidence_for(record: SweepRecord, exploratory: bool) -> str:
    """The warning of the first screen; ``""`` for a finished sweep at paper size with seeds."""
    parts, reasons = [], []
    if record.summary.profile == "quick":
        reasons.append(
            "the quick profile has small encoders and models and says nothing about published sizes"
        )
    if exploratory:
        reasons.append("with fewer than 5 seeds no difference here is a claim")
    if reasons:
        parts.append(f"Exploratory: {'; '.join(reasons)}.")
    if not record.summary.finished:
        parts.append("Unfinished: the sweep has not run to its end, and this may still change.")
    return " ".join(parts)


def best_yaml(trial: TrialRecord) -> str:
    """A run's resolved configuration as YAML."""
    return yaml.safe_dump(_plain(trial.config), sort_keys=False, allow_unicode=True)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(child) for key, child in value.items()}
    return [_plain(child) for child in value] if isinstance(value, list | tuple) else value


def _environment_text(name: str, value: Any) -> str:
    if isinstance(value, Mapping):
        return ""
    if isinstance(value, list | tuple):
        return sentence_list([str(part) for part in value])
    if name.endswith("_bytes") and isinstance(value, int):
        return f"{value / 2**30:.1f} GiB"
    return setting_value(value) if value not in (None, "") else ""


def reproduce_section(record: SweepRecord) -> Section:
    """One command, and the versions it ran with."""
    environment = record.summary.environment
    packages = environment.get("packages")
    flat = {**environment, **packages} if isinstance(packages, Mapping) else dict(environment)
    rows = tuple(
        (str(name).removesuffix("_bytes"), shown)
        for name, value in sorted(flat.items())
        if (shown := _environment_text(str(name), value))
    )
    blocks: list[Block] = [
        Code("Command", record.summary.command),
        Prose(
            (
                "The same command, data and number of workers suggest the same trials in the "
                "same order; stages already in the store are not computed again.",
            )
        ),
        Definitions(
            (
                ("Sweep", record.summary.sweep_id),
                ("Tracker run", record.run_id),
                ("Dataset digest", record.summary.dataset_digest),
                ("Search space", f"{record.summary.space_name}, root seed {record.summary.seed}"),
                *rows,
            )
        ),
    ]
    return Section("reproduce", "How to reproduce", tuple(blocks))
