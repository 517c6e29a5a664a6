"""What the codes of a run mean, gathered from its codes, its fusion and its catalogue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float

from clairo.core.artifacts import CodeTable, Dataset
from clairo.core.dataset import ItemCatalog
from clairo.core.fusion_insight import FusionInsight
from clairo.pipeline.picture_sheet import SHEET_COLUMNS, TILE, draw_sheet
from clairo.quantization.code_tree import grow_trees
from clairo.quantization.representation import (
    CategoryWeights,
    FusionWeights,
    Representation,
    ShownItem,
)

_BINS, _CATEGORIES, _LEANING = 20, 12, 6
_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_MAX_TITLE = 140


def describe_representation(
    codes: CodeTable, dataset: Dataset, insight: FusionInsight | None
) -> Representation:
    """The largest branches of the codes and the weights of the fusion, with titles and pictures.

    Args:
        codes: Of all items.
        dataset: Whose catalogue names and pictures the items.
        insight: Of the fusion that made the vectors, ``None`` where there was none.
    """
    catalog = dataset.catalog
    trees = grow_trees(codes, catalog.categories, dataset.train_counts())
    weights = describe_weights(insight, catalog.categories) if insight else None
    return _with_items(Representation(trees, weights, {}), catalog)


def describe_weights(insight: FusionInsight, categories: tuple[str, ...]) -> FusionWeights | None:
    """How weights spread over items and categories; ``None`` where nothing was weighed.

    Items with one modality are left out: their weight is 1 whatever the fusion learned.

    Args:
        insight: Weights, and which item has which of the weighed modalities.
        categories: Of each item.
    """
    weights = insight.weights
    if not weights:
        return None
    counts = np.sum([insight.present[name] for name in weights], axis=0)
    several = counts > 1
    return FusionWeights(
        num_items=int(several.sum()),
        num_single=int((counts == 1).sum()),
        histogram={name: _histogram(own[several]) for name, own in weights.items()},
        means={name: float(own[several].mean()) if several.any() else 0.0
               for name, own in weights.items()},
        categories=_by_category(weights, categories, several),
        leaning={name: _leaning(own, several) for name, own in weights.items()},
    )  # fmt: skip


def _histogram(weights: Float[np.ndarray, " items"]) -> tuple[int, ...]:
    return tuple(np.histogram(weights.clip(0, 1), bins=_BINS, range=(0.0, 1.0))[0].tolist())


def _by_category(
    weights: Mapping[str, Float[np.ndarray, " items"]],
    categories: tuple[str, ...],
    several: Bool[np.ndarray, " items"],
) -> tuple[CategoryWeights, ...]:
    named = np.array(categories, dtype=object)
    counts = Counter(named[several].tolist())
    frequent = sorted(counts, key=lambda name: (-counts[name], name))[:_CATEGORIES]
    found = []
    for category in frequent:
        chosen = several & (named == category)
        quantiles = {
            name: tuple(np.quantile(own[chosen], _QUANTILES).tolist())
            for name, own in weights.items()
        }
        found.append(CategoryWeights(category, int(chosen.sum()), quantiles))
    return tuple(found)


def _leaning(
    weights: Float[np.ndarray, " items"], several: Bool[np.ndarray, " items"]
) -> tuple[tuple[int, float], ...]:
    items = np.flatnonzero(several)
    highest = items[np.argsort(-weights[items], kind="stable")][:_LEANING]
    return tuple((int(item), float(weights[item])) for item in highest)


def _with_items(bare: Representation, catalog: ItemCatalog) -> Representation:
    """The same with titles, prices and pictures of all items that it names."""
    named, has_image = bare.named_items(), catalog.has_image
    drawn = draw_sheet((item for item in named if has_image[item]), catalog)
    items = {
        item: ShownItem(
            title=_short(catalog.titles[item] or catalog.item_ids[item]),
            price=catalog.prices[item],
            has_picture=bool(has_image[item]) and item not in drawn.broken,
            tile=drawn.tiles.get(item),
        )
        for item in named
    }
    return replace(bare, items=items, sheet=drawn.sheet, tile=TILE, sheet_columns=SHEET_COLUMNS)


def _short(title: str) -> str:
    """A title without line breaks, cut with an ellipsis."""
    whole = " ".join(title.split())
    return whole if len(whole) <= _MAX_TITLE else whole[: _MAX_TITLE - 1].rstrip() + "…"
