"""What can be known to fail before anything is fetched, read or trained."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, get_args

from clairo.ablation.definition import AblationDefinition
from clairo.ablation.plan import PlannedArm
from clairo.core.artifacts import GivenModality
from clairo.core.errors import ConfigError
from clairo.pipeline.config import PipelineConfig
from clairo.pipeline.profiles import Profile, get_profile
from clairo.sweep.ray_session import check_address
from clairo.sweep.search_space import SearchSpace, load_space
from clairo.workflows.ablation_options import AblateOptions
from clairo.workflows.options import SweepOptions, prepare_out
from clairo.workflows.preparation import resolve_data


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


def check_weights(configs: Iterable[PipelineConfig]) -> None:
    """Pretrained weights of every encoder that these configurations use.

    Raises:
        ConfigError: There is no such model.
        DataError: Weights are neither on this machine nor to be had.
    """
    checked: set[str] = set()
    for config in configs:
        for modality in () if config.gives_codes else config.fusion.needs():
            encoder = config.text if modality == "text" else config.image
            name = encoder.model_dump_json()
            if name not in checked:
                encoder.require_weights()
                checked.add(name)


def check_ablation(options: AblateOptions, definition: AblationDefinition) -> None:
    """Category, tuning space and Ray's address of an ablation, before anything is fetched.

    Raises:
        ConfigError: A name is not known, the space is malformed, or the folder of reports cannot
            be written to.
        SweepError: No Ray answers at the address.
    """
    resolve_data(options)
    profile = get_profile(options.profile)
    if definition.tuning is not None:
        load_space(definition.tuning.space, profile.name)
    if options.executor == "ray" and options.ray_address:
        check_address(options.ray_address)
    prepare_out(options.reports, "The folder of reports", "--reports /path")


_SIZES: Final = ("quantization.kind", "quantization.num_codebooks", "quantization.codebook_size")
"""Settings that decide how many bits an item has."""

_AT_EQUAL_BITS: Final = ("fusion", "quantization.codebooks", *_SIZES[1:])
"""Arms that change one of these were planned with as many bits as the base."""


def check_tuning_space(space: SearchSpace, arms: Iterable[PlannedArm]) -> None:
    """That tuning leaves alone what arms differ in, and the bits that they share.

    Args:
        space: Searched by every arm.
        arms: All that are tuned, with what each changes.

    Raises:
        ConfigError: A setting is searched that an arm changes, or one that decides the bits of an
            item where arms were planned at equal bits.
    """
    for arm in arms:
        for axis in space.axes:
            changed = next((name for name in arm.changes if _overlap(axis, name)), "")
            if changed:
                raise ConfigError(
                    f"{space.source}: tuning searches what no arm changes, got {axis} where arm "
                    f"{arm.name} changes {changed}; take {axis} out of the space or that arm out "
                    "of the definition."
                )
            if axis in _SIZES and any(
                _overlap(size, name) for name in arm.changes for size in _AT_EQUAL_BITS
            ):
                raise ConfigError(
                    f"{space.source}: tuning keeps the bits of arms that were planned at equal "
                    f"bits, got {axis} where arm {arm.name} was; take {axis} out of the space."
                )


def _overlap(one: str, other: str) -> bool:
    """Whether two settings are one, or one is a section of the other; a kind is its section."""
    left, right = (f"{name.removesuffix('.kind')}." for name in (one, other))
    return left.startswith(right) or right.startswith(left)
