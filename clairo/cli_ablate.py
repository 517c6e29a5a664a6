"""``clairo ablate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clairo.cli_options import (
    Category,
    Data,
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


def ablate(
    experiment: Annotated[
        str, typer.Argument(help="Definition: name in experiments/ or YAML file.")
    ] = "modality_masking",
    category: Category = "demo",
    release: Release = None,
    data: Data = Path("data"),
    fetch: Fetch = True,
    filters: Filters = None,
    salvage: Salvage = False,
    base: Annotated[
        str | None,
        typer.Option(help="Take the best of this sweep as the base; 'latest' for the last one."),
    ] = None,
    seeds: Annotated[
        int | None, typer.Option(help="Paired seeds of every arm; default: the definition's.")
    ] = None,
    workers: Annotated[int | None, typer.Option(help="Trials at a time.")] = None,
    profile: ProfileOption = "quick",
    seed: Seed = 0,
    out: Out = Path("runs"),
    tracking_uri: TrackingUri = None,
    ray_address: RayAddress = None,
    executor: Annotated[str, typer.Option(help="ray or local.")] = "ray",
    reports: Reports = Path("reports/output"),
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Print arms, shared stages and cost; run nothing."),
    ] = False,
    verbose: Verbose = False,
) -> None:
    """Run the arms of an ablation on paired seeds, test them, and write their page."""
    from clairo.workflows.ablation_options import AblateOptions

    options = AblateOptions(
        category=category,
        release=release or None,
        data=data,
        fetch=fetch,
        filters=filters,
        salvage=salvage,
        workers=workers,
        profile=profile,
        seed=seed,
        out=out,
        tracking_uri=tracking_uri or None,
        ray_address=ray_address or None,
        executor=one_of("executor", executor, ("ray", "local")),  # type: ignore[arg-type]
        reports=reports,
        experiment=experiment,
        base=base or None,
        seeds=seeds,
    )
    if dry_run:
        from clairo.workflows.ablation_dry_run import dry_run_ablation

        dry_run_ablation(options)
    else:
        from clairo.workflows.ablate import run_ablation

        run_ablation(options)
