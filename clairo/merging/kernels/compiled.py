"""The compiler setting of all kernels: compiled at first use, then read from numba's cache."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numpy as np

FunctionT = TypeVar("FunctionT", bound=Callable[..., object])
ResultT = TypeVar("ResultT")

_LOG = logging.getLogger(__name__)
wide = cast("Callable[[Any], int]", np.int64)
"""Widens to 64 bits; numba gives each variable one type, and tokens are stored in 32."""

_checked_folders: set[str] = set()
_announced: list[bool] = []


def compiled(function: FunctionT) -> FunctionT:
    """A kernel: native code without the interpreter, kept on disk between processes.

    Integer arithmetic wraps instead of raising, so callers check ranges at the border. A kernel
    allocates nothing: without numba's own memory management there is no counting of references,
    which took most of the time of functions that are called a million times. For the same reason
    it returns no array: nobody would count the caller's reference.
    """
    return _compile(function, _nrt=False)


def inlined(function: FunctionT) -> FunctionT:
    """A small kernel that is always compiled into its callers.

    Tables and rows travel as tuples of arrays, some dozen machine words: handing them to a
    function that does a few loads costs more than the function. For small functions only, the
    compiler's time grows with every place.
    """
    return _compile(function, _nrt=False, forceinline=True)


def allocating(function: FunctionT) -> FunctionT:
    """A kernel that makes arrays; one that returns some is called by :func:`call_apart`."""
    return _compile(function)


def _compile(function: FunctionT, **options: bool) -> FunctionT:
    kernel: FunctionT = numba.njit(cache=True, nogil=True, **options)(function)
    folder = kernel.stats.cache_path  # type: ignore[attr-defined]
    if folder not in _checked_folders:
        _checked_folders.add(folder)
        drop_outdated_cache(Path(folder), Path(__file__).parent)
    return kernel


def call_apart(kernel: Callable[..., ResultT], *arguments: object) -> ResultT:
    """Calls a kernel that returns arrays in a thread of its own.

    A Ctrl-C that came while a kernel ran is raised in the main thread when numba builds a tuple
    of arrays, and numba does not look: the process dies. Signals reach the main thread only.
    An interrupt is heard here and raised when the kernel has come back.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="kernel") as pool:
        return pool.submit(kernel, *arguments).result()


def is_compiled(*kernels: Callable[..., object]) -> bool:
    """Whether kernels are loaded, or will be read from the cache."""
    return all(_is_at_hand(cast("Any", kernel)) for kernel in kernels)


def announce(*kernels: Callable[..., object]) -> None:
    """Warns once that the next call compiles, where it does: a first use on a machine is slow."""
    if not _announced and not is_compiled(*kernels):
        _announced.append(True)
        _LOG.warning(
            "Compiling the merging kernels, once for this machine and version (under a minute)"
        )


def _is_at_hand(kernel: Any) -> bool:
    # Numba names an index file "<module>.<function>-<line>.<python>.nbi".
    source, name = kernel.py_func.__module__.rpartition(".")[2], kernel.py_func.__qualname__
    cached = Path(kernel.stats.cache_path).glob(f"{source}.{name}-*.nbi")
    return bool(kernel.signatures) or any(cached)


def drop_outdated_cache(cache: Path, sources: Path) -> int:
    """Deletes cached kernels that are older than the newest source file; says how many.

    Numba looks only at the file of the kernel that is called. A kernel inlines those of
    other files, so after a change there the cached one would go on with the old code.
    """
    newest = max(path.stat().st_mtime for path in sources.glob("*.py"))
    names = {path.stem for path in sources.glob("*.py")}
    outdated = [
        path
        for path in cache.glob("*.nb[ic]")
        if path.name.split(".")[0].split("-")[0] in names and _changed_before(path, newest)
    ]
    for path in outdated:
        path.unlink(missing_ok=True)
    if outdated:
        _LOG.info("Kernels changed: dropped %d cached files, the next use compiles", len(outdated))
    return len(outdated)


def _changed_before(path: Path, moment: float) -> bool:
    try:
        return path.stat().st_mtime < moment
    except FileNotFoundError:  # another process has just dropped it
        return False
