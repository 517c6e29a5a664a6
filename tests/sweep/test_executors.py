"""Both executors, one contract: real processes, a real Ray, trials of milliseconds."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from clairo.core.errors import SweepError
from clairo.sweep import ray_session
from clairo.sweep.executors import open_executor
from clairo.sweep.local_executor import LocalExecutor
from clairo.sweep.ray_executor import RayExecutor
from clairo.sweep.ray_session import RaySession, check_address
from clairo.sweep.search import SearchPlan
from clairo.sweep.source import Executor, FixedPlan, TrialEvent
from tests.sweep.fakes import FakeRun, FakeSpec, Toy, build_with_rungs, open_search, starts_of

# Ray's own code opens sockets and logs that it leaves to the garbage collector.
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning",
    "ignore::pytest.PytestUnraisableExceptionWarning",
    "ignore::DeprecationWarning:ray.*",
    "ignore::FutureWarning:ray.*",
)


@pytest.fixture(scope="module")
def ray_executor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RayExecutor]:
    with RayExecutor(2, tmp_path_factory.mktemp("ray"), num_cpus=2) as executor:
        yield executor


@pytest.fixture(params=["here", "processes", "ray"])
def executor(request: pytest.FixtureRequest) -> Executor:
    if request.param == "ray":
        return request.getfixturevalue("ray_executor")
    return LocalExecutor(1 if request.param == "here" else 2)


@pytest.fixture(params=["processes", "ray"])
def parallel(request: pytest.FixtureRequest) -> Executor:
    if request.param == "ray":
        return request.getfixturevalue("ray_executor")
    return LocalExecutor(2)


def specs(count: int, rungs: tuple[int, ...] = ()) -> list[FakeSpec]:
    return [FakeSpec(number, Toy(merges=number), rungs=rungs) for number in range(count)]


class TestEveryExecutor:
    def test_runs_every_trial_once_and_tells_what_happens_quietly(
        self, executor: Executor, tmp_path: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        plan, events = FixedPlan(specs(4, rungs=(2, 4))), list[TrialEvent]()

        executor.execute(plan, FakeRun(delay=0.02, folder=tmp_path), events.append)

        assert sorted(starts_of(tmp_path)) == [0, 1, 2, 3]
        for number, spec in enumerate(specs(4, rungs=(2, 4))):
            score = spec.config.score
            assert plan.outcomes[spec.key].value == score
            mine = [event for event in events if event.number == number]
            assert [event.kind for event in mine] == ["started", "rung", "rung", "finished"]
            assert [event.epoch for event in mine] == [None, 2, 4, None]
            assert [event.value for event in mine] == [None, score * 2, score * 4, score]
            assert mine[-1].state == "complete"
        assert capfd.readouterr().out == ""

    def test_failures_are_outcomes_and_only_what_may_pass_is_tried_again(
        self, executor: Executor, tmp_path: Path
    ) -> None:
        plan = FixedPlan(specs(4))
        faults = ((0, "transient"), (1, "wrong"), (2, "raise"))

        executor.execute(plan, FakeRun(faults=faults, folder=tmp_path))

        assert sorted(starts_of(tmp_path)) == [0, 0, 1, 2, 3]
        outcomes = [plan.outcomes[spec.key] for spec in specs(4)]
        states = [outcome.state for outcome in outcomes]
        assert states == ["complete", "failed", "failed", "complete"]
        assert outcomes[2].error == "ZeroDivisionError: a stage divided by zero"

    def test_an_error_of_the_sweep_itself_ends_it(self, executor: Executor) -> None:
        with pytest.raises(SweepError, match="The tracker must answer"):
            executor.execute(FixedPlan(specs(1)), FakeRun(faults=((0, "stop"),)))

    def test_a_search_gives_the_same_trials_and_prunes_the_same_ones(
        self, executor: Executor, tmp_path: Path
    ) -> None:
        plan = SearchPlan(6, 2, seed=11, eta=2)
        (tmp_path / "reference").mkdir()
        reference, database = open_search(tmp_path / "reference", plan, builder=build_with_rungs)
        LocalExecutor(1).execute(reference, FakeRun())
        expected = [(t.number, t.key, t.state, t.value) for t in reference.trials]
        database.close()
        assert "pruned" in {state for _, _, state, _ in expected}

        search, database = open_search(tmp_path, plan, builder=build_with_rungs)
        executor.execute(search, FakeRun(delay=0.05))

        assert [(t.number, t.key, t.state, t.value) for t in search.trials] == expected
        database.close()


def test_a_worker_that_dies_costs_its_own_trial_two_retries_and_nobody_else_anything(
    parallel: Executor, tmp_path: Path
) -> None:
    plan, events = FixedPlan(specs(3)), list[TrialEvent]()

    parallel.execute(plan, FakeRun(folder=tmp_path, deaths=((0, 99),)), events.append)

    states = [plan.outcomes[spec.key].state for spec in specs(3)]
    assert states == ["failed", "complete", "complete"]
    assert sorted(starts_of(tmp_path)) == [0, 0, 0, 1, 2]
    assert [event.number for event in events if event.kind == "retried"] == [0, 0]
    assert "this one died" in plan.outcomes[specs(1)[0].key].error


class TestWorkers:
    def test_a_worker_process_has_the_threads_it_was_given(self) -> None:
        before = os.environ.get("OMP_NUM_THREADS")
        plan = FixedPlan(specs(2))

        LocalExecutor(2, num_threads=3).execute(plan, _threads)

        assert {outcome.error for outcome in plan.outcomes.values()} == {"3"}
        assert os.environ.get("OMP_NUM_THREADS") == before

    def test_an_executor_is_opened_by_name(self, tmp_path: Path) -> None:
        with open_executor("local", workers=1, num_threads=1, out=tmp_path) as local:
            assert isinstance(local, LocalExecutor)
        with open_executor("ray", workers=1, num_threads=1, out=tmp_path) as ray:
            assert isinstance(ray, RayExecutor)


class TestAddress:
    def test_an_address_where_nothing_listens_is_an_error_within_seconds(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        with pytest.raises(SweepError, match=rf"reachable, got 127.0.0.1:{port}.*RAY_ADDRESS"):
            check_address(f"127.0.0.1:{port}")

    @pytest.mark.parametrize("address", ["somewhere", "host:port", ":6379"])
    def test_an_address_is_host_and_port(self, address: str) -> None:
        with pytest.raises(SweepError, match="RAY_ADDRESS must be host:port, got"):
            check_address(address)

    def test_what_answers_without_being_a_ray_is_refused(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(ray_session, "_HEALTH_SECONDS", 2.0)
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            with pytest.raises(SweepError, match=r"something else answers there|got silence"):
                check_address(f"127.0.0.1:{port}")

    def test_a_session_joins_the_ray_that_is_up_and_leaves_it_up(
        self, ray_executor: RayExecutor
    ) -> None:
        ray_executor.execute(FixedPlan([]), FakeRun())
        session = RaySession(2)
        assert session.start().cpus == 1
        session.close()

        plan = FixedPlan(specs(1))
        ray_executor.execute(plan, _threads)
        assert [outcome.error for outcome in plan.outcomes.values()] == ["1"]


def _threads(spec: FakeSpec, keep_going: object) -> object:
    """A trial that reports the thread count its libraries would use."""
    from tests.sweep.fakes import FakeOutcome

    return FakeOutcome(spec.key, "complete", 1.0, error=os.environ["OMP_NUM_THREADS"])
