"""A disk that refuses, told with rule, value and cure."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError

from clairo.core.errors import ArtifactError, SweepError


class StoreDiskError(ArtifactError, SweepError):
    """The disk refuses: a matter of the machine, so no other trial would fare better."""


@contextmanager
def disk_errors_explained(root: Path) -> Iterator[None]:
    """Tells what goes wrong on the disk of a store.

    Raises:
        StoreDiskError: The block was refused by the disk.
    """
    try:
        yield
    except (OSError, SafetensorError) as error:
        raise StoreDiskError(_explain(error, root)) from error


def _explain(error: Exception, root: Path) -> str:
    # safetensors writes in Rust and names the number only in its text.
    numbers = {getattr(error, "errno", None)}
    numbers |= {int(number) for number in re.findall(r"os error (\d+)", str(error))}
    if numbers & {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return (
            f"The stage store needs free space in {root}, got: {error}; free some or "
            "choose another OUT. Everything finished before is kept."
        )
    return (
        f"The stage store must be able to write to {root}, got: {error}; choose a "
        "writable OUT. Everything finished before is kept."
    )
