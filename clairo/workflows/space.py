"""A search space made fit for the data at hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from clairo.core.artifacts import Dataset, given_modalities
from clairo.core.config import parse_config
from clairo.core.errors import ConfigError
from clairo.merging import AnyMerging, FeatureSetBPEConfig, ModalityWeights
from clairo.pipeline.config import PipelineConfig
from clairo.pipeline.profiles import Profile
from clairo.pipeline.trial import TrialSpec
from clairo.quantization import GivenConfig
from clairo.sweep.narrowing import CatalogFacts
from clairo.sweep.search_space import SearchSpace, load_space, merge_settings
from clairo.workflows.preparation import PreparedData


@dataclass(frozen=True)
class PreparedSpace:
    """What will be searched.

    Attributes:
        space: Without what the data cannot serve.
        base: The profile's settings with the data set, below every point of the space.
        notes: What was removed and why, for terminal and report.
    """

    space: SearchSpace
    base: Mapping[str, Any]
    notes: tuple[str, ...]

    def config(self, settings: Mapping[str, Any]) -> PipelineConfig:
        """The whole configuration of one point.

        Raises:
            ConfigError: The settings do not fit together.
        """
        return parse_config(PipelineConfig, merge_settings(self.base, settings), self.space.source)

    def configs(self) -> Iterator[PipelineConfig]:
        """Configurations that hold every choice and both ends of every range of the space."""
        return (self.config(settings) for settings in self.space.representatives())


def prepare_space(name: str, profile: Profile, prepared: PreparedData) -> PreparedSpace:
    """Loads, validates and narrows a space.

    Raises:
        ConfigError: The space is malformed, contradicts itself, or has nothing left.
    """
    space = load_space(name, profile.name)
    if "dataset" in space.to_plain():
        raise ConfigError(
            f"{space.source}: a sweep searches one data set, got settings of 'dataset'; name the "
            "data with CATEGORY and take them out."
        )
    base = profile.base_for(prepared.config)
    if prepared.dataset.codes:
        space, notes = space.for_given_codes(given_modalities(prepared.dataset.codes))
        space.validate(base)
        return PreparedSpace(space, base, notes)
    space.validate(base)
    facts = catalog_facts(prepared.dataset, {**base, **space.to_plain()})
    base, base_notes = narrow_base(base, facts)
    narrowed, notes = space.narrow(facts)
    return PreparedSpace(narrowed, base, (*base_notes, *notes))


def catalog_facts(dataset: Dataset, settings: Mapping[str, Any]) -> CatalogFacts:
    """Coverage, and how many training items every modality that is there can train on.

    Args:
        dataset: The items.
        settings: Sections of a configuration or a space. Where vectors are imported, their file
            and not the catalogue says which items they cover: taken as all, until it is read.
    """
    catalog, trained = dataset.catalog, dataset.train_counts() > 0
    has_text = catalog.has_text | is_imported(settings, "text")
    has_image = catalog.has_image | is_imported(settings, "image")
    usable = [int((trained & has).sum()) for has in (has_text, has_image)]
    return CatalogFacts(
        text_coverage=float(has_text.mean()),
        image_coverage=float(has_image.mean()),
        num_train_items=min((count for count in usable if count), default=0),
        num_items=len(catalog),
    )


def is_imported(settings: Mapping[str, Any], modality: str) -> bool:
    """Whether vectors of a modality come from a file."""
    encoder = settings.get(modality)
    return isinstance(encoder, Mapping) and encoder.get("kind") == "imported"


def modalities_there(dataset: Dataset, config: PipelineConfig) -> tuple[str, ...]:
    """What codes can be made from, or were made from where they are given."""
    if dataset.codes:
        return given_modalities(dataset.codes)
    catalog = dataset.catalog
    coverage = {"text": catalog.has_text, "image": catalog.has_image}
    kinds = {"text": config.text.kind, "image": config.image.kind}
    return tuple(name for name, has in coverage.items() if has.any() or kinds[name] == "imported")


def narrow_base(
    base: Mapping[str, Any], facts: CatalogFacts
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Takes a modality that no item has out of the profile's own fusion."""
    if not facts.absent or len(facts.absent) > 1:
        return dict(base), ()
    kept = "text_only" if facts.absent == ("image",) else "image_only"
    what = "a picture" if kept == "text_only" else "a text"
    note = f"No item has {what}: the default fusion is {kept}."
    return {**base, "fusion": {"kind": kept}}, (note,)


def spec_builder(
    prepared: PreparedSpace, make: Callable[[int, PipelineConfig], TrialSpec]
) -> Callable[[int, dict[str, Any]], TrialSpec]:
    """``(number, settings) -> trial`` for the search."""
    return lambda number, settings: make(number, prepared.config(settings))


def describe_config(config: PipelineConfig) -> str:
    """The searched settings of a configuration in one short line.

    Not for machines: the tracker holds every setting.
    """
    quantizer = config.quantization
    merging = _describe_merging(config.merging, one_modality=config.one_modality)
    if isinstance(quantizer, GivenConfig):
        return ", ".join([f"given codes, {quantizer.modalities}", *merging])
    parts = [
        config.fusion.kind if config.one_modality else "separate",
        f"{quantizer.kind} {quantizer.num_codebooks}x{quantizer.codebook_size}",
        *merging,
    ]
    if config.reduction.kind == "pca" and config.reduction.variance is not None:
        parts.append(f"PCA {config.reduction.variance:.2f}")
    return ", ".join(parts)


def _describe_merging(config: AnyMerging, *, one_modality: bool) -> list[str]:
    """How many merges, and what differs from the defaults and changes something."""
    if not isinstance(config, FeatureSetBPEConfig):
        return ["no merges"]
    idle = config.idle_options(one_modality=one_modality)
    said = [words for option, words in _changed_options(config) if option not in idle]
    return [f"{config.num_merges} merges", *said]


def _changed_options(config: FeatureSetBPEConfig) -> Iterator[tuple[str, str]]:
    """Each option of the merging that is not at its default, with what it does in words."""
    share = config.cross_modal_share
    if share < 1:
        words = f"crossing up to {100 * share:g} %" if share else "none crossing"
        yield "cross_modal_share", words
    if config.modality_first:
        yield "modality_first", f"first {config.modality_first} apart"
    for name, weight in config.modality_weights or ModalityWeights():
        if weight != 1:
            yield "modality_weights", f"{name.replace('_', '-')} x{weight:g}"
    if config.counting != "exact":
        yield "counting", f"{config.counting} counting"
