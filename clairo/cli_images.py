"""``clairo data images``: the options of fetching the pictures that metadata names."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clairo.cli_options import Data, Salvage, Verbose


def data_images(
    category: Annotated[str, typer.Argument(help="Alias or official name of an Amazon category.")],
    release: Annotated[str | None, typer.Argument(help="Amazon release: 2014, 2018, 2023.")] = None,
    data: Data = Path("data"),
    filters: Annotated[
        Path | None, typer.Option(help="YAML with filters: pictures of what remains only.")
    ] = None,
    salvage: Salvage = False,
    fetch: Annotated[
        bool, typer.Option("--fetch/--no-fetch", help="Download reviews and metadata as well.")
    ] = True,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say how many, from where and how much; fetch none.")
    ] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Ask again what failed for good, too.")
    ] = False,
    allow_private: Annotated[
        bool, typer.Option("--allow-private", help="Ask hosts in networks that are not public.")
    ] = False,
    max_side: Annotated[
        int | None, typer.Option(help="Longest side that is stored, in pixels; default 512.")
    ] = None,
    per_host: Annotated[
        int | None, typer.Option(help="Connections to one host at a time; default 4.")
    ] = None,
    gap: Annotated[
        float | None, typer.Option(help="Seconds between two requests to a host; default 0.05.")
    ] = None,
    timeout: Annotated[
        float | None, typer.Option(help="Longest seconds of one request in all; default 60.")
    ] = None,
    attempts: Annotated[
        int | None, typer.Option(help="Requests of one address at most; default 4.")
    ] = None,
    max_bytes: Annotated[
        int | None, typer.Option(help="Most bytes of a picture; default 20000000.")
    ] = None,
    max_pixels: Annotated[
        int | None, typer.Option(help="Most pixels of a picture; default 50000000.")
    ] = None,
    verbose: Verbose = False,
) -> None:
    """Fetch the product pictures that the metadata names, and say what is missing and why."""
    from clairo.workflows.data_images import picture_policy, show_images
    from clairo.workflows.options import SweepOptions

    options = SweepOptions(
        category=category,
        release=release or None,
        data=data,
        fetch=fetch,
        filters=filters,
        salvage=salvage,
    )
    policy = picture_policy(
        max_side=max_side,
        per_host=per_host,
        gap_seconds=gap,
        total_seconds=timeout,
        attempts=attempts,
        max_bytes=max_bytes,
        max_pixels=max_pixels,
        allow_private=allow_private,
        retry_failed=retry_failed,
    )
    show_images(options, policy, dry_run=dry_run)
