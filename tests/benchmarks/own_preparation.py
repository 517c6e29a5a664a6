"""Ours of the same, as a user has it: read, filter, order, split, check, describe, save.

Prints what remains, and what it took, as one JSON line.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from clairo.datasets import AmazonConfig


def category(data_dir: Path, reviews: str, **settings: Any) -> AmazonConfig:
    """The 2014 category that the generated files stand for."""
    values = {"category": "Books", "release": "2014", "metadata": "none", **settings}
    return AmazonConfig.model_validate({**values, "data_dir": data_dir, "reviews": reviews})


def peak_mb() -> float:
    """Largest memory of this process so far, mapped files included, in megabytes."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("/proc/self/status must name VmHWM, it does not; run this on Linux.")


def prepare(config: AmazonConfig, target: Path) -> dict[str, float]:
    """The data set of a configuration, saved as the store saves it."""
    started = time.perf_counter()
    table = config.reading.ingest(num_threads=2)
    ingested = time.perf_counter()
    after_reading = peak_mb()
    dataset = config.prepare(table, num_threads=2)
    prepared = time.perf_counter()
    after_preparing = peak_mb()
    target.mkdir()
    dataset.save(target)
    return {
        "rows": len(dataset.log),
        "users": len(dataset.log.user_ids),
        "items": len(dataset.catalog),
        "shortest": int(np.diff(dataset.log.offsets).min()),
        "ingest_seconds": ingested - started,
        "prepare_seconds": prepared - ingested,
        "seconds": time.perf_counter() - started,
        "ingest_peak_mb": after_reading,
        "prepare_peak_mb": after_preparing,
        "peak_mb": peak_mb(),
    }


if __name__ == "__main__":
    folder, reviews, core, memory = sys.argv[1:5]
    found = category(
        Path(folder), reviews, user_core=int(core), item_core=int(core), memory_mb=int(memory)
    )
    print(json.dumps(prepare(found, Path(folder) / "prepared")))
