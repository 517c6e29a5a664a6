"""Byte pair encoding on sets of features: ActionPiece's vocabulary, also across modalities.

References:
    Hou et al., ActionPiece: Contextually Tokenizing Action Sequences for Generative
    Recommendation (2025), algorithms 1 and 2 and set permutation regularization. We count in
    integers; ``counting="release"`` reproduces the totals of the published code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, get_args

import numpy as np
from jaxtyping import Int32
from pydantic import Field

from clairo.core.config import Config
from clairo.core.errors import ConfigError, DataError
from clairo.core.ragged import Ragged
from clairo.merging.coded_items import (
    MODALITY_BITS,
    check_codes,
    check_countable,
    check_modalities,
    count_scale,
    list_features,
    number_states,
    pack_histories,
    pair_weights,
)
from clairo.merging.interchange import read_actionpiece
from clairo.merging.pair_factors import ModalityWeights
from clairo.merging.segmentation import Segmenter
from clairo.merging.tokenizer import Segmentation, Tokenizer, budget_facts, whole_number

_MAX_DENOMINATOR = 1_000_000
_RELEASE_DEPTHS = (7, 11, 16, 63)


class FeatureSetBPE(Tokenizer):
    """A merged vocabulary and its segmentations.

    Example:
        >>> codes, sequences = [[0, 0], [0, 1], [1, 0]], [[0, 0, 1], [0, 2, 0]]
        >>> bpe = FeatureSetBPEConfig(num_merges=2).fit(codes, sequences, seed=0)
        >>> bpe.token2feat
        [(-1, -1), (0, 0), (0, 1), (1, 0), (1, 1), (-1, 1, 3), (-1, 2, 5)]
        >>> (bpe.scaled_priority / bpe.count_scale).tolist()
        [0.0, 0.0, 0.0, 0.0, 0.0, 5.25, 2.0]
        >>> [row.tolist() for row in bpe.encode_items()]
        [[5], [1, 4], [2, 3]]
    """

    kind: ClassVar[str] = "feature_set_bpe"

    @cached_property
    def _segmenter(self) -> Segmenter:
        return Segmenter(
            self.states, np.array(self.merge_pairs), self.num_initial, self.scaled_priority
        )

    def __getstate__(self) -> dict[str, Any]:
        """What is made from the fields is left out of a pickle and made again when needed."""
        return {entry.name: getattr(self, entry.name) for entry in fields(self)}

    def encode_items(self) -> Ragged:
        """Greedy tokens of every item, the targets of the model."""
        items = np.arange(len(self.codes), dtype=np.int32)
        alone = Ragged(items, np.arange(len(items) + 1, dtype=np.int64))
        return self.encode_histories(alone, "greedy")

    def encode_histories(
        self, histories: Ragged, segmentation: Segmentation, seed: int = 0
    ) -> Ragged:
        """Tokens of every history, in compiled code; see :class:`Tokenizer`.

        Raises:
            ConfigError: There is no such segmentation.
        """
        if segmentation not in get_args(Segmentation):
            raise ConfigError(
                f"Segmentation is one of {get_args(Segmentation)}, got {segmentation!r}; take one."
            )
        packed = pack_histories(histories, len(self.codes))
        if segmentation == "spr":
            return self._segmenter.segment_spr(packed, whole_number("seed", seed))
        return self._segmenter.segment_greedily(packed)

    def encode_flat(self, tokens: Sequence[int]) -> list[int]:
        """Plain BPE over a flat token list: the earliest merge first, leftmost first.

        Raises:
            DataError: A token is not in the vocabulary.
        """
        return self._segmenter.merge_flat(self._check_tokens(tokens))

    def encode_spr(self, states: Sequence[Sequence[int]], rng: np.random.Generator) -> list[int]:
        """Permutes each set of tokens, then applies plain BPE over all of them.

        Raises:
            DataError: A token is not in the vocabulary.
        """
        permuted = [rng.permutation(self._check_tokens(state)) for state in states]
        flat = np.concatenate(permuted) if permuted else np.zeros(0, dtype=np.int32)
        return self._segmenter.merge_flat(flat)

    def encode_greedy(self, states: Sequence[Sequence[int]]) -> list[int]:
        """Merges on the set structure, the highest score first, one place at a time.

        A pair inside a set of ``m`` tokens scores ``2 priority / m``, across sets of ``m`` and
        ``n`` tokens ``priority / (m n)``; of equal scores the first from the left wins.

        Raises:
            DataError: A token is not in the vocabulary, or a set is empty or repeats a token.
        """
        checked = [self._check_tokens(state) for state in states]
        for place, state in enumerate(checked):
            if not len(state) or len(np.unique(state)) != len(state):
                raise DataError(
                    f"Sets hold distinct tokens, set {place} is {state.tolist()}; leave out empty "
                    "sets and repeated tokens."
                )
        if not checked:
            return []
        return self._segmenter.merge_greedily(checked)

    def _check_tokens(self, tokens: Sequence[int]) -> Int32[np.ndarray, " length"]:
        try:
            checked = np.asarray(tokens)
        except ValueError as error:
            raise DataError(
                f"Tokens must be a list of whole numbers ({error}); pass token ids."
            ) from error
        whole = np.issubdtype(checked.dtype, np.integer) or not checked.size
        if checked.ndim != 1 or not whole:
            raise DataError(
                f"Tokens must be a list of whole numbers, got {checked.dtype} values in "
                f"{checked.ndim} dimensions; pass token ids."
            )
        wrong = checked[(checked < 1) | (checked >= self.vocab_size)]
        if wrong.size:
            raise DataError(
                f"Tokens lie from 1 to {self.vocab_size - 1}, got {int(wrong[0])}; use the "
                "tokenizer that made them."
            )
        return checked.astype(np.int32)

    def truncate(self, num_merges: int) -> FeatureSetBPE:
        """The tokenizer that a smaller budget would have built.

        Args:
            num_merges: The smaller budget. A larger one gives all merges if the construction
                stopped because no pair was left.

        Raises:
            DataError: There are fewer merges than that, and more could have been made.
        """
        num_merges = whole_number("num_merges", num_merges)
        if num_merges < 0 or (num_merges > self.num_merges and self.facts.get("reached_budget", 1)):
            raise DataError(
                f"A vocabulary of {self.num_merges} merges can be cut to 0 to "
                f"{self.num_merges} merges, not to {num_merges}; build it with that budget."
            )
        shorter = replace(
            self,
            merge_pairs=self.merge_pairs[:num_merges],
            merge_totals=self.merge_totals[:num_merges],
            merge_places=self.merge_places[:num_merges],
        )
        return replace(shorter, facts=budget_facts(shorter, num_merges))

    @classmethod
    def load_actionpiece(
        cls, path: Path, codes: Any = None, modalities: Sequence[str] | None = None
    ) -> FeatureSetBPE:
        """Reads a vocabulary in ActionPiece's public format.

        Args:
            path: The ``actionpiece.json``.
            codes: Codes of the catalogue, which the file does not hold; without them the
                tokenizer knows no items.
            modalities: Modality of each column.

        Raises:
            DataError: The file is corrupt or foreign, or does not cover the codes.
        """
        content = read_actionpiece(path)
        table = np.zeros((0, content.num_columns), dtype=np.int32)
        if codes is not None:
            table = check_codes(codes)
            if table.shape[1] != content.num_columns:
                raise DataError(
                    f"{path}: the vocabulary is of {content.num_columns} code columns, the table "
                    f"has {table.shape[1]}; use the codes that it was built from."
                )
        features = np.array(content.features, dtype=np.int32).reshape(-1, 2)
        number_states(table, features)
        scale = count_scale(content.num_columns) * content.weight_scale
        loaded = cls(
            codes=table,
            modalities=check_modalities(modalities, content.num_columns),
            features=features,
            merge_pairs=np.array(content.pairs, dtype=np.int32).reshape(-1, 2),
            merge_totals=content.scaled(path, scale),
            merge_places=np.full((len(content.pairs), 2), -1, dtype=np.int32),
            weight_scale=content.weight_scale,
        )
        return replace(loaded, facts=budget_facts(loaded, len(content.pairs)))


class FeatureSetBPEConfig(Config):
    """How to build a vocabulary.

    Attributes:
        num_merges: Budget; the vocabulary has padding, the initial tokens and the merges.
        counting: ``exact`` sums over all sequences; ``release`` counts as the published code
            does, where a pair that vanishes from a sequence keeps its contribution.
        cross_modal_share: After ``n`` merges at most this share of them may join text and
            image; a better pair that would exceed it waits. 0 keeps modalities apart, 1 sets
            no limit. Read as a fraction with a denominator up to a million.
        modality_first: So many merges stay within modalities before the joint ones begin; they
            begin earlier where no pair within a modality is left. Not a share of the budget, so
            that a smaller budget is still a beginning of a larger one.
        modality_weights: What pairs count by the modalities they join; ``None`` counts them
            all alike. Also scales the priorities by which greedy segmentation merges.
    """

    seeded: ClassVar[bool] = False

    kind: Literal["feature_set_bpe"] = "feature_set_bpe"
    num_merges: Annotated[int, Field(ge=0, le=10_000_000)]
    counting: Literal["exact", "release"] = "exact"
    cross_modal_share: Annotated[float, Field(ge=0.0, le=1.0)] = 1.0
    modality_first: Annotated[int, Field(ge=0, le=10_000_000)] = 0
    modality_weights: ModalityWeights | None = None

    def fit(
        self,
        codes: Any,
        sequences: Sequence[Any],
        seed: int,
        *,
        modalities: Sequence[str] | None = None,
    ) -> FeatureSetBPE:
        """Builds the vocabulary; the first use on a machine compiles for some seconds.

        Args:
            codes: Whole numbers (items, columns), at most 16 columns.
            sequences: Item indices of the training histories, uncut.
            seed: Not used; nothing is drawn.
            modalities: ``text``, ``image``, ``fused`` or ``shared`` for each column.

        Raises:
            DataError: Codes, sequences and modalities do not fit each other, or the totals
                might not fit 64 bits, or the corpus does not fit into memory.
        """
        table = check_codes(codes)
        self._require_modalities(modalities)
        names = check_modalities(modalities, table.shape[1])
        training = pack_histories(sequences, len(table))
        check_countable(len(training.values), table.shape[1], int(self._weights.factors().max()))
        features = list_features(table)
        made = self._construct(number_states(table, features), training, features, names)
        tokenizer = FeatureSetBPE(
            codes=table,
            modalities=names,
            features=features,
            merge_pairs=made.pairs,
            merge_totals=made.totals,
            merge_places=made.places,
            weight_scale=self._weights.scale,
        )
        return replace(tokenizer, facts=budget_facts(tokenizer, self.num_merges))

    def idle_options(self, *, one_modality: bool) -> tuple[str, ...]:
        """Settings that change nothing, given the others: configurations may differ there alone.

        Args:
            one_modality: Whether all columns are of one kind.
        """
        of_modalities = ("cross_modal_share", "modality_first", "modality_weights")
        if self.num_merges == 0:
            return ("counting", *of_modalities)
        # Nothing crosses: an order of modalities, and the weight of crossing pairs, mean nothing.
        apart, weights = one_modality or self.cross_modal_share == 0, self._weights
        idle = ["cross_modal_share"] if one_modality else []
        idle += ["modality_first"] if apart else []
        if weights.text == weights.image == 1 and (apart or weights.text_image == 1):
            idle.append("modality_weights")
        return tuple(idle)

    @property
    def _weights(self) -> ModalityWeights:
        return self.modality_weights or ModalityWeights()

    def _require_modalities(self, modalities: Sequence[str] | None) -> None:
        asked = {
            "cross_modal_share": self.cross_modal_share < 1,
            "modality_first": self.modality_first > 0,
            "modality_weights": self.modality_weights is not None,
        }
        options = [name for name, is_set in asked.items() if is_set]
        if options and modalities is None:
            raise DataError(
                f"{', '.join(options)} needs the modality of each column, got none; pass "
                "modalities."
            )

    def _construct(
        self,
        states: Int32[np.ndarray, "items columns"],
        training: Ragged,
        features: Int32[np.ndarray, "features 2"],
        names: tuple[str, ...],
    ) -> Any:
        """Runs the compiled construction; under release counting as deep as it needs."""
        from clairo.merging.construction import Budget, Corpus, construct

        share = Fraction(self.cross_modal_share).limit_denominator(_MAX_DENOMINATOR)
        bits = [0, *(MODALITY_BITS[names[column]] for column in features[:, 0])]
        corpus = Corpus(
            states,
            training,
            pair_weights(states.shape[1]),
            np.array(bits, dtype=np.int8),
            self._weights.factors(),
        )
        quota = (share.numerator, share.denominator)
        budget = Budget(self.num_merges, quota, self.modality_first)
        return construct(corpus, budget, _RELEASE_DEPTHS if self.counting == "release" else ())
