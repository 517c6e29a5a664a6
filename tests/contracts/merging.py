"""What every way of making tokens must do, whatever it merges."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from clairo.core.config import Config
from clairo.core.errors import DataError
from clairo.core.ragged import Ragged
from clairo.merging import Tokenizer, describe, load_tokenizer

MODALITIES = ("text", "text", "image", "shared")


class MergingContract:
    """Subclass it and name a configuration."""

    config: ClassVar[Config]

    @pytest.fixture
    def codes(self) -> np.ndarray:
        """Twelve items with distinct codes; the last column tells alike items apart."""
        items = np.arange(12)
        return np.stack([items % 3, items % 2, items // 6, items], axis=1).astype(np.int32)

    @pytest.fixture
    def sequences(self) -> list[np.ndarray]:
        """Histories in which neighbours repeat, with an empty and a one-item one."""
        return [np.array(s, dtype=np.int32) for s in ([0, 1, 2, 0, 1], [3], [], [6, 7, 0, 1, 11])]

    @pytest.fixture
    def tokenizer(self, codes: np.ndarray, sequences: list[np.ndarray]) -> Tokenizer:
        return self.config.fit(codes, sequences, seed=0, modalities=MODALITIES)

    def test_token_zero_is_padding_and_never_given(self, tokenizer: Tokenizer) -> None:
        assert tokenizer.token2feat[0] == (-1, -1)
        assert tokenizer.encode_items().values.min() > 0

    def test_every_code_that_occurs_has_a_token_in_column_order(
        self, tokenizer: Tokenizer, codes: np.ndarray
    ) -> None:
        wanted = [(c, int(v)) for c in range(4) for v in np.unique(codes[:, c])]
        assert tokenizer.token2feat[1 : tokenizer.num_initial] == wanted
        assert tokenizer.vocab_size == 1 + len(wanted) + tokenizer.num_merges

    def test_every_item_is_decoded_from_its_own_tokens(self, tokenizer: Tokenizer) -> None:
        targets = tokenizer.encode_items()
        assert [tokenizer.decode_item(row) for row in targets] == list(range(12))

    def test_what_is_no_item_decodes_to_nothing(self, tokenizer: Tokenizer) -> None:
        first, second = tokenizer.encode_items()[0], tokenizer.encode_items()[1]
        assert tokenizer.decode_item([]) is None
        assert tokenizer.decode_item([*first, *second]) is None

    def test_a_token_outside_the_vocabulary_is_refused(self, tokenizer: Tokenizer) -> None:
        with pytest.raises(DataError, match=f"got {tokenizer.vocab_size}"):
            tokenizer.decode_item([tokenizer.vocab_size])

    @pytest.mark.parametrize("segmentation", ["spr", "greedy"])
    def test_a_history_keeps_all_its_codes(
        self, tokenizer: Tokenizer, codes: np.ndarray, segmentation: str
    ) -> None:
        histories = Ragged.from_sequences([[4, 4, 9], [], [2]])
        tokens = tokenizer.encode_histories(histories, segmentation, 5)
        for history, row in zip(histories, tokens, strict=True):
            leaves = [(c, int(v)) for item in history for c, v in enumerate(codes[item])]
            assert sorted(tokenizer.decode(row)) == sorted(leaves)

    @pytest.mark.parametrize("segmentation", ["spr", "greedy"])
    def test_the_same_seed_gives_the_same_tokens(
        self, tokenizer: Tokenizer, segmentation: str
    ) -> None:
        histories = Ragged.from_sequences([[4, 8, 9, 1, 0, 5]] * 3)
        once = tokenizer.encode_histories(histories, segmentation, 7)
        again = tokenizer.encode_histories(histories, segmentation, 7)
        assert once.values.tolist() == again.values.tolist()

    @pytest.mark.parametrize("length", [None, 3, 40])
    def test_padded_rows_keep_their_last_tokens(
        self, tokenizer: Tokenizer, length: int | None
    ) -> None:
        histories = Ragged.from_sequences([[4, 8, 9, 1], [], [2]])
        rows = list(tokenizer.encode_histories(histories, "spr", 5))
        padded, real = tokenizer.encode_padded(histories, "spr", 5, length=length)
        assert padded.shape == (3, length or max(map(len, rows)))
        for row, tokens, kept in zip(rows, padded, real, strict=True):
            assert tokens[:kept].tolist() == row[len(row) - kept :].tolist()
            assert kept == min(len(row), padded.shape[1])
            assert not tokens[kept:].any()

    def test_a_padded_row_needs_room(self, tokenizer: Tokenizer) -> None:
        with pytest.raises(DataError, match="got length 0"):
            tokenizer.encode_padded(Ragged.from_sequences([[0]]), "spr", length=0)

    def test_an_item_that_is_not_in_the_table_is_refused(self, tokenizer: Tokenizer) -> None:
        with pytest.raises(DataError, match="from 0 to 11, got 12 in history 1"):
            tokenizer.encode_histories(Ragged.from_sequences([[0], [3, 12]]), "greedy", 0)

    def test_a_saved_tokenizer_comes_back_whole(self, tokenizer: Tokenizer, tmp_path: Path) -> None:
        tokenizer.save(tmp_path)
        loaded = load_tokenizer(tmp_path)
        assert type(loaded) is type(tokenizer)
        assert loaded.token2feat == tokenizer.token2feat
        assert loaded.facts == tokenizer.facts
        assert loaded.encode_items().values.tolist() == tokenizer.encode_items().values.tolist()

    def test_facts_count_tokens(self, tokenizer: Tokenizer, sequences: list[np.ndarray]) -> None:
        facts = describe(tokenizer, Ragged.from_sequences(sequences))
        assert facts["vocab_size"] == tokenizer.vocab_size
        assert facts["tokens_per_item"] == tokenizer.encode_items().lengths.mean()
        assert 0 < facts["tokens_per_history_item"] <= 4
        assert {"num_merges", "cross_modal_share_of_merges", "cross_item_share"} <= facts.keys()
        assert {"reached_budget", "cross_modal_by_rank", "top_merges"} <= facts.keys()

    @pytest.mark.parametrize(
        ("codes", "message"),
        [
            ([[0, 1], [-1, 2]], "got \\[-1, 2\\] for item 1"),
            ([[0, 2**31]], "from 0 to 2147483647"),
            ([[0.5, 1.0]], "whole numbers"),
            ([[float("nan"), 1.0]], "whole numbers"),
            ([[0, 1], [2]], "rows of one length"),
            ([[0] * 17], "1 to 16 columns"),
            ([[]], "1 to 16 columns"),
            ([1, 2], "1 to 16 columns"),
        ],
    )
    def test_codes_that_cannot_be_used_are_refused(self, codes: object, message: str) -> None:
        with pytest.raises(DataError, match=message):
            self.config.fit(codes, [], seed=0, modalities=None)

    def test_an_item_index_outside_the_table_is_refused_when_fitting(self) -> None:
        with pytest.raises(DataError, match="got -1 in history 1"):
            self.config.fit([[0], [1]], [[0], [1, -1]], seed=0, modalities=["text"])

    def test_item_indices_must_be_whole_numbers(self) -> None:
        with pytest.raises(DataError, match="item indices, got float64"):
            self.config.fit([[0], [1]], [[0.0, 1.0]], seed=0, modalities=["text"])

    @pytest.mark.parametrize("names", [("text",), ("text", "sound")])
    def test_each_column_needs_a_known_modality(self, names: tuple[str, ...]) -> None:
        with pytest.raises(DataError, match="Each of the 2 code columns"):
            self.config.fit([[0, 1]], [[0]], seed=0, modalities=names)

    def test_no_sequences_and_no_items_are_no_problem(self) -> None:
        no_codes = np.zeros((0, 1), dtype=np.int32)
        empty = self.config.fit(no_codes, [], seed=0, modalities=["image"])
        assert (empty.vocab_size, len(empty.encode_items())) == (1, 0)
        alone = self.config.fit([[3]], [[], [0]], seed=0, modalities=["image"])
        assert [row.tolist() for row in alone.encode_items()] == [[1]]
