"""The data and the base of an ablation, prepared and validated before anything runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from clairo.ablation.build import plan_arms
from clairo.ablation.definition import AblationDefinition, Base, GroupData
from clairo.ablation.plan import AblationPlan, Present
from clairo.core.config import parse_config
from clairo.core.errors import ConfigError, DataError, SweepError
from clairo.datasets.settings_file import with_settings
from clairo.pipeline.config import PipelineConfig
from clairo.pipeline.profiles import Profile
from clairo.sweep.search_space import merge_settings
from clairo.tracking.reader import latest_search, read_sweep
from clairo.tracking.records import ArmGroup, SweepRecord
from clairo.workflows.ablation_options import AblateOptions
from clairo.workflows.locations import existing_tracking
from clairo.workflows.preparation import PreparedData, prepare_data, resolve_data
from clairo.workflows.space import catalog_facts, modalities_there, narrow_base

Say = Callable[[str], None]


@dataclass(frozen=True)
class ReadyGroup:
    """One data set, with the arms that will run on it.

    Attributes:
        group: What is recorded of it; ``name`` is ``""`` where it is the only one.
        options: The command's, about this data.
        prepared: The data.
        base: The unchanged configuration.
        plan: All arms, validated.
    """

    group: ArmGroup
    options: AblateOptions
    prepared: PreparedData
    base: PipelineConfig
    plan: AblationPlan


@dataclass(frozen=True)
class KnownBase:
    """What the arms are variations of, before it is known on which data.

    Attributes:
        label: For people.
        sections: Whole sections of a pipeline configuration, in the place of the profile's.
        settings: Laid over these, setting by setting.
        where: Names their source in messages.
        sweep_id: The sweep whose best it is, ``""`` where it is none's.
        found_on: Digest of the data of that sweep.
    """

    label: str
    sections: dict[str, Any]
    settings: dict[str, Any]
    where: str
    sweep_id: str = ""
    found_on: str = ""


def find_base(options: AblateOptions, base: Base, folder: Path) -> KnownBase:
    """The base's settings: a file's, the best of a sweep, or none for the profile's.

    Args:
        options: Where sweeps are; ``options.base`` goes before what the definition says.
        base: What the definition says.
        folder: Where the definition lies.

    Raises:
        ConfigError: The file cannot be read, or there is no sweep at all.
        SweepError: There is no such sweep, or it has no confirmed winner.
    """
    wanted = options.base or base.best_of
    label = replace_best(base, wanted).label
    values: dict[str, Any] = {}
    where, sweep_id, found_on = label, "", ""
    if wanted:
        record = _searched(options, wanted)
        sweep_id, found_on = record.summary.sweep_id, record.summary.dataset_digest
        values = _best_of(record)
        label = replace_best(base, sweep_id).label
        where = f"best of sweep {sweep_id}"
    elif base.file:
        path = folder / base.file
        where = str(path)
        values = _read_settings(path)
    return KnownBase(label, values, base.settings, where, sweep_id, found_on)


def replace_best(base: Base, sweep_id: str | None) -> Base:
    """The base with another sweep named; a file gives way to it."""
    return base.model_copy(update={"best_of": sweep_id, "file": None}) if sweep_id else base


def _searched(options: AblateOptions, wanted: str) -> SweepRecord:
    tracking = existing_tracking(options.out, options.tracking_uri)
    # An ablation is no sweep: the one that is interrupted would be its own base.
    return read_sweep(tracking, latest_search(tracking) if wanted == "latest" else wanted)


def _best_of(record: SweepRecord) -> dict[str, Any]:
    found = record.summary.sweep_id
    if record.summary.is_ablation:
        raise SweepError(
            f"A base is the winner of a sweep, {found} is an ablation, which chooses none; name "
            "the sweep in BASE, or write the settings in the definition's 'base'."
        )
    if not record.summary.candidates:
        raise SweepError(
            f"A base must have been confirmed on fresh seeds, sweep {found} confirmed none; let it "
            "run to its end ('make sweep' goes on), or name another with BASE."
        )
    trials, keys = record.by_key(), record.summary.candidates[0].trial_keys
    # A run that failed early did not come to say its settings.
    configs = [trials[key].config for key in keys if key in trials and trials[key].config]
    if not configs:
        raise SweepError(
            f"A base is read from the winner's runs, sweep {found} has none of "
            f"{', '.join(keys)} with its settings; restore them, or name another with BASE."
        )
    return {name: value for name, value in configs[0].items() if name != "dataset"}


def _read_settings(path: Path) -> dict[str, Any]:
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path}: a base's file cannot be read ({error}); mend 'base.file'."
        ) from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not YAML ({error}); mend the file.") from error
    if not isinstance(values, dict):
        raise ConfigError(
            f"{path}: must be a mapping shaped like PipelineConfig; see experiments/."
        )
    return {name: value for name, value in values.items() if name != "dataset"}


def prepare_groups(
    options: AblateOptions,
    profile: Profile,
    definition: AblationDefinition,
    base: KnownBase,
    root: Path,
    say: Say,
) -> tuple[tuple[ReadyGroup, ...], tuple[ArmGroup, ...]]:
    """Every data set with its arms; and those that are not there, with the reason.

    Args:
        options: What was asked for.
        profile: Its sizes.
        definition: The ablation.
        base: What the arms are variations of.
        root: The stage store.
        say: Tells the person what is being done.

    Raises:
        ConfigError: An arm does not validate, whatever the data set.
        DataError: The one data set, or every one of several, is not there.
    """
    if not definition.groups:
        prepared = prepare_data(options, profile, root, say)
        group = ArmGroup("", "", None, prepared.digest, prepared.facts)
        return (_ready(group, options, prepared, (profile, definition, base)),), ()
    ready, missing = [], []
    for data in definition.groups:
        own = _options_of(options, data)
        try:
            config = with_settings(resolve_data(own), data.dataset, f"group {data.name}")
            prepared = prepare_data(own, profile, root, say, config)
        except DataError as error:
            why = f"{error} {_how_to_get(data)}then: '{options.resume_command()}'."
            missing.append(ArmGroup(data.name, data.title, data.covariate, missing=why))
            continue
        group = ArmGroup(data.name, data.title, data.covariate, prepared.digest, prepared.facts)
        ready.append(_ready(group, own, prepared, (profile, definition, base)))
    if not ready:
        raise DataError(
            f"An ablation over categories needs the data of one at least, none of "
            f"{len(definition.groups)} is there; the first says: {missing[0].missing}"
        )
    _require_different_data(ready)
    return tuple(ready), tuple(missing)


def _require_different_data(ready: list[ReadyGroup]) -> None:
    """Refuses one data set under two names: it would be counted twice on the line."""
    first: dict[str, str] = {}
    for group in ready:
        digest, name = group.prepared.digest, group.group.name
        if digest in first:
            raise ConfigError(
                f"Groups are different data sets, got the same one in {first[digest]} and {name}; "
                "leave one out, or give it other settings in 'dataset'."
            )
        first[digest] = name


def _how_to_get(data: GroupData) -> str:
    """The command that fetches a group's files, where they are fetched; the run itself does not."""
    if data.category is None or "/" in data.category:
        return "Once they are there, "
    names = " ".join(name for name in (data.category, data.release) if name)
    return f"'clairo data fetch {names}' gets what can be had; "


def _options_of(options: AblateOptions, data: GroupData) -> AblateOptions:
    if data.category is None:
        return options
    # Gigabytes are fetched for what a person names, not for what a definition lists.
    return replace(options, category=data.category, release=data.release, fetch=False)


def _ready(
    group: ArmGroup,
    options: AblateOptions,
    prepared: PreparedData,
    asked: tuple[Profile, AblationDefinition, KnownBase],
) -> ReadyGroup:
    profile, definition, base = asked
    config = base_config(profile, prepared, base)
    there = modalities_there(prepared.dataset, config)
    items = len(prepared.dataset.catalog)
    present = Present("text" in there, "image" in there, items)
    plan = plan_arms(definition, config, present)
    return ReadyGroup(group, options, prepared, config, plan)


def base_config(profile: Profile, prepared: PreparedData, base: KnownBase) -> PipelineConfig:
    """The unchanged configuration on a data set.

    Raises:
        ConfigError: The base's settings do not fit it, for example codes that it does not bring.
    """
    values = profile.base_for(prepared.config)
    if not prepared.dataset.codes:
        facts = catalog_facts(prepared.dataset, {**values, **base.sections})
        values, _ = narrow_base(values, facts)
    whole = merge_settings({**values, **base.sections}, base.settings)
    return parse_config(PipelineConfig, {**whole, "dataset": prepared.config}, base.where)
