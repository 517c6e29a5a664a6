"""Ours of the same: prints what remains, and what it took, as one JSON line."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np

from clairo.core.dataset import InteractionLog
from clairo.datasets.engine import open_engine
from clairo.datasets.filtering import Filters, filter_interactions
from clairo.datasets.ingestion import RawFile, ingest
from clairo.datasets.row_format import RowFormat
from clairo.datasets.splits import check_splits, leave_last_out

REVIEWS = RowFormat("json", "reviewerID", "asin", "unixReviewTime", "overall")
RATINGS = RowFormat(
    "csv", "user", "item", "timestamp", "rating", ("user", "item", "rating", "timestamp")
)


def peak_mb() -> float:
    """Largest memory of this process so far, mapped files included, in megabytes."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("/proc/self/status must name VmHWM, it does not; run this on Linux.")


def prepare(path: Path, rows: RowFormat, core: int, memory_mb: int) -> dict[str, float]:
    """Ingestion, k-core, order and split of one file."""
    started = time.perf_counter()
    table = ingest([RawFile(path, rows)], num_threads=2)
    ingested = time.perf_counter()
    with open_engine(memory_mb, 2) as engine:
        found = filter_interactions(table, Filters(user_core=core, item_core=core), engine)
    log = InteractionLog(found.user_ids, found.items, found.timestamps, found.offsets)
    check_splits(log, leave_last_out(log), None)
    return {
        "rows": len(log),
        "users": len(found.user_ids),
        "items": len(found.item_ids),
        "shortest": int(np.diff(log.offsets).min()),
        "ingest_seconds": ingested - started,
        "seconds": time.perf_counter() - started,
        "peak_mb": peak_mb(),
    }


if __name__ == "__main__":
    formats = {"reviews": REVIEWS, "ratings": RATINGS}
    result = prepare(Path(sys.argv[1]), formats[sys.argv[2]], int(sys.argv[3]), int(sys.argv[4]))
    print(json.dumps(result))
