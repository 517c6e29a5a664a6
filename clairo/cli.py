"""The ``clairo`` command: parses, calls one workflow, prints one clear line on failure."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from clairo.cli_ablate import ablate
from clairo.cli_codes import codes_app
from clairo.cli_compare import compare
from clairo.cli_embeddings import embeddings_app
from clairo.cli_images import data_images
from clairo.cli_import import data_import
from clairo.cli_leaderboard import leaderboard
from clairo.cli_options import (
    Category,
    Config,
    Data,
    EmbedOnCluster,
    Fetch,
    Filters,
    Out,
    ProfileOption,
    RayAddress,
    Release,
    Reports,
    Salvage,
    Seed,
    TrackingUri,
    Verbose,
    one_of,
)
from clairo.core.errors import ClairoError
from clairo.core.log_file import LOG_FORMAT

app = typer.Typer(
    name="clairo",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Sweeps, tracks, ablates and reports experiments in multimodal generative recommendation.",
)


@app.command()
def sweep(
    category: Category = "demo",
    release: Release = None,
    data: Data = Path("data"),
    fetch: Fetch = True,
    filters: Filters = None,
    salvage: Salvage = False,
    trials: Annotated[int | None, typer.Option(help="Number of trials.")] = None,
    time_budget: Annotated[
        str | None, typer.Option(help="Start no trial after this time: 90s, 30m, 2h.")
    ] = None,
    workers: Annotated[int | None, typer.Option(help="Trials at a time.")] = None,
    profile: ProfileOption = "quick",
    space: Annotated[str, typer.Option(help="Search space: name or YAML file.")] = "full",
    seed: Seed = 0,
    ablate: Annotated[
        bool, typer.Option("--ablate/--no-ablate", help="Take the winner apart.")
    ] = True,
    out: Out = Path("runs"),
    tracking_uri: TrackingUri = None,
    ray_address: RayAddress = None,
    embed_on_cluster: EmbedOnCluster = 20_000,
    executor: Annotated[str, typer.Option(help="ray or local.")] = "ray",
    reports: Reports = Path("reports/output"),
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Print space, stages, cache, hours and disk; run nothing."),
    ] = False,
    verbose: Verbose = False,
) -> None:
    """Search the whole pipeline, confirm the best, ablate it, and write the report."""
    from clairo.workflows.options import SweepOptions, parse_duration

    options = SweepOptions(
        category=category,
        release=release or None,
        data=data,
        fetch=fetch,
        filters=filters,
        salvage=salvage,
        trials=trials,
        time_budget=parse_duration(time_budget) if time_budget else None,
        workers=workers,
        profile=profile,
        space=space,
        seed=seed,
        ablate=ablate,
        out=out,
        tracking_uri=tracking_uri or None,
        ray_address=ray_address or None,
        embed_on_cluster=embed_on_cluster,
        executor=one_of("executor", executor, ("ray", "local")),  # type: ignore[arg-type]
        reports=reports,
    )
    if dry_run:
        from clairo.workflows.dry_run import dry_run_sweep

        dry_run_sweep(options)
    else:
        from clairo.workflows.sweep import run_sweep

        run_sweep(options)


@app.command()
def run(
    config: Config = None,
    category: Category = "demo",
    release: Release = None,
    data: Data = Path("data"),
    fetch: Fetch = True,
    filters: Filters = None,
    salvage: Salvage = False,
    profile: ProfileOption = "quick",
    seed: Seed = 0,
    test: Annotated[bool, typer.Option("--test", help="Also read the test split.")] = False,
    tie_orders: Annotated[
        int,
        typer.Option(help="Run on so many orders of interactions at one time.", min=0),
    ] = 0,
    out: Out = Path("runs"),
    tracking_uri: TrackingUri = None,
    ray_address: RayAddress = None,
    embed_on_cluster: EmbedOnCluster = 20_000,
    verbose: Verbose = False,
) -> None:
    """Run one configuration through the whole pipeline and print its metrics."""
    from clairo.workflows.options import SweepOptions
    from clairo.workflows.run import run_once

    options = SweepOptions(
        category=category,
        release=release or None,
        data=data,
        fetch=fetch,
        filters=filters,
        salvage=salvage,
        profile=profile,
        seed=seed,
        out=out,
        tracking_uri=tracking_uri or None,
        ray_address=ray_address or None,
        embed_on_cluster=embed_on_cluster,
    )
    if tie_orders:
        from clairo.workflows.tie_orders import run_tie_orders

        run_tie_orders(options, config, orders=tie_orders, read_test=test)
    else:
        run_once(options, config, read_test=test)


app.command()(ablate)


@app.command()
def report(
    sweep_id: Annotated[
        str | None, typer.Option("--sweep", help="Sweep or ablation id; default: the last.")
    ] = None,
    out: Out = Path("runs"),
    tracking_uri: TrackingUri = None,
    reports: Reports = Path("reports/output"),
    verbose: Verbose = False,
) -> None:
    """Rebuild a sweep's pages and tables from MLflow alone."""
    from clairo.workflows.report import rebuild_report

    rebuild_report(sweep_id, out=out, tracking_uri=tracking_uri or None, reports=reports)


@app.command()
def ui(
    out: Out = Path("runs"),
    tracking_uri: TrackingUri = None,
    host: Annotated[str, typer.Option(help="Interface to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port.", min=1, max=65535)] = 5000,
    verbose: Verbose = False,
) -> None:
    """Open MLflow on the runs of --out (http://127.0.0.1:5000)."""
    from clairo.workflows.ui import serve

    serve(out=out, tracking_uri=tracking_uri or None, host=host, port=port)


DataName = Annotated[
    str, typer.Argument(help="Alias, official name, demo, atomic/NAME or lcrec/NAME.")
]
DataRelease = Annotated[str | None, typer.Argument(help="Amazon release: 2014, 2018, 2023.")]
NoMetadata = Annotated[
    bool, typer.Option("--no-metadata", help="Amazon: do without the metadata file.")
]

data_app = typer.Typer(no_args_is_help=True, help="Fetch, prepare and look at data sets.")
app.add_typer(data_app, name="data")


@data_app.command("fetch")
def data_fetch(
    category: DataName,
    release: DataRelease = None,
    data: Data = Path("data"),
    pictures: Annotated[
        bool, typer.Option("--pictures/--no-pictures", help="Download pictures as well.")
    ] = True,
    verify: Annotated[
        bool, typer.Option("--verify", help="Read the files that are there and compare digests.")
    ] = False,
    verbose: Verbose = False,
) -> None:
    """Download reviews, metadata and pictures, saying what and how much first."""
    from clairo.datasets.fetch import FetchOptions
    from clairo.workflows.data import fetch

    fetch(category, release, data, options=FetchOptions(pictures=pictures, verify=verify))


@data_app.command("prepare")
def data_prepare(
    category: DataName,
    release: DataRelease = None,
    data: Data = Path("data"),
    fetch: Fetch = True,
    filters: Filters = None,
    salvage: Salvage = False,
    no_metadata: NoMetadata = False,
    memory: Annotated[
        int | None, typer.Option(help="Megabytes that preparing may use.", min=768)
    ] = None,
    out: Out = Path("runs"),
    verbose: Verbose = False,
) -> None:
    """Read, filter and split a data set into the store, and print its card and digest."""
    from clairo.workflows.data_prepare import prepare
    from clairo.workflows.options import SweepOptions

    options = SweepOptions(
        category=category,
        release=release or None,
        data=data,
        fetch=fetch,
        filters=filters,
        salvage=salvage,
        out=out,
    )
    prepare(options, no_metadata=no_metadata, memory_mb=memory)


@data_app.command("describe")
def data_describe(
    category: DataName = "demo",
    release: DataRelease = None,
    data: Data = Path("data"),
    verbose: Verbose = False,
) -> None:
    """Counts, ties and coverage of a data set."""
    from clairo.workflows.data import describe

    for line in describe(category, release, data):
        typer.echo(line)


@data_app.command("card")
def data_card(
    category: DataName = "demo",
    release: DataRelease = None,
    data: Data = Path("data"),
    filters: Filters = None,
    salvage: Salvage = False,
    no_metadata: NoMetadata = False,
    out: Out = Path("runs"),
    reports: Reports = Path("reports/output"),
    verbose: Verbose = False,
) -> None:
    """Write the page of a data set: sizes, ties, coverage, sample items, digest."""
    from clairo.workflows.data_card import make_data_card
    from clairo.workflows.options import SweepOptions

    options = SweepOptions(
        category=category,
        release=release or None,
        data=data,
        filters=filters,
        salvage=salvage,
        out=out,
        reports=reports,
    )
    make_data_card(options, no_metadata=no_metadata)


app.command("compare")(compare)
data_app.command("images")(data_images)
data_app.command("import")(data_import)
app.command()(leaderboard)
app.add_typer(codes_app, name="codes")
app.add_typer(embeddings_app, name="embeddings")


@app.command()
def doctor(out: Out = Path("runs"), verbose: Verbose = False) -> None:
    """Versions, devices, threads, disk, and what of the optional parts works."""
    from clairo.workflows.doctor import print_diagnosis

    print_diagnosis(out)


def main() -> None:
    """Entry point: exit code 0, 2 for usage, 1 for failure, 130 after Ctrl-C."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    verbose = "--verbose" in sys.argv
    terminal = logging.StreamHandler()
    # The level of the terminal, not of the loggers: the log file wants more.
    terminal.setLevel(logging.INFO if verbose else logging.ERROR)
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING, format=LOG_FORMAT, handlers=[terminal]
    )
    try:
        app()
    except ClairoError as error:
        if verbose:
            raise
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        # Not foreseen: a defect of ours. One line all the same; --verbose has the rest.
        if verbose:
            raise
        sys.stderr.write(
            f"{type(error).__name__}: {error}\nThis was not foreseen; run again with --verbose "
            "and report what it prints.\n"
        )
        sys.exit(1)
