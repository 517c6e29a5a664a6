"""Which servers are asked for a raw file, in which order, and what it must then be."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final
from urllib.parse import urlsplit, urlunsplit

import yaml
from pydantic import AfterValidator, StringConstraints

from clairo.core.config import Config, parse_config
from clairo.core.errors import ConfigError
from clairo.datasets.amazon_sources import MIRROR_VARIABLE, RELEASES

MIRRORS_FILE: Final = "mirrors.yaml"
"""Name of the settings in the data folder."""

ONLY: Final = "only"
"""Among the addresses of the environment variable: leave the publisher out."""

Sha256 = Annotated[str, StringConstraints(to_lower=True, pattern=r"^[0-9a-fA-F]{64}$")]
"""A digest in 64 hexadecimal digits."""


def host_of(url: str) -> str:
    """Host and port of an address without name and password, ``""`` for what is none.

    Example:
        >>> host_of("http://ann:secret@127.0.0.1:80/x"), host_of("http://[broken/x")
        ('127.0.0.1:80', '')
    """
    try:
        return urlsplit(url).netloc.rpartition("@")[2]
    except ValueError:
        return ""


def without_password(url: str) -> str:
    """An address as it may be shown and kept.

    Example:
        >>> without_password("https://ann:secret@mirror.example/2018/x.gz")
        'https://mirror.example/2018/x.gz'
    """
    host = host_of(url)
    return urlunsplit(urlsplit(url)._replace(netloc=host)) if host else url


def _require_web_address(url: str) -> str:
    if not url.startswith(("http://", "https://")) or not host_of(url):
        raise ValueError("a mirror must be an http or https address; correct it")
    return url.rstrip("/")


def _require_file_keys(pins: Mapping[str, str]) -> Mapping[str, str]:
    for key in pins:
        year, _, rest = key.partition("/")
        category, _, name = rest.partition("/")
        if year not in RELEASES or not category or not name:
            raise ValueError(
                f"a pinned file is written <release>/<Category>/<file>, got {key!r}; correct it"
            )
    return MappingProxyType(dict(pins))


class MirrorsConfig(Config):
    """Servers that are asked before the publisher, and digests that files must have.

    Attributes:
        mirrors: Addresses of servers laid out as ``<release>/<Category>/<file>``, asked in
            this order.
        sha256: Digest of a file by ``<release>/<Category>/<file>``.
        publisher: Whether the publisher is asked last.
    """

    mirrors: tuple[Annotated[str, AfterValidator(_require_web_address)], ...] = ()
    sha256: Annotated[Mapping[str, Sha256], AfterValidator(_require_file_keys)] = {}
    publisher: bool = True

    def urls(self, key: str, publisher_url: str) -> tuple[str, ...]:
        """Addresses of a file in the order in which they are tried.

        Args:
            key: ``<release>/<Category>/<file>``.
            publisher_url: Where its publisher offers it.
        """
        own = tuple(f"{mirror}/{key}" for mirror in self.mirrors)
        return (*own, publisher_url) if self.publisher else own


def configured_mirrors(data_dir: Path) -> MirrorsConfig:
    """What environment and ``mirrors.yaml`` say, the addresses of the environment first.

    The variable holds addresses separated by commas. The word ``only`` among them leaves the
    publisher out, and the mirrors of the file as well.

    Raises:
        ConfigError: An address, a digest or the file is malformed, or nobody is left to ask.
    """
    path = data_dir / MIRRORS_FILE
    settings = parse_config(MirrorsConfig, _values(path), str(path))
    named = [part.strip() for part in os.environ.get(MIRROR_VARIABLE, "").split(",")]
    addresses = [name for name in named if name and name != ONLY]
    is_only = ONLY in named
    merged = {
        "mirrors": (*addresses, *(() if is_only else settings.mirrors)),
        "sha256": dict(settings.sha256),
        "publisher": settings.publisher and not is_only,
    }
    found = parse_config(MirrorsConfig, merged, MIRROR_VARIABLE)
    if not found.mirrors and not found.publisher:
        raise ConfigError(
            "Files need at least one server that offers them, publisher is false and no mirror "
            f"is named; name one in {path} or in {MIRROR_VARIABLE}."
        )
    return found


def _values(path: Path) -> dict[str, Any]:
    try:
        values = yaml.safe_load(path.read_bytes())
    except FileNotFoundError:
        return {}
    except NotADirectoryError:
        return {}
    except OSError as error:
        raise ConfigError(f"{path} must be readable ({error}); check its rights.") from error
    except (yaml.YAMLError, ValueError) as error:
        where = " ".join(str(error).split())
        raise ConfigError(f"{path} must be YAML ({where}); correct or delete it.") from error
    if values is None:
        return {}
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        raise ConfigError(
            f"{path} must be a mapping with mirrors, sha256 and publisher, got "
            f"{type(values).__name__}; correct or delete it."
        )
    return values
