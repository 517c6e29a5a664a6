"""``clairo ablate``: the arms of a definition on paired seeds, and their page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from clairo.ablation.build import find_definition, read_definition
from clairo.ablation.definition import AblationDefinition
from clairo.core.log_file import log_to_file
from clairo.pipeline.profiles import Profile, get_profile
from clairo.pipeline.trial import TrialEnvironment
from clairo.sweep.executors import open_executor
from clairo.sweep.objective import Objective
from clairo.sweep.search_space import load_space
from clairo.sweep.source import Executor
from clairo.sweep.study import StudyDatabase
from clairo.tracking.environment import log_code
from clairo.tracking.records import ArmGroup, SweepSummary
from clairo.tracking.segment_files import log_segments
from clairo.workflows.ablation_data import KnownBase, ReadyGroup, find_base, prepare_groups
from clairo.workflows.ablation_notes import asking_notes
from clairo.workflows.ablation_options import AblateOptions
from clairo.workflows.ablation_phase import ArmRuns, describe_experiment, families_of, run_arms
from clairo.workflows.ablation_tuning import ArmTuning, TunedArms, tune_arms
from clairo.workflows.checks import check_ablation, check_tuning_space, check_weights
from clairo.workflows.closing import print_ablation_closing
from clairo.workflows.cluster_embedding import embed_on_cluster
from clairo.workflows.data_notes import data_lines, data_notes
from clairo.workflows.identity import choose_sweep_id, out_identity
from clairo.workflows.locations import log_file, store_root, study_url, tracking_config
from clairo.workflows.options import prepare_out
from clairo.workflows.parent_run import ended, stoppable
from clairo.workflows.phase_runner import PhaseRunner, fresh_seeds
from clairo.workflows.preparation import data_source
from clairo.workflows.progress import Progress
from clairo.workflows.report import make_report
from clairo.workflows.run import make_environment
from clairo.workflows.summary import new_summary
from clairo.workflows.warming import warm_kernels


def run_ablation(options: AblateOptions) -> None:
    """Runs an ablation to its report, or goes on with the one that was interrupted.

    Raises:
        ClairoError: The definition, a setting, the data or the tracker cannot be used; what was
            finished is kept, and the same command goes on from there.
        SystemExit: Stopped by Ctrl-C or SIGTERM, with code 130.
    """
    console = Console(soft_wrap=True)
    out = prepare_out(options.out)
    log_to_file(log_file(out))
    profile = get_profile(options.profile)
    with (
        stoppable(console, options) as progress,
        open_ablation(options, profile, out, progress) as ablation,
    ):
        ablation.run()
        progress.say("writing the report")
        tracking = tracking_config(out, options.tracking_uri)
        files = make_report(tracking, ablation.runner.summary.sweep_id, options.reports)
    print_ablation_closing(console, options, ablation.runner, files)


@dataclass(frozen=True)
class Asked:
    """An ablation that is ready to run: everything is known and validated.

    Attributes:
        definition: What was declared.
        name: Name of its file.
        base: What its arms are variations of.
        ready: The data sets with their arms.
        missing: Data sets that are not there.
        seeds: Shared by all arms.
    """

    definition: AblationDefinition
    name: str
    base: KnownBase
    ready: tuple[ReadyGroup, ...]
    missing: tuple[ArmGroup, ...]
    seeds: tuple[int, ...]

    @property
    def groups(self) -> tuple[ArmGroup, ...]:
        """All data sets in the order declared; empty where there is one without a name."""
        known = {g.name: g for g in (*(r.group for r in self.ready), *self.missing) if g.name}
        return tuple(known[data.name] for data in self.definition.groups)


def prepare_ablation(
    options: AblateOptions, profile: Profile, root: Path, say: Callable[[str], None]
) -> Asked:
    """Reads the definition, the base and the data, and builds and validates every arm.

    Raises:
        ClairoError: Something of it cannot be used.
    """
    path = find_definition(options.experiment)
    definition = read_definition(path)
    check_ablation(options, definition)
    base = find_base(options, definition.base, path.parent)
    ready, missing = prepare_groups(options, profile, definition, base, root, say)
    for group in ready:
        check_weights(arm.config for arm in group.plan.arms)
        if definition.tuning is not None:
            space = load_space(definition.tuning.space, profile.name)
            check_tuning_space(space, group.plan.trained_arms())
    count = options.seeds or definition.seeds
    seeds = fresh_seeds(options.seed, count, "ablation")
    return Asked(definition, path.stem, base, ready, missing, seeds)


@dataclass
class Ablation:
    """One ablation from its first run to its last.

    Attributes:
        asked: What is run.
        runner: Where.
        tuning: What tunes arms anew, ``None`` where they are frozen.
    """

    asked: Asked
    runner: PhaseRunner
    environments: dict[str, TrialEnvironment]
    tuning: ArmTuning | None

    def run(self) -> None:
        """All arms on all data sets."""
        runner, options = self.runner, self.runner.options
        warm_kernels(runner.progress.say)
        with open_executor(
            options.executor,
            workers=options.num_workers,
            num_threads=runner.environment.num_threads,
            out=runner.out,
            address=options.ray_address,
        ) as executor:
            for group in self.asked.ready:
                self._run_group(executor, group)
        runner.keep(finished=True)

    def _run_group(self, executor: Executor, ready: ReadyGroup) -> None:
        self.runner.environment = self.environments[ready.group.name]
        tuned = TunedArms(ready.plan, {}, ())
        configs = [arm.config for arm in ready.plan.arms]
        if self.runner.options.executor == "ray":
            say, environment = self.runner.progress.say, self.runner.environment
            embed_on_cluster(ready.options, ready.prepared, configs, environment, say)
        if self.tuning is not None:
            tuned = tune_arms(self.runner, executor, ready, self.tuning)
        runs = ArmRuns(
            plan=tuned.plan,
            seeds=self.asked.seeds,
            splits=("valid", "test") if self.asked.definition.split == "test" else ("valid",),
            group=ready.group.name,
            title=ready.group.title,
            describe=True,
            lost=tuned.lost,
        )
        run_arms(self.runner, executor, runs, tuned.trials)


@contextmanager
def open_ablation(
    options: AblateOptions, profile: Profile, out: Path, progress: Progress
) -> Iterator[Ablation]:
    """Everything that can fail before the first run, and a parent run that is always ended.

    Raises:
        ClairoError: The definition, the data or the tracker cannot be used, or another process
            runs this ablation.
    """
    tracking = tracking_config(out, options.tracking_uri)
    tracking.prepare()
    asked = prepare_ablation(options, profile, store_root(out), progress.say)
    summary, continued = _name_ablation(options, profile, asked, out)
    for ready in asked.ready:
        for line in (*data_lines(ready.prepared), *data_notes(ready.prepared.facts)):
            progress.say(line)
    for group in asked.missing:
        progress.say(f"{group.title} is not run: {group.missing}")
    lock = StudyDatabase(study_url(out), summary.sweep_id, _identity(asked), Objective())
    try:
        tracker = tracking.connect()
        tracker.reconcile(summary.sweep_id)
        parent = tracker.open_sweep(summary)
        progress.say(f"ablation {summary.sweep_id}" + (" goes on" if continued else ""))
        environments = {
            ready.group.name: make_environment(
                ready.options, out, ready.prepared, workers=options.num_workers
            )
            for ready in asked.ready
        }
        runner = PhaseRunner(
            options=options,
            profile=profile,
            out=out,
            environment=environments[asked.ready[0].group.name],
            progress=progress,
            parent=parent,
            summary=summary,
        )
        tuning = ArmTuning.of(asked.definition.tuning, out, profile)
        with ended(runner, tracker):
            log_code(parent)
            for ready in asked.ready:
                source = data_source(ready.options, ready.prepared)
                parent.log_dataset(ready.prepared.dataset, ready.prepared.digest, source)
                log_segments(parent, ready.prepared.dataset, ready.group.name)
            yield Ablation(asked, runner, environments, tuning)
    finally:
        lock.close()


def _identity(asked: Asked) -> dict[str, str]:
    return {
        "definition": asked.definition.digest,
        "base": asked.ready[0].base.key,
        "seeds": ", ".join(map(str, asked.seeds)),
    }


def what_is_asked(asked: Asked, profile: Profile, workers: int) -> dict[str, Any]:
    """What makes an ablation another one than that which was interrupted.

    How many trials run at a time matters only where arms are tuned: suggestions come in batches.
    """
    wanted = {
        "definition": asked.definition.identity(),
        "bases": {ready.group.name: ready.base.identity() for ready in asked.ready},
        "datasets": {ready.group.name: ready.prepared.digest for ready in asked.ready},
        "profile": profile.name,
        "rungs": list(profile.rungs),
        "seeds": list(asked.seeds),
    }
    return wanted if asked.definition.tuning is None else {**wanted, "workers": workers}


def _name_ablation(
    options: AblateOptions, profile: Profile, asked: Asked, out: Path
) -> tuple[SweepSummary, bool]:
    """The summary with its id, and whether the ablation is one that goes on."""
    first = asked.ready[0]
    wanted = {"out": out_identity(out), **what_is_asked(asked, profile, options.num_workers)}
    tracking = tracking_config(out, options.tracking_uri)
    name = f"{options.category}-{asked.name}".replace("_", "-")
    sweep_id, continued = choose_sweep_id(tracking, name, wanted)
    definition = asked.definition
    plans = {ready.group.title: ready.plan for ready in asked.ready}
    # The page's command must mean the same base when another sweep is the latest.
    repeated = replace(options, base=asked.base.sweep_id or None)
    summary = replace(
        new_summary(repeated, profile, first.prepared, sweep_id),
        requested_trials=0,
        space_name="",
        objective=f"{definition.split}/{definition.metric}",
        ablation_seeds=asked.seeds,
        skipped_arms=_skipped(asked),
        notes=(
            *asking_notes(
                options, definition, asked.base, {ready.prepared.digest for ready in asked.ready}
            ),
            *(n for ready in asked.ready for n in data_notes(ready.prepared.facts)),
        ),
        experiment=describe_experiment(
            definition,
            replace(first.plan, families=families_of(plans)),
            name=asked.name,
            base=asked.base.label,
            groups=asked.groups,
            seeds=len(asked.seeds),
        ),
    )
    return summary, continued


def _skipped(asked: Asked) -> tuple[tuple[str, str], ...]:
    """Arms that were left out, each once; of several data sets, with where."""
    found = [
        (f"{ready.group.title}: {skip.title}" if ready.group.name else skip.title, skip.why)
        for ready in asked.ready
        for skip in ready.plan.skipped
    ]
    return tuple(dict.fromkeys(found))
