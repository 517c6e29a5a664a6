"""What can be known to fail before anything is fetched, read or trained."""

from __future__ import annotations

from typing import get_args

from clairo.core.artifacts import GivenModality
from clairo.pipeline.profiles import Profile
from clairo.sweep.ray_session import check_address
from clairo.sweep.search_space import load_space
from clairo.sweep.space_coverage import covering_points
from clairo.workflows.options import SweepOptions, prepare_out
from clairo.workflows.preparation import resolve_data
from clairo.workflows.space import PreparedSpace


def check_request(options: SweepOptions, profile: Profile) -> None:
    """Category, release, search space and Ray's address, before gigabytes are fetched for them.

    Raises:
        ConfigError: A name is not known, the space is malformed or contradicts itself, or the
            folder of reports cannot be written to.
        SweepError: No Ray answers at the address.
    """
    dataset = resolve_data(options)
    space = load_space(options.space, profile.name)
    if dataset.brings_codes:
        space, _ = space.for_given_codes(get_args(GivenModality))
    space.validate(profile.base_for(dataset))
    if options.executor == "ray" and options.ray_address:
        check_address(options.ray_address)
    prepare_out(options.reports, "The folder of reports", "--reports /path")


def check_weights(space: PreparedSpace) -> None:
    """Pretrained weights of every encoder that a trial may use.

    Raises:
        ConfigError: There is no such model.
        DataError: Weights are neither on this machine nor to be had.
    """
    checked: set[str] = set()
    for settings, _ in covering_points(space.space.root):
        config = space.config(settings)
        for modality in () if config.gives_codes else config.fusion.needs():
            encoder = config.text if modality == "text" else config.image
            name = encoder.model_dump_json()
            if name not in checked:
                encoder.require_weights()
                checked.add(name)
