"""Without disambiguation items share strings; a hit still means the item."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from clairo.core.artifacts import Dataset, pack_images
from clairo.core.stage import Runtime
from clairo.merging import Tokenizer
from clairo.pipeline.plan import make_plan
from clairo.stages.training import training_data
from tests.pipeline.small import small_config

CODES = {
    "kind": "rq_kmeans",
    "num_codebooks": 1,
    "codebook_size": 8,
    "disambiguation": "none",
}
# One modality, 8 codes, no merges: 60 items have at most 8 strings.
CONFIG = small_config(
    fusion={"kind": "text_only"},
    quantization=CODES,
    merging={"kind": "feature_set_bpe", "num_merges": 0},
    evaluation={"num_beams": 60, "top_k": 60, "invalid_users": 5},
)


@pytest.fixture(scope="module")
def results() -> dict[str, Any]:
    plan = make_plan(CONFIG, 0, {}, ("valid_evaluation",))
    made: dict[str, Any] = {}
    for step in plan.steps:
        made[step.stage.name] = step.stage.run(step.settings, made, step.seed, Runtime())
    return made


def strings_of(tokenizer: Tokenizer) -> np.ndarray:
    """One token an item, for there is one code and no merge."""
    return tokenizer.encode_items().values


def test_a_pipeline_of_items_that_share_their_codes_runs(results: dict[str, Any]) -> None:
    codes = results["quantization"].codes
    assert codes.shape == (60, 1)
    assert len(np.unique(codes)) <= 8
    facts = results["valid_evaluation"].facts
    assert 0 <= facts["ndcg_at_10"] <= facts["recall_at_10"] <= 1


def test_every_item_holds_one_rank_and_the_target_has_its_own(results: dict[str, Any]) -> None:
    rankings = results["valid_evaluation"]
    for row, target in enumerate(rankings.targets):
        assert sorted(rankings.top_items[row].tolist()) == list(range(60))
        assert rankings.top_items[row, rankings.ranks[row] - 1] == target


def test_items_of_one_string_stand_together_the_most_trained_first(
    results: dict[str, Any],
) -> None:
    strings, rankings = strings_of(results["merging"]), results["valid_evaluation"]
    counts = results["dataset"].train_counts()
    order = results["dataset"].catalog.impartial_order()
    for listed in rankings.top_items:
        tokens = strings[listed]
        starts = np.flatnonzero(np.append(True, tokens[1:] != tokens[:-1]))
        assert len(starts) == len(np.unique(tokens)), "a string comes once"
        for group in np.split(listed, starts[1:]):
            wanted = sorted(group.tolist(), key=lambda item: (-counts[item], order[item]))
            assert group.tolist() == wanted


def test_the_order_of_a_string_is_the_same_for_every_user(results: dict[str, Any]) -> None:
    # If the target were asked, users with other targets would see other orders.
    strings, rankings = strings_of(results["merging"]), results["valid_evaluation"]
    token = np.bincount(strings).argmax()
    orders = {tuple(row[strings[row] == token].tolist()) for row in rankings.top_items}
    assert len(orders) == 1
    assert len(next(iter(orders))) == (strings == token).sum() > 1


def test_a_hit_of_the_string_is_no_hit_of_the_item(results: dict[str, Any]) -> None:
    # Recall at 1 counts one item of the best string, not all that share it.
    strings, rankings = strings_of(results["merging"]), results["valid_evaluation"]
    same_string = strings[rankings.top_items[:, 0]] == strings[rankings.targets]
    same_item = rankings.top_items[:, 0] == rankings.targets
    assert same_item.sum() < same_string.sum()
    assert ((rankings.ranks == 1) == same_item).all()


def test_a_model_may_train_on_strings_that_items_share(results: dict[str, Any]) -> None:
    data = training_data(CONFIG.model, results["dataset"], results["merging"], 0)
    assert len(data.strings) == 60
    assert len(np.unique(data.strings.values)) <= 8


def renumbered(dataset: Dataset, old: np.ndarray) -> Dataset:
    """The same data, with the item that was at ``old[i]`` at position ``i``."""
    catalog, new = dataset.catalog, np.argsort(old)
    strings = ("item_ids", "titles", "sentences", "categories", "prices")
    moved = {name: tuple(getattr(catalog, name)[i] for i in old) for name in strings}
    images, offsets = pack_images([catalog.image(int(i)) for i in old])
    log = replace(dataset.log, items=new[dataset.log.items].astype(np.int32))
    catalog = replace(catalog, **moved, image_bytes=images, image_offsets=offsets)
    return replace(dataset, catalog=catalog, log=log)


def test_numbering_the_items_otherwise_changes_no_rank(results: dict[str, Any]) -> None:
    old = np.random.default_rng(3).permutation(60)
    tokenizer = results["merging"]
    moved = {
        "dataset": renumbered(results["dataset"], old),
        "merging": replace(tokenizer, codes=tokenizer.codes[old]),
        "training": results["training"],
    }
    step = make_plan(CONFIG, 0, {}, ("valid_evaluation",)).step("valid_evaluation")
    again = step.stage.run(step.settings, moved, step.seed, Runtime())
    rankings = results["valid_evaluation"]
    assert old[again.targets].tolist() == rankings.targets.tolist()
    assert again.ranks.tolist() == rankings.ranks.tolist()
    assert old[again.top_items].tolist() == rankings.top_items.tolist()
    assert again.facts["ndcg_at_10"] == rankings.facts["ndcg_at_10"]
