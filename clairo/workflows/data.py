"""``clairo data``: fetch a data set, or say what is in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import typer
from rich.console import Console

from clairo.core.dataset import Dataset
from clairo.datasets.aliases import resolve_category
from clairo.datasets.fetch import FetchOptions, FetchPolicy, FetchSummary, fetch_missing
from clairo.pipeline.plan import Split
from clairo.workflows.data_notes import given_words

_SPLITS: Final[tuple[Split, ...]] = ("valid", "test")


@dataclass(frozen=True)
class DatasetCard:
    """What there is to say about a data set on one screen.

    Attributes:
        title: Name of the data set.
        rows: Label and value, for people, in order.
    """

    title: str
    rows: tuple[tuple[str, str], ...]

    def lines(self) -> tuple[str, ...]:
        """The card as aligned plain text."""
        width = max((len(label) for label, _ in self.rows), default=0)
        return (self.title, *(f"  {label:<{width}}  {value}" for label, value in self.rows))


def fetch(
    category: str,
    release: str | None,
    data_dir: Path,
    *,
    announce: Callable[[str], None] = typer.echo,
    policy: FetchPolicy | None = None,
    options: FetchOptions | None = None,
) -> FetchSummary:
    """Fetches what a data set lacks, and says what, from where and how much.

    Args:
        category: Alias or official name.
        release: Year; ``None`` leaves it to the alias, or to what is on disk.
        data_dir: Root of all data.
        announce: Prints a line.
        policy: How patient to be.
        options: What else is wanted; a terminal shows bars unless they name a console.

    Raises:
        ConfigError: The name or the release is unknown or ambiguous, or the settings for
            mirrors or proxies are malformed.
        DataError: Reviews or metadata cannot be had, or differ from what they were.
    """
    config = resolve_category(category, release, data_dir)
    options = options or FetchOptions()
    options = replace(options, console=options.console or Console())
    summary = fetch_missing(config, allow=True, announce=announce, policy=policy, options=options)
    if not summary.lines():
        announce(f"{config.label}: nothing to fetch.")
    return summary


def describe(category: str, release: str | None, data_dir: Path) -> tuple[str, ...]:
    """Reads a data set that is there and gives its card as lines.

    Raises:
        ConfigError: The name or the release is unknown or ambiguous.
        DataError: A file is missing, empty, truncated or of another format.
    """
    return dataset_card(resolve_category(category, release, data_dir).read()).lines()


def dataset_card(dataset: Dataset) -> DatasetCard:
    """The card of a data set that has been read."""
    catalog, log, facts = dataset.catalog, dataset.log, dataset.facts
    with_text, with_image = int(catalog.has_text.sum()), int(catalog.has_image.sum())
    valid, test = (int((dataset.splits.positions(s) >= 0).sum()) for s in _SPLITS)
    rows = [
        ("interactions", f"{len(log):,}"),
        ("users", f"{len(log.user_ids):,} ({valid:,} asked on valid, {test:,} on test)"),
        ("items", f"{len(catalog):,}"),
        ("with text", _share(with_text, len(catalog))),
        ("with picture", _share(with_image, len(catalog))),
        *((("codes", given_words(facts)),) if dataset.codes else ()),
        *_remarks(facts),
        *_funnel(facts),
        ("split", str(facts.get("split", "not recorded")).replace("_", " ")),
        ("digest", str(facts.get("digest", "not recorded"))),
    ]
    return DatasetCard(dataset.name, tuple(rows))


def _share(part: int, whole: int) -> str:
    return f"{part:,} of {whole:,} ({part / whole:.1%})" if whole else "0 of 0"


def _remarks(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Rows for what is out of the ordinary."""
    labels = {
        "tied_users": "users with tied timestamps",
        "tied_test_targets": "users whose test item is tied in time",
        "items_without_metadata": "items without metadata",
        "duplicate_metadata": "repeated metadata rows",
        "salvaged_lines": "whole lines of a broken file",
        "lost_bytes": "bytes lost after them",
        "salvaged_metadata_lines": "whole lines of the broken metadata",
        "lost_metadata_bytes": "bytes lost after them",
        "num_images_undecodable": "pictures that do not decode",
        "items_with_image_url": "items with a picture address",
        "image_url_example": "for example",
    }
    return [
        (label, f"{value:,}" if isinstance(value, int) else str(value))
        for key, label in labels.items()
        if (value := facts.get(key))
    ]


def _funnel(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What each filter left, where there was a filter."""
    steps = facts.get("funnel") or ()
    return [
        (
            f"after {step['step']}" if number else "in the raw files",
            f"{step['interactions']:,} interactions, {step['users']:,} users, "
            f"{step['items']:,} items",
        )
        for number, step in enumerate(steps)
        if len(steps) > 1
    ]
