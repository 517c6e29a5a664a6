"""``clairo run --tie-orders``: how much a metric depends on the order of interactions at one time.

Whole days are all that many publishers say about time, so that of the interactions of one user
on one day any could be the last one, the one that is asked about. Each order is a data set of
its own: it is split, trained on and evaluated anew. Evaluating one model on several orders would
ask it about items that it was trained on.
"""

from __future__ import annotations

from pathlib import Path

from clairo.core.errors import ConfigError
from clairo.datasets.settings_file import with_settings
from clairo.workflows.options import SweepOptions
from clairo.workflows.preparation import resolve_data
from clairo.workflows.run import SHOWN, SingleRun


def run_tie_orders(
    options: SweepOptions, config_file: Path | None, *, orders: int, read_test: bool
) -> dict[str, list[float]]:
    """Runs one configuration on several orders of ties; prints mean, lowest and highest.

    Args:
        options: Data, seed and places.
        config_file: See :func:`~clairo.workflows.run.run_once`.
        orders: How many orders are drawn.
        read_test: Whether the test split is read, too.

    Returns:
        Each metric by ``<split>/<name>``, one value an order.

    Raises:
        ConfigError: The data has no ties, or the configuration is none.
        ClairoError: A run failed.
    """
    run = SingleRun.of(options, config_file)
    data = resolve_data(options)
    values: dict[str, list[float]] = {}
    splits = ("valid", "test") if read_test else ("valid",)
    for seed in range(orders):
        prepared = run.prepare(with_settings(data, {"tie_seed": seed}, "--tie-orders"))
        tied = prepared.facts["tied_users"]
        if not tied:
            raise ConfigError(
                f"--tie-orders needs interactions of one user at one time, {data.label} has none; "
                "its order is certain, leave the option out."
            )
        outcome, run_id = run.execute(prepared, read_test=read_test)
        for split in splits:
            for name in SHOWN:
                values.setdefault(f"{split}/{name}", []).append(outcome.metrics[f"{split}/{name}"])
        run.console.print(f"order {seed + 1} of {orders}: run {run_id}")
    run.console.print(
        f"{tied:,} of {prepared.facts['num_users']:,} users have a tie; over {orders} orders, "
        f"all with seed {options.seed}:"
    )
    for name, found in values.items():
        mean = sum(found) / len(found)
        run.console.print(
            f"  {name:<20} mean {mean:.4f}  lowest {min(found):.4f}  highest {max(found):.4f}"
        )
    return values
