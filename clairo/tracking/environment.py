"""What a sweep ran on and with: code, packages, machine."""

from __future__ import annotations

import platform
import shutil
import subprocess
from pathlib import Path
from typing import Any

import psutil

import clairo
from clairo.core.provenance import git_state, package_versions
from clairo.core.threads import usable_cpus
from clairo.tracking.protocol import Run

DIFF_FILE = "git.diff"
"""Artifact of the parent run: uncommitted changes of the code."""


def environment() -> dict[str, Any]:
    """Commit, versions and hardware as JSON values, for ``SweepSummary.environment``.

    ``commit`` is ``""`` outside of git; ``dirty`` says whether the code differs from it;
    ``cpus`` counts those that this process may use.
    """
    state = git_state()
    memory = psutil.virtual_memory()
    return {
        "clairo": clairo.__version__,
        "commit": state.commit,
        "dirty": state.dirty,
        "untracked": list(state.untracked),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": package_versions(),
        "cpu": cpu_model(),
        "cpus": usable_cpus(),
        "memory_bytes": int(memory.total),
        "gpus": [f"{name} {megabytes} MiB" for name, megabytes in query_gpus("name,memory.total")],
    }


def log_code(run: Run) -> None:
    """Puts commit and uncommitted changes on a run: two tags, and ``git.diff`` where it differs."""
    state = git_state()
    run.set_tags({"git.commit": state.commit or "none", "git.dirty": str(state.dirty).lower()})
    if state.diff:
        run.log_text(state.diff, DIFF_FILE)


def cpu_model() -> str:
    """Name of the processor, ``""`` where the system does not tell."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()


def query_gpus(fields: str) -> list[tuple[str, ...]]:
    """One tuple a GPU of the fields asked of ``nvidia-smi``; empty where there is none."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    command = [program, f"--query-gpu={fields}", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(  # noqa: S603 - found on PATH, fixed arguments
            command, capture_output=True, text=True, check=False, timeout=10
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    lines = done.stdout.splitlines() if done.returncode == 0 else []
    return [tuple(part.strip() for part in line.split(",")) for line in lines]
