"""Random small corpora through the compiled code and the plain oracle."""

from __future__ import annotations

import os
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clairo.core.ragged import Ragged
from clairo.merging import FeatureSetBPE, FeatureSetBPEConfig, ModalityWeights, describe
from tests.merging import oracle
from tests.merging.indexed_oracle import build_with_index

NUM_CORPORA = int(os.environ.get("CLAIRO_MERGING_CORPORA", "2000"))
"""Random corpora that the vocabulary is compared on; a smaller number for a quick look."""


@dataclass(frozen=True)
class World:
    """A small corpus and a configuration."""

    codes: list[list[int]]
    sequences: list[list[int]]
    modalities: list[str]
    config: FeatureSetBPEConfig

    def fit(self) -> FeatureSetBPE:
        return self.config.fit(self.codes, self.sequences, seed=0, modalities=self.modalities)

    def fit_slowly(self) -> oracle.Vocabulary:
        config = self.config
        options = oracle.Options(
            share=Fraction(config.cross_modal_share).limit_denominator(1_000_000),
            first=config.modality_first,
            weights=(config.modality_weights or ModalityWeights()).fractions(),
        )
        return oracle.build(
            self.codes,
            self.sequences,
            config.num_merges,
            config.counting,
            self.modalities,
            options,
        )


def weights() -> st.SearchStrategy[ModalityWeights]:
    """Weights that turn the ranking around, with common and odd denominators."""
    weight = st.sampled_from([0.01, 0.5, 2 / 3, 1.0, 1.5, 3.0])
    return st.builds(ModalityWeights, text=weight, image=weight, text_image=weight)


@st.composite
def worlds(draw: st.DrawFn, counting: str | None = None) -> World:
    """Few values and items, so that ties, repeats, self pairs and removals are common."""
    columns, num_items = draw(st.integers(1, 9)), draw(st.integers(1, 8))
    value = st.integers(0, draw(st.integers(0, 3)))
    item = st.integers(0, num_items - 1)
    return World(
        codes=[[draw(value) for _ in range(columns)] for _ in range(num_items)],
        sequences=draw(st.lists(st.lists(item, max_size=12), min_size=1, max_size=5)),
        modalities=draw(
            st.lists(
                st.sampled_from(["text", "image", "shared"]), min_size=columns, max_size=columns
            )
        ),
        config=FeatureSetBPEConfig(
            num_merges=draw(st.integers(0, 50)),
            counting=counting or draw(st.sampled_from(["exact", "release"])),
            cross_modal_share=draw(st.sampled_from([0.0, 0.1, 1 / 3, 0.5, 0.9, 1.0, 1.0, 1.0])),
            modality_first=draw(st.sampled_from([0, 0, 3, 50])),
            modality_weights=draw(st.none() | weights()),
        ),
    )


def oracle_settings(examples: int) -> settings:
    return settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))


@given(world=worlds())
@oracle_settings(NUM_CORPORA)
def test_vocabulary_priorities_and_segmentations_are_those_of_the_oracle(world: World) -> None:
    fast, slow = world.fit(), world.fit_slowly()
    assert fast.token2feat == slow.token2feat
    assert fast.scaled_priority.tolist() == slow.priority
    assert fast.count_scale == slow.scale
    assert [tuple(places) for places in fast.merge_places.tolist()] == slow.places
    greedy = fast.encode_histories(Ragged.from_sequences(world.sequences), "greedy")
    for sequence, tokens in zip(world.sequences, greedy, strict=True):
        states = [slow.states[item] for item in sequence]
        flat = [token for state in states for token in state]
        assert fast.encode_flat(flat) == oracle.encode_flat(slow, flat)
        assert tokens.tolist() == (oracle.encode_greedy(slow, states) if states else [])
        assert fast.encode_greedy(states) == tokens.tolist()


@given(world=worlds(), seed=st.integers(0, 2**63))
@oracle_settings(40)
def test_decoding_gives_back_what_was_encoded(world: World, seed: int) -> None:
    tokenizer = world.fit()
    for item, tokens in enumerate(tokenizer.encode_items()):
        found = tokenizer.decode_item(tokens)
        assert found is not None
        assert world.codes[found] == world.codes[item]
    histories = Ragged.from_sequences(world.sequences)
    for sequence, tokens in zip(
        world.sequences, tokenizer.encode_histories(histories, "spr", seed), strict=True
    ):
        codes = [(c, v) for item in sequence for c, v in enumerate(world.codes[item])]
        assert sorted(tokenizer.decode(tokens)) == sorted(codes)


@given(world=worlds(), keep=st.integers(0, 50))
@oracle_settings(60)
def test_truncating_is_rebuilding_with_a_smaller_budget(world: World, keep: int) -> None:
    whole = world.fit()
    keep = min(keep, whole.num_merges)
    config = world.config.model_copy(update={"num_merges": keep})
    rebuilt = config.fit(world.codes, world.sequences, seed=0, modalities=world.modalities)
    cut = whole.truncate(keep)
    assert cut.token2feat == rebuilt.token2feat
    assert cut.scaled_priority.tolist() == rebuilt.scaled_priority.tolist()
    assert cut.merge_places.tolist() == rebuilt.merge_places.tolist()
    training = Ragged.from_sequences(world.sequences)
    assert describe(cut, training) == describe(rebuilt, training)
    assert cut.encode_items().values.tolist() == rebuilt.encode_items().values.tolist()


@pytest.mark.parametrize("counting", ["exact", "release"])
def test_thousands_of_sets_are_counted_like_a_few(counting: str) -> None:
    # One sequence repeated: every total is 400 times that of one, beyond every small table.
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 12, (60, 6)).tolist()
    one = [rng.integers(0, 60, 40).tolist() for _ in range(4)]
    config = FeatureSetBPEConfig(num_merges=80, counting=counting)
    few, many = config.fit(codes, one, seed=0), config.fit(codes, one * 400, seed=0)
    assert many.token2feat == few.token2feat
    assert (many.scaled_priority == 400 * few.scaled_priority).all()


@given(world=worlds(counting="exact"))
@oracle_settings(60)
def test_the_indexed_oracle_of_the_benchmarks_is_the_oracle(world: World) -> None:
    indexed = build_with_index(world.codes, world.sequences, world.config.num_merges)
    slow = oracle.build(world.codes, world.sequences, world.config.num_merges)
    assert (indexed.token2feat, indexed.priority) == (slow.token2feat, slow.priority)
