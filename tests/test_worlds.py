"""The small worlds are what their docstrings say."""

from __future__ import annotations

import numpy as np

from tests.worlds import (
    checkerboard_sequences,
    cross_modal_corpus,
    grid_points,
    merge_corpus,
    mirrored_twins,
    small_demo,
    tiny_dataset,
    twin_vectors,
    twins,
)


def test_a_checkerboard_user_stays_on_one_color() -> None:
    for user, sequence in enumerate(checkerboard_sequences(num_items=8)):
        assert set(sequence % 2) == {user % 2}
        assert ((sequence[:-1] + 2) % 8 == sequence[1:]).all()


def test_twins_share_the_text_and_not_the_picture() -> None:
    catalog = twins(num_pairs=3)

    assert len(catalog) == 6
    for first in (0, 2, 4):
        assert catalog.sentences[first] == catalog.sentences[first + 1]
        assert catalog.image(first) != catalog.image(first + 1)
    assert catalog.image(0) == catalog.image(2)
    assert len(set(catalog.sentences)) == 3


def test_mirrored_twins_share_the_picture_and_not_the_text() -> None:
    catalog = mirrored_twins(num_pairs=8)

    for first in range(0, 16, 2):
        assert catalog.image(first) == catalog.image(first + 1)
        assert catalog.sentences[first] != catalog.sentences[first + 1]
    assert len(set(catalog.sentences)) == 2
    assert len({catalog.image(item) for item in range(16)}) == 4


def test_twin_vectors_repeat_in_the_modality_that_does_not_tell() -> None:
    for telling, silent in (("image", "text"), ("text", "image")):
        world = twin_vectors(telling, num_pairs=8)
        equal, own = (world.modalities.get(name).vectors for name in (silent, telling))
        assert (equal[::2] == equal[1::2]).all()
        assert (len(np.unique(equal, axis=0)), len(np.unique(own, axis=0))) == (8, 16)
        assert all(len(set(sequence % 2)) == 1 for sequence in world.sequences)


def test_grid_points_are_nearest_to_their_own_centroids() -> None:
    grid = grid_points()

    coarse = np.linalg.norm(grid.points[:, None] - grid.first[None], axis=2).argmin(axis=1)
    residuals = grid.points - grid.first[coarse]
    fine = np.linalg.norm(residuals[:, None] - grid.second[None], axis=2).argmin(axis=1)

    assert (np.stack([coarse, fine], axis=1) == grid.codes).all()
    assert len(np.unique(grid.codes, axis=0)) == len(grid.table().item_ids) == 16
    np.testing.assert_allclose(grid.points[:4].mean(axis=0), grid.first[0])


def test_the_first_merge_has_the_count_on_paper() -> None:
    corpus = merge_corpus()

    inside = sum(2 / 2 for sequence in corpus.sequences for item in sequence if item == 0)
    between = 2 * 1 / (2 * 2)
    assert 4 * (inside + between) == corpus.scaled_counts[0]


def test_tiny_and_small_worlds_have_their_sizes() -> None:
    tiny, small = tiny_dataset(), small_demo()

    assert (len(tiny.catalog), len(tiny.log.user_ids)) == (12, 20)
    assert tiny.catalog.has_image.all()
    assert (tiny.splits.test_positions >= 0).all()
    assert (small.num_items, small.num_users) == (60, 120)


def test_planted_pairs_always_stand_together_and_others_only_by_chance() -> None:
    world = cross_modal_corpus()

    for (text, value), (image, partner) in world.planted:
        with_text = world.codes[world.codes[:, text] == value]
        assert (with_text[:, image] == partner).all()
        # Beside every other column the code meets all values equally often.
        for other in (1, 3):
            assert set(np.bincount(with_text[:, other]).tolist()) == {len(with_text) // 6}
