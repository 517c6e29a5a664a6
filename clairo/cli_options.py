"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Category = Annotated[
    str,
    typer.Option(
        help="Alias (beauty, gift_cards ...), official name, demo, atomic/NAME or lcrec/NAME."
    ),
]
Release = Annotated[str | None, typer.Option(help="Amazon release: 2014, 2018, 2023.")]
Data = Annotated[Path, typer.Option(help="Folder with raw files.")]
Filters = Annotated[
    Path | None, typer.Option(help="YAML with filters and split of the data; see experiments/data.")
]
Salvage = Annotated[
    bool, typer.Option("--salvage", help="Keep the whole lines of a raw file that ends early.")
]
Fetch = Annotated[bool, typer.Option("--fetch/--no-fetch", help="Download files that are missing.")]
ProfileOption = Annotated[str, typer.Option(help="quick (2 CPU cores, minutes) or paper (GPUs).")]
Seed = Annotated[int, typer.Option(help="Root seed.")]
Out = Annotated[Path, typer.Option(help="Folder for everything that is made.")]
TrackingUri = Annotated[
    str | None,
    typer.Option(envvar="MLFLOW_TRACKING_URI", help="MLflow; default: a database in --out."),
]
Reports = Annotated[Path, typer.Option(help="Folder for report pages.")]
RayAddress = Annotated[str | None, typer.Option(envvar="RAY_ADDRESS", help="A running Ray.")]
EmbedOnCluster = Annotated[
    int, typer.Option(help="Items from which on a running Ray embeds the catalogue, too.")
]
Verbose = Annotated[bool, typer.Option("--verbose", help="Show the log and full tracebacks.")]
Config = Annotated[
    Path | None, typer.Option(help="YAML shaped like PipelineConfig; default: the profile's.")
]
Force = Annotated[bool, typer.Option("--force", help="Replace files that are there.")]


def one_of(name: str, value: str, choices: tuple[str, ...]) -> str:
    """The value of an option that has a few choices.

    Raises:
        BadParameter: It is none of them.
    """
    if value not in choices:
        raise typer.BadParameter(
            f"must be one of {', '.join(choices)}, got {value!r}", param_hint=name
        )
    return value
