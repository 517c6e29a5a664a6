"""One root seed, and from it an independent seed for every stage."""

from __future__ import annotations

import hashlib


def stage_seed(root_seed: int, stage: str) -> int:
    """A 31-bit seed for one stage, independent of those of the other stages.

    The derivation hashes names instead of drawing from one stream, so adding a stage leaves
    the seeds of all others as they were.

    Example:
        >>> stage_seed(7, "quantization") == stage_seed(7, "quantization")
        True
        >>> stage_seed(7, "quantization") == stage_seed(7, "training")
        False
    """
    digest = hashlib.sha256(f"{root_seed}/{stage}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1
