"""Atomic files small enough to count on paper."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

INTER = "user_id:token\titem_id:token\trating:float\ttimestamp:float"
RATINGS = (
    "ann\tcup\t4.0\t100",
    "bob\tpot\t3.5\t90",
    "ann\tpot\t5.0\t120",
    "ann\tmug\t1.0\t110",
    "ann\tcup\t2.0\t130",
    "bob\tjar\t4.5\t95",
)
ITEM = "item_id:token\ttitle:token_seq\tgenres:token_seq\tstock:float\tmaker"
ITEMS = (
    "cup\tCup &amp; saucer\tkitchen cups\t7\tAda",
    "pot\tPot\tkitchen pots\t8\t",
    "vase\tVase\tdecoration\t1\tEve",
)


def write_atomic(
    root: Path,
    name: str = "shop",
    *,
    inter: str = INTER,
    ratings: Sequence[str] = RATINGS,
    item: str | None = ITEM,
    items: Sequence[str] = ITEMS,
) -> Path:
    """Writes the files of a data set, the items only where they have a header; gives the folder."""
    folder = root / "atomic" / name
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / f"{name}.inter", [inter, *ratings])
    if item is not None:
        _write(folder / f"{name}.item", [item, *items])
    return folder


def _write(path: Path, lines: Sequence[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
