"""A raw file: where it belongs, who offers it, and what it must be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from clairo.core.errors import DataError
from clairo.datasets.amazon_sources import ITEM_TABLE_2023, MIRROR_VARIABLE, RELEASES
from clairo.datasets.mirrors import configured_mirrors, without_password
from clairo.datasets.places import why_no_file

Role = Literal["reviews", "metadata"]


@dataclass(frozen=True)
class RemoteFile:
    """A file of a data set: where it belongs and where it comes from.

    Attributes:
        role: What it holds.
        path: Where it belongs.
        urls: Addresses, in the order in which they are tried; possibly with a password.
        key: ``<release>/<Category>/<file>``, its place on every mirror.
        sha256: Digest that a person has pinned.
    """

    role: Role
    path: Path
    urls: tuple[str, ...]
    key: str
    sha256: str | None = None

    @property
    def name(self) -> str:
        """The file as a path below its category's folder, with slashes."""
        return self.key.split("/", 2)[2]

    @property
    def folder(self) -> Path:
        """The category's folder."""
        return self.path.parents[self.name.count("/")]

    @property
    def is_gzip(self) -> bool:
        """Whether its content carries its own checksum."""
        return self.path.suffix == ".gz"

    @property
    def url(self) -> str:
        """The address that is tried first."""
        return self.urls[0]

    def is_on_mirror(self, url: str) -> bool:
        """Whether an address is that of a mirror and not of the publisher."""
        return url.endswith(f"/{self.key}")


def remote_file(role: Role, name: str, release: str, category: str, data_dir: Path) -> RemoteFile:
    """A file of a category with the servers that the settings name.

    Args:
        role: What it holds.
        name: The file as a path below the category's folder.
        release: Year.
        category: Official name.
        data_dir: Root of all data, in which ``mirrors.yaml`` may lie.

    Raises:
        ConfigError: The settings for mirrors are malformed.
        KeyError: The release has no such file.
    """
    key = f"{release}/{category}/{name}"
    mirrors = configured_mirrors(data_dir)
    return RemoteFile(
        role=role,
        path=data_dir / "amazon" / release / category / name,
        urls=mirrors.urls(key, RELEASES[release].publisher_url(name, category)),
        key=key,
        sha256=mirrors.sha256.get(key),
    )


def missing_files_error(
    label: str, files: Sequence[RemoteFile], failure: str | None = None
) -> DataError:
    """One error for all files that are missing, with address and path of each.

    Where one of reviews and metadata is there, it says how to do without the other.

    Args:
        label: Name of the data set.
        files: What is missing.
        failure: Why it could not be fetched; ``None`` where that was not tried.
    """
    counts = Counter(file.role for file in files)
    roles = " and ".join(
        f"{count} {role} files" if count > 1 else f"a {role} file" for role, count in counts.items()
    )
    wanted = "; ".join(
        f"{' or '.join(map(without_password, file.urls))} to {file.path}" for file in files
    )
    blocked = [file.path for file in files if file.path.is_symlink() or file.path.exists()]
    if blocked:
        named = "; ".join(f"{path}, {why_no_file(path)}" for path in blocked)
        return DataError(f"{label} needs {roles}, got {named}; put the file itself there.")
    are = "are" if len(files) > 1 else "is"
    found = "which could not be fetched" if failure else f"which {are} not there"
    other = "" if failure else "allow fetching (FETCH=1), "
    return DataError(
        f"{label} needs {roles}, {found}{f' ({failure})' if failure else ''}: {other}download "
        f"{wanted} by hand, or name a mirror in {MIRROR_VARIABLE}{_doing_without(files)}."
    )


def _doing_without(files: Sequence[RemoteFile]) -> str:
    """How to do without what is missing, where the rest of the category is there."""
    folder, (release, category, _) = files[0].folder, files[0].key.split("/", 2)
    source = RELEASES[release]
    missing = {file.role for file in files}
    names = [source.metadata.file_name(category), ITEM_TABLE_2023]
    has_metadata = any((folder / name).is_file() for name in names)
    reviews = [name for kind in source.reviews.values() for name in kind.file_names(category)]
    has_reviews = any((folder / name).is_file() for name in reviews)
    if missing == {"metadata"} and has_reviews:
        return (
            "; or do without metadata: 'clairo data prepare' and 'clairo data card' with "
            "--no-metadata, or 'metadata: none' in a file of FILTERS"
        )
    if missing == {"reviews"} and has_metadata and not has_reviews:
        return (
            "; or look at the items alone with 'clairo data card', or with 'reviews: none' in a "
            "file of FILTERS"
        )
    return ""
