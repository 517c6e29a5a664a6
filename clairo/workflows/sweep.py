"""``clairo sweep``: search, confirm on fresh seeds, ablate the winner, report."""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from clairo.core.errors import SweepError
from clairo.core.fingerprint import hash_json
from clairo.core.log_file import log_to_file
from clairo.merging.warm_up import is_warm, warm_up
from clairo.pipeline.profiles import Profile, get_profile
from clairo.sweep.executors import open_executor
from clairo.sweep.space_coverage import covering_points
from clairo.tracking.environment import log_code
from clairo.tracking.protocol import Tracker
from clairo.tracking.records import SweepSummary
from clairo.workflows.checks import check_request, check_weights
from clairo.workflows.closing import print_closing
from clairo.workflows.cluster_embedding import embed_on_cluster
from clairo.workflows.data_notes import data_lines, data_notes
from clairo.workflows.identity import choose_sweep_id, out_identity
from clairo.workflows.locations import log_file, store_root, tracking_config
from clairo.workflows.options import SweepOptions, prepare_out
from clairo.workflows.phases import SweepPhases, open_study
from clairo.workflows.preparation import PreparedData, data_source, prepare_data
from clairo.workflows.progress import Progress
from clairo.workflows.report import make_report
from clairo.workflows.run import make_environment
from clairo.workflows.space import PreparedSpace, describe_config, prepare_space
from clairo.workflows.summary import new_summary

_log = logging.getLogger(__name__)


def run_sweep(options: SweepOptions) -> None:
    """Runs a sweep to its report, or goes on with the one that was interrupted.

    Raises:
        ClairoError: A setting, the data, the tracker or every trial failed; what was finished
            is kept, and the same command goes on from there.
        SystemExit: Stopped by Ctrl-C or SIGTERM, with code 130.
    """
    console = Console(soft_wrap=True)
    out = prepare_out(options.out)
    log_to_file(log_file(out))
    profile = get_profile(options.profile)
    with _sigterm_as_interrupt(), Progress(console, workers=options.num_workers) as progress:
        try:
            with open_sweep(options, profile, out, progress) as sweep:
                _run_phases(sweep)
                progress.say("writing the report")
                tracking = tracking_config(out, options.tracking_uri)
                page = make_report(tracking, sweep.summary.sweep_id, options.reports).index
        except KeyboardInterrupt:
            progress.say(
                f"Stopped. What was finished is safe in {options.out}; "
                f"'{options.resume_command()}' goes on from there."
            )
            raise SystemExit(130) from None
    winner = describe_config(sweep.winner) if sweep.winner else ""
    print_closing(console, options, sweep.summary, page, sweep.outcomes, winner)


@contextmanager
def open_sweep(
    options: SweepOptions, profile: Profile, out: Path, progress: Progress
) -> Iterator[SweepPhases]:
    """Everything that can fail before the first trial, and a parent run that is always ended.

    Raises:
        ClairoError: The tracker, the data or the space cannot be used, or another process
            drives this sweep.
    """
    check_request(options, profile)
    tracking = tracking_config(out, options.tracking_uri)
    tracking.prepare()
    prepared = prepare_data(options, profile, store_root(out), progress.say)
    space = prepare_space(options.space, profile, prepared)
    notes = (*data_notes(prepared.facts), *space.notes)
    for line in (*data_lines(prepared), *notes):
        progress.say(line)
    check_weights(space)
    summary, continued = _name_sweep(options, profile, prepared, space, out)
    # The study's lock comes first: nothing of a sweep that another process drives is touched.
    database = open_study(out, replace(summary, notes=notes), space)
    try:
        tracker = tracking.connect()
        tracker.reconcile(summary.sweep_id)
        parent = tracker.open_sweep(replace(summary, notes=notes))
        progress.say(f"sweep {summary.sweep_id}" + (" goes on" if continued else ""))
        environment = make_environment(options, out, prepared, workers=options.num_workers)
        sweep = SweepPhases(
            options=options,
            profile=profile,
            prepared=prepared,
            space=space,
            environment=environment,
            progress=progress,
            parent=parent,
            database=database,
            out=out,
            summary=replace(summary, notes=notes),
        )
        with _ended(sweep, tracker):
            log_code(parent)
            parent.log_dataset(prepared.dataset, prepared.digest, data_source(options, prepared))
            yield sweep
    finally:
        database.close()


@contextmanager
def _ended(sweep: SweepPhases, tracker: Tracker) -> Iterator[None]:
    """Ends the parent run by how the block ends, and every run that a lost worker left open."""
    try:
        yield
    except BaseException as error:
        stopped = isinstance(error, KeyboardInterrupt)
        try:
            tracker.reconcile(sweep.summary.sweep_id)
            sweep.parent.finish("killed" if stopped else "failed")
        except SweepError as refusal:
            # What ended the sweep is what a person must hear; the runs are closed when it goes on.
            _log.info("runs could not be closed: %s", refusal)
        raise
    tracker.reconcile(sweep.summary.sweep_id)
    sweep.parent.finish("complete")


def _run_phases(sweep: SweepPhases) -> None:
    from clairo.modeling import padding

    options = sweep.options
    if not is_warm():
        sweep.progress.say("compiling the merging kernels, once (under a minute)")
    warm_up()  # here, or every worker would compile for itself
    padding.warm_up()
    if options.executor == "ray":
        points = covering_points(sweep.space.space.root)
        configs = (sweep.space.config(settings) for settings, _ in points)
        embed_on_cluster(options, sweep.prepared, configs, sweep.environment, sweep.progress.say)
    with open_executor(
        options.executor,
        workers=options.num_workers,
        num_threads=sweep.environment.num_threads,
        out=sweep.out,
        address=options.ray_address,
    ) as executor:
        found = sweep.search(executor)
        winner = sweep.confirm(executor, found)
        if options.ablate:
            sweep.ablate(executor, winner)
    sweep.keep(finished=True)


def _name_sweep(
    options: SweepOptions,
    profile: Profile,
    prepared: PreparedData,
    space: PreparedSpace,
    out: Path,
) -> tuple[SweepSummary, bool]:
    """The summary with its id, and whether the sweep is one that goes on."""
    draft = new_summary(options, profile, prepared, "")
    asked = {
        "dataset": prepared.digest,
        "out": out_identity(out),
        "space": space.space.digest,
        "known": [dict(point) for point in space.space.default_points],
        "gates": space.space.gates.identity(),
        "sizes": [list(profile.rungs), profile.confirm_seeds, profile.ablation_seeds],
        "base": hash_json(space.config({}).identity()),
        "profile": profile.name,
        "seed": options.seed,
        "trials": draft.requested_trials,
        "workers": options.num_workers,
        "ablate": options.ablate,
    }
    tracking = tracking_config(out, options.tracking_uri)
    sweep_id, continued = choose_sweep_id(tracking, options.category, asked)
    summary = replace(
        draft,
        sweep_id=sweep_id,
        space_name=space.space.name,
        space=space.space.to_plain(),
        axes=space.space.axes,
    )
    return summary, continued


@contextmanager
def _sigterm_as_interrupt() -> Iterator[None]:
    """A polite kill ends a sweep the way Ctrl-C does."""

    def interrupt(signum: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
