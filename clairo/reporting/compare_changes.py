"""What was set differently: settings with their defaults, code, packages, machine, seeds, data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError
from pydantic_core import to_jsonable_python

from clairo.core.config import Config, flatten
from clairo.pipeline.config import PipelineConfig
from clairo.reporting.compare_sides import Side
from clairo.reporting.provenance import environment_label, environment_text
from clairo.tracking.run_reader import TrackedRun

SWEEP, SEEDS, DATA, DIGEST = "Sweep", "Seeds", "Data", "Dataset digest"
PACKAGE = "Package "
"""Stands before the name of a package."""


@dataclass(frozen=True)
class Setting:
    """One setting of one side.

    Attributes:
        value: What it is.
        is_default: Whether its class has this value when nothing is said; ``None`` where the
            configuration is of another version and its defaults are not known.
    """

    value: Any
    is_default: bool | None


@dataclass(frozen=True)
class SettingRow:
    """A setting in which sides differ.

    Attributes:
        name: Dotted name.
        settings: One a side, ``None`` where the side has no such setting.
    """

    name: str
    settings: tuple[Setting | None, ...]


@dataclass(frozen=True)
class SettingsInfo:
    """All settings in which sides differ.

    Attributes:
        letters: The sides, the reference first.
        rows: Those that every side has first, kinds before their settings.
        num_equal: Settings that all sides share.
        unknown: Letters of sides that stopped before they said their settings.
    """

    letters: tuple[str, ...]
    rows: tuple[SettingRow, ...]
    num_equal: int
    unknown: tuple[str, ...]

    def changed(self, letter: str) -> tuple[SettingRow, ...]:
        """Rows in which a side differs from the reference; none where either is unknown."""
        if {letter, self.letters[0]} & set(self.unknown):
            return ()
        place = self.letters.index(letter)
        return tuple(
            row for row in self.rows if _value(row.settings[place]) != _value(row.settings[0])
        )

    def told_apart(self, letter: str) -> tuple[tuple[SettingRow, ...], int]:
        """Rows that differ and that both have, and how many more only one of them has.

        Another kind brings settings of its own, which are no choices of anybody.
        """
        place, rows = self.letters.index(letter), self.changed(letter)
        both = tuple(row for row in rows if row.settings[place] and row.settings[0])
        return both, len(rows) - len(both)


@dataclass(frozen=True)
class EnvironmentInfo:
    """What sides ran on and with.

    Attributes:
        letters: The sides, the reference first.
        rows: (name, one text a side) where they differ.
        equal: (name, text) of what all share.
    """

    letters: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    equal: tuple[tuple[str, str], ...]

    @property
    def equal_lines(self) -> tuple[tuple[str, str], ...]:
        """The same with all packages in one line."""
        single = [(name, text) for name, text in self.equal if not name.startswith(PACKAGE)]
        found = [f"{n.removeprefix(PACKAGE)} {t}" for n, t in self.equal if n.startswith(PACKAGE)]
        return (*single, *((("Packages", ", ".join(found)),) if found else ()))


def compute_settings(sides: Sequence[Side]) -> SettingsInfo:
    """Settings that are not the same in all sides that said theirs."""
    found = [_settings(side.example.config) for side in sides]
    names = list(dict.fromkeys(name for settings in found for name in settings))
    known = [settings for settings in found if settings]
    differing = [
        name for name in names if any(_differ(known[0], settings, name) for settings in known[1:])
    ]

    def order(name: str) -> tuple[bool, bool]:
        return any(name not in settings for settings in known), not name.endswith(".kind")

    differing.sort(key=order)
    return SettingsInfo(
        letters=tuple(side.letter for side in sides),
        rows=tuple(
            SettingRow(name, tuple(settings.get(name) for settings in found)) for name in differing
        ),
        num_equal=len(names) - len(differing),
        unknown=tuple(s.letter for s, settings in zip(sides, found, strict=True) if not settings),
    )


def _settings(config: Mapping[str, Any]) -> dict[str, Setting]:
    defaults = setting_defaults(config)
    sections = {name.partition(".")[0] for name in defaults}
    return {
        name: Setting(value, _is_default(name, value, defaults, sections))
        for name, value in flatten(config).items()
    }


def _is_default(
    name: str, value: Any, defaults: Mapping[str, Any], sections: set[str]
) -> bool | None:
    if name.partition(".")[0] not in sections:
        return None
    return name in defaults and bool(defaults[name] == value)


def _differ(one: Mapping[str, Setting], other: Mapping[str, Setting], name: str) -> bool:
    return _value(one.get(name)) != _value(other.get(name))


def _value(setting: Setting | None) -> tuple[bool, Any]:
    """The value, told apart from there being no such setting."""
    return (False, None) if setting is None else (True, setting.value)


def setting_defaults(config: Mapping[str, Any]) -> dict[str, Any]:
    """Dotted defaults of the classes that a configuration chose by its kinds.

    A section that its class no longer accepts has none: what its defaults were then is not
    known now.

    Example:
        >>> setting_defaults({"evaluation": {"num_beams": 30}})["evaluation.num_beams"]
        50
    """
    defaults: dict[str, Any] = {}
    for name, values in config.items():
        field = PipelineConfig.model_fields.get(name)
        if field is None:
            continue
        chosen: Any = field.annotation
        if field.discriminator is not None:
            chosen = Annotated[chosen, Field(discriminator=field.discriminator)]
        try:
            section = TypeAdapter(chosen).validate_python(values)
        except ValidationError:
            continue
        defaults |= {f"{name}.{key}": value for key, value in _class_defaults(section).items()}
    return defaults


def _class_defaults(section: Config) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, field in type(section).model_fields.items():
        if field.is_required() or name == "kind":  # a kind is chosen, never left out
            continue
        value = field.get_default(call_default_factory=True, validated_data={})
        found[name] = to_jsonable_python(value.identity() if isinstance(value, Config) else value)
    return flatten(found)


def compute_environment(sides: Sequence[Side]) -> EnvironmentInfo:
    """Code, packages, machine, seeds and data, apart for what differs and what does not."""
    found = [_environment(side) for side in sides]
    names = list(dict.fromkeys(name for texts in found for name in texts))
    rows, equal = [], []
    for name in names:
        texts = tuple(values.get(name, "") for values in found)
        if len(set(texts)) > 1:
            rows.append((name, texts))
        elif texts[0]:
            equal.append((name, texts[0]))
    return EnvironmentInfo(tuple(side.letter for side in sides), tuple(rows), tuple(equal))


def _environment(side: Side) -> dict[str, str]:
    """One text a name; several where runs of a side differ."""
    seeds = [str(trial.seed) for trial in sorted(side.trials, key=lambda t: t.seed)]
    told: dict[str, dict[str, None]] = {}
    for run in side.runs:
        for name, text in _run_environment(run).items():
            told.setdefault(name, {})[text] = None
    return {SEEDS: ", ".join(seeds), **{name: "; ".join(texts) for name, texts in told.items()}}


def _run_environment(run: TrackedRun) -> dict[str, str]:
    summary = run.summary
    about = {
        SWEEP: summary.sweep_id,
        "Profile": summary.profile,
        DATA: summary.dataset_name,
        DIGEST: summary.dataset_digest,
    }
    ran_on = {k: v for k, v in summary.environment.items() if not isinstance(v, Mapping)}
    packages = summary.environment.get("packages", {})
    return {
        **about,
        **{environment_label(name): environment_text(name, v) for name, v in ran_on.items()},
        **{f"{PACKAGE}{name}": str(version) for name, version in packages.items()},
    }
