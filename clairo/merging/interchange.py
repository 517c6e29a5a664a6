"""ActionPiece's public vocabulary file, ``actionpiece.json``.

Keys: ``n_categories`` (code columns), ``n_init_feats`` (tokens before the first merge, padding
included), ``token2feat`` and ``priority`` (the total of each merged token as a plain number). We
add ``weight_scale`` where totals are weighted, so that they come back as the same whole numbers.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int64

from clairo.core.errors import DataError
from clairo.merging.coded_items import MAX_COLUMNS

_KEYS = ("n_categories", "n_init_feats", "token2feat", "priority")
_WEIGHT_SCALE = "weight_scale"
_LARGEST_WEIGHT_SCALE = 100**3
_LARGEST_TOTAL = 2.0**62
_MOST_LEAVES = 10_000_000
"""Codes that one token may stand for; a history has some hundred items of some codes."""


@dataclass(frozen=True)
class ActionPieceFile:
    """The content of the file, checked.

    Attributes:
        num_columns: Number of code columns.
        features: Column and value of tokens 1, 2, ...
        pairs: Smaller and larger token of each merge.
        priority: Total of each merge.
        weight_scale: What makes the weights of modality pairs whole numbers.
    """

    num_columns: int
    features: list[tuple[int, int]]
    pairs: list[tuple[int, int]]
    priority: list[float]
    weight_scale: int = 1

    def scaled(self, path: Path, scale: int) -> Int64[np.ndarray, " merges"]:
        """Priorities as whole numbers: times ``scale``, at least 1.

        Raises:
            DataError: One does not fit 64 bits.
        """
        for number, value in enumerate(self.priority):
            if value * scale > _LARGEST_TOTAL:
                token = 1 + len(self.features) + number
                raise _wrong(
                    path,
                    f"priority of token {token} must be at most {_LARGEST_TOTAL / scale:.3g}, got "
                    f"{value!r}",
                )
        # A total of nothing would make no merge of it.
        whole = [max(round(value * scale), 1) for value in self.priority]
        return np.array(whole, dtype=np.int64)


def write_actionpiece(path: Path, content: ActionPieceFile) -> None:
    """Writes the file; totals of 2^53 scaled units or more lose their last digits."""
    merged = [[-1, left, right] for left, right in content.pairs]
    features = [list(feature) for feature in content.features]
    num_initial = 1 + len(features)
    values = (
        content.num_columns,
        num_initial,
        [[-1, -1], *features, *merged],
        [*[0.0] * num_initial, *content.priority],
    )
    keys = dict(zip(_KEYS, values, strict=True))
    if content.weight_scale != 1:
        keys[_WEIGHT_SCALE] = content.weight_scale
    path.write_text(json.dumps(keys) + "\n", encoding="utf-8")


def read_actionpiece(path: Path) -> ActionPieceFile:
    """Reads and checks the file.

    Raises:
        DataError: It is missing, no JSON, or not such a vocabulary; the message says what is
            wrong at which token.
    """
    content = _read_object(path)
    tokens, priority = content["token2feat"], content["priority"]
    num_columns, num_initial = content["n_categories"], content["n_init_feats"]
    if not _is_whole(num_columns, 1, MAX_COLUMNS):
        raise _wrong(path, f"n_categories must be 1 to {MAX_COLUMNS}, got {num_columns!r}")
    if not isinstance(tokens, list) or not isinstance(priority, list):
        raise _wrong(path, "token2feat and priority must be lists")
    if len(tokens) != len(priority):
        raise _wrong(path, f"{len(tokens)} tokens have {len(priority)} priorities")
    if not _is_whole(num_initial, 1, len(tokens)):
        raise _wrong(path, f"n_init_feats must be 1 to {len(tokens)}, got {num_initial!r}")
    if tokens[0] != [-1, -1]:
        raise _wrong(path, f"token 0 must be the padding [-1, -1], got {tokens[0]!r}")
    features = [
        _feature(path, token, tokens[token], num_columns) for token in range(1, num_initial)
    ]
    for token, (before, after) in enumerate(pairwise(features), start=2):
        if before >= after:
            raise _wrong(path, f"token {token}: {after} must come after {before}, by column")
    merged = range(num_initial, len(tokens))
    pairs = [_pair(path, token, tokens[token]) for token in merged]
    _check_lengths(path, num_initial, pairs)
    return ActionPieceFile(
        num_columns=num_columns,
        features=features,
        pairs=pairs,
        priority=[_priority(path, token, priority[token]) for token in merged],
        weight_scale=_weight_scale(path, content),
    )


def _wrong(path: Path, what: str) -> DataError:
    return DataError(f"{path}: not a whole ActionPiece vocabulary, {what}; export it again.")


def _read_object(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); check the path.") from error
    except (ValueError, RecursionError) as error:
        raise _wrong(path, f"no JSON ({error})") from error
    missing = [key for key in _KEYS if not isinstance(content, dict) or key not in content]
    if missing:
        raise _wrong(path, f"it lacks {missing}")
    return dict(content)


def _check_lengths(path: Path, num_initial: int, pairs: list[tuple[int, int]]) -> None:
    """Refuses tokens that double and double until nobody could spell them."""
    lengths = [1] * num_initial
    for left, right in pairs:
        lengths.append(lengths[left] + lengths[right])
        if lengths[-1] > _MOST_LEAVES:
            raise _wrong(path, f"token {len(lengths) - 1} stands for over {_MOST_LEAVES:,} codes")


def _weight_scale(path: Path, content: dict[str, Any]) -> int:
    scale = content.get(_WEIGHT_SCALE, 1)
    if not _is_whole(scale, 1, _LARGEST_WEIGHT_SCALE):
        raise _wrong(path, f"weight_scale must be a whole number from 1, got {scale!r}")
    return int(scale)


def _is_whole(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _feature(path: Path, token: int, entry: Any, num_columns: int) -> tuple[int, int]:
    if (
        not isinstance(entry, list)
        or len(entry) != 2
        or not _is_whole(entry[0], 0, num_columns - 1)
        or not _is_whole(entry[1], 0, 2**31 - 1)
    ):
        raise _wrong(
            path, f"token {token} must be [column below {num_columns}, value], got {entry!r}"
        )
    return entry[0], entry[1]


def _pair(path: Path, token: int, entry: Any) -> tuple[int, int]:
    if (
        not isinstance(entry, list)
        or len(entry) != 3
        or entry[0] != -1
        or not _is_whole(entry[1], 1, token - 1)
        or not _is_whole(entry[2], entry[1], token - 1)
    ):
        raise _wrong(
            path, f"token {token} must be [-1, smaller, larger] of earlier tokens, got {entry!r}"
        )
    return entry[1], entry[2]


def _priority(path: Path, token: int, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(path, f"priority of token {token} must be a number, got {value!r}")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number) or number <= 0:
        raise _wrong(path, f"priority of token {token} must be finite and above 0, got {value!r}")
    return number
