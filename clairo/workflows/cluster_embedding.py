"""A catalogue too large for one machine is embedded by a whole cluster, before the first trial.

Before, and not by a trial: trials share all CPUs and GPUs of the cluster out among them, and
actors for the embedding would wait for what the trials hold while these wait for the actors.
The trials then find the vectors in the store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from clairo.core.stage import Runtime
from clairo.distributed.pieces import RayPieces, connected
from clairo.pipeline.config import PipelineConfig
from clairo.pipeline.plan import Plan, make_plan
from clairo.pipeline.runner import StageRunner
from clairo.pipeline.trial import TrialEnvironment
from clairo.store import FilesystemStore
from clairo.sweep.ray_session import check_address
from clairo.workflows.options import SweepOptions
from clairo.workflows.preparation import PreparedData


def embed_on_cluster(
    options: SweepOptions,
    prepared: PreparedData,
    configs: Iterable[PipelineConfig],
    environment: TrialEnvironment,
    say: Callable[[str], None],
) -> None:
    """Fills the store with the vectors that configurations need and that are not there yet.

    Does nothing without a cluster's address, or for a catalogue below the size that was asked.

    Args:
        options: Has the address and the size.
        prepared: The data.
        configs: Configurations that trials may take.
        environment: Where they will run.
        say: Prints a line.

    Raises:
        SweepError: No Ray answers at the address.
        ClairoError: An item table cannot be embedded; the pieces that were finished are kept.
    """
    num_items = len(prepared.dataset.catalog)
    if not options.ray_address or num_items < options.embed_on_cluster:
        return
    store = FilesystemStore(environment.store_root)
    missing = {
        entry: wanted
        for entry, wanted in _embeddings(options, configs, environment).items()
        if not store.has(wanted[0].step(wanted[1]).fingerprint)
    }
    if not missing:
        return
    check_address(options.ray_address)
    with connected(options.ray_address):
        for entry, (plan, name) in missing.items():
            say(f"embedding {num_items:,} items on the cluster: {entry}")
            runtime = Runtime(num_threads=environment.num_threads, map_pieces=RayPieces())
            StageRunner(plan, store, runtime, options.seed).get(name)


def _embeddings(
    options: SweepOptions, configs: Iterable[PipelineConfig], environment: TrialEnvironment
) -> dict[str, tuple[Plan, str]]:
    """Plan and stage of every embedding that can be shared out, by entry."""
    found: dict[str, tuple[Plan, str]] = {}
    for config in configs:
        for modality in () if config.gives_codes else config.fusion.needs():
            encoder = config.text if modality == "text" else config.image
            if encoder.piecewise:
                name = f"{modality}_embedding"
                plan = make_plan(config, options.seed, environment.sources, (name,))
                found.setdefault(plan.step(name).fingerprint.entry, (plan, name))
    return found
