"""Beam search against exact scoring and against ``transformers.generate``."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from clairo.core.errors import ConfigError, DataError
from clairo.core.ragged import Ragged
from clairo.core.torchvision_compat import prepare_torchvision
from clairo.modeling.interchange import published_config
from clairo.modeling.prefix_trie import PrefixTrie
from clairo.modeling.trained import TrainedModel
from tests.modeling.small import TINY, random_catalog, random_rows, tiny_model

CATALOG = random_catalog(3, num_items=40)
TRIE = PrefixTrie.build(CATALOG)
HISTORIES = random_rows(5, 30)


def _transformers(model: TrainedModel) -> torch.nn.Module:
    prepare_torchvision()
    from transformers import T5Config, T5ForConditionalGeneration

    theirs = T5ForConditionalGeneration(T5Config(**published_config(model.shape)))
    state = {name: torch.from_numpy(array) for name, array in model.weights.items()}
    assert not theirs.load_state_dict(state, strict=False).unexpected_keys
    return theirs.eval()


@pytest.mark.parametrize("sharpness", [1.0, 4.0])
def test_a_beam_as_wide_as_the_catalogue_ranks_like_exact_scoring(sharpness: float) -> None:
    model = tiny_model(1, sharpness=sharpness)
    exact = model.score_all(HISTORIES, TRIE)
    found = model.generate(HISTORIES, TRIE, num_beams=40, top_k=40, batch_size=7)
    np.testing.assert_array_equal(found.items, np.argsort(-exact, axis=1, kind="stable"))
    np.testing.assert_allclose(found.scores, -np.sort(-exact, axis=1), atol=2e-5)


@pytest.mark.parametrize(("num_beams", "sharpness"), [(2, 4.0), (4, 1.0), (4, 4.0), (10, 8.0)])
def test_beams_find_what_transformers_generate_finds(num_beams: int, sharpness: float) -> None:
    model = tiny_model(2, sharpness=sharpness)
    found = model.generate(HISTORIES, TRIE, num_beams, top_k=num_beams, batch_size=8)
    theirs = _transformers(model)
    end = model.end_token

    def allowed(_: int, prefix: torch.Tensor) -> list[int]:
        tokens = prefix.tolist()[1:]
        if end in tokens:
            return [0]
        following = {
            (*string, end)[len(tokens)]
            for string in map(tuple, CATALOG)
            if list(string[: len(tokens)]) == tokens
        }
        return sorted(int(token) for token in following)

    for row, history in enumerate(HISTORIES):
        generated = theirs.generate(
            torch.tensor([[*history.tolist(), end]]),
            num_beams=num_beams,
            num_return_sequences=num_beams,
            max_new_tokens=TRIE.depth + 1,
            length_penalty=0.0,
            do_sample=False,
            early_stopping=False,
            prefix_allowed_tokens_fn=allowed,
            output_scores=True,
            return_dict_in_generate=True,
        )
        items = [
            TRIE.find([t for t in sequence.tolist()[1:] if t not in (0, end)])
            for sequence in generated.sequences
        ]
        scores = generated.sequences_scores.numpy()
        real = found.items[row] >= 0
        assert found.items[row][real].tolist() == items[: real.sum()]
        np.testing.assert_allclose(found.scores[row][real], scores[: real.sum()], atol=1e-4)


def test_no_item_is_ranked_twice_and_scores_fall() -> None:
    found = tiny_model(4).generate(HISTORIES, TRIE, num_beams=12, top_k=10, batch_size=32)
    for items, scores in zip(found.items, found.scores, strict=True):
        real = items[items >= 0]
        assert len(set(real.tolist())) == len(real)
        assert (np.diff(scores[items >= 0]) <= 0).all()


def test_the_batch_size_changes_nothing_but_rounding() -> None:
    model = tiny_model(5, sharpness=3.0)
    one = model.generate(HISTORIES, TRIE, num_beams=8, top_k=5, batch_size=1)
    all_ = model.generate(HISTORIES, TRIE, num_beams=8, top_k=5, batch_size=64)
    np.testing.assert_array_equal(one.items, all_.items)
    np.testing.assert_allclose(one.scores, all_.scores, atol=1e-5)


def test_decoding_twice_gives_the_same_bits() -> None:
    model = tiny_model(6)
    first, second = (model.generate(HISTORIES, TRIE, 6, 5, 16) for _ in range(2))
    assert first.items.tobytes() == second.items.tobytes()
    assert first.scores.tobytes() == second.scores.tobytes()


def test_reading_fewer_results_does_not_change_them() -> None:
    model = tiny_model(7, sharpness=3.0)
    few = model.generate(HISTORIES, TRIE, num_beams=9, top_k=3, batch_size=8)
    many = model.generate(HISTORIES, TRIE, num_beams=9, top_k=9, batch_size=8)
    np.testing.assert_array_equal(few.items, many.items[:, :3])


def test_a_catalogue_smaller_than_the_list_fills_it_with_minus_one() -> None:
    trie = PrefixTrie.build(Ragged.from_sequences([[1], [1, 2]]))
    found = tiny_model().generate(HISTORIES, trie, num_beams=5, top_k=4, batch_size=8)
    assert (np.sort(found.items[:, :2], axis=1) == [0, 1]).all()
    assert (found.items[:, 2:] == -1).all()
    assert np.isneginf(found.scores[:, 2:]).all()


def test_free_strings_are_those_of_unconstrained_generate() -> None:
    model = tiny_model(8, sharpness=2.0)
    # Ends must be likely for a random model to end at all.
    shared = model.weights["shared.weight"].copy()
    shared[model.end_token] = shared[[0, 3, 5]].sum(axis=0)
    model = TrainedModel(model.shape, {**model.weights, "shared.weight": shared})
    every = [[a] for a in range(1, 12)] + [[a, b] for a in range(1, 12) for b in range(1, 7)]
    trie = PrefixTrie.build(Ragged.from_sequences(every))
    valid = model.generate_free(HISTORIES, num_beams=4, max_length=12, trie=trie)
    theirs = _transformers(model)
    flags = []
    for history in HISTORIES:
        sequences = theirs.generate(
            torch.tensor([[*history.tolist(), model.end_token]]),
            num_beams=4,
            num_return_sequences=4,
            max_new_tokens=12,
            length_penalty=0.0,
            do_sample=False,
            early_stopping=False,
        )
        flags.append([_is_item(trie, row.tolist()[1:], model.end_token) for row in sequences])
    np.testing.assert_array_equal(valid, flags)
    assert 0 < valid.mean() < 1


def _is_item(trie: PrefixTrie, tokens: list[int], end: int) -> bool:
    return end in tokens and trie.find(tokens[: tokens.index(end)]) is not None


def test_a_beam_narrower_than_the_list_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"num_beams=3 for top_k=5; widen"):
        tiny_model().generate(HISTORIES, TRIE, num_beams=3, top_k=5, batch_size=8)
    with pytest.raises(ConfigError, match="batch_size must be at least 1, got 0"):
        tiny_model().generate(HISTORIES, TRIE, num_beams=3, top_k=2, batch_size=0)


def test_an_empty_history_is_refused() -> None:
    rows = Ragged.from_sequences([[1], []])
    with pytest.raises(DataError, match=r"Histories: every row needs a token, row 1"):
        tiny_model().generate(rows, TRIE, num_beams=3, top_k=2, batch_size=8)


def test_tokens_that_the_model_does_not_know_are_refused() -> None:
    end = TINY.vocab_size - 1
    with pytest.raises(DataError, match=f"row 0 has {end}"):
        tiny_model().generate(Ragged.from_sequences([[end]]), TRIE, 3, 2, 8)
    foreign = PrefixTrie.build(Ragged.from_sequences([[end + 4]]))
    with pytest.raises(DataError, match=f"the trie has {end + 4}"):
        tiny_model().generate(HISTORIES, foreign, 3, 2, 8)


def test_items_that_share_a_string_follow_one_another_by_their_counts() -> None:
    # Items 0 to 39 once more as 40 to 79, and the doubles are more frequent.
    doubled = Ragged.from_sequences([*CATALOG, *CATALOG])
    counts = np.repeat([1, 2], 40)
    trie = PrefixTrie.build(doubled, counts)
    model = tiny_model(1, sharpness=4.0)
    single = model.generate(HISTORIES, TRIE, num_beams=40, top_k=40, batch_size=7)
    found = model.generate(HISTORIES, trie, num_beams=80, top_k=80, batch_size=7)
    pairs = np.stack([single.items + 40, single.items], axis=2).reshape(len(HISTORIES), 80)
    np.testing.assert_array_equal(found.items, pairs)
    np.testing.assert_array_equal(found.scores, np.repeat(single.scores, 2, axis=1))
    scores = model.score_all(HISTORIES, trie)
    np.testing.assert_array_equal(scores[:, :40], scores[:, 40:])
