from __future__ import annotations

import json
import logging
import os
import stat
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from clairo.core.errors import SweepError
from clairo.core.provenance import GitState
from clairo.core.threads import usable_cpus
from clairo.tracking import environment as module
from clairo.tracking.environment import environment, log_code, query_gpus
from clairo.tracking.null import NullRun
from clairo.tracking.system_metrics import SystemMetrics


class RecordingRun(NullRun):
    """A null run that remembers what it was told."""

    def __init__(self) -> None:
        super().__init__("run")
        self.steps: list[int] = []
        self.metrics: list[Mapping[str, float]] = []
        self.tags: dict[str, str] = {}
        self.texts: dict[str, str] = {}

    def log_metrics(self, metrics: Mapping[str, float], step: int = 0) -> None:
        super().log_metrics(metrics, step)
        self.steps.append(step)
        self.metrics.append(metrics)

    def set_tags(self, tags: Mapping[str, str]) -> None:
        self.tags.update(tags)

    def log_text(self, text: str, path: str) -> None:
        self.texts[path] = text


def put_program(folder: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes ``nvidia-smi`` a script that prints the text."""
    program = folder / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(program.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)


class TestEnvironment:
    def test_it_names_code_packages_and_machine_as_json(self) -> None:
        facts = environment()
        assert json.loads(json.dumps(facts)) == facts
        assert facts["packages"]["numpy"] == np.__version__
        assert facts["cpus"] == usable_cpus() >= 1
        assert facts["memory_bytes"] > 2**27

    def test_gpus_are_named_where_there_are_any(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put_program(tmp_path, "echo 'NVIDIA H200, 143771'", monkeypatch)
        assert environment()["gpus"] == ["NVIDIA H200 143771 MiB"]

    def test_a_driver_that_fails_counts_as_no_gpu(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put_program(tmp_path, "echo 'No devices were found'; exit 6", monkeypatch)
        assert query_gpus("name") == []

    def test_uncommitted_changes_are_kept_beside_the_commit(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run = RecordingRun()
        monkeypatch.setattr(module, "git_state", lambda: GitState("f" * 40, "-a\n+b\n", ()))
        log_code(run)
        assert run.tags == {"git.commit": "f" * 40, "git.dirty": "true"}
        assert run.texts == {"git.diff": "-a\n+b\n"}

    def test_outside_of_git_that_is_said(self, monkeypatch: pytest.MonkeyPatch) -> None:
        run = RecordingRun()
        monkeypatch.setattr(module, "git_state", lambda: GitState("", "", ()))
        log_code(run)
        assert (run.tags, run.texts) == ({"git.commit": "none", "git.dirty": "false"}, {})


class TestSystemMetrics:
    def test_even_a_short_run_has_one_sample(self) -> None:
        run = RecordingRun()
        with SystemMetrics(run):
            sum(range(1_000_000))
        assert run.steps == [0]
        assert run.metrics[0]["system/process_memory_megabytes"] > 10
        assert run.metrics[0]["system/process_cpu_percent"] >= 0

    def test_a_longer_one_is_sampled_at_each_interval(self) -> None:
        run = RecordingRun()
        with SystemMetrics(run, interval_seconds=0.05):
            deadline = time.monotonic() + 10
            while len(run.steps) < 3 and time.monotonic() < deadline:
                time.sleep(0.01)
        assert run.steps == list(range(len(run.steps)))
        assert len(run.steps) >= 4

    def test_a_gpu_is_sampled_and_what_it_does_not_tell_is_left_out(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put_program(tmp_path, "echo '37, 1024'; echo '[N/A], 2048'", monkeypatch)
        gpus = {k: v for k, v in SystemMetrics(RecordingRun()).sample().items() if "gpu" in k}
        assert gpus == {
            "system/gpu_0_utilization_percent": 37.0,
            "system/gpu_0_memory_mebibytes": 1024.0,
            "system/gpu_1_memory_mebibytes": 2048.0,
        }

    def test_a_tracker_that_is_gone_does_not_end_the_trial(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        class Gone(RecordingRun):
            def log_metrics(self, metrics: Mapping[str, float], step: int = 0) -> None:
                raise SweepError("MLflow must answer, it does not; start it.")

        with caplog.at_level(logging.WARNING), SystemMetrics(Gone()):
            pass
        assert "System metrics are no longer logged: MLflow must answer" in caplog.text
