"""The text tells the theme, the picture tells the look, and neither tells the other."""

from __future__ import annotations

import io
import re
from itertools import combinations

import numpy as np
import pytest
from PIL import Image
from skimage.color import rgb2gray
from skimage.feature import hog
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import adjusted_mutual_info_score

from clairo.core.dataset import ItemCatalog
from clairo.datasets import DemoConfig
from clairo.datasets.demo import MAX_LOOKS
from clairo.datasets.demo_generation import build_catalog
from clairo.datasets.demo_pictures import PICTURE_SIZE, draw_picture, look
from clairo.datasets.demo_texts import write_text
from clairo.datasets.demo_words import QUALIFIERS, REMARKS, THEMES
from clairo.datasets.demo_world import DemoWorld, build_world

LOOK_WORDS = {
    *("red", "blue", "green", "yellow", "purple", "teal", "orange", "pink", "brown", "black"),
    *("lime", "silver", "gold", "golden", "white", "gray", "color", "colored", "round"),
    *("circle", "square", "triangle", "star", "ring", "cross", "plain", "stripes", "striped"),
    *("dots", "dotted", "checks", "checked"),
}


@pytest.fixture(scope="module")
def world() -> DemoWorld:
    return build_world(DemoConfig())


@pytest.fixture(scope="module")
def catalog(world: DemoWorld) -> ItemCatalog:
    return build_catalog(world)


def text_vectors(catalog: ItemCatalog) -> np.ndarray:
    tfidf = TfidfVectorizer(sublinear_tf=True).fit_transform(catalog.sentences)
    vectors = TruncatedSVD(n_components=64, random_state=0).fit_transform(tfidf)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def picture_vectors(catalog: ItemCatalog) -> np.ndarray:
    rows = []
    for item in range(len(catalog)):
        pixels = np.asarray(Image.open(io.BytesIO(catalog.image(item) or b"")).resize((64, 64)))
        colors = np.histogramdd(pixels.reshape(-1, 3), bins=4, range=[(0, 256)] * 3)[0].ravel()
        edges = hog(rgb2gray(pixels), pixels_per_cell=(8, 8), cells_per_block=(2, 2))
        rows.append(np.concatenate([np.sqrt(colors / colors.sum()), edges / np.linalg.norm(edges)]))
    return PCA(n_components=0.95, random_state=0).fit_transform(np.array(rows))


def clusters(vectors: np.ndarray, count: int) -> np.ndarray:
    return KMeans(count, n_init=4, random_state=0).fit_predict(vectors)


@pytest.mark.parametrize("codebook_size", [12, 16])
def test_clusters_of_texts_are_themes_and_say_nothing_of_looks(
    world: DemoWorld, catalog: ItemCatalog, codebook_size: int
) -> None:
    found = clusters(text_vectors(catalog), codebook_size)

    assert adjusted_mutual_info_score(world.themes, found) > 0.9
    assert adjusted_mutual_info_score(world.looks, found) < 0.05


@pytest.mark.parametrize("codebook_size", [12, 16])
def test_clusters_of_pictures_are_looks_and_say_nothing_of_themes(
    world: DemoWorld, catalog: ItemCatalog, codebook_size: int
) -> None:
    found = clusters(picture_vectors(catalog), codebook_size)

    assert adjusted_mutual_info_score(world.looks, found) > 0.9
    assert adjusted_mutual_info_score(world.themes, found) < 0.05


def test_no_word_names_a_look() -> None:
    parts = [*QUALIFIERS, *REMARKS]
    for theme in THEMES:
        parts += [theme.category, theme.department]
        parts += [*theme.brands, *theme.products, *theme.features, *theme.uses]

    words = set(re.findall(r"[a-z]+", " ".join(parts).lower()))
    assert not words & LOOK_WORDS


def test_texts_are_written_without_seeing_the_look() -> None:
    theme = THEMES[0]

    first = write_text(theme, np.random.default_rng(4))
    again = write_text(theme, np.random.default_rng(4))

    assert first == again
    assert first.brand in theme.brands
    assert set(first.features) <= set(theme.features)
    assert theme.price_range[0] < float(first.price[1:]) < theme.price_range[1] + 1


def test_titles_read_like_products(catalog: ItemCatalog) -> None:
    assert all(re.fullmatch(r"[A-Z][A-Za-z ]+, [A-Z][A-Za-z ]+", t) for t in catalog.titles)
    assert all(title in text for title, text in zip(catalog.titles, catalog.sentences, strict=True))
    assert len(set(catalog.sentences)) > 0.95 * len(catalog)


def test_any_two_looks_differ_in_two_traits() -> None:
    for first, second in combinations([look(number) for number in range(MAX_LOOKS)], 2):
        same = (
            (first.color == second.color)
            + (first.form == second.form)
            + (first.pattern == second.pattern)
        )
        assert same <= 1


def test_every_look_draws_a_small_png_that_differs_from_item_to_item() -> None:
    generator = np.random.default_rng(0)
    for number in range(MAX_LOOKS):
        first, second = (draw_picture(look(number), generator) for _ in range(2))
        picture = Image.open(io.BytesIO(first))
        assert (picture.format, picture.size) == ("PNG", (PICTURE_SIZE, PICTURE_SIZE))
        assert first != second
        assert len(first) < 8_000


def test_the_look_fills_the_middle_with_its_color() -> None:
    pixels = np.asarray(
        Image.open(io.BytesIO(draw_picture(look(0), np.random.default_rng(1)))), dtype=float
    )

    middle, corner = pixels[44:52, 44:52].mean(axis=(0, 1)), pixels[:4, :4].mean(axis=(0, 1))
    red, green, blue = look(0).color
    brightness = middle[0] / red
    assert 0.9 < brightness < 1.1
    np.testing.assert_allclose(middle, np.array([red, green, blue]) * brightness, atol=3)
    assert np.ptp(corner) < 2  # gray
