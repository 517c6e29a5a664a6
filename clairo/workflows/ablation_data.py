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
from clairo.tracking.reader import last_sweep_id, read_sweep
from clairo.tracking.records import ArmGroup
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
    """

    label: str
    sections: dict[str, Any]
    settings: dict[str, Any]
    where: str


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
    where = label
    if wanted:
        sweep_id, values = _best_of(options, wanted)
        label = replace_best(base, sweep_id).label
        where = f"best of sweep {sweep_id}"
    elif base.file:
        path = folder / base.file
        where = str(path)
        values = _read_settings(path)
    return KnownBase(label, values, base.settings, where)


def replace_best(base: Base, sweep_id: str | None) -> Base:
    """The base with another sweep named; a file gives way to it."""
    return base.model_copy(update={"best_of": sweep_id, "file": None}) if sweep_id else base


def _best_of(options: AblateOptions, wanted: str) -> tuple[str, dict[str, Any]]:
    tracking = existing_tracking(options.out, options.tracking_uri)
    # The last one of all may be an ablation, of the very sweep that is meant.
    record = read_sweep(tracking, last_sweep_id(tracking) if wanted == "latest" else wanted)
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
    known = record.by_key()
    keys = record.summary.candidates[0].trial_keys
    configs = [known[key].config for key in keys if key in known and known[key].config]
    if not configs:
        raise SweepError(
            f"A base's settings are read from the runs that confirmed it, those of sweep {found} "
            "are not in the tracker; restore one in MLflow, or name another sweep with BASE."
        )
    return found, {name: v for name, v in configs[0].items() if name != "dataset"}


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
            why = f"{error} Then: '{options.resume_command()}'."
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
