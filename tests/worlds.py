"""Small worlds whose right answers follow from how they are made.

Import what you need; each world says in its docstring what is known about it. Nothing here
depends on an encoder, a quantizer or a model of ours.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int, Int32
from PIL import Image

from clairo.core.artifacts import Dataset, EmbeddingTable, Modalities
from clairo.core.dataset import ItemCatalog, pack_images
from clairo.datasets import DemoConfig


def small_demo(**settings: object) -> DemoConfig:
    """A demo world that is generated in a moment: 60 items, 120 users, 5 themes, 4 looks."""
    sizes = {"num_items": 60, "num_users": 120, "num_themes": 5, "num_looks": 4}
    return DemoConfig.model_validate({**sizes, **settings})


def tiny_dataset(**settings: object) -> Dataset:
    """12 items (3 themes x 2 looks x 2) and 20 users, all with texts, pictures and targets."""
    sizes = {
        "num_items": 12,
        "num_users": 20,
        "num_themes": 3,
        "num_looks": 2,
        "mean_length": 6.0,
    }
    return DemoConfig.model_validate({**sizes, **settings}).read()


def checkerboard_sequences(
    num_users: int = 20, num_items: int = 8, length: int = 6
) -> list[Int32[np.ndarray, " length"]]:
    """Users who see only even or only odd items, in a circle.

    Known: the item after ``i`` is always ``(i + 2) % num_items``, so an even user never meets
    an odd item. ``num_items`` must be even.
    """
    steps = 2 * np.arange(length)
    return [((user + steps) % num_items).astype(np.int32) for user in range(num_users)]


def twins(num_pairs: int = 4) -> ItemCatalog:
    """Pairs of items with equal text and different pictures.

    Known: items ``2p`` and ``2p + 1`` have one sentence; the first is red, the second blue.
    So text alone cannot tell twins apart, and the picture alone cannot tell pairs apart.
    """
    names = ("tent", "kettle", "violin", "saddle", "lantern", "compass", "teapot", "anchor")
    words = [names[pair % len(names)] for pair in range(num_pairs) for _ in range(2)]
    sentences = tuple(f"A sturdy {word} for every {word} lover." for word in words)
    colors = [(200, 30, 30), (30, 30, 200)] * num_pairs
    image_bytes, image_offsets = pack_images([plain_picture(color) for color in colors])
    return ItemCatalog(
        item_ids=tuple(f"pair-{item // 2}-{'ab'[item % 2]}" for item in range(2 * num_pairs)),
        titles=tuple(word.title() for word in words),
        sentences=sentences,
        categories=("",) * (2 * num_pairs),
        prices=("",) * (2 * num_pairs),
        image_bytes=image_bytes,
        image_offsets=image_offsets,
    )


def mirrored_twins(num_pairs: int = 4) -> ItemCatalog:
    """Pairs of items with equal pictures and different texts: :func:`twins` the other way round.

    Known: items ``2p`` and ``2p + 1`` have one picture, of a color of their pair among eight; the
    first is called a tent, the second a violin. So the picture alone cannot tell twins apart, and
    text alone cannot tell pairs apart.
    """
    colors = [(200, 200 * (pair % 2), 30 + 60 * (pair % 4)) for pair in range(num_pairs)]
    pictures = [plain_picture(color) for color in colors for _ in range(2)]
    words = ("tent", "violin") * num_pairs
    image_bytes, image_offsets = pack_images(pictures)
    return replace(
        twins(num_pairs),
        titles=tuple(word.title() for word in words),
        sentences=tuple(f"A sturdy {word} for every {word} lover." for word in words),
        image_bytes=image_bytes,
        image_offsets=image_offsets,
    )


@dataclass(frozen=True)
class TwinVectors:
    """Vectors of many twins, and histories, large enough to learn from.

    Known: items ``2p`` and ``2p + 1`` have one vector in one modality; in the other, which is
    ``telling``, every item has its own. Both are drawn from the same distribution, but that the
    telling vectors of first twins, and those of second twins, are shifted by a style each. A
    history stays with first or with second twins, of pairs drawn evenly. So the telling modality
    says which item it is and who goes with it, and the other neither.
    """

    modalities: Modalities
    sequences: list[Int32[np.ndarray, " length"]]
    telling: str


def twin_vectors(telling: str = "image", seed: int = 0, num_pairs: int = 64) -> TwinVectors:
    """Pairs of one text and two pictures (``telling="image"``), or the mirrored world.

    One seed gives both worlds the same vectors, exchanged, and the same histories.
    """
    rng = np.random.default_rng(seed)
    equal = np.repeat(rng.normal(size=(num_pairs, 24)), 2, axis=0)
    own = rng.normal(size=(2 * num_pairs, 24)) + np.tile(rng.normal(size=(2, 24)), (num_pairs, 1))
    ids = tuple(f"pair-{item // 2}-{'ab'[item % 2]}" for item in range(2 * num_pairs))
    everything = np.ones(len(ids), dtype=bool)
    tables = tuple(
        EmbeddingTable(
            name, ids, (own if name == telling else equal).astype(np.float32), everything
        )
        for name in ("text", "image")
    )
    sequences = [
        (2 * rng.permutation(num_pairs)[:8] + user % 2).astype(np.int32) for user in range(100)
    ]
    return TwinVectors(Modalities(tables), sequences, telling)


def plain_picture(color: tuple[int, int, int], size: int = 32) -> bytes:
    """A PNG of one color."""
    encoded = io.BytesIO()
    Image.new("RGB", (size, size), color).save(encoded, format="PNG")
    return encoded.getvalue()


@dataclass(frozen=True)
class GridPoints:
    """Points in the plane with residual codes known by hand.

    Known: point ``i`` is ``first[codes[i, 0]] + second[codes[i, 1]]`` exactly. The coarse
    centroids are 20 apart, the fine ones 2, so residual k-means with two codebooks of four
    finds this partition (its numbering aside) with reconstruction error 0.
    """

    points: Float[np.ndarray, "16 2"]
    first: Float[np.ndarray, "4 2"]
    second: Float[np.ndarray, "4 2"]
    codes: Int[np.ndarray, "16 2"]

    def table(self) -> EmbeddingTable:
        """The points as text vectors of 16 items."""
        return EmbeddingTable(
            modality="text",
            item_ids=tuple(f"point-{item:02d}" for item in range(len(self.points))),
            vectors=self.points,
            present=np.ones(len(self.points), dtype=bool),
        )


def grid_points() -> GridPoints:
    """Four coarse corners, with four fine corners around each."""
    corners = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])
    first, second = 10.0 * corners, corners
    codes = np.array([[coarse, fine] for coarse in range(4) for fine in range(4)])
    return GridPoints(first[codes[:, 0]] + second[codes[:, 1]], first, second, codes)


@dataclass(frozen=True)
class MergeCorpus:
    """A corpus whose feature-set merges are done on paper.

    Attributes:
        codes: Item to features, two columns.
        sequences: Item indices.
        merges: (smaller token, larger token) of each merge, in order.
        scaled_counts: Total of each chosen pair, times ``lcm(1, 2)^2 = 4``.
        first_merge: Id of the first merged token.
        greedy: Greedy segmentation of each sequence with all merges.
    """

    codes: Int[np.ndarray, "items 2"]
    sequences: list[Int32[np.ndarray, " length"]]
    merges: list[tuple[int, int]]
    scaled_counts: list[int]
    first_merge: int
    greedy: list[list[int]]


def merge_corpus() -> MergeCorpus:
    """Two items, four sequences, three merges, then no pair is left.

    Tokens: 0 padding; 1 is (column 0, value 0); 2 and 3 are (column 1, values 0 and 1). Item
    0 is the set {1, 2}, item 1 is {1, 3}. Sequences: [0], [0], [1], [0, 0].

    1. (1, 2): once inside each of four sets, 4 x 2/2 = 4; between the two sets of the last
       sequence 1-2 and 2-1, 2 x 1/4. Total 4.5, times 4 is 18. It becomes token 4.
    2. (1, 3): once, 1. (4, 4): once between the last sequence's sets of one token, 1. The
       smaller pair wins the tie: (1, 3), scaled 4, becomes token 5.
    3. (4, 4): scaled 4, becomes token 6; both sets empty into the slot between them, and the
       tidy-up leaves one set {6}.
    """
    return MergeCorpus(
        codes=np.array([[0, 0], [0, 1]]),
        sequences=[np.array(items, dtype=np.int32) for items in ([0], [0], [1], [0, 0])],
        merges=[(1, 2), (1, 3), (4, 4)],
        scaled_counts=[18, 4, 4],
        first_merge=4,
        greedy=[[4], [4], [5], [6]],
    )


@dataclass(frozen=True)
class CrossModalCorpus:
    """Text and image codes that co-occur only across the modalities.

    Known: text code ``t`` always stands beside image code ``PARTNER[t]``, within an item, and
    nothing else is more frequent than chance: text codes are drawn evenly and independently
    along a history, and each of two text columns is independent of the other. So the pairs of
    ``planted`` are the best merges there are, each about as frequent as a text code, and no
    vocabulary within modalities can hold them.

    Attributes:
        codes: Two text columns, two image columns.
        modalities: Of the columns.
        sequences: Histories of items.
        planted: The leaves of each planted pair, text first.
    """

    codes: Int[np.ndarray, "items 4"]
    modalities: tuple[str, ...]
    sequences: list[Int32[np.ndarray, " length"]]
    planted: frozenset[tuple[tuple[int, int], tuple[int, int]]]


def cross_modal_corpus(num_values: int = 6, seed: int = 0) -> CrossModalCorpus:
    """Every item of two text codes; its first image code follows from its first text code.

    The second text and the second image column are drawn evenly and say nothing. Each history
    has 12 items, drawn evenly from one item per combination of the three free codes.
    """
    rng = np.random.default_rng(seed)
    partner = rng.permutation(num_values)
    grid = np.indices((num_values,) * 3).reshape(3, -1).T
    codes = np.stack([grid[:, 0], grid[:, 1], partner[grid[:, 0]], grid[:, 2]], axis=1)
    sequences = [rng.integers(0, len(codes), 12).astype(np.int32) for _ in range(400)]
    planted = frozenset(((0, value), (2, int(partner[value]))) for value in range(num_values))
    return CrossModalCorpus(codes, ("text", "text", "image", "image"), sequences, planted)
