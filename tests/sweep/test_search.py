from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import optuna
import pytest

from clairo.core.errors import ConfigError, SweepError
from clairo.sweep.halving import RungSnapshot
from clairo.sweep.objective import Objective
from clairo.sweep.search import Search, SearchPlan
from clairo.sweep.source import Assignment
from clairo.sweep.study import StudyDatabase, sqlite_url
from tests.sweep.fakes import (
    SPACE,
    FakeOutcome,
    FakeRun,
    FakeSpec,
    build,
    build_with_rungs,
    open_search,
    toy_space,
)


def drive(search: Search, run: FakeRun, order: random.Random | None = None) -> list[FakeSpec]:
    """Runs a search in this thread; a batch may finish in a shuffled order."""
    done = []
    while batch := list(search.next_batch()):
        done.extend(assignment.spec for assignment in batch)
        if order:
            order.shuffle(batch)
        for assignment in batch:
            search.finished(assignment.spec, run(assignment.spec, assignment.judge))
    return done


def states(database: StudyDatabase) -> dict[int, str]:
    return {trial.number: trial.state.name for trial in database.study.get_trials()}


class TestDeterminism:
    def test_the_order_in_which_trials_finish_never_changes_a_suggestion(
        self, tmp_path: Path
    ) -> None:
        runs = []
        for index in range(3):
            folder = tmp_path / str(index)
            folder.mkdir()
            search, database = open_search(folder, SearchPlan(15, 3, seed=5))
            specs = drive(search, FakeRun(), random.Random(index))
            runs.append([spec.key for spec in specs])
            database.close()

        assert len(runs[0]) == len(set(runs[0])) == 15
        assert runs[0] == runs[1] == runs[2]

    def test_another_seed_suggests_something_else(self, tmp_path: Path) -> None:
        found = []
        for seed in (1, 2):
            folder = tmp_path / str(seed)
            folder.mkdir()
            search, _ = open_search(folder, SearchPlan(4, 2, seed=seed))
            found.append([spec.key for spec in drive(search, FakeRun())])
        assert found[0] != found[1]

    def test_a_sweep_that_stops_after_any_trial_goes_on_as_if_undisturbed(
        self, tmp_path: Path
    ) -> None:
        plan = SearchPlan(8, 2, seed=3)
        (tmp_path / "whole").mkdir()
        search, _ = open_search(tmp_path / "whole", plan)
        undisturbed = [spec.key for spec in drive(search, FakeRun())]

        run, started = FakeRun(), []
        for _ in range(30):
            search, database = open_search(tmp_path, plan)
            batch = search.next_batch()
            if not batch:
                break
            # One trial ends, the others of the batch are lost with the process.
            last = batch[-1].spec
            search.finished(last, run(last, batch[-1].judge))
            started.append(last.key)
            database.close()

        assert sorted(started) == sorted(undisturbed)
        assert [trial.key for trial in search.trials] == undisturbed


class TestResuming:
    def test_open_trials_are_asked_again_with_their_parameters_and_the_old_ones_fail(
        self, tmp_path: Path
    ) -> None:
        search, database = open_search(tmp_path, SearchPlan(6, 3))
        first = search.next_batch()
        search.finished(first[0].spec, FakeOutcome(first[0].spec.key, "complete", 0.5))
        database.close()

        search, database = open_search(tmp_path, SearchPlan(6, 3))
        again = search.next_batch()

        assert [a.spec for a in again] == [a.spec for a in first[1:]]
        assert states(database) == {0: "RUNNING", 1: "FAIL", 2: "FAIL", 3: "RUNNING", 4: "RUNNING"}
        told = {trial.number: trial.value for trial in search.trials}
        assert told == {0: 0.5, 1: None, 2: None}

    def test_finished_trials_never_run_again_and_a_finished_sweep_can_be_extended(
        self, tmp_path: Path
    ) -> None:
        search, database = open_search(tmp_path, SearchPlan(4, 2))
        first = drive(search, FakeRun())
        assert search.ended == "budget"
        database.close()

        search, database = open_search(tmp_path, SearchPlan(4, 2))
        assert drive(search, FakeRun()) == []
        database.close()

        search, database = open_search(tmp_path, SearchPlan(7, 2))
        more = drive(search, FakeRun())
        assert [spec.number for spec in more] == [4, 5, 6]
        assert not {spec.key for spec in first} & {spec.key for spec in more}

    def test_an_interrupted_trial_stays_open(self, tmp_path: Path) -> None:
        search, database = open_search(tmp_path, SearchPlan(1, 1))
        spec = search.next_batch()[0].spec
        search.finished(spec, FakeOutcome(spec.key, "killed"))
        database.close()

        search, _ = open_search(tmp_path, SearchPlan(1, 1))
        assert [a.spec for a in search.next_batch()] == [spec]

    def test_what_a_crash_left_between_asking_and_beginning_is_failed(self, tmp_path: Path) -> None:
        _, database = open_search(tmp_path, SearchPlan(2, 2))
        database.study.ask()
        database.study.enqueue_trial({"size": 16})
        database.close()

        search, database = open_search(tmp_path, SearchPlan(2, 2))
        assert set(states(database).values()) == {"FAIL"}
        assert [spec.number for spec in drive(search, FakeRun())] == [0, 1]

    def test_one_process_at_a_time_drives_a_sweep(self, tmp_path: Path) -> None:
        _, database = open_search(tmp_path, SearchPlan(2, 2))

        with pytest.raises(SweepError, match="another one drives sweep-1 now"):
            open_search(tmp_path, SearchPlan(2, 2))
        database.close()
        open_search(tmp_path, SearchPlan(2, 2))

    def test_another_space_seed_or_direction_is_refused(self, tmp_path: Path) -> None:
        _, database = open_search(tmp_path, SearchPlan(2, 2))
        database.close()
        other = toy_space({**SPACE, "size": {"choice": [16, 32]}})

        with pytest.raises(SweepError, match="goes on with the space it began with"):
            open_search(tmp_path, SearchPlan(2, 2), other)
        with pytest.raises(SweepError, match="has 0, got 9; start a new sweep"):
            open_search(tmp_path, SearchPlan(2, 2, seed=9))

    def test_a_study_of_the_other_direction_is_refused(self, tmp_path: Path) -> None:
        url = sqlite_url(tmp_path / "study.db")
        optuna.create_study(study_name="theirs", storage=url, direction="minimize")

        with pytest.raises(SweepError, match="has minimize, got maximize"):
            StudyDatabase(url, "theirs", {}, Objective())

    @pytest.mark.parametrize("name", ["study.db", "folder/study.db"])
    def test_a_database_that_cannot_be_opened_is_one_message(
        self, tmp_path: Path, name: str
    ) -> None:
        (tmp_path / "folder").write_text("a file")
        (tmp_path / "study.db").mkdir()

        with pytest.raises(SweepError, match=r"must be writable, got sqlite:.*; check the folder"):
            StudyDatabase(sqlite_url(tmp_path / name), "s", {}, Objective())


class TestTrialsThatAllFail:
    def test_one_error_in_as_many_trials_as_are_random_ends_the_search(
        self, tmp_path: Path
    ) -> None:
        search, _ = open_search(tmp_path, SearchPlan(12, 2))
        started = drive(search, FakeRun(faults=tuple((n, "broken") for n in range(12))))
        assert len(started) == 4
        assert search.ended == "all 4 trials failed alike"

    def test_errors_that_differ_do_not(self, tmp_path: Path) -> None:
        search, _ = open_search(tmp_path, SearchPlan(6, 2))
        started = drive(search, FakeRun(faults=tuple((n, f"broken {n}") for n in range(6))))
        assert len(started) == 6

    def test_they_are_asked_again_once_the_cause_is_mended(self, tmp_path: Path) -> None:
        search, database = open_search(tmp_path, SearchPlan(6, 2))
        before = drive(search, FakeRun(faults=tuple((n, "broken") for n in range(6))))
        database.close()

        search, _ = open_search(tmp_path, SearchPlan(6, 2))
        after = drive(search, FakeRun())
        assert after[:4] == before
        assert [trial.state for trial in search.trials] == ["complete"] * 6

    def test_a_failure_beside_a_success_is_kept(self, tmp_path: Path) -> None:
        search, database = open_search(tmp_path, SearchPlan(2, 1))
        drive(search, FakeRun(faults=((0, "broken"),)))
        database.close()

        search, _ = open_search(tmp_path, SearchPlan(3, 1))
        assert [spec.number for spec in drive(search, FakeRun())] == [2]
        assert [trial.state for trial in search.trials] == ["failed", "complete", "complete"]


def test_a_database_that_refuses_while_trials_run_is_one_message(tmp_path: Path) -> None:
    search, database = open_search(tmp_path, SearchPlan(2, 1))
    spec = search.next_batch()[0].spec
    with database.study._storage._backend.engine.connect() as other:
        other.exec_driver_sql("DROP TABLE trial_user_attributes")
        other.commit()
    with pytest.raises(SweepError, match=r"no such table.*Everything finished before is kept"):
        search.finished(spec, FakeOutcome(spec.key, "complete", 1.0))


class TestStates:
    def outcome(self, tmp_path: Path, fault: str) -> tuple[Search, optuna.trial.FrozenTrial]:
        search, database = open_search(tmp_path, SearchPlan(1, 1))
        spec = search.next_batch()[0].spec
        search.finished(spec, FakeRun(faults=((0, fault),))(spec, lambda *_: True))
        return search, database.study.get_trials()[0]

    def test_a_value_that_is_not_finite_is_a_failure_and_nothing_stays_running(
        self, tmp_path: Path
    ) -> None:
        search, told = self.outcome(tmp_path, "nan")

        assert told.state.name == "FAIL"
        assert search.trials[0].state == "failed"
        assert "must be finite, got nan" in search.trials[0].error

    def test_an_infeasible_trial_tells_every_gate_with_its_violation_and_has_no_value(
        self, tmp_path: Path
    ) -> None:
        search, told = self.outcome(tmp_path, "infeasible")

        assert told.state.name == "PRUNED"
        assert told.constraints == {"max_collision_rate": 0.25, "min_codebook_usage": -0.1}
        assert search.trials[0].state == "infeasible"

    def test_a_complete_trial_tells_how_far_it_is_from_every_gate(self, tmp_path: Path) -> None:
        search, database = open_search(tmp_path, SearchPlan(1, 1))
        spec = search.next_batch()[0].spec
        kept = {"max_reconstruction_error": -0.05}
        search.finished(spec, FakeOutcome(spec.key, "complete", 0.5, constraints=kept))

        assert database.study.get_trials()[0].constraints == kept
        assert search.trials[0].constraints == kept

    def test_a_duplicate_is_told_the_violations_of_its_original(self, tmp_path: Path) -> None:
        # Two sizes, so that most suggestions repeat one; merges and fusion are left as they are.
        space = toy_space({"size": {"uniform": [16, 32], "step": 16}, "merges": {"int": [0, 1]}})
        search, database = open_search(tmp_path, SearchPlan(3, 1), space)
        for _ in range(3):
            spec = search.next_batch()[0].spec
            broken = {"max_collision_rate": float(spec.config.size)}
            search.finished(spec, FakeOutcome(spec.key, "infeasible", constraints=broken))

        repeats = [trial for trial in database.trials() if trial.duplicate_of]
        originals = {trial.key: trial.constraints for trial in search.trials}
        assert repeats
        assert [t.constraints for t in repeats] == [originals[t.key] for t in repeats]

    def test_a_refused_configuration_violates_a_rule_of_its_own(self, tmp_path: Path) -> None:
        def refuse(number: int, settings: dict[str, Any]) -> FakeSpec:
            raise ConfigError("This configuration cannot be.")

        search, database = open_search(tmp_path, SearchPlan(1, 1), builder=refuse)
        assert search.next_batch() == []
        told = database.study.get_trials()
        assert told
        assert all(trial.constraints == {"valid_configuration": 1.0} for trial in told)

    def test_the_sampler_avoids_what_broke_a_gate(self, tmp_path: Path) -> None:
        space = toy_space({"merges": {"int": [0, 400]}, "size": {"choice": [16]}})
        search, _ = open_search(tmp_path, SearchPlan(30, 1), space)
        while batch := search.next_batch():
            spec = batch[0].spec
            # All that keep the gate are equally good: only the violation says where to go.
            violation = (spec.config.merges - 100) / 400
            state, value = ("infeasible", None) if violation > 0 else ("complete", 0.5)
            broken = {"max_collision_rate": violation}
            search.finished(spec, FakeOutcome(spec.key, state, value, constraints=broken))
        kept = [trial.params["merges"] <= 100 for trial in search.trials]
        # Chance, which the first ten are left to, would give 5 of 20.
        assert sum(kept[10:]) >= 10

    def test_a_pruned_trial_is_told_as_pruned_with_its_steps(self, tmp_path: Path) -> None:
        search, database = open_search(tmp_path, SearchPlan(1, 1), builder=build_with_rungs)
        assignment = search.next_batch()[0]
        search.finished(assignment.spec, FakeRun()(assignment.spec, lambda rung, _: rung < 4))

        told = database.study.get_trials()[0]
        assert told.state.name == "PRUNED"
        assert sorted(told.intermediate_values) == [2, 4]
        assert search.best(1) == ()

    def test_the_best_are_complete_trials_with_ties_in_trial_order(self, tmp_path: Path) -> None:
        search, _ = open_search(tmp_path, SearchPlan(3, 3))
        for assignment, value in zip(search.next_batch(), (0.1, 0.3, 0.3), strict=True):
            search.finished(assignment.spec, FakeOutcome(assignment.spec.key, "complete", value))

        assert [trial.number for trial in search.best(2)] == [1, 2]
        best = search.best(1)[0]
        assert build(1, search.settings_of(best)).key == best.key


class TestHalving:
    def test_a_trial_is_compared_with_earlier_batches_only(self, tmp_path: Path) -> None:
        search, _ = open_search(tmp_path, SearchPlan(6, 3, eta=2), builder=build_with_rungs)
        for expected in ((), (0.1, 0.2, 0.3)):
            for index, assignment in enumerate(search.next_batch()):
                assert isinstance(assignment.judge, RungSnapshot)
                assert assignment.judge.values.get(2, ()) == expected
                value = (index + 1) / 10
                outcome = FakeOutcome(assignment.spec.key, "complete", value, {2: value})
                search.finished(assignment.spec, outcome)

    def test_the_record_of_rungs_survives_a_restart(self, tmp_path: Path) -> None:
        plan = SearchPlan(6, 3, eta=2)
        search, database = open_search(tmp_path, plan, builder=build_with_rungs)
        run = FakeRun()
        for assignment in search.next_batch():
            search.finished(assignment.spec, run(assignment.spec, assignment.judge))
        before = search.next_batch()[0].judge
        database.close()

        search, _ = open_search(tmp_path, plan, builder=build_with_rungs)
        assert search.next_batch()[0].judge == before


class TestDuplicates:
    def few(self) -> dict[str, Any]:
        """Twelve points for the sampler, six for the pipeline: a merge budget of -1 means 0."""
        return {"size": {"choice": [16, 32, 64]}, "merges": {"choice": [0, 1, -1, -2]}}

    def build_few(self, number: int, settings: dict[str, Any]) -> FakeSpec:
        return build(number, {**settings, "merges": max(0, settings["merges"])})

    def test_a_duplicate_is_answered_from_the_record_and_does_not_count(
        self, tmp_path: Path
    ) -> None:
        space = toy_space(self.few())
        search, database = open_search(tmp_path, SearchPlan(6, 2), space, self.build_few)
        specs = drive(search, FakeRun(folder=tmp_path))

        assert len({spec.key for spec in specs}) == len(specs) == 6
        assert [spec.number for spec in specs] == list(range(6))
        assert search.duplicates > 0
        values = {trial.key: trial.value for trial in search.trials}
        repeated = [trial for trial in database.trials() if trial.duplicate_of]
        assert all(trial.value == values[trial.duplicate_of] for trial in repeated)
        assert "RUNNING" not in states(database).values()

    def test_a_space_with_nothing_new_left_ends_the_search(self, tmp_path: Path) -> None:
        space = toy_space(self.few())
        search, database = open_search(tmp_path, SearchPlan(11, 2), space, self.build_few)
        specs = drive(search, FakeRun())

        assert len(specs) == 6
        assert search.ended == "exhausted"
        assert "RUNNING" not in states(database).values()

    def test_a_space_no_larger_than_the_budget_is_walked_whole_without_repeats(
        self, tmp_path: Path
    ) -> None:
        space = toy_space({"size": {"choice": [16, 32, 64]}, "merges": {"choice": [0, 50]}})
        search, _ = open_search(tmp_path, SearchPlan(10, 4), space)
        specs = drive(search, FakeRun())

        assert len({spec.key for spec in specs}) == 6
        assert (search.ended, search.duplicates) == ("exhausted", 0)

    def test_settings_that_no_pipeline_accepts_are_refused_and_do_not_count(
        self, tmp_path: Path
    ) -> None:
        def picky(number: int, settings: dict[str, Any]) -> FakeSpec:
            if settings["size"] == 16:
                raise ConfigError("size must not be 16, got 16; take another.")
            return build(number, settings)

        search, database = open_search(tmp_path, SearchPlan(8, 2), builder=picky)
        specs = drive(search, FakeRun())

        assert len(specs) == 8
        assert set(search.refused) == {"size must not be 16, got 16; take another."}
        assert "RUNNING" not in states(database).values()


class TestKnownPoints:
    def test_known_configurations_come_first_and_once(self, tmp_path: Path) -> None:
        known = [{"size": 64, "merges": 200}, {"fusion": {"kind": "none"}, "size": 16, "merges": 0}]
        space = toy_space({**SPACE, "enqueue": known})
        search, database = open_search(tmp_path, SearchPlan(2, 1), space)
        first = drive(search, FakeRun())
        database.close()
        search, _ = open_search(tmp_path, SearchPlan(6, 2), space)
        more = drive(search, FakeRun())

        assert (first[0].config.size, first[0].config.merges) == (64, 200)
        assert (first[1].config.fusion.kind, first[1].config.size) == ("none", 16)
        assert not {spec.key for spec in more} & {spec.key for spec in first}
        assert search.duplicates == 0


def test_a_reason_to_stop_ends_the_search_between_batches(tmp_path: Path) -> None:
    space, reasons = toy_space(), ["", "time is up"]
    database = StudyDatabase(sqlite_url(tmp_path / "study.db"), "s", {}, Objective())
    search = Search(database, space, SearchPlan(9, 2), build, stop=lambda: reasons.pop(0))

    assert len(drive(search, FakeRun())) == 2
    assert search.ended == "time is up"


def test_the_search_finds_the_good_corner_of_the_space(tmp_path: Path) -> None:
    search, _ = open_search(tmp_path, SearchPlan(30, 3, seed=1))
    specs = drive(search, FakeRun())

    early = sum(spec.config.score for spec in specs[:10]) / 10
    late = sum(spec.config.score for spec in specs[-10:]) / 10
    assert late > early
    assert search.best(1)[0].value == max(spec.config.score for spec in specs)


def test_an_assignment_without_a_judge_is_never_pruned() -> None:
    assert Assignment(None).judge(1, 0.0)
