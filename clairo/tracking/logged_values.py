"""What may be logged, checked before any tracker sees it, so that all trackers agree."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from clairo.core.errors import SweepError

MAX_PARAM_CHARACTERS = 6000
MAX_TAG_CHARACTERS = 8000

_KEY = re.compile(r"[\w.\- :/]{1,250}")


def require_key(kind: str, key: str) -> None:
    """Refuses names that MLflow would refuse.

    Raises:
        SweepError: The name is empty, too long or has a character such as ``@``.

    Example:
        >>> require_key("metric", "valid/ndcg_at_10")
    """
    if not _KEY.fullmatch(key):
        raise SweepError(
            f"A {kind} is named with at most 250 letters, digits and _ - . : / or spaces, got "
            f"{key!r}; write ndcg_at_10 instead of ndcg@10."
        )


def param_texts(params: Mapping[str, Any]) -> dict[str, str]:
    """Settings as text: strings as they are, everything else as JSON, too long ones cut visibly.

    Raises:
        SweepError: A name cannot be used or a value is not JSON.

    Example:
        >>> param_texts({"fusion.kind": "concat", "reduction.variance": 0.95, "whiten": False})
        {'fusion.kind': 'concat', 'reduction.variance': '0.95', 'whiten': 'false'}
    """
    texts = {}
    for key, value in params.items():
        require_key("parameter", key)
        text = value if isinstance(value, str) else _json(key, value)
        texts[key] = cut(text, MAX_PARAM_CHARACTERS)
    return texts


def finite_metrics(metrics: Mapping[str, float]) -> dict[str, float]:
    """The same numbers as plain floats.

    Raises:
        SweepError: A name cannot be used, or a value is not finite (MLflow would store
            infinity as 1.797e308).
    """
    for key, value in metrics.items():
        require_key("metric", key)
        if not math.isfinite(value):
            raise SweepError(
                f"A logged metric must be finite, {key} is {float(value)}; leave it out and let "
                "the trial fail."
            )
    return {key: float(value) for key, value in metrics.items()}


def tag_texts(tags: Mapping[str, str]) -> dict[str, str]:
    """Tags with checked names, too long values cut visibly.

    Raises:
        SweepError: A name cannot be used.
    """
    for key in tags:
        require_key("tag", key)
    return {key: cut(value, MAX_TAG_CHARACTERS) for key, value in tags.items()}


def cut(text: str, limit: int) -> str:
    """The text, or its beginning and a mark that says how long it was.

    Example:
        >>> cut("a" * 100, 40)
        'aaaaaaaaaaaaaaaa... [100 characters cut]'
    """
    if len(text) <= limit:
        return text
    mark = f"... [{len(text)} characters cut]"
    return text[: limit - len(mark)] + mark


def _json(key: str, value: Any) -> str:
    try:
        return json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise SweepError(
            f"A parameter must be a finite JSON value, {key} is {value!r}; convert it first."
        ) from error
