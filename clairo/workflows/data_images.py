"""``clairo data images``: fetch the pictures that metadata names, or say what that would be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import typer
from rich.console import Console

from clairo.core.config import parse_config
from clairo.core.errors import ConfigError, DataError
from clairo.datasets.amazon import AmazonConfig
from clairo.datasets.fetch import FetchOptions, FetchPolicy, fetch_missing, unwritable_reason
from clairo.datasets.picture_policy import PicturePolicy
from clairo.datasets.picture_summary import PictureSummary, missing_lines
from clairo.datasets.remote_file import missing_files_error
from clairo.workflows.options import SweepOptions
from clairo.workflows.preparation import resolve_data


def picture_policy(**given: Any) -> PicturePolicy:
    """The settings that were given, the others at their usual.

    Args:
        **given: By the names of :class:`PicturePolicy`; ``None`` leaves the usual value.

    Raises:
        ConfigError: A value is out of its range.
    """
    values = {name: value for name, value in given.items() if value is not None}
    return parse_config(PicturePolicy, values, "clairo data images")


def show_images(
    options: SweepOptions,
    policy: PicturePolicy,
    *,
    dry_run: bool = False,
    say: Callable[[str], None] = typer.echo,
    patience: FetchPolicy | None = None,
) -> PictureSummary | None:
    """Fetches the pictures of a category and says what came, and what is missing and why.

    Args:
        options: Which data, which filters, and whether raw files may be fetched.
        policy: How pictures are asked for, and what is accepted.
        dry_run: Only say how many, from which hosts and about how much.
        say: Told each line.
        patience: How patient to be with raw files.

    Returns:
        What became of the pictures; ``None`` after a dry run.

    Raises:
        ConfigError: The data, its release or a filter is not known, or it has no addresses.
        DataError: Files are missing or damaged, or the folder cannot be written.
    """
    config = resolve_data(options)
    if not isinstance(config, AmazonConfig) or config.metadata == "none":
        raise ConfigError(
            f"Pictures are fetched where metadata names them, in Amazon categories; got "
            f"{config.label}: put its pictures into its folder images/ by hand."
        )
    if dry_run:
        _say_plan(config, policy, say)
        return None
    reason = unwritable_reason(config)
    if reason:
        raise DataError(
            f"Pictures need a folder that can be written, {reason}; change its rights, or copy "
            "the category and name that folder with --data."
        )
    wanted = FetchOptions(console=Console(), picture_policy=policy, says_summary=False)
    if not options.fetch and config.missing_files():
        raise missing_files_error(config.label, config.missing_files())
    say(f"{config.label}: pictures")
    summary = fetch_missing(config, allow=True, announce=say, policy=patience, options=wanted)
    for line in summary.images.lines(config.folder):
        say(line)
    return summary.images


def _say_plan(config: AmazonConfig, policy: PicturePolicy, say: Callable[[str], None]) -> None:
    # Reading needs the engine, which a plain --help does not.
    from clairo.datasets.fetch_images import plan_images

    if config.missing_files():
        raise missing_files_error(config.label, config.missing_files())
    plan, num_bytes = plan_images(config, policy)
    say(f"{config.label}: {plan.num_items:,} items, {plan.num_present:,} have a picture")
    if plan.wanted:
        say(f"Would fetch {plan.announcement(config.image_dir, num_bytes)}")
    num_missing = len(plan.missing)
    say(f"Without a picture and not asked for: {num_missing:,}{':' if num_missing else ''}")
    for line in missing_lines(Counter(plan.missing.values())):
        say(line)
