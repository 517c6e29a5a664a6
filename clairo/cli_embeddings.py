"""``clairo embeddings``: the options of writing vectors to files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clairo.cli_options import (
    Category,
    Config,
    Data,
    Fetch,
    Filters,
    Force,
    Out,
    ProfileOption,
    Release,
    Seed,
    Verbose,
    one_of,
)

embeddings_app = typer.Typer(no_args_is_help=True, help="Write vectors with their item ids.")


@embeddings_app.callback()
def embeddings() -> None:
    """Write vectors with their item ids."""


@embeddings_app.command("export")
def embeddings_export(
    out_file: Annotated[Path, typer.Argument(help="FILE.npy, FILE.parquet or FILE.safetensors.")],
    config: Config = None,
    category: Category = "demo",
    release: Release = None,
    data: Data = Path("data"),
    fetch: Fetch = True,
    filters: Filters = None,
    profile: ProfileOption = "quick",
    seed: Seed = 0,
    stage: Annotated[
        str, typer.Option(help="After the embedding, the reduction or the fusion.")
    ] = "embedding",
    modality: Annotated[str, typer.Option(help="text, image, or fused after a fusion.")] = "text",
    force: Force = False,
    out: Out = Path("runs"),
    verbose: Verbose = False,
) -> None:
    """Write the vectors of a configuration; kind 'imported' reads them again."""
    from clairo.workflows.embeddings_export import VectorsWanted, export_embeddings
    from clairo.workflows.options import SweepOptions

    wanted = VectorsWanted(
        one_of("stage", stage, ("embedding", "reduction", "fusion")),  # type: ignore[arg-type]
        one_of("modality", modality, ("text", "image", "fused")),
        out_file,
        force,
    )
    options = SweepOptions(
        category=category,
        release=release or None,
        data=data,
        fetch=fetch,
        filters=filters,
        profile=profile,
        seed=seed,
        out=out,
    )
    export_embeddings(options, config, wanted)
