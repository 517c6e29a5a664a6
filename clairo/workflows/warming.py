"""Kernels that compile once, before any worker would do it for itself."""

from __future__ import annotations

from collections.abc import Callable


def warm_kernels(say: Callable[[str], None]) -> None:
    """Compiles what is not compiled yet; says so where that takes a while."""
    from clairo.merging.warm_up import is_warm, warm_up
    from clairo.modeling import padding

    if not is_warm():
        say("compiling the merging kernels, once (under a minute)")
    warm_up()
    padding.warm_up()
