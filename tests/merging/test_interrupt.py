"""Ctrl-C during a construction is a KeyboardInterrupt, whatever was running."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

BUILD = """
import signal
import sys
import numpy as np
from clairo.core.ragged import Ragged
from clairo.merging import FeatureSetBPEConfig
from clairo.merging.warm_up import warm_up

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
warm_up()
rng = np.random.default_rng(0)
codes = rng.integers(0, 256, (2000, 5))
training = Ragged(rng.integers(0, 2000, 300_000), np.arange(0, 300_001, 30))
try:
    print("building", flush=True)  # within: the answer may come before this line has ended
    FeatureSetBPEConfig(num_merges=10_000_000, counting=sys.argv[1]).fit(codes, training, 0)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.mark.parametrize("counting", ["exact", "release"])
def test_an_interrupt_ends_a_construction_and_not_the_process(counting: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", BUILD, counting], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "building\n"
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=300)
    assert (said, process.returncode) == ("interrupted\n", 0)
