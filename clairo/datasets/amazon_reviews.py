"""Reviews of 2014 and 2018: both releases write one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from clairo.datasets.raw_lines import read_lines, refuse_line, require_string


def read_reviews(
    path: Path, on_truncated: Callable[[int], None] | None = None
) -> Iterator[tuple[str, str, int]]:
    """(user id, item id, Unix seconds) of every review, in file order.

    Raises:
        DataError: The file is damaged, or a line is no review.
    """
    for number, line in read_lines(path, on_truncated):
        row = _parse(line, path, number)
        yield (
            require_string(row, "reviewerID", path, number),
            require_string(row, "asin", path, number),
            _timestamp(row.get("unixReviewTime"), path, number),
        )


def _parse(line: bytes, path: Path, number: int) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise refuse_line(path, number, "a review must be one JSON object", error) from error
    if not isinstance(row, dict):
        raise refuse_line(path, number, "a review must be one JSON object", f"got {row!r:.40}")
    return row


def _timestamp(value: object, path: Path, number: int) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 62:
        return value
    rule = "unixReviewTime must be a whole number of seconds"
    raise refuse_line(path, number, rule, f"got {value!r:.40}")
