"""From what a person types after ``CATEGORY=`` to a configuration."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NoReturn

from clairo.core.config import parse_config
from clairo.core.errors import ConfigError
from clairo.datasets.alias_table import ALIASES, Alias
from clairo.datasets.amazon import AmazonConfig
from clairo.datasets.amazon_sources import RELEASES, published_releases
from clairo.datasets.atomic import AtomicConfig
from clairo.datasets.demo import DemoConfig
from clairo.datasets.lcrec import LcrecConfig
from clairo.datasets.places import list_files, list_folder, readable

KNOWN_RELEASES: Final = tuple(RELEASES)
_DEMO: Final = "demo"

Resolved = AmazonConfig | DemoConfig | AtomicConfig | LcrecConfig


def _atomic(name: str, data_dir: Path) -> AtomicConfig:
    return AtomicConfig.resolve(_folder_of_kind("atomic", name, data_dir), data_dir)


def _lcrec(name: str, data_dir: Path) -> LcrecConfig:
    folder = _folder_of_kind("lcrec", name, data_dir)
    values = {"name": folder, "data_dir": data_dir}
    return parse_config(LcrecConfig, values, f"CATEGORY=lcrec/{name}")


_BY_KIND: Final[Mapping[str, Callable[[str, Path], Resolved]]] = {
    "atomic": _atomic,
    "lcrec": _lcrec,
}
"""What makes a configuration of the name after ``kind/``, and the root of all data."""


def resolve_category(category: str, release: str | None, data_dir: Path) -> Resolved:
    """The data set that is meant by a name.

    Tried in this order, letter case aside: ``demo``; ``kind/NAME``; an alias, at its default
    release; an official category name or a folder in ``data_dir``. A name that fits several
    data sets is refused rather than guessed.

    Args:
        category: Alias, official name, or ``kind/NAME``.
        release: Year; ``None`` or ``""`` leaves it to the alias, or to what is on disk.
        data_dir: Folder laid out as ``amazon/<release>/<Category>/`` and ``<kind>/<name>/``; it
            may be missing.

    Raises:
        ConfigError: The name or the release is unknown or ambiguous.
        DataError: The files of ``kind/NAME``, or a folder of data, cannot be read.
    """
    name, year = category.strip(), (release or "").strip() or None
    if year is not None and year not in KNOWN_RELEASES:
        raise ConfigError(
            f"RELEASE must be one of {', '.join(KNOWN_RELEASES)}, got {year!r}; choose one of them."
        )
    if name.lower() == _DEMO:
        return _demo(year)
    if "/" in name:
        return _of_kind(name, year, data_dir)
    if year is None:
        _refuse_two_kinds(name, data_dir)
    alias = ALIASES.get(name.lower())
    if alias is not None and (year is None or year in alias.official):
        year = year or alias.default
        return _amazon(alias.official[year], year, data_dir)
    return _official(name, year, data_dir)


def _demo(year: str | None) -> DemoConfig:
    if year is not None:
        raise ConfigError(f"demo has no releases, got RELEASE={year}; leave RELEASE out.")
    return DemoConfig()


def _of_kind(name: str, year: str | None, data_dir: Path) -> Resolved:
    """The data set of ``kind/NAME``."""
    kind, _, rest = name.partition("/")
    kind = kind.lower()
    if kind in _BY_KIND:
        if year is not None:
            raise ConfigError(
                f"Data sets of the kind {kind!r} have no releases, got RELEASE={year} for "
                f"{name}; leave RELEASE out."
            )
        return _BY_KIND[kind](rest, data_dir)
    raise ConfigError(
        f"CATEGORY is a name or kind/NAME with a kind of {', '.join(_BY_KIND)}, got {name!r}; "
        "Amazon categories are written without a kind."
    )


def _folder_of_kind(kind: str, name: str, data_dir: Path) -> str:
    """The folder of that name, letter case aside; the exact one where several differ in case.

    Raises:
        ConfigError: There is none, or several and none is exact.
    """
    parent = data_dir / kind
    found = _folders(parent, name)
    if name in found:
        return name
    if len(found) == 1:
        return found[0]
    here = found or [path.name for path in list_folder(parent) if path.is_dir()]
    listed = ", ".join(f"{kind}/{folder}" for folder in here)
    raise ConfigError(
        f"CATEGORY={kind}/NAME must name a folder of {parent}, got {name!r}; "
        + (f"choose one of {listed}." if here else "there is none, name another DATA folder.")
    )


def _refuse_two_kinds(name: str, data_dir: Path) -> None:
    """Refuses a bare name that is that of a folder of another kind.

    With a release it can only mean Amazon, so this is asked only without one.
    """
    others = [f"{kind}/{f}" for kind in _BY_KIND for f in _folders(data_dir / kind, name)]
    if not others:
        return
    alias = ALIASES.get(name.lower())
    known = [(alias.default, alias.official[alias.default])] if alias else _matches(name, data_dir)
    if not known:
        raise ConfigError(
            f"Data sets of other kinds are written kind/NAME, got {name!r}; write "
            f"{' or '.join(others)}."
        )
    _refuse_ambiguous(name, [*(_spelled(item) for item in known), *others])


def _official(name: str, year: str | None, data_dir: Path) -> AmazonConfig:
    """An official name, or that of a folder: what is on disk decides where it is unique."""
    matches = _matches(name, data_dir)
    if not matches and not _alias_years(name):
        _refuse_unknown(name)
    if year is not None:
        of_year = [match for match in matches if match[0] == year]
        if not of_year:
            years = sorted({match[0] for match in matches} | set(_alias_years(name)))
            raise ConfigError(
                f"{name} is in release {' and '.join(years)}, got RELEASE={year}; choose one "
                "of these or another category."
            )
        return _amazon(of_year[0][1], year, data_dir)
    # A folder without data is what is left of a fetch that could not be done.
    on_disk = [m for m in matches if _has_data(data_dir / "amazon" / m[0] / m[1])]
    chosen = on_disk or matches
    if len(chosen) > 1:
        _refuse_ambiguous(name, [_spelled(match) for match in chosen])
    return _amazon(chosen[0][1], chosen[0][0], data_dir)


def _has_data(folder: Path) -> bool:
    return any(path.suffix in (".gz", ".csv") for path in list_files(folder))


def _matches(name: str, data_dir: Path) -> list[tuple[str, str]]:
    """All (release, category) of a name: published ones, and folders of one's own."""
    found = [
        (year, official)
        for official in _official_names()
        if official.lower() == name.lower()
        for year in published_releases(official)
    ]
    for year in KNOWN_RELEASES:
        found += [(year, folder) for folder in _folders(data_dir / "amazon" / year, name)]
    return sorted(dict.fromkeys(found))


def _alias_years(name: str) -> tuple[str, ...]:
    alias: Alias | None = ALIASES.get(name.lower())
    return tuple(alias.official) if alias else ()


def _official_names() -> list[str]:
    names = [name for source in RELEASES.values() for name in source.categories]
    return sorted(set(names))


def _folders(parent: Path, name: str) -> list[str]:
    """Folders of this name, letter case aside."""
    alike = [path for path in list_folder(parent) if path.name.lower() == name.lower()]
    with readable(parent):
        return [path.name for path in alike if path.is_dir()]


def _spelled(match: tuple[str, str]) -> str:
    return f"CATEGORY={match[1]} RELEASE={match[0]}"


def _refuse_ambiguous(name: str, candidates: list[str]) -> NoReturn:
    raise ConfigError(
        f"CATEGORY must name one data set, {name!r} may be any of: {'; '.join(candidates)}; "
        "say which."
    )


def _refuse_unknown(name: str) -> NoReturn:
    names = [_DEMO, *ALIASES, *_official_names()]
    by_lower = {known.lower(): known for known in reversed(names)}
    close = difflib.get_close_matches(name.lower(), by_lower, n=3, cutoff=0.5)
    hint = f"did you mean {', '.join(by_lower[found] for found in close)}?" if close else ""
    raise ConfigError(
        f"CATEGORY must be demo, an alias or an official Amazon name, got {name!r}; "
        f"{hint or 'known aliases: ' + ', '.join(ALIASES)}"
    )


def _amazon(official: str, year: str, data_dir: Path) -> AmazonConfig:
    values = {"category": official, "release": year, "data_dir": data_dir}
    return parse_config(AmazonConfig, values, f"CATEGORY={official}")
