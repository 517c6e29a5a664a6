from clairo.datasets.demo import DemoConfig
from clairo.pipeline.config import PipelineConfig
from clairo.pipeline.plan import make_plan, training_until
from clairo.pipeline.profiles import PROFILES
from clairo.stages import PIPELINE


def config(**changes):
    base = {**PROFILES["quick"].base, "dataset": DemoConfig()}
    return PipelineConfig.model_validate({**base, **changes})


def entries(**changes):
    return {s.stage.name: str(s.fingerprint) for s in make_plan(config(**changes), 0, {}).steps}


def test_stages_are_listed_after_their_inputs():
    # Stages of masking have inputs only where something is masked.
    settings, seen = config(evaluation={"masking": {"modality": "text", "fill": "zero"}}), set()
    for stage in PIPELINE:
        assert set(stage.inputs(settings)) <= seen, stage.name
        seen.add(stage.name)


def test_a_text_only_pipeline_never_looks_at_pictures():
    names = make_plan(config(fusion={"kind": "text_only"}), 0, {}).names()
    assert "image_embedding" not in names
    assert "image_reduction" not in names


def test_test_is_planned_only_when_it_is_asked_for():
    assert "test_evaluation" not in make_plan(config(), 0, {}).names()
    goals = ("valid_evaluation", "test_evaluation")
    assert make_plan(config(), 0, {}, goals).names()[-1] == "test_evaluation"


def test_a_change_renames_its_stage_and_all_after_it_and_none_before():
    before, after = entries(), entries(merging={"kind": "feature_set_bpe", "num_merges": 7})
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"merging", "training", "valid_evaluation"}


def test_the_other_modality_keeps_its_entries():
    before, after = entries(), entries(text={"kind": "lsa", "dims": 32})
    for name in ("dataset", "image_embedding", "image_reduction"):
        assert before[name] == after[name]


def test_a_raw_file_that_changes_renames_everything():
    one = make_plan(config(), 0, {"reviews": "aa" * 32})
    two = make_plan(config(), 0, {"reviews": "bb" * 32})
    assert all(a.fingerprint != b.fingerprint for a, b in zip(one.steps, two.steps, strict=True))


def test_stages_without_randomness_are_shared_by_all_seeds():
    one, two = make_plan(config(), 1, {}), make_plan(config(), 2, {})
    shared = {
        a.stage.name
        for a, b in zip(one.steps, two.steps, strict=True)
        if a.fingerprint == b.fingerprint
    }
    assert {"dataset", "image_embedding"} <= shared
    assert "training" not in shared


def test_fewer_epochs_are_another_entry_of_the_same_stage():
    step = make_plan(config(), 0, {}).step("training")
    until = step.settings.until_epoch
    assert training_until(step, 0, until).fingerprint == step.fingerprint
    assert training_until(step, 0, 1).fingerprint != step.fingerprint


def test_pinned_entries_of_the_demo_do_not_change_between_releases():
    # A promise: users' stores stay valid. A change here needs a raised stage version, or a
    # reason in the changelog.
    found = entries()
    assert {name: found[name] for name in PINNED} == PINNED


PINNED = {
    "dataset": "dataset/demo-8b9ad923a21f6430",
    "text_embedding": "text_embedding/lsa-b01eb7344eba112a",
    "image_embedding": "image_embedding/color_hog-090d9f7823bb191b",
    "text_reduction": "text_reduction/pca-173a724507651c04",
    "fusion": "fusion/none-b38022778bd270b9",
    "quantization": "quantization/rq_kmeans-7a00f509a358ab20",
    "merging": "merging/feature_set_bpe-2849be2fee153fa7",
}
