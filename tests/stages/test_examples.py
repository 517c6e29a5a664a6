import numpy as np

from clairo.core.artifacts import Dataset, InteractionLog, ItemCatalog, Splits, pack_images
from clairo.stages.examples import Questions, TrainingPrefixes


def dataset(histories):
    count = 1 + max(item for history in histories for item in history)
    lengths = np.array([len(history) for history in histories])
    data, offsets = pack_images([None] * count)
    ids = tuple(f"i{item}" for item in range(count))
    blank = ("",) * count
    log = InteractionLog(
        tuple(f"u{user}" for user in range(len(histories))),
        np.concatenate(histories).astype(np.int32),
        np.arange(int(lengths.sum()), dtype=np.int64),
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
    )
    asked = lengths >= 3
    splits = Splits(
        np.where(asked, lengths - 2, lengths).astype(np.int32),
        np.where(asked, lengths - 2, -1).astype(np.int32),
        np.where(asked, lengths - 1, -1).astype(np.int32),
    )
    catalog = ItemCatalog(ids, ids, ids, blank, blank, data, offsets)
    return Dataset("lists", catalog, log, splits, {})


WORLD = dataset([[0, 1, 2, 3, 4], [5, 6], [7], [3, 2, 1]])


def test_every_prefix_of_the_training_part_is_an_example():
    prefixes = TrainingPrefixes.of(WORLD)
    every = prefixes.sample(None, 0)
    pairs = list(
        zip(
            [row.tolist() for row in prefixes.histories(every, 20)],
            prefixes.targets(every).tolist(),
            strict=True,
        )
    )
    # User 0 trains on 0, 1, 2 (3 is valid, 4 is test); user 1 has no targets and trains on both.
    assert pairs == [([0], 1), ([0, 1], 2), ([5], 6)]


def test_a_history_is_cut_to_its_last_items():
    prefixes = TrainingPrefixes.of(WORLD)
    assert prefixes.histories(np.array([1]), 1)[0].tolist() == [1]


def test_a_sample_is_drawn_without_replacement_and_named_by_its_seed():
    prefixes = TrainingPrefixes.of(dataset([list(range(40))]))
    drawn = prefixes.sample(10, seed=3)
    assert len(set(drawn.tolist())) == 10
    assert drawn.tolist() == prefixes.sample(10, seed=3).tolist()
    assert drawn.tolist() != prefixes.sample(10, seed=4).tolist()


def test_questions_know_what_stands_before_the_target_and_nothing_after():
    valid, test = Questions.of(WORLD, "valid", 20), Questions.of(WORLD, "test", 20)
    assert [row.tolist() for row in valid.histories] == [[0, 1, 2], [3]]
    assert valid.targets.tolist() == [3, 2]
    assert [row.tolist() for row in test.histories] == [[0, 1, 2, 3], [3, 2]]
    assert test.targets.tolist() == [4, 1]


def test_the_same_users_are_asked_whoever_asks():
    many = dataset([[user, user + 1, user + 2] for user in range(30)])
    first = Questions.of(many, "valid", 20, max_users=7, seed=0)
    again = Questions.of(many, "valid", 5, max_users=7, seed=0)
    assert first.users.tolist() == again.users.tolist()
    assert len(first.users) == 7
