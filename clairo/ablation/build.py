"""From a definition to a plan; and the definitions that there are, built in or in files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from clairo.ablation.definition import AblationDefinition, RelevantEffect
from clairo.ablation.generators import LeaveOneOutConfig, ModalityMaskingConfig
from clairo.ablation.plan import AblationPlan, Present
from clairo.core.config import parse_config
from clairo.core.errors import ConfigError
from clairo.pipeline.config import PipelineConfig
from clairo.sweep.space_parsing import read_yaml_mapping

EXPERIMENTS_DIR = Path(__file__).resolve().parents[2] / "experiments"
"""Where definitions are looked for that are given by name: in its ``ablations``, then in it."""

AFTER_SWEEP: Final = AblationDefinition(
    question="What are each modality and each component worth to the winner?",
    generators=(
        ModalityMaskingConfig(),
        # Without disambiguation items share ids: a question of its own, three arms long.
        LeaveOneOutConfig(without=("disambiguation",)),
    ),
    minimum_relevant_effect=RelevantEffect(share=0.05),
)
"""The ablation at the end of a sweep; its seeds are the profile's."""


def plan_arms(
    definition: AblationDefinition, base: PipelineConfig, present: Present
) -> AblationPlan:
    """Every arm of a definition, validated before anything runs.

    Args:
        definition: What is asked.
        base: The configuration that its base stands for.
        present: What the data have.

    Raises:
        ConfigError: An arm that was asked for does not fit the base, two arms have one name, or
            no arm is left.
    """
    return AblationPlan.of(
        base, [generator.make(base, present) for generator in definition.generators]
    )


def load_definition(name_or_path: str | Path) -> AblationDefinition:
    """A definition by its name or its file.

    Raises:
        ConfigError: There is no such definition, or it is not one.
    """
    return read_definition(find_definition(name_or_path))


def read_definition(path: Path) -> AblationDefinition:
    """A definition from a file.

    Raises:
        ConfigError: The file cannot be read, or is no definition.
    """
    return parse_config(AblationDefinition, read_yaml_mapping(path), str(path))


def find_definition(name_or_path: str | Path) -> Path:
    """The file of a definition.

    Raises:
        ConfigError: There is none of this name.
    """
    for candidate in _candidates(name_or_path):
        if candidate.is_file():
            return candidate
    raise ConfigError(
        f"EXPERIMENT is the path of a YAML file or one of {list(known_definitions())}, got "
        f"{str(name_or_path)!r}; give one of these names or the path of a file."
    )


def known_definitions() -> tuple[str, ...]:
    """Names of the definitions that come with the project."""
    return tuple(sorted(file.stem for file in (EXPERIMENTS_DIR / "ablations").glob("*.yaml")))


def _candidates(name_or_path: str | Path) -> Iterator[Path]:
    path = Path(name_or_path)
    if path.suffix in (".yaml", ".yml"):
        yield path
    name = path if path.suffix == ".yaml" else Path(f"{name_or_path}.yaml")
    for folder in (EXPERIMENTS_DIR / "ablations", EXPERIMENTS_DIR):
        yield folder / name
