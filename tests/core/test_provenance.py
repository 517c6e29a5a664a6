from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from clairo.core.provenance import GitState, git_state, package_versions


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "code.py").write_text("one = 1\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "First")
    return tmp_path


def test_a_clean_checkout_has_a_commit_and_no_diff(repository: Path) -> None:
    state = git_state(repository / "package")
    assert len(state.commit) == 40
    assert (state.diff, state.untracked, state.dirty) == ("", (), False)


def test_a_change_anywhere_in_the_repository_is_in_the_diff(repository: Path) -> None:
    (repository / "package" / "code.py").write_text("one = 2\n")
    (repository / "notes.txt").write_text("new")
    state = git_state(repository / "package")
    assert "-one = 1\n+one = 2" in state.diff
    assert state.untracked == ("notes.txt",)
    assert state.dirty


def test_a_package_installed_inside_a_foreign_repository_has_no_commit(repository: Path) -> None:
    installed = repository / ".venv" / "clairo"
    installed.mkdir(parents=True)
    (installed / "code.py").write_text("one = 1\n")
    assert git_state(installed) == GitState(commit="", diff="", untracked=())


def test_outside_of_git_there_is_no_commit(tmp_path: Path) -> None:
    assert git_state(tmp_path / "nowhere").commit == ""


def test_versions_name_what_is_installed() -> None:
    versions = package_versions()
    assert versions["numpy"] == np.__version__
    assert "torch" in versions
