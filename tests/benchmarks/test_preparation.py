"""What preparing data costs: against pandas, on the literature's sets, and how it grows.

Every figure is from a process of its own, so that its peak is its own.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from clairo.datasets.amazon_sources import CoreLevel
from tests.benchmarks.generated_ratings import write_ratings, write_reviews
from tests.benchmarks.own_preparation import category

FOLDER = Path(__file__).parent
NUM_REVIEWS = int(os.environ.get("CLAIRO_BENCH_REVIEWS", "10000000"))
LARGEST = int(os.environ.get("CLAIRO_BENCH_RATINGS", "100000000"))
"""Ratings of the largest file; at 10^8 it takes 6 GB of disk, and as much again for the work."""

CORE = 5
MEMORY_MB = 3072
"""Of the 4 GB that are allowed; the rest is for mapped files, which the system can take back."""


def run_program(*command: str) -> tuple[list[str], float, float]:
    """Output lines, seconds, and the largest resident memory in megabytes."""
    environment = {**os.environ, "PYTHONPATH": str(FOLDER.parents[1]), "OMP_NUM_THREADS": "1"}
    started = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, *command], stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        peak = 0.0
        while process.poll() is None:
            peak = max(peak, resident_peak(process.pid))
            time.sleep(0.05)
        output = process.stdout.read() if process.stdout else ""
    assert process.returncode == 0
    return output.splitlines(), time.perf_counter() - started, peak


def resident_peak(pid: int) -> float:
    """The largest resident memory of a process so far; 0 where it has just ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    found = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(found[0].split()[1]) / 1024 if found else 0.0


def raw_file(folder: Path, reviews: CoreLevel) -> Path:
    """Where the generated file of a kind belongs."""
    path = category(folder, reviews).reviews_files[0].path
    path.parent.mkdir(parents=True)
    return path


def prepare(folder: Path, reviews: str, memory_mb: int) -> dict[str, Any]:
    """Ours, in a process of its own."""
    program = str(FOLDER / "own_preparation.py")
    lines, seconds, peak = run_program(program, str(folder), reviews, str(CORE), str(memory_mb))
    return json.loads(lines[-1]) | {"process_seconds": seconds, "process_peak_mb": peak}


def test_five_times_faster_and_smaller_than_pandas(tmp_path: Path) -> None:
    path = raw_file(tmp_path, "all")
    write_reviews(path, NUM_REVIEWS)
    ours = prepare(tmp_path, "all", memory_mb=1024)
    program = str(FOLDER / "pandas_preparation.py")
    lines, seconds, peak = run_program(program, str(path), str(CORE))
    print(
        f"\n{NUM_REVIEWS:,} reviews, {path.stat().st_size / 1e6:,.0f} MB gzip: "
        f"ours {ours['process_seconds']:.1f} s ({ours['ingest_seconds']:.1f} s ingestion), "
        f"{ours['process_peak_mb']:,.0f} MB; pandas {seconds:.1f} s, {peak:,.0f} MB; "
        f"{seconds / ours['process_seconds']:.1f} times faster, "
        f"{peak / ours['process_peak_mb']:.1f} times smaller"
    )
    assert [int(word) for word in lines[-1].split()] == [
        ours["rows"], ours["users"], ours["items"],
    ]  # fmt: skip
    assert seconds / ours["process_seconds"] >= 5
    assert peak / ours["process_peak_mb"] >= 5


@pytest.mark.shared
@pytest.mark.parametrize("category", ["beauty", "sports", "toys"])
def test_sets_of_the_literature_are_prepared_in_seconds(
    category: str, shared: Path, tmp_path: Path
) -> None:
    _, seconds, peak = run_program(
        "-m", "clairo", "data", "prepare", category, "2014", "--data", str(shared / "data"),
        "--no-fetch", "--out", str(tmp_path / "out"),
    )  # fmt: skip
    print(f"\n{category}: {seconds:.1f} s for the whole process, {peak:,.0f} MB")
    assert seconds < 20


def test_time_grows_as_the_number_of_ratings_and_memory_stays_within_four_gigabytes(
    tmp_path: Path,
) -> None:
    sizes = [size for size in (10**6, 10**7, 10**8) if size <= LARGEST]
    assert len(sizes) > 1, "growth needs two sizes; raise CLAIRO_BENCH_RATINGS to 10^7 or more"
    found: dict[int, dict[str, Any]] = {}
    for size in sizes:
        path = raw_file(tmp_path / str(size), "ratings")
        write_ratings(path, size)
        found[size] = prepare(tmp_path / str(size), "ratings", memory_mb=MEMORY_MB)
        print(
            f"\n{size:,} ratings, {path.stat().st_size / 1e9:.2f} GB: "
            f"{found[size]['seconds']:.1f} s ({found[size]['ingest_seconds']:.1f} s ingestion, "
            f"{found[size]['prepare_seconds']:.1f} s filters to digest), peak "
            f"{found[size]['process_peak_mb']:,.0f} MB ({found[size]['ingest_peak_mb']:,.0f} "
            f"ingestion, {found[size]['prepare_peak_mb']:,.0f} filters to digest); the "
            f"{CORE}-core has {found[size]['rows']:,} of {found[size]['users']:,} users and "
            f"{found[size]['items']:,} items"
        )
        shutil.rmtree(tmp_path / str(size))
        assert found[size]["shortest"] >= CORE
        assert found[size]["process_peak_mb"] < 4096
    growth = found[sizes[-1]]["seconds"] / found[sizes[0]]["seconds"]
    print(f"{sizes[-1] / sizes[0]:,.0f} times the ratings take {growth:.0f} times as long")
    assert growth <= 1.2 * sizes[-1] / sizes[0]
