"""Tokens without merging."""

from __future__ import annotations

from clairo.core.ragged import Ragged
from clairo.merging import IdentityMergingConfig, describe
from tests.contracts.merging import MergingContract


class TestIdentity(MergingContract):
    config_type = IdentityMergingConfig
    config = IdentityMergingConfig()


def test_tokens_are_the_codes_in_column_order_under_either_segmentation() -> None:
    tokenizer = IdentityMergingConfig().fit([[7, 0], [5, 0], [5, 1]], [[0, 1]], seed=0)
    histories = Ragged.from_sequences([[0, 2], [1]])
    for segmentation in ("spr", "greedy"):
        tokens = tokenizer.encode_histories(histories, segmentation, 3)
        assert [row.tolist() for row in tokens] == [[2, 3, 1, 4], [1, 3]]


def test_nothing_is_merged_and_every_code_is_one_token() -> None:
    tokenizer = IdentityMergingConfig().fit([[7, 0], [5, 0]], [[0, 1]], seed=0)
    facts = describe(tokenizer, Ragged.from_sequences([[0, 1]]))
    assert (facts["num_merges"], facts["reached_budget"]) == (0, True)
    assert (facts["tokens_per_item"], facts["tokens_per_history_item"]) == (2.0, 2.0)
    assert facts["cross_modal_share_of_merges"] == 0.0
