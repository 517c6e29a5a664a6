"""A search space: a YAML file shaped like a pipeline configuration, with distributions in it.

Any value, or whole sub-tree, of a :class:`~clairo.pipeline.config.PipelineConfig` may be a
distribution::

    reduction: {kind: pca, variance: {uniform: [0.80, 0.99], step: 0.01}}
    fusion:
      choice:
        - {kind: none}
        - {kind: concat_pca, variance: {uniform: [0.8, 0.99]}}     # active in this branch only
    quantization: {codebook_size: {choice: [16, 64, 256]}, num_codebooks: {int: [2, 4]}}

Four top-level keys are not settings: ``about`` (a sentence), ``enqueue`` (known points that
are tried first), ``gates`` (limits checked before training) and ``profiles`` (changes to the
space for one profile). What a space does not name comes from the profile.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clairo.core.config import parse_config
from clairo.core.errors import ConfigError
from clairo.core.fingerprint import hash_json
from clairo.pipeline.gates import Gates
from clairo.sweep.given_codes import point_for_given_codes, without_code_making
from clairo.sweep.narrowing import CatalogFacts, narrow_tree
from clairo.sweep.space_coverage import covering_points, realize_with
from clairo.sweep.space_nodes import (
    Branch,
    Choice,
    Integer,
    Parameter,
    Real,
    enumerate_points,
    parameters,
    params_of,
    realize,
    size,
    to_plain,
)
from clairo.sweep.space_parsing import parse_node, read_yaml_mapping

if TYPE_CHECKING:
    import optuna

SPACES_DIR = Path(__file__).resolve().parents[2] / "search_spaces"
"""Where a space is looked for that is given by its name."""

_RESERVED = ("about", "enqueue", "gates", "profiles")

Parse = Callable[[dict[str, Any], str], object]
"""``(settings, where they come from) -> configuration``; raises ``ConfigError``."""


@dataclass(frozen=True)
class SearchSpace:
    """A tree of distributions over pipeline settings.

    Attributes:
        name: File name without its ending.
        source: File, as it is named in messages.
        root: The tree.
        default_points: Known settings that are tried first; each names any part of the space.
        gates: Limits checked before training.
        about: One sentence for people.
    """

    name: str
    source: str
    root: Branch
    default_points: tuple[Mapping[str, Any], ...] = ()
    gates: Gates = field(default_factory=Gates)
    about: str = ""

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """Every dimension, conditional ones after the choice that activates them."""
        return parameters(self.root)

    @property
    def axes(self) -> tuple[str, ...]:
        """Dotted names of the settings that are searched, each once."""
        return tuple(dict.fromkeys(parameter.setting for parameter in self.parameters))

    @cached_property
    def size(self) -> int | None:
        """Number of points, ``None`` where a range is continuous."""
        return size(self.root)

    @property
    def digest(self) -> str:
        """16 hexadecimal digits that change with any distribution."""
        return hash_json(self.to_plain())[:16]

    def suggest(self, trial: optuna.Trial) -> dict[str, Any]:
        """Settings drawn by an Optuna trial; parameters of other branches are never asked."""

        def draw(name: str, node: Choice | Real | Integer) -> Any:
            if isinstance(node, Choice):
                return trial.suggest_categorical(name, [option.label for option in node.options])
            if isinstance(node, Integer):
                return trial.suggest_int(name, node.low, node.high, step=node.step)
            return trial.suggest_float(name, node.low, node.high, log=node.log, step=node.step)

        return dict(realize(self.root, "", draw))

    def settings_of(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Settings of a point given by its parameters."""
        return dict(realize(self.root, "", lambda name, _node: params[name]))

    def params_of(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Parameters that lead to given settings; what is left out stays free.

        Raises:
            ConfigError: The settings are not a point of this space.
        """
        return params_of(self.root, "", settings)

    def points(self, seed: int) -> list[dict[str, Any]]:
        """Parameters of every point of a finite space, in a seeded order.

        Raises:
            ConfigError: The space is continuous.
        """
        if self.size is None:
            raise ConfigError(
                f"{self.source}: only a finite space can be listed, got a continuous range; "
                "give every range a step."
            )
        found = list(enumerate_points(self.root))
        random.Random(seed).shuffle(found)  # noqa: S311 - an order, not a secret
        return found

    def merged(self, base: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
        """Settings of a point laid over those of a profile; see :func:`merge_settings`."""
        return merge_settings(base, settings)

    def representatives(self) -> Iterator[dict[str, Any]]:
        """Settings of points that hold every choice and both ends of every range, in pairs.

        Known points lie within the space, so no setting of theirs is beyond these.
        """
        return (settings for settings, _ in covering_points(self.root))

    def validate(self, base: Mapping[str, Any], parse: Parse | None = None) -> None:
        """Checks that every choice, and every pair of choices that can meet, is a valid pipeline.

        Args:
            base: The profile's settings, which the space changes.
            parse: Turns settings into a configuration; ``PipelineConfig`` by default.

        Raises:
            ConfigError: A key is unknown, a bound out of range, or choices contradict each
                other; names the file, the choices that led there, rule and value.
        """
        parse = parse or _parse_pipeline
        for settings, params in covering_points(self.root):
            self._check(self.merged(base, settings), params, parse)
        for index, point in enumerate(self.default_points):
            try:
                params = self.params_of(point)
            except ConfigError as error:
                raise ConfigError(f"{self.source}: enqueue {index}: {error}") from error
            settings, used = realize_with(self.root, params)
            self._check(self.merged(base, settings), used, parse)

    def _check(self, settings: dict[str, Any], params: dict[str, Any], parse: Parse) -> None:
        try:
            parse(settings, self.source)
        except ConfigError as error:
            choices = ", ".join(f"{name}={value}" for name, value in params.items()) or "no choice"
            raise ConfigError(
                f"{error}; this point of the space has {choices}; mend or remove what clashes."
            ) from error

    def narrow(self, facts: CatalogFacts) -> tuple[SearchSpace, tuple[str, ...]]:
        """The space without what the data cannot serve, and a sentence for each removal.

        Raises:
            ConfigError: A setting would be left without any value.
        """
        try:
            root, notes = narrow_tree(self.root, facts)
        except ConfigError as error:
            raise ConfigError(f"{self.source}: {error}") from error
        narrowed = replace(self, root=root)
        kept = tuple(point for point in self.default_points if narrowed.has(point))
        dropped = len(self.default_points) - len(kept)
        if dropped:
            notes = (*notes, f"{dropped} known configurations are not tried for the same reason.")
        return replace(narrowed, default_points=kept), notes

    def for_given_codes(self, modalities: tuple[str, ...]) -> tuple[SearchSpace, tuple[str, ...]]:
        """The space for data that bring their codes, and a sentence for each change.

        Known points are put in the terms of given codes; of those that became equal, one stays.

        Raises:
            ConfigError: Nothing is left to search.
        """
        try:
            root, notes = without_code_making(self.root, modalities)
        except ConfigError as error:
            raise ConfigError(f"{self.source}: {error}") from error
        narrowed, points = replace(self, root=root), []
        for point in self.default_points:
            adapted = point_for_given_codes(point, root, modalities)
            if adapted not in points and narrowed.has(adapted):
                points.append(adapted)
        if dropped := len(self.default_points) - len(points):
            why = "they are now equal to another, or ask for codes that are not there"
            notes = (*notes, f"Known configurations left out, because {why}: {dropped}.")
        return replace(narrowed, default_points=tuple(points)), notes

    def has(self, settings: Mapping[str, Any]) -> bool:
        """Whether settings are a point, or part of a point, of this space."""
        try:
            self.params_of(settings)
        except ConfigError:
            return False
        return True

    def to_plain(self) -> dict[str, Any]:
        """The tree in the shape of its file, as JSON values."""
        return dict(to_plain(self.root))


def load_space(path_or_name: str | Path, profile: str | None = None) -> SearchSpace:
    """Reads a search space.

    Args:
        path_or_name: A YAML file, or the name of one in ``search_spaces/``.
        profile: Applies the changes that the file has for this profile, if any.

    Raises:
        ConfigError: There is no such file, or it is not a search space.
    """
    path = _find_space(path_or_name)
    values = read_yaml_mapping(path)
    try:
        return parse_space(values, path.stem, str(path), profile)
    except ConfigError as error:
        message = str(error)
        raise ConfigError(
            message if message.startswith(str(path)) else f"{path}: {message}"
        ) from error


def parse_space(
    values: Mapping[str, Any], name: str, source: str, profile: str | None = None
) -> SearchSpace:
    """A search space from plain values.

    Raises:
        ConfigError: A distribution, a known point, a gate or a profile is malformed.
    """
    tree = {key: value for key, value in values.items() if key not in _RESERVED}
    profiles = values.get("profiles") or {}
    points = values.get("enqueue") or []
    if not _is_mapping_of_mappings(profiles):
        raise ConfigError("profiles needs one mapping for each profile; nest the changes.")
    if not isinstance(points, list) or not all(isinstance(point, Mapping) for point in points):
        raise ConfigError(f"enqueue needs a list of mappings, got {points!r}; list the points.")
    changes = dict(profiles.get(profile) or {}) if profile else {}
    points = changes.pop("enqueue", points)
    root = parse_node(merge_settings(tree, changes), "")
    if not isinstance(root, Branch) or not parameters(root):
        raise ConfigError("A search space needs at least one distribution, got none; add one.")
    return SearchSpace(
        name=name,
        source=source,
        root=root,
        default_points=tuple(points),
        gates=parse_config(Gates, values.get("gates") or {}, f"{source}: gates"),
        about=str(values.get("about") or ""),
    )


def merge_settings(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Changes laid over settings.

    Mappings are merged key by key. A mapping with another ``kind`` than the one below it
    replaces it whole: the settings of one method mean nothing to another, whose own defaults
    fill what the changes leave out. A distribution is replaced, never mixed.

    Example:
        >>> merge_settings({"a": {"kind": "x", "p": 1}}, {"a": {"p": 2}})
        {'a': {'kind': 'x', 'p': 2}}
        >>> merge_settings({"a": {"kind": "x", "p": 1}}, {"a": {"kind": "y"}})
        {'a': {'kind': 'y'}}
    """
    merged = dict(base)
    for name, value in changes.items():
        below = merged.get(name)
        if isinstance(below, Mapping) and isinstance(value, Mapping) and _same_kind(below, value):
            merged[name] = merge_settings(below, value)
        else:
            merged[name] = value
    return merged


def _same_kind(below: Mapping[str, Any], above: Mapping[str, Any]) -> bool:
    distributions = {"choice", "uniform", "log_uniform", "int"}
    if distributions & (below.keys() | above.keys()):
        return False
    return "kind" not in above or above["kind"] == below.get("kind")


def _find_space(path_or_name: str | Path) -> Path:
    path = Path(path_or_name)
    candidates = [path] if path.suffix in (".yaml", ".yml") else []
    candidates.append(SPACES_DIR / f"{path_or_name}.yaml")
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    known = sorted(file.stem for file in SPACES_DIR.glob("*.yaml"))
    raise ConfigError(
        f"A search space is a YAML file or one of {known}, got {str(path_or_name)!r}; "
        "give one of these names or the path of a file."
    )


def _is_mapping_of_mappings(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(v, Mapping) for v in value.values())


def _parse_pipeline(settings: dict[str, Any], where: str) -> object:
    from clairo.pipeline.config import PipelineConfig

    return parse_config(PipelineConfig, settings, where)
