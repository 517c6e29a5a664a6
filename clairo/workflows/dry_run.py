"""``clairo sweep --dry-run``: the space, the stages, what is cached, hours and disk."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml
from rich.console import Console
from rich.table import Table

from clairo.core.errors import DataError
from clairo.pipeline.plan import make_plan
from clairo.pipeline.profiles import Profile, get_profile
from clairo.store import FilesystemStore
from clairo.workflows.data_notes import data_lines, data_notes
from clairo.workflows.estimate import StageCost, estimate_stages
from clairo.workflows.locations import store_root
from clairo.workflows.options import SweepOptions
from clairo.workflows.preparation import prepare_data
from clairo.workflows.space import PreparedSpace, prepare_space

_SHARED = ("interactions", "dataset", "text_embedding", "image_embedding")
"""Stages that no axis of the usual spaces changes: computed once a sweep."""

_DATA = ("interactions", "dataset")
"""Stages that a dry run has done itself."""


def dry_run_sweep(options: SweepOptions) -> None:
    """Prints what a sweep would do; makes nothing in the output folder.

    The data set is read into a temporary folder to know what is there; nothing is fetched.

    Raises:
        ClairoError: The data or the space cannot be used.
    """
    console = Console(soft_wrap=True)
    profile = get_profile(options.profile)
    root = store_root(options.out.expanduser().resolve())
    with TemporaryDirectory() as temporary:
        with fetching_nothing(options.category):
            unfetched = replace(options, fetch=False)
            prepared = prepare_data(unfetched, profile, Path(temporary), console.print)
        space = prepare_space(options.space, profile, prepared)
        plan = make_plan(space.config({}), options.seed, prepared.sources)
        costs = estimate_stages(plan, FilesystemStore(root))
    for line in (*data_lines(prepared), *data_notes(prepared.facts)):
        console.print(line, highlight=False)
    _print_space(console, space)
    _print_stages(console, costs)
    for line in estimate_lines(costs, profile, options):
        console.print(line, highlight=False)


@contextmanager
def fetching_nothing(category: str) -> Iterator[None]:
    """Says how missing files are had, since a dry run fetches none.

    Raises:
        DataError: Files are missing.
    """
    try:
        yield
    except DataError as error:
        raise DataError(
            f"A dry run reads the data and fetches none: {error} 'clairo data fetch "
            f"{category}' gets what can be had."
        ) from error


def estimate_lines(
    costs: Sequence[StageCost], profile: Profile, options: SweepOptions
) -> tuple[str, ...]:
    """Runs, hours and disk of the whole sweep, from what was measured in the same folder."""
    trials = options.trials or profile.trials
    arms = 9 if options.ablate else 0
    runs = trials + 3 * profile.confirm_seeds + arms * profile.ablation_seeds
    lines = [
        f"{trials} trials, 3 configurations on {profile.confirm_seeds} fresh seeds"
        + (f", up to {arms} ablation arms on {profile.ablation_seeds}" if arms else "")
        + f": up to {runs} runs, {options.num_workers} at a time"
    ]
    unknown = [cost.name for cost in costs if cost.seconds is None and cost.name not in _DATA]
    if unknown:
        lines.append(
            f"No estimate of hours and disk: nothing was measured yet in {options.out} for "
            f"{', '.join(unknown)}; it appears after the first trial."
        )
        return tuple(lines)
    once = sum(cost.seconds or 0 for cost in costs if cost.name in _SHARED and not cost.cached)
    each = [(cost, _entries_per_run(cost, profile)) for cost in costs if cost.name not in _SHARED]
    seconds = sum((cost.seconds or 0) * entries for cost, entries in each)
    size = sum((cost.bytes or 0) * entries for cost, entries in each) * runs
    hours = (once + seconds * runs / options.num_workers) / 3600
    time = f"{hours:.2f} hours" if hours >= 1 else f"{hours * 60:.1f} minutes"
    lines.append(
        f"About {time} and {size / 2**30:.2f} GiB, by the medians above; start-up comes on top, "
        "what cache, gates and pruning save comes off."
    )
    return tuple(lines)


def _entries_per_run(cost: StageCost, profile: Profile) -> int:
    """A training is stored rung by rung; every other stage once."""
    return len(profile.rungs) + 1 if cost.name == "training" else 1


def _print_space(console: Console, space: PreparedSpace) -> None:
    size = space.space.size
    console.print(f"Space {space.space.name}: {'continuous' if size is None else f'{size} points'}")
    plain = json.loads(json.dumps(space.space.to_plain()))
    console.print(yaml.safe_dump(plain, sort_keys=False, default_flow_style=None), markup=False)
    for note in space.notes:
        console.print(note)


def _print_stages(console: Console, costs: Sequence[StageCost]) -> None:
    table = Table("stage", "default is cached", "median s", "median MiB", "entries", box=None)
    for cost in costs:
        table.add_row(
            cost.name,
            "yes" if cost.cached else "no",
            "not measured" if cost.seconds is None else f"{cost.seconds:.1f}",
            "not measured" if cost.bytes is None else f"{cost.bytes / 2**20:.1f}",
            str(cost.entries),
        )
    console.print(table)
