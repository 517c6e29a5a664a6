"""Small data of the LC-Rec family, written by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from clairo.datasets.lcrec import LcrecConfig

NAME = "Tiny"
HISTORIES = {"7": [0, 1, 2, 3], "4": [2, 1, 0], "5": [3, 0]}
TEXT = {
    "0": ["<a_1>", "<b_0>"],
    "1": ["<a_1>", "<b_0>"],
    "2": ["<a_0>", "<b_5>"],
    "3": ["<a_2>", "<b_5>"],
}
IMAGE = {"0": ["<A_3>"], "1": ["<A_2>"], "2": ["<A_0>"], "3": ["<A_3>"]}


def write_lcrec(folder: Path, **changes: Any) -> LcrecConfig:
    """Histories of three users over four items with two text codes and one image code each.

    Args:
        folder: Root of all data.
        changes: Files by what stands between the name and ``.json``, for example ``inter`` or
            ``index_lemb``; ``None`` leaves a file out.
    """
    files = {"inter": HISTORIES, "index_lemb": TEXT, "index_vitemb": IMAGE, **changes}
    for name, value in files.items():
        if value is not None:
            put_file(folder, f"{NAME}.{name}.json", json.dumps(value))
    return LcrecConfig(name=NAME, data_dir=folder)


def put_file(folder: Path, name: str, text: str) -> Path:
    """A file of the data set, by its whole name."""
    path = folder / "lcrec" / NAME / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def with_item(table: Mapping[str, Sequence[str]], item: str, codes: Any) -> dict[str, Any]:
    """An index with the codes of one item replaced."""
    return {**table, item: codes}


def write_generated(folder: Path, *, num_items: int = 40, num_users: int = 60) -> LcrecConfig:
    """Users who walk round the items; text codes are quotient and rest, image codes likewise.

    The next item is always the following one, so that a model can learn it.
    """
    text = {str(i): [f"<a_{i // 8}>", f"<b_{i % 8}>"] for i in range(num_items)}
    image = {str(i): [f"<A_{i % 5}>", f"<B_{i // 5}>"] for i in range(num_items)}
    walks = {
        str(user): [(user + step) % num_items for step in range(5 + user % 3)]
        for user in range(num_users)
    }
    return write_lcrec(folder, inter=walks, index_lemb=text, index_vitemb=image)
