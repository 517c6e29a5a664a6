"""A few items of a data set as people know them: picture, title, price, and how popular."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Int64
from PIL import Image

from clairo.core.dataset import Dataset, ItemCatalog
from clairo.embeddings.pictures import decode_picture
from clairo.evaluation.segments import item_segments

NUM_SAMPLES = 12
_SEGMENTS = ("head", "torso", "tail")
_SIDE, _QUALITY = 160, 82
_LONGEST_TEXT = 160


@dataclass(frozen=True)
class SampleItem:
    """One item.

    Attributes:
        item_id: External id.
        title: ``""`` where unknown.
        price: ``""`` where unknown.
        category: ``""`` where unknown.
        has_text: Whether it has a text that is embedded.
        text: Beginning of that text after the title, ``""`` where nothing follows.
        interactions: In all splits.
        segment: ``head``, ``torso`` or ``tail`` by training interactions.
        picture: A small JPEG, ``b""`` where none is shown.
        picture_state: ``broken`` is a picture that does not decode.
    """

    item_id: str
    title: str
    price: str
    category: str
    has_text: bool
    text: str
    interactions: int
    segment: str
    picture: bytes
    picture_state: Literal["shown", "missing", "broken"]


def sample_items(
    dataset: Dataset,
    counts: Int64[np.ndarray, " items"],
    train_counts: Int64[np.ndarray, " items"],
) -> tuple[SampleItem, ...]:
    """Up to twelve items, the same for the same data, head before torso before tail.

    Each segment gives as many as it can of an equal part; within it they are spread evenly
    from the most to the least popular, and one in four has no picture where there are such.

    Args:
        dataset: The data.
        counts: Interactions of each item.
        train_counts: Those for training.
    """
    segments = {name: item_segments(train_counts)[name] for name in _SEGMENTS}
    sizes = _share_out({name: int(items.sum()) for name, items in segments.items()})
    return tuple(
        _sample(dataset.catalog, item, int(counts[item]), name)
        for name, items in segments.items()
        for item in _choose(items, sizes[name], counts, dataset.catalog.has_image)
    )


def _share_out(available: Mapping[str, int]) -> dict[str, int]:
    """Equal parts of the places, what one segment cannot fill going to the others."""
    given = dict.fromkeys(available, 0)
    left = min(NUM_SAMPLES, sum(available.values()))
    while left:
        for name, most in available.items():
            if left and given[name] < most:
                given[name] += 1
                left -= 1
    return given


def _choose(
    items: Bool[np.ndarray, " items"],
    size: int,
    counts: Int64[np.ndarray, " items"],
    has_image: Bool[np.ndarray, " items"],
) -> list[int]:
    ranked = np.argsort(-counts, kind="stable")
    seen, unseen = ranked[(items & has_image)[ranked]], ranked[(items & ~has_image)[ranked]]
    without = min(len(unseen), max(size - len(seen), -(-size // 4)))
    chosen = np.concatenate([_spread(seen, size - without), _spread(unseen, without)])
    return sorted((int(item) for item in chosen), key=lambda item: (-counts[item], item))


def _spread(ranked: Int64[np.ndarray, " ranked"], size: int) -> Int64[np.ndarray, " size"]:
    """Entries at even distances, the first and the last among them."""
    return ranked[np.linspace(0, len(ranked) - 1, size).round().astype(np.int64)]


def _sample(catalog: ItemCatalog, item: int, interactions: int, segment: str) -> SampleItem:
    data = catalog.image(item)
    picture = decode_picture(data) if data else None
    text = catalog.sentences[item]
    return SampleItem(
        item_id=catalog.item_ids[item],
        title=catalog.titles[item],
        price=catalog.prices[item],
        category=catalog.categories[item],
        has_text=bool(text),
        text=_excerpt(text, catalog.titles[item]),
        interactions=interactions,
        segment=segment,
        picture=_thumbnail(picture) if picture else b"",
        picture_state="shown" if picture else "broken" if data else "missing",
    )


def _excerpt(text: str, title: str) -> str:
    """What follows the title, which is shown already, cut where it gets long.

    Example:
        >>> _excerpt("Red tent. $9.00. For two.", "Red tent")
        '… $9.00. For two.'
    """
    begins = bool(title) and text.startswith(title)
    rest = text[len(title) :].lstrip(". ") if begins else text
    cut = rest if len(rest) <= _LONGEST_TEXT else f"{rest[:_LONGEST_TEXT].rstrip()} …"
    return f"… {cut}" if begins and cut else cut


def _thumbnail(picture: Image.Image) -> bytes:
    picture.thumbnail((_SIDE, _SIDE))
    encoded = io.BytesIO()
    picture.save(encoded, format="JPEG", quality=_QUALITY, optimize=True)
    return encoded.getvalue()
