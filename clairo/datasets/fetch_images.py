"""Fetching the pictures of the items that remain after filtering.

Every way to pictures leads through here: ``clairo data images``, ``data fetch`` and a sweep.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from clairo.datasets.amazon import AmazonConfig
from clairo.datasets.picture_candidates import picture_candidates
from clairo.datasets.picture_client import PictureClient
from clairo.datasets.picture_files import PictureFolder
from clairo.datasets.picture_manifest import Manifest, Why, read_manifest
from clairo.datasets.picture_plan import PicturePlan, estimated_bytes, plan_pictures
from clairo.datasets.picture_policy import PicturePolicy
from clairo.datasets.picture_progress import picture_progress
from clairo.datasets.picture_run import PictureRun
from clairo.datasets.picture_summary import PictureSummary, shared_pictures
from clairo.datasets.transfer_progress import Announce


@dataclass(frozen=True)
class Reporter:
    """How people are told.

    Attributes:
        announce: Prints a line.
        console: Where a bar is shown, if it is a terminal.
    """

    announce: Announce
    console: Console | None = None


def fetch_images(
    config: AmazonConfig, policy: PicturePolicy, reporter: Reporter, partial: Path
) -> PictureSummary:
    """Fetches the pictures that are missing.

    A picture enters ``images/`` when it has arrived and decodes, under its final name; a run
    that is interrupted loses what was on its way. Where nothing is missing, neither reviews
    nor metadata are read again and nothing is written.

    Args:
        config: Which items, and where they lie.
        policy: How many at a time, how patiently, and what is accepted.
        reporter: Told number, hosts and size first, then how far it has come.
        partial: Folder for what has not arrived.

    Raises:
        ConfigError: A proxy cannot be used.
        DataError: Reviews, metadata or the manifest are damaged.
        OSError: A picture or the manifest cannot be written.
    """
    rows = read_manifest(config.folder)
    plan = plan_pictures(picture_candidates(config, partial), rows, config.image_dir, policy)
    if not plan.wanted:
        return PictureSummary(
            plan.num_items,
            plan.num_present,
            missing=_counts(plan.missing),
            shared=shared_pictures(rows),
        )
    with Manifest(config.folder) as manifest, PictureClient(policy) as client:
        num_bytes = estimated_bytes(plan, manifest.rows, client.size)
        reporter.announce(f"  {plan.announcement(config.image_dir, num_bytes)}")
        run = PictureRun(plan, manifest, PictureFolder(config.image_dir, partial), policy)
        _run(run, client, plan, reporter)
        return PictureSummary(
            num_items=plan.num_items,
            num_present=plan.num_present,
            num_fetched=run.tally.fetched,
            num_duplicates=run.tally.duplicates,
            num_bytes=run.tally.num_bytes,
            missing=_counts({**plan.missing, **run.tally.missing}),
            shared=shared_pictures(manifest.rows),
            hosts_given_up=run.hosts_given_up,
        )


def plan_images(config: AmazonConfig, policy: PicturePolicy) -> tuple[PicturePlan, int | None]:
    """What a run would ask, and the estimated size of one picture; writes nothing.

    At most three servers are asked for a size, where no picture has come yet.

    Raises:
        ConfigError: A proxy cannot be used.
        DataError: Reviews, metadata or the manifest are damaged.
    """
    rows = read_manifest(config.folder)
    plan = plan_pictures(picture_candidates(config, None), rows, config.image_dir, policy)
    with PictureClient(policy) as client:
        return plan, estimated_bytes(plan, rows, client.size)


def _run(run: PictureRun, client: PictureClient, plan: PicturePlan, reporter: Reporter) -> None:
    try:
        with picture_progress(len(plan.wanted), reporter.announce, reporter.console) as reached:
            run.run(client, reached)
    except KeyboardInterrupt:
        reporter.announce(
            f"Interrupted: {run.tally.fetched:,} pictures came and are in place; the same command "
            "goes on from here."
        )
        raise


def _counts(missing: Mapping[str, Why]) -> dict[Why, int]:
    return dict(Counter(missing.values()))
