"""A tokenizer: the tokens of a catalogue's codes, and how items and histories become tokens."""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
from jaxtyping import Int, Int32, Int64

from clairo.core.artifacts import PADDING, Facts
from clairo.core.errors import ArtifactError, DataError
from clairo.core.files import read_arrays, read_json, write_arrays, write_json
from clairo.core.ragged import Ragged
from clairo.merging.coded_items import count_scale, number_states
from clairo.merging.interchange import ActionPieceFile, write_actionpiece

Segmentation = Literal["spr", "greedy"]
"""``spr`` permutes each item's codes and merges the flat list; ``greedy`` is deterministic."""

_ARRAYS, _FACTS = "arrays.safetensors", "facts.json"


@dataclass(frozen=True, eq=False)
class Tokenizer(ABC):
    """Tokens of a code table.

    Token 0 is padding, then comes one token for each (column, value) that occurs, then one for
    each merge.

    Attributes:
        codes: Codes of every item of the catalogue.
        modalities: Modality of each code column.
        features: Column and value of tokens 1, 2, ...
        merge_pairs: Smaller and larger token of each merge.
        merge_totals: Scaled total of each merge's pair when it was chosen.
        merge_places: How often each merge was made inside a set and across neighbours while
            the vocabulary was built; -1 where that is not known.
        weight_scale: What makes the weights of modality pairs whole numbers.
        facts: ``num_merges``, ``vocab_size``, ``requested_merges`` and ``reached_budget`` (false
            when no pair was left to take before); :func:`clairo.merging.describe` gives more.
    """

    kind: ClassVar[str]

    codes: Int32[np.ndarray, "items columns"]
    modalities: tuple[str, ...]
    features: Int32[np.ndarray, "features 2"]
    merge_pairs: Int32[np.ndarray, "merges 2"]
    merge_totals: Int64[np.ndarray, " merges"]
    merge_places: Int32[np.ndarray, "merges 2"]
    weight_scale: int = 1
    facts: Facts = field(default_factory=dict)

    @property
    def num_initial(self) -> int:
        """Number of tokens before the first merge, padding included."""
        return 1 + len(self.features)

    @property
    def num_merges(self) -> int:
        """Number of merges."""
        return len(self.merge_pairs)

    @property
    def vocab_size(self) -> int:
        """Number of tokens, padding included."""
        return self.num_initial + self.num_merges

    @property
    def count_scale(self) -> int:
        """Scaled totals and priorities are fractions times this."""
        return count_scale(len(self.modalities)) * self.weight_scale

    @cached_property
    def token2feat(self) -> list[tuple[int, ...]]:
        """What each token is: ``(-1, -1)``, ``(column, value)`` or ``(-1, left, right)``."""
        merged = [(-1, int(left), int(right)) for left, right in self.merge_pairs]
        return [(-1, -1), *((int(c), int(v)) for c, v in self.features), *merged]

    @cached_property
    def scaled_priority(self) -> Int64[np.ndarray, " tokens"]:
        """Scaled total of each merged token, 0 for the others."""
        return np.concatenate([np.zeros(self.num_initial, dtype=np.int64), self.merge_totals])

    @cached_property
    def states(self) -> Int32[np.ndarray, "items columns"]:
        """Initial tokens of each item, in column order."""
        return number_states(self.codes, self.features)

    @abstractmethod
    def encode_items(self) -> Ragged:
        """Tokens of every item, the targets of the model."""

    @abstractmethod
    def encode_histories(
        self, histories: Ragged, segmentation: Segmentation, seed: int = 0
    ) -> Ragged:
        """Tokens of every history.

        Args:
            histories: Item indices; they are not cut.
            segmentation: How items become tokens.
            seed: Of the permutations; the same seed gives the same tokens on any machine.

        Raises:
            DataError: An entry is not the index of an item.
        """

    def encode_padded(
        self,
        histories: Ragged,
        segmentation: Segmentation,
        seed: int = 0,
        *,
        length: int | None = None,
    ) -> tuple[Int32[np.ndarray, "rows length"], Int64[np.ndarray, " rows"]]:
        """Tokens of every history as one array, filled with padding on the right.

        Args:
            histories: Item indices.
            segmentation: How items become tokens.
            seed: Of the permutations.
            length: Columns of the array; longer rows lose their first tokens, which are the
                oldest. ``None`` fits the longest row.

        Returns:
            The tokens, and how many of each row are real.

        Raises:
            DataError: An entry is not the index of an item, or ``length`` is below 1.
        """
        length = None if length is None else whole_number("length", length)
        if length is not None and length < 1:
            raise DataError(f"Rows need room for a token, got length {length}; give 1 or more.")
        encoded = self.encode_histories(histories, segmentation, seed)
        width = encoded.longest if length is None else length
        kept = np.minimum(encoded.lengths, width)
        real = np.arange(width) < kept[:, None]
        starts = encoded.offsets[1:] - kept
        padded = np.full(real.shape, PADDING, dtype=np.int32)
        padded[real] = encoded.values[(starts[:, None] + np.arange(width))[real]]
        return padded, kept

    def leaves(self, token: int) -> list[tuple[int, int]]:
        """Columns and values that a token stands for, left part first.

        Raises:
            DataError: There is no such token, or it is padding.
        """
        if not PADDING < token < self.vocab_size:
            raise DataError(
                f"Tokens lie from 1 to {self.vocab_size - 1}, got {token}; use the tokenizer "
                "that made them."
            )
        found, waiting = [], [token]
        while waiting:
            part = waiting.pop()
            if part < self.num_initial:
                column, value = self.features[part - 1]
                found.append((int(column), int(value)))
            else:
                left, right = self.merge_pairs[part - self.num_initial]
                waiting += [int(right), int(left)]
        return found

    def decode(self, tokens: Iterable[int]) -> list[tuple[int, int]]:
        """Columns and values of a token sequence, padding left out.

        The codes of one set come back in the order of the merges, not of the columns.

        Raises:
            DataError: A token is not in the vocabulary.
        """
        whole = [whole_number("A token", token) for token in tokens]
        return [leaf for token in whole if token != PADDING for leaf in self.leaves(token)]

    def decode_item(self, tokens: Iterable[int]) -> int | None:
        """The item that a token sequence spells, ``None`` if it is no item.

        Every column must occur exactly once. Of items with the same codes, the first.

        Raises:
            DataError: A token is not in the vocabulary.
        """
        leaves = self.decode(tokens)
        if sorted(column for column, _ in leaves) != list(range(len(self.modalities))):
            return None
        return self._items_by_codes.get(tuple(value for _, value in sorted(leaves)))

    @cached_property
    def _items_by_codes(self) -> Mapping[tuple[int, ...], int]:
        return {tuple(row): item for item, row in reversed(list(enumerate(self.codes.tolist())))}

    def save_actionpiece(self, path: Path) -> None:
        """Writes the public interchange format of ActionPiece, without the code table.

        A vocabulary with weights of modality pairs has their scale in a fifth key, which the
        public code does not read.
        """
        content = ActionPieceFile(
            num_columns=len(self.modalities),
            features=[(int(column), int(value)) for column, value in self.features],
            pairs=[(int(left), int(right)) for left, right in self.merge_pairs],
            priority=(self.merge_totals / self.count_scale).tolist(),
            weight_scale=self.weight_scale,
        )
        write_actionpiece(path, content)

    def save(self, folder: Path) -> None:
        """Writes codes, tokens and facts."""
        names = ("codes", "features", "merge_pairs", "merge_totals", "merge_places")
        write_arrays(folder / _ARRAYS, {name: getattr(self, name) for name in names})
        about = {
            "kind": self.kind,
            "modalities": self.modalities,
            "weight_scale": self.weight_scale,
            "facts": dict(self.facts),
        }
        write_json(folder / _FACTS, about)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Reads what :meth:`save` wrote, as the kind of tokenizer it was.

        Raises:
            ArtifactError: The folder is damaged or holds another kind.
        """
        about = read_json(folder / _FACTS)
        kinds = {kind.kind: kind for kind in _all_kinds(cls)}
        try:
            kind = kinds[about["kind"]]
            return kind(
                modalities=tuple(about["modalities"]),
                weight_scale=about["weight_scale"],
                facts=about["facts"],
                **read_arrays(folder / _ARRAYS),
            )
        except (KeyError, TypeError) as error:
            raise ArtifactError(
                f"{folder}: a tokenizer of {sorted(kinds)} was expected, the entry does not "
                f"fit ({error}); recompute it."
            ) from error


def _all_kinds(base: type[Tokenizer]) -> Sequence[type[Any]]:
    return [base] if "kind" in vars(base) else base.__subclasses__()


def whole_number(name: str, value: Any) -> int:
    """A whole number of Python or numpy as an ``int``.

    Raises:
        DataError: It is none.
    """
    try:
        return operator.index(value)
    except TypeError as error:
        raise DataError(
            f"{name} must be a whole number, got {value!r}; round or look it up."
        ) from error


def budget_facts(tokenizer: Tokenizer, requested_merges: int) -> dict[str, Any]:
    """The facts that every tokenizer has: its sizes, and whether the budget was reached."""
    return {
        "num_merges": tokenizer.num_merges,
        "vocab_size": tokenizer.vocab_size,
        "requested_merges": requested_merges,
        "reached_budget": bool(tokenizer.num_merges == requested_merges),
    }


def row_tokens(states: Int[np.ndarray, "items columns"], histories: Ragged) -> Ragged:
    """The initial tokens of histories, item by item, in column order."""
    values = np.ascontiguousarray(states[histories.values].reshape(-1), dtype=np.int32)
    return Ragged(values, histories.offsets * states.shape[1])
