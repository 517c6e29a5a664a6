"""A space made fit for the data: nothing is searched that the data cannot serve."""

from __future__ import annotations

from pathlib import Path

import pytest

from clairo.core.errors import ConfigError
from clairo.pipeline.plan import reach_of
from clairo.pipeline.profiles import PROFILES
from clairo.workflows.preparation import PreparedData, complete_config, popularity_floor
from clairo.workflows.space import (
    catalog_facts,
    describe_config,
    prepare_space,
    spec_builder,
)
from tests.worlds import small_demo

QUICK = PROFILES["quick"]
MODALITIES = """
fusion:
  choice:
    - {kind: none}
    - {kind: text_only}
    - {kind: image_only}
    - {kind: concat}
merging: {num_merges: {choice: [0, 20]}}
"""


def prepared(**world: object) -> PreparedData:
    config = small_demo(**world)
    return PreparedData(config, config.read(), {}, "0" * 64, {}, cached=False)


def space_file(folder: Path, text: str) -> str:
    (folder / "space.yaml").write_text(text, encoding="utf-8")
    return str(folder / "space.yaml")


@pytest.fixture(scope="module")
def full() -> PreparedData:
    return prepared()


def test_a_world_with_both_modalities_keeps_every_fusion(
    full: PreparedData, tmp_path: Path
) -> None:
    space = prepare_space(space_file(tmp_path, MODALITIES), QUICK, full)
    assert space.notes == ()
    assert space.space.size == 8
    assert space.config({"fusion": {"kind": "concat"}}).quantization.codebooks == "shared"
    assert space.config({}).quantization.codebooks == "separate"


def test_without_pictures_their_fusions_go_and_it_is_said(tmp_path: Path) -> None:
    space = prepare_space(space_file(tmp_path, MODALITIES), QUICK, prepared(missing_images=1.0))
    points = [space.space.settings_of(point) for point in space.space.points(0)]
    assert [point["fusion"]["kind"] for point in points] == ["text_only"] * 2
    assert space.config({}).fusion.kind == "text_only"
    assert "No item has a picture: the default fusion is text_only." in space.notes
    assert len(space.notes) > 1


def test_without_texts_the_default_is_the_picture(tmp_path: Path) -> None:
    space = prepare_space(space_file(tmp_path, MODALITIES), QUICK, prepared(missing_texts=1.0))
    assert space.config({}).fusion.kind == "image_only"


def test_a_space_that_needs_what_is_not_there_has_nothing_left(tmp_path: Path) -> None:
    name = space_file(
        tmp_path, "fusion: {choice: [{kind: image_only}]}\nmerging: {num_merges: {int: [0, 9]}}\n"
    )
    with pytest.raises(ConfigError, match="fusion"):
        prepare_space(name, QUICK, prepared(missing_images=1.0))


def test_choices_that_contradict_each_other_are_refused_when_the_space_is_read(
    full: PreparedData, tmp_path: Path
) -> None:
    name = space_file(
        tmp_path,
        "fusion: {choice: [{kind: none}, {kind: concat}]}\nquantization: {codebooks: separate}\n",
    )
    with pytest.raises(ConfigError, match="separate codebooks need modalities that stay apart"):
        prepare_space(name, QUICK, full)


@pytest.mark.parametrize(
    "text",
    [
        "fuzion: {choice: [{kind: none}, {kind: concat}]}\n",
        "fusion: {choice: [{kind: none}, {kind: blend}]}\n",
        "reduction: {variance: {uniform: [0.5, 1.5]}}\n",
    ],
)
def test_unknown_keys_and_values_out_of_range_name_file_and_value(
    full: PreparedData, tmp_path: Path, text: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        prepare_space(space_file(tmp_path, text), QUICK, full)
    assert "space.yaml" in str(refused.value)


@pytest.mark.parametrize("name", ["full", "tiny", "representation"])
def test_the_spaces_that_come_along_fit_a_small_catalogue(full: PreparedData, name: str) -> None:
    assert prepare_space(name, QUICK, full).space.axes


def test_fewer_items_than_centroids_end_in_one_clear_message(full: PreparedData) -> None:
    with pytest.raises(ConfigError, match=r"codebook_size .* than the 55 training items; add"):
        prepare_space("full", PROFILES["paper"], full)


def test_facts_count_what_training_can_see() -> None:
    data = prepared(missing_images=1.0).dataset
    facts = catalog_facts(data, QUICK.base)
    assert (facts.text_coverage, facts.image_coverage) == (1.0, 0.0)
    assert facts.absent == ("image",)
    assert facts.num_train_items == int((data.train_counts() > 0).sum())
    assert facts.num_items == 60


def test_what_imported_vectors_cover_is_not_judged_by_the_catalogue() -> None:
    data = prepared(missing_images=1.0).dataset
    imported = {**QUICK.base, "image": {"kind": "imported", "path": "vectors.npy"}}
    assert catalog_facts(data, imported).absent == ()
    assert catalog_facts(data, imported).image_coverage == 1.0


def test_a_trial_is_built_from_the_settings_of_its_point(
    full: PreparedData, tmp_path: Path
) -> None:
    space = prepare_space(space_file(tmp_path, MODALITIES), QUICK, full)
    build = spec_builder(space, lambda number, config: (number, config))  # type: ignore[arg-type, return-value]
    number, config = build(4, {"merging": {"num_merges": 20}})  # type: ignore[misc]
    assert number == 4
    assert config.merging.num_merges == 20


@pytest.mark.parametrize(
    ("merging", "longest"),
    [
        ("{num_merges: {choice: [0, 40, 20]}}", 40),
        ("{num_merges: {int: [10, 90], step: 40}}", 90),
        ("{num_merges: 30, cross_modal_share: {choice: [0.0, 1.0]}}", 30),
        ("{choice: [{kind: identity}, {kind: feature_set_bpe, num_merges: {int: [1, 7]}}]}", 7),
        # What the space leaves out comes from the profile, of 50 merges.
        ("{cross_modal_share: {choice: [0.0, 1.0]}}", 50),
        ("{choice: [{kind: identity}, {kind: feature_set_bpe}]}", 50),
    ],
)
def test_vocabularies_reach_as_far_as_any_point_of_the_space_asks(
    full: PreparedData, tmp_path: Path, merging: str, longest: int
) -> None:
    fusions = "fusion: {choice: [{kind: none}, {kind: concat}]}"
    space = prepare_space(space_file(tmp_path, f"{fusions}\nmerging: {merging}\n"), QUICK, full)
    assert reach_of(space.configs()) == {"merging": longest}


def test_a_known_point_reaches_no_further_than_the_space(
    full: PreparedData, tmp_path: Path
) -> None:
    text = "merging: {num_merges: {int: [0, 9]}}\nenqueue: [{merging: {num_merges: 9}}]\n"
    space = prepare_space(space_file(tmp_path, text), QUICK, full)
    assert reach_of(space.configs()) == {"merging": 9}
    beyond = text.replace("num_merges: 9}}]", "num_merges: 10}}]")
    with pytest.raises(ConfigError, match=r"num_merges must lie in \[0, 9\]"):
        prepare_space(space_file(tmp_path, beyond), QUICK, full)


def test_a_configuration_is_described_in_a_line(full: PreparedData) -> None:
    config = complete_config(QUICK.base, full.config)
    assert describe_config(config) == "separate, rq_kmeans 1x16, 50 merges, PCA 0.95"
    plain = {**QUICK.base, "merging": {"kind": "identity"}, "reduction": {"kind": "identity"}}
    assert describe_config(complete_config(plain, full.config)).endswith("no merges")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"cross_modal_share": 0.25}, "50 merges, crossing up to 25 %, PCA"),
        ({"cross_modal_share": 0.125}, "50 merges, crossing up to 12.5 %, PCA"),
        ({"cross_modal_share": 0.0}, "50 merges, none crossing, PCA"),
        ({"modality_first": 10}, "50 merges, first 10 apart, PCA"),
        ({"modality_weights": {"text_image": 2.0}}, "50 merges, text-image x2, PCA"),
        ({"modality_weights": {"text": 0.5, "image": 3}}, "50 merges, text x0.5, image x3, PCA"),
        ({"counting": "release"}, "50 merges, release counting, PCA"),
        # What is at its default, or changes nothing, is not said.
        ({"modality_weights": {"text_image": 1.0}}, "50 merges, PCA"),
        ({"cross_modal_share": 0.0, "modality_first": 10}, "50 merges, none crossing, PCA"),
        ({"num_merges": 0, "counting": "release", "cross_modal_share": 0.5}, "0 merges, PCA"),
    ],
)
def test_options_of_the_merging_are_described_where_they_do_something(
    full: PreparedData, options: dict[str, object], words: str
) -> None:
    merging = {**QUICK.base["merging"], **options}
    config = complete_config({**QUICK.base, "merging": merging}, full.config)
    assert describe_config(config) == f"separate, rq_kmeans 1x16, {words} 0.95"


def test_over_one_modality_options_about_two_are_not_described(full: PreparedData) -> None:
    merging = {**QUICK.base["merging"], "cross_modal_share": 0.25, "counting": "release"}
    values = {**QUICK.base, "fusion": {"kind": "concat"}, "merging": merging}
    values["quantization"] = {**values["quantization"], "codebooks": "shared"}
    described = describe_config(complete_config(values, full.config))
    assert described.startswith("concat, ")
    assert "50 merges, release counting, PCA" in described


def test_all_trials_of_the_merging_space_can_be_told_apart(full: PreparedData) -> None:
    space = prepare_space("merging", QUICK, full)
    configs = [space.config(space.space.settings_of(point)) for point in space.space.points(0)]
    described = {config.key: describe_config(config) for config in configs}
    assert len(described) > 100
    assert len(set(described.values())) == len(described)


def test_the_popularity_floor_is_what_recommending_the_favourites_reaches(
    full: PreparedData,
) -> None:
    floor = popularity_floor(full.dataset, None)
    counts = full.dataset.train_counts()
    favourites = set((-counts).argsort(kind="stable")[:10].tolist())
    positions = full.dataset.splits.test_positions
    targets = full.dataset.log.items[full.dataset.log.offsets[:-1] + positions]
    hits = sum(int(item) in favourites for item in targets)
    assert floor["num_test_users"] == len(targets)
    assert floor["popularity_test_recall_at_10"] == pytest.approx(hits / len(targets))
