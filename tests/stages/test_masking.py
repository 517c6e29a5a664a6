"""A masked modality changes what a trained model reads of a history, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from clairo.core.artifacts import CodeTable, Dataset, EmbeddingTable, Modalities
from clairo.core.errors import ConfigError, StageError
from clairo.core.masked_codes import MaskedCodes
from clairo.core.stage import Runtime
from clairo.pipeline.config import PipelineConfig
from clairo.pipeline.plan import make_plan
from clairo.quantization import GivenConfig
from clairo.stages import STAGES
from clairo.stages.masking import MaskedCodesSettings, fuse_replaced
from tests.pipeline.small import small_config

ZERO_IMAGE = {"modality": "image", "fill": "zero"}
UNTIL_CODES = ("masked_codes",)


def run_plan(
    config: PipelineConfig, goals: tuple[str, ...], made: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Every planned stage that is not made yet, by hand from memory."""
    made = dict(made or {})
    for step in make_plan(config, 0, {}, goals).steps:
        if step.stage.name not in made:
            made[step.stage.name] = step.stage.run(step.settings, made, step.seed, Runtime())
    return made


def masked_config(masking: dict[str, str] = ZERO_IMAGE, **changes: Any) -> PipelineConfig:
    return small_config(evaluation={"masking": masking}, **changes)


def rerun(config: PipelineConfig, name: str, made: dict[str, Any], **changed: Any) -> Any:
    step = make_plan(config, 0, {}, UNTIL_CODES).step(name)
    return step.stage.run(step.settings, {**made, **changed}, step.seed, Runtime())


def some_missing(dataset: Dataset) -> Dataset:
    """The same data, every seventh item without a picture."""
    catalog = dataset.catalog
    pictures = [
        b"" if item % 7 == 0 else catalog.image(item) or b"" for item in range(len(catalog))
    ]
    offsets = np.cumsum([0, *map(len, pictures)]).astype(np.int64)
    joined = np.frombuffer(b"".join(pictures), dtype=np.uint8)
    return replace(dataset, catalog=replace(catalog, image_bytes=joined, image_offsets=offsets))


@pytest.fixture(scope="module")
def dataset() -> dict[str, Any]:
    """A world where some items lack their picture."""
    made = run_plan(small_config(), ("dataset",))
    return {"dataset": some_missing(made["dataset"])}


@pytest.fixture(scope="module")
def results(dataset: dict[str, Any]) -> dict[str, Any]:
    """A trained pipeline with separate codebooks, and its evaluation with images masked."""
    return run_plan(masked_config(), ("valid_evaluation",), dataset)


@pytest.mark.parametrize(
    "fusion",
    [
        {"kind": "none"},
        {"kind": "image_only"},
        {"kind": "concat"},
        {"kind": "concat_pca"},
        {"kind": "weighted"},
        {"kind": "cca", "num_components": 4},
        {"kind": "attention", "epochs": 1, "dims": 8, "hidden": 8},
        {"kind": "gated", "epochs": 1, "dims": 8, "hidden": 8},
    ],
    ids=lambda fusion: fusion["kind"],
)
def test_fitting_anew_gives_the_vectors_and_codes_of_the_trained_model_exactly(
    fusion: dict[str, Any], dataset: dict[str, Any]
) -> None:
    config = masked_config(fusion=fusion)
    made = run_plan(config, UNTIL_CODES, dataset)
    step = make_plan(config, 0, {}, UNTIL_CODES).step("masked_vectors")
    same = made["image_embedding"].get("image")
    vectors = fuse_replaced(same, step.settings, made, step.seed, Runtime())
    for again, stored in zip(vectors.tables, made["fusion"].tables, strict=True):
        np.testing.assert_array_equal(again.vectors, stored.vectors)
    codes = rerun(config, "masked_codes", made, masked_vectors=vectors)
    np.testing.assert_array_equal(codes.codes, made["quantization"].codes)
    assert codes.facts == {"changed_items": 0.0, "unknown_items": 0.0}
    # And with zeros instead of pictures there is something to see.
    assert made["masked_codes"].facts["changed_items"] > 0.2


@pytest.mark.parametrize("fill", ["zero", "mean", "shuffled"])
def test_text_columns_are_untouched_bit_for_bit_where_images_are_masked(
    fill: str, results: dict[str, Any]
) -> None:
    config = masked_config({"modality": "image", "fill": fill})
    vectors = rerun(config, "masked_vectors", results)
    masked: MaskedCodes = rerun(config, "masked_codes", results, masked_vectors=vectors)
    own: CodeTable = results["quantization"]
    is_image = np.array([name == "image" for name in own.column_modalities])
    assert own.column_modalities == ("text", "image", "shared")
    np.testing.assert_array_equal(masked.codes[:, ~is_image], own.codes[:, ~is_image])
    assert (masked.codes[:, is_image] != own.codes[:, is_image]).any()


def test_items_without_a_picture_keep_their_codes(results: dict[str, Any]) -> None:
    missing = ~results["image_embedding"].get("image").present
    assert missing.sum() == len(range(0, 60, 7))
    masked, own = results["masked_codes"].codes, results["quantization"].codes
    np.testing.assert_array_equal(masked[missing], own[missing])


def test_one_vector_for_all_pictures_is_one_code_for_all_pictures(results: dict[str, Any]) -> None:
    present = results["image_embedding"].get("image").present
    assert len(set(results["masked_codes"].codes[present, 1].tolist())) == 1


def test_the_mean_reaches_the_fusion_reduced_as_the_pictures_were(results: dict[str, Any]) -> None:
    vectors = rerun(masked_config({**ZERO_IMAGE, "fill": "mean"}), "masked_vectors", results)
    image = results["image_reduction"].get("image")
    trained = (results["dataset"].train_counts() > 0) & image.present
    # A projection is linear: the mean of the projected is the projected mean.
    mean = image.vectors[trained].mean(axis=0)
    found = vectors.get("image").vectors[image.present]
    np.testing.assert_allclose(found, np.tile(mean, (len(found), 1)), atol=1e-5)


def test_facts_count_codes_as_often_as_they_are_read(results: dict[str, Any]) -> None:
    facts = results["valid_evaluation"].facts
    masked, own = results["masked_codes"], results["quantization"]
    dataset: Dataset = results["dataset"]
    changed, read = 0, 0
    for user in results["valid_evaluation"].users:
        stop = dataset.splits.positions("valid")[user]
        for item in dataset.log.history(int(user))[max(0, stop - 5) : stop]:
            changed += int(masked.codes[item, 1] != own.codes[item, 1])
            read += 2  # a text code and an image code; the digit is no code of a modality
    assert facts["masked_changed_codes"] == pytest.approx(changed / read)
    assert 0.3 < changed / read <= 0.5
    assert facts["masked_unknown_codes"] == 0.0
    digits = len(np.unique(own.codes[:, 2]))
    assert facts["masked_digit_bits"] == pytest.approx(np.log2(digits))


def test_an_evaluation_without_masking_says_nothing_of_it(results: dict[str, Any]) -> None:
    kept = {name: results[name] for name in ("dataset", "merging", "training")}
    plain = make_plan(small_config(), 0, {}).step("valid_evaluation")
    shown = plain.stage.run(plain.settings, kept, plain.seed, Runtime())
    facts = results["valid_evaluation"].facts
    assert {name for name in facts if name not in shown.facts} == {
        "masked_changed_codes",
        "masked_unknown_codes",
        "masked_digit_bits",
    }
    assert shown.users.tolist() == results["valid_evaluation"].users.tolist()
    assert shown.targets.tolist() == results["valid_evaluation"].targets.tolist()


def test_reading_the_items_own_codes_is_evaluating_without_masking(
    results: dict[str, Any],
) -> None:
    own = results["quantization"]
    nothing = MaskedCodes(own.item_ids, own.codes, np.zeros(own.codes.shape, dtype=bool))
    step = make_plan(masked_config(), 0, {}).step("valid_evaluation")
    inputs = {**results, "masked_codes": nothing}
    masked = step.stage.run(step.settings, inputs, step.seed, Runtime())
    plain = make_plan(small_config(), 0, {}).step("valid_evaluation")
    shown = plain.stage.run(plain.settings, results, plain.seed, Runtime())
    np.testing.assert_array_equal(masked.top_items, shown.top_items)
    assert masked.facts["masked_changed_codes"] == 0.0
    assert not np.array_equal(results["valid_evaluation"].top_items, shown.top_items)


@pytest.mark.parametrize("name", ["image_reduction", "fusion"])
def test_vectors_that_fitting_anew_does_not_give_are_not_believed(
    name: str, results: dict[str, Any]
) -> None:
    def moved(table: EmbeddingTable) -> EmbeddingTable:
        return replace(table, vectors=table.vectors * np.float32(1.01))

    other = Modalities(tuple(moved(table) for table in results[name].tables))
    with pytest.raises(StageError, match=r"must give the stored ones again .* on a machine like"):
        rerun(masked_config(), "masked_vectors", results, **{name: other})


def test_vectors_of_another_width_are_not_believed(results: dict[str, Any]) -> None:
    table = results["image_reduction"].get("image")
    narrow = Modalities((replace(table, vectors=table.vectors[:, 1:]),))
    with pytest.raises(StageError, match="vectors up to inf apart"):
        rerun(masked_config(), "masked_vectors", results, image_reduction=narrow)


def test_codes_that_fitting_anew_does_not_give_are_not_believed(results: dict[str, Any]) -> None:
    table: CodeTable = results["quantization"]
    swapped = replace(table, codes=table.codes[::-1].copy())
    with pytest.raises(StageError, match="must make the same codes again"):
        rerun(masked_config(), "masked_codes", results, quantization=swapped)


def given_table(*modalities: str) -> CodeTable:
    """Thirty items; a code names its column and its item."""
    codes = np.arange(30)[:, None] + 100 * np.arange(len(modalities))
    return CodeTable(
        tuple(f"item-{i}" for i in range(30)), codes.astype(np.int32), modalities, (500,) * 4
    )


def shuffle_given(table: CodeTable, modality: str) -> MaskedCodes:
    settings = MaskedCodesSettings.model_validate(
        {
            "masking": {"modality": modality, "fill": "shuffled"},
            "quantization": GivenConfig(),
        }
    )
    found: MaskedCodes = STAGES["masked_codes"].run(settings, {"quantization": table}, 7, Runtime())
    return found


def test_given_codes_of_a_modality_move_in_one_piece_to_another_item() -> None:
    table = given_table("text", "image", "image", "shared")
    found = shuffle_given(table, "image")
    np.testing.assert_array_equal(found.codes[:, [0, 3]], table.codes[:, [0, 3]])
    givers = found.codes[:, 1] - 100
    np.testing.assert_array_equal(found.codes[:, 2] - 200, givers)
    assert sorted(givers.tolist()) == list(range(30))
    assert (givers != np.arange(30)).all()
    assert found.facts == {"changed_items": 1.0, "unknown_items": 0.0}


def test_a_modality_that_no_given_code_is_of_cannot_be_masked() -> None:
    with pytest.raises(ConfigError, match=r"modality=image for codes of \['text'\]; mask one"):
        shuffle_given(given_table("text", "text", "text", "text"), "image")
