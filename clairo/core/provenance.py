"""Where a result comes from: the code's version, its commit, and the packages it ran with."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

import clairo

_PACKAGE = Path(clairo.__file__).resolve().parent

PACKAGES = (
    "faiss-cpu",
    "faiss-gpu-cu12",
    "mlflow",
    "numba",
    "numpy",
    "open_clip_torch",
    "optuna",
    "pandas",
    "pillow",
    "pyarrow",
    "ray",
    "scikit-image",
    "scikit-learn",
    "scipy",
    "sentence-transformers",
    "torch",
    "torchvision",
    "transformers",
)
"""Distributions whose version may change a result; those not installed are left out."""


@dataclass(frozen=True)
class GitState:
    """What version control knows about the running code.

    Attributes:
        commit: Full commit id, ``""`` where the code is not tracked by git.
        diff: Uncommitted changes of tracked files, ``""`` where there are none.
        untracked: Files inside the repository that git neither tracks nor ignores.
    """

    commit: str
    diff: str
    untracked: tuple[str, ...]

    @property
    def dirty(self) -> bool:
        """Whether the code differs from the commit."""
        return bool(self.diff or self.untracked)


def git_state(folder: Path = _PACKAGE) -> GitState:
    """Commit and uncommitted changes of the repository that tracks ``folder``.

    An installed copy of the package can lie inside some other project's repository; its
    commit would name foreign code. Hence a folder whose files git does not track counts as
    being outside of git.
    """
    if not _git(folder, "ls-files", "--", "."):
        return GitState(commit="", diff="", untracked=())
    top = Path(_git(folder, "rev-parse", "--show-toplevel").strip())
    untracked = _git(top, "ls-files", "--others", "--exclude-standard").splitlines()
    return GitState(
        commit=_git(top, "rev-parse", "--verify", "--quiet", "HEAD").strip(),
        diff=_git(top, "diff", "--no-ext-diff", "--no-color", "HEAD"),
        untracked=tuple(untracked),
    )


@cache
def running_commit() -> str:
    """Commit of the running code, asked once per process; ``""`` outside of git."""
    return git_state().commit


@cache
def package_versions() -> dict[str, str]:
    """Installed versions of :data:`PACKAGES`, by name."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def _git(folder: Path, *arguments: str) -> str:
    """Output of a git command, ``""`` where there is no git or no repository."""
    try:
        done = subprocess.run(  # noqa: S603 - fixed arguments
            ["git", "-C", str(folder), *arguments],  # noqa: S607 - git is found on PATH
            capture_output=True,
            check=False,
            timeout=30,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", errors="replace") if done.returncode == 0 else ""
