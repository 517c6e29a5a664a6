"""What a sweep says about itself before its first trial."""

from __future__ import annotations

from clairo.pipeline.profiles import Profile
from clairo.pipeline.trial import OBJECTIVE
from clairo.tracking.environment import environment
from clairo.tracking.records import SweepSummary
from clairo.workflows.options import SweepOptions
from clairo.workflows.preparation import PreparedData


def new_summary(
    options: SweepOptions, profile: Profile, prepared: PreparedData, sweep_id: str
) -> SweepSummary:
    """The summary of a sweep whose space is filled in by the caller."""
    return SweepSummary(
        sweep_id=sweep_id,
        category=options.category,
        release=prepared.config.release_label,
        profile=profile.name,
        seed=options.seed,
        workers=options.num_workers,
        requested_trials=options.trials or profile.trials,
        space_name=options.space,
        space={},
        axes=(),
        objective=OBJECTIVE,
        dataset_name=prepared.dataset.name,
        dataset_digest=prepared.digest,
        dataset_facts=prepared.facts,
        notes=(),
        environment=environment(),
        command=options.command(),
    )
