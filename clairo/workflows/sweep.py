"""``clairo sweep``: search, confirm on fresh seeds, ablate the winner, report."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from clairo.core.fingerprint import hash_json
from clairo.core.log_file import log_to_file
from clairo.pipeline.profiles import Profile, get_profile
from clairo.sweep.executors import open_executor
from clairo.tracking.environment import log_code
from clairo.tracking.records import SweepSummary
from clairo.tracking.segment_files import log_segments
from clairo.workflows.checks import check_request, check_weights
from clairo.workflows.closing import print_closing
from clairo.workflows.cluster_embedding import embed_on_cluster
from clairo.workflows.data_notes import data_lines, data_notes
from clairo.workflows.identity import choose_sweep_id, out_identity
from clairo.workflows.locations import log_file, store_root, tracking_config
from clairo.workflows.options import SweepOptions, prepare_out
from clairo.workflows.parent_run import ended, stoppable
from clairo.workflows.phases import SweepPhases, open_study
from clairo.workflows.preparation import PreparedData, data_source, prepare_data
from clairo.workflows.progress import Progress
from clairo.workflows.report import make_report
from clairo.workflows.run import make_environment
from clairo.workflows.space import PreparedSpace, describe_config, prepare_space
from clairo.workflows.summary import new_summary
from clairo.workflows.warming import warm_kernels


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
    with (
        stoppable(console, options) as progress,
        open_sweep(options, profile, out, progress) as sweep,
    ):
        _run_phases(sweep)
        progress.say("writing the report")
        tracking = tracking_config(out, options.tracking_uri)
        page = make_report(tracking, sweep.summary.sweep_id, options.reports).index
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
    check_weights(space.configs())
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
        with ended(sweep, tracker):
            log_code(parent)
            parent.log_dataset(prepared.dataset, prepared.digest, data_source(options, prepared))
            log_segments(parent, prepared.dataset)
            yield sweep
    finally:
        database.close()


def _run_phases(sweep: SweepPhases) -> None:
    options = sweep.options
    warm_kernels(sweep.progress.say)
    if options.executor == "ray":
        configs = sweep.space.configs()
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
