"""``clairo doctor``: what is installed here, what of it works, and how to get the rest."""

from __future__ import annotations

import importlib
import platform
import shutil
from importlib import metadata
from pathlib import Path

from clairo.core.threads import usable_cpus

_PACKAGES = (
    "clairo",
    "torch",
    "transformers",
    "sentence-transformers",
    "open_clip_torch",
    "scikit-learn",
    "numba",
    "mlflow",
    "optuna",
    "ray",
    "plotly",
)


def print_diagnosis(out: Path) -> None:
    """Prints versions, devices, threads, disk and the state of the optional parts."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title="clairo doctor", title_justify="left", show_header=False, box=None)
    for name, value in (*_machine(out), *_versions(), *_optional()):
        table.add_row(name, Text(value))
    Console().print(table)


def _machine(out: Path) -> list[tuple[str, str]]:
    import psutil

    place = next(path for path in (out.resolve(), *out.resolve().parents) if path.exists())
    free, memory = shutil.disk_usage(place).free, psutil.virtual_memory()
    return [
        ("python", platform.python_version()),
        ("system", platform.platform()),
        ("CPUs", f"{usable_cpus()} usable"),
        ("memory", f"{memory.available / 2**30:.1f} of {memory.total / 2**30:.1f} GiB free"),
        ("disk", f"{free / 2**30:.1f} GiB free at {place}"),
        ("device", _device()),
    ]


def _device() -> str:
    import torch

    if not torch.cuda.is_available():
        return "cpu (no CUDA device; 'quick' is sized for this)"
    names = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    return ", ".join(names)


def _versions() -> list[tuple[str, str]]:
    found = []
    for name in _PACKAGES:
        try:
            found.append((name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            found.append((name, "missing; run 'make setup'"))
    return found


def _optional() -> list[tuple[str, str]]:
    """Parts that some tasks need and others do not."""
    checks = (
        ("faiss", "faiss", "pip install 'clairo[cpu]' or 'clairo[gpu]'"),
        ("PostgreSQL driver", "psycopg2", "pip install 'clairo[postgres]'"),
        ("static figures", "kaleido", "pip install 'clairo[figures]'"),
    )
    rows = []
    for title, module, cure in checks:
        try:
            importlib.import_module(module)
            rows.append((title, "works"))
        except ImportError as error:
            rows.append((title, f"does not import ({error}); {cure}"))
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    rows.append(("browser", chromium or "none found; only browser tests and PNG export need one"))
    return rows
