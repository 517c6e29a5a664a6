"""No merging: an item's tokens are its codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar, Literal

import numpy as np

from clairo.core.config import Config
from clairo.core.ragged import Ragged
from clairo.merging.coded_items import (
    check_codes,
    check_modalities,
    list_features,
    pack_histories,
)
from clairo.merging.tokenizer import Segmentation, Tokenizer, budget_facts, row_tokens


class IdentityTokenizer(Tokenizer):
    """Tokens are the codes in column order, under either segmentation."""

    kind: ClassVar[str] = "identity"

    def encode_items(self) -> Ragged:
        """The codes of every item as tokens."""
        items = np.arange(len(self.codes), dtype=np.int32)
        return row_tokens(self.states, Ragged(items, np.arange(len(items) + 1, dtype=np.int64)))

    def encode_histories(
        self, histories: Ragged, segmentation: Segmentation, seed: int = 0
    ) -> Ragged:
        """The codes of every history as tokens; segmentation and seed change nothing."""
        return row_tokens(self.states, pack_histories(histories, len(self.codes)))


class IdentityMergingConfig(Config):
    """One token for each code, as in TIGER.

    Example:
        >>> tokenizer = IdentityMergingConfig().fit([[3, 5], [3, 9]], [], seed=0)
        >>> [row.tolist() for row in tokenizer.encode_items()]
        [[1, 2], [1, 3]]
    """

    seeded: ClassVar[bool] = False

    kind: Literal["identity"] = "identity"

    def idle_options(self, *, one_modality: bool) -> tuple[str, ...]:
        """Settings that change nothing: there are none at all."""
        return ()

    def fit(
        self,
        codes: Any,
        sequences: Sequence[Any],
        seed: int,
        *,
        modalities: Sequence[str] | None = None,
    ) -> IdentityTokenizer:
        """Numbers the codes that occur.

        Args:
            codes: Whole numbers (items, columns), at most 16 columns.
            sequences: Item indices of the training histories.
            seed: Not used; nothing is drawn.
            modalities: ``text``, ``image``, ``fused`` or ``shared`` for each column.

        Raises:
            DataError: Codes, sequences or modalities do not fit each other.
        """
        table = check_codes(codes)
        tokenizer = IdentityTokenizer(
            codes=table,
            modalities=check_modalities(modalities, table.shape[1]),
            features=list_features(table),
            merge_pairs=np.zeros((0, 2), dtype=np.int32),
            merge_totals=np.zeros(0, dtype=np.int64),
            merge_places=np.zeros((0, 2), dtype=np.int32),
        )
        pack_histories(sequences, len(table))  # refuses what no tokenizer may be built from
        return replace(tokenizer, facts=budget_facts(tokenizer, 0))
