"""What a result was measured on, what it is no evidence for, and how to make it again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from clairo.reporting.labels import (
    capitalised,
    duration,
    percent,
    plural,
    sentence_list,
    setting_value,
)
from clairo.reporting.page import Block, Code, Definitions, Prose, Section
from clairo.reporting.search_info import describe
from clairo.reporting.selection import best_trial, metric, search_trials, shown_number
from clairo.tracking.records import SweepRecord


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
    """How many items have a picture and a text, or what codes came with the data."""
    items = facts.get("num_items")
    if facts.get("index_files"):
        return _given_sentence(facts)
    parts = []
    for key, what in (("image_coverage", "a picture"), ("text_coverage", "a text")):
        share = facts.get(key)
        if isinstance(share, int | float) and isinstance(items, int):
            parts.append(
                f"{round(share * items):,} of {items:,} items have {what} ({percent(share)})"
            )
    return "; ".join(parts) or "not recorded"


def _given_sentence(facts: Mapping[str, Any]) -> str:
    """Codes that came with the data, of how many codebooks and from which file."""
    files = [
        f"{plural(len(file['column_sizes']), file['modality'] + ' code')} ({file['file']})"
        for file in facts["index_files"]
    ]
    titled, items = facts.get("items_with_title"), facts.get("num_items")
    known = isinstance(titled, int) and isinstance(items, int)
    titles = f"; {titled:,} of {items:,} have a title" if known else ""
    return f"every item came with {sentence_list(files)}{titles}"


def users_sentence(record: SweepRecord) -> str:
    """Users asked in each split, of all there are."""
    best, facts = best_trial(record), record.summary.dataset_facts
    parts = []
    for split in ("valid", "test"):
        asked = metric(best, f"{split}/num_users") if best else None
        known = facts.get(f"num_{split}_users")
        if asked is not None:
            of = f" of {known:,}" if isinstance(known, int) and known != asked else ""
            parts.append(f"{asked:,.0f}{of} {split} users")
    return ", ".join(parts) or "not recorded"


_TRAINING = (
    ("num_layers", "{} layers"),
    ("d_model", "width {}"),
    ("epochs", "up to {} epochs"),
    ("max_examples", "at most {} examples an epoch"),
    ("max_history", "histories of up to {} items"),
    ("num_beams", "{} beams"),
)


def training_sentence(record: SweepRecord) -> str:
    """What the best configuration was trained on, and its size."""
    best, parts = best_trial(record), []
    prefixes = record.summary.dataset_facts.get("num_training_prefixes")
    if isinstance(prefixes, int):
        parts.append(f"{prefixes:,} prefixes")
    if best is not None:
        found = {**best.config.get("model", {}), **best.config.get("evaluation", {})}
        for name, words in _TRAINING:
            value = found.get(name)
            if value is not None:
                parts.append(words.format(f"{value:,}" if isinstance(value, int) else value))
    return ", ".join(parts) or "not recorded"


def seeds_sentence(record: SweepRecord) -> str:
    """Which seeds were used for what."""
    trials = record.by_key()
    searched = sorted({trial.seed for trial in search_trials(record)})
    fresh = sorted(
        {trials[k].seed for c in record.summary.candidates for k in c.trial_keys if k in trials}
    )
    ablation = sorted(record.summary.ablation_seeds)
    parts = [f"search {_join(searched)}"] if searched else []
    if fresh and fresh == ablation:
        return "; ".join([*parts, f"confirmation and ablation {_join(fresh)}"])
    parts += [f"confirmation {_join(fresh)}"] if fresh else []
    parts += [f"ablation {_join(ablation)}"] if ablation else []
    return "; ".join(parts) or "none used yet"


def _join(seeds: list[int]) -> str:
    shown = ", ".join(str(seed) for seed in seeds[:8])
    return shown if len(seeds) <= 8 else f"{shown} and {len(seeds) - 8} more"


def measured_on(record: SweepRecord) -> Definitions:
    """The block of the first screen that says what the numbers stand on."""
    summary, environment = record.summary, record.summary.environment
    best = best_trial(record)
    settings = describe(record, best).partition(", ")[2] if best else ""
    dirty = ", with uncommitted changes" if environment.get("dirty") else ""
    release = (("Release", summary.release),) if summary.release else ()
    return Definitions(
        (
            *((("Best", settings),) if settings else ()),
            ("Data", data_sentence(record)),
            *release,
            ("Coverage", coverage_sentence(summary.dataset_facts)),
            ("Asked", users_sentence(record)),
            ("Training", training_sentence(record)),
            ("Profile", summary.profile),
            ("Seeds", seeds_sentence(record)),
            ("Commit", f"{str(environment.get('commit') or 'not recorded')[:12]}{dirty}"),
            ("Wall time", f"{duration(summary.wall_seconds)}, {plural(summary.workers, 'worker')}"),
        )
    )


def no_evidence_for(record: SweepRecord, exploratory: bool) -> str:
    """The warning of the first screen; ``""`` for a finished sweep at paper size with seeds."""
    parts, reasons = [], []
    if record.summary.profile == "quick":
        # Codes that came with the data were made by nobody here.
        small = (
            "models" if record.summary.dataset_facts.get("index_files") else "encoders and models"
        )
        reasons.append(
            f"the quick profile has small {small} and says nothing about published sizes"
        )
    if record.summary.dataset_facts.get("source") == "generated":
        reasons.append("a generated world says nothing about real shoppers")
    if exploratory:
        reasons.append("with fewer than 5 seeds no difference here is a claim")
    if reasons:
        kind = "Exploratory" if exploratory or record.summary.profile == "quick" else "Limits"
        parts.append(f"{kind}: {'; '.join(reasons)}.")
    if not record.summary.finished:
        what = "ablation" if record.summary.is_ablation else "sweep"
        parts.append(f"Unfinished: the {what} has not run to its end, and this may still change.")
    return " ".join(parts)


def best_code(record: SweepRecord) -> tuple[Block, ...]:
    """The best configuration to copy, what was searched first; nothing where there is none."""
    best = best_trial(record)
    if best is None:
        return ()
    searched = {axis.partition(".")[0] for axis in record.summary.axes}
    plain = _plain(best.config)
    ordered = {name: plain[name] for name in sorted(plain, key=lambda name: name not in searched)}
    text = yaml.safe_dump(ordered, sort_keys=False, allow_unicode=True)
    if record.summary.is_ablation:
        return (Code("Base configuration (YAML)", text),)
    return (Code(f"Best: trial {shown_number(record, best)} (YAML)", text),)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(child) for key, child in value.items()}
    return [_plain(child) for child in value] if isinstance(value, list | tuple) else value


def environment_text(name: str, value: Any) -> str:
    """A recorded value of an environment in words, ``""`` where there is none."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {version}" for key, version in sorted(value.items()))
    if isinstance(value, list | tuple):
        return sentence_list([str(part) for part in value])
    if name.endswith("_bytes") and isinstance(value, int):
        return f"{value / 2**30:.1f} GiB"
    return setting_value(value) if value not in (None, "") else ""


_ENVIRONMENT = {"dirty": "Uncommitted changes", "cpu": "CPU", "cpus": "CPU cores", "gpus": "GPUs"}


def environment_label(name: str) -> str:
    """What a value of an environment is called on pages."""
    return _ENVIRONMENT.get(name, capitalised(name.removesuffix("_bytes")))


def reproduce_section(record: SweepRecord) -> Section:
    """One command, and the versions it ran with."""
    rows = tuple(
        (environment_label(name), shown)
        for name, value in sorted(record.summary.environment.items(), key=_words_first)
        if (shown := environment_text(name, value))
    )
    summary = record.summary
    again = (
        "The same command and data train the same arms on the same seeds"
        if summary.is_ablation
        else "The same command, data and number of workers suggest the same trials in the same "
        "order"
    )
    seed = f"{summary.space_name}, root seed {summary.seed}"
    blocks: list[Block] = [
        Code("Command", summary.command),
        Prose((f"{again}; stages already in the store are not computed again.",)),
        *_definition(record),
        Definitions(
            (
                ("Ablation" if summary.is_ablation else "Sweep", summary.sweep_id),
                ("Tracker run", record.run_id),
                ("Dataset digest", summary.dataset_digest),
                ("Root seed", str(summary.seed)) if summary.is_ablation else ("Search space", seed),
                *rows,
            )
        ),
    ]
    return Section("reproduce", "How to reproduce", tuple(blocks))


def _definition(record: SweepRecord) -> tuple[Block, ...]:
    """What an ablation declared, to copy."""
    experiment = record.summary.experiment
    if experiment is None or not experiment.definition:
        return ()
    return (Code(f"Definition: {experiment.name} (YAML)", experiment.definition),)


def _words_first(entry: tuple[str, Any]) -> tuple[bool, str]:
    """Single values by name, then lists such as the packages."""
    return isinstance(entry[1], Mapping), entry[0]
