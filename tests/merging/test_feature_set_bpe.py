"""Known answers of the merging, worked out on paper, and its limits."""

from __future__ import annotations

import pickle
import subprocess
import sys
import tracemalloc
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clairo.core.config import parse_config
from clairo.core.errors import ConfigError, DataError
from clairo.core.ragged import Ragged
from clairo.merging import FeatureSetBPE, FeatureSetBPEConfig, ModalityWeights, describe, memory
from clairo.merging.coded_items import MAX_COLUMNS, check_countable, count_scale, pair_weights
from tests.contracts.merging import MergingContract
from tests.worlds import cross_modal_corpus

TWICE_CODES = [[0, 0, 1], [0, 2, 0], [1, 0, 0], [1, 1, 2], [0, 1, 2], [1, 0, 0], [0, 1, 0]]
TWICE_SEQUENCE = [5, 1, 3, 3, 2, 2, 5, 1]


class TestExactCounting(MergingContract):
    config_type = FeatureSetBPEConfig
    config = FeatureSetBPEConfig(num_merges=12)


class TestReleaseCounting(MergingContract):
    config_type = FeatureSetBPEConfig
    config = FeatureSetBPEConfig(num_merges=12, counting="release")


class TestModalitiesKeptApart(MergingContract):
    config_type = FeatureSetBPEConfig
    config = FeatureSetBPEConfig(num_merges=12, cross_modal_share=0.0)


def test_totals_are_the_fractions_of_the_paper() -> None:
    # Items a = {1, 3}, b = {2, 4}. Sequence a a b: inside, (1,3) counts 2/2 twice and (2,4)
    # once. Links: a-a adds 1/4 to (1,1), (3,3) and twice to (1,3); a-b 1/4 to four pairs.
    bpe = FeatureSetBPEConfig(num_merges=1).fit([[0, 0], [1, 1]], [[0, 0, 1]], seed=0)
    assert bpe.token2feat[5] == (-1, 1, 3)
    assert bpe.scaled_priority[5] == (1 + 1 + 2 / 4) * bpe.count_scale


def test_one_column_merges_only_across_items() -> None:
    # a b a b: (a,b) counts 3; after two merges the sets are {ab}, {ab}, and those merge.
    bpe = FeatureSetBPEConfig(num_merges=9).fit([[0], [1]], [[0, 1, 0, 1]], seed=0)
    assert bpe.token2feat[3:] == [(-1, 1, 2), (-1, 3, 3)]
    assert (bpe.scaled_priority[3:]).tolist() == [3, 1]
    assert bpe.merge_places.tolist() == [[0, 2], [0, 1]]
    assert describe(bpe)["cross_item_share"] == 1.0


def test_of_equal_totals_the_smaller_pair_is_merged_first() -> None:
    # One item of three codes: every pair counts 2/3.
    bpe = FeatureSetBPEConfig(num_merges=1).fit([[0, 0, 0]], [[0]], seed=0)
    assert bpe.token2feat[4] == (-1, 1, 2)


def test_construction_stops_early_when_no_pair_is_left_and_says_so() -> None:
    bpe = FeatureSetBPEConfig(num_merges=99).fit([[0, 0, 0]], [[0]], seed=0)
    assert (bpe.facts["num_merges"], bpe.facts["requested_merges"]) == (2, 99)
    assert bpe.facts["reached_budget"] is False
    assert bpe.truncate(50).num_merges == 2


def test_a_pair_that_becomes_neighbours_again_is_chosen_twice() -> None:
    bpe = FeatureSetBPEConfig(num_merges=99).fit(TWICE_CODES, [TWICE_SEQUENCE], seed=0)
    assert [t for t, feature in enumerate(bpe.token2feat) if feature == (-1, 10, 13)] == [15, 17]
    assert bpe.encode_flat([10, 13]) == [17]


def test_zero_merges_leave_the_codes() -> None:
    bpe = FeatureSetBPEConfig(num_merges=0).fit([[0, 4], [1, 4]], [[0, 1]], seed=0)
    assert [row.tolist() for row in bpe.encode_items()] == [[1, 3], [2, 3]]


def test_sixteen_columns_count_exactly() -> None:
    codes = np.arange(32).reshape(2, 16)
    bpe = FeatureSetBPEConfig(num_merges=1).fit(codes, [[0, 0], [0]], seed=0)
    # Inside 3 sets of 16, 2/16 each; across one link 2 of 16 x 16.
    assert bpe.scaled_priority[-1] * 128 == (3 * 16 + 1) * bpe.count_scale


def test_a_corpus_that_does_not_fit_64_bits_is_refused_with_the_arithmetic() -> None:
    largest = (2**63 - 1) // (3 * count_scale(MAX_COLUMNS))
    check_countable(largest, MAX_COLUMNS)
    with pytest.raises(DataError, match=f"3 x {largest + 1} interactions x scale"):
        check_countable(largest + 1, MAX_COLUMNS)


def test_weights_of_modalities_count_towards_the_64_bits() -> None:
    check_countable(10**9, 9, largest_factor=1)
    with pytest.raises(DataError, match="x scale 635040000000000"):
        check_countable(10**9, 9, largest_factor=10**8)


def test_a_corpus_that_does_not_fit_into_memory_is_refused_with_the_arithmetic(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory, "free_bytes", lambda: 1000)
    # A row of 16 numbers, 8 of the journal and lists, and 2 occurrences of 2 tokens: 4 bytes each.
    with pytest.raises(DataError, match=r"0.00 GB \(9 interactions x 112 bytes at 2 columns"):
        FeatureSetBPEConfig(num_merges=1).fit([[0, 0]], [[0] * 9], seed=0)


def test_a_control_group_limits_the_memory(tmp_path: Path) -> None:
    assert memory._left_in_group(tmp_path) == sys.maxsize
    (tmp_path / "memory.current").write_text("300\n")
    (tmp_path / "memory.max").write_text("max\n")
    assert memory._left_in_group(tmp_path) == sys.maxsize
    (tmp_path / "memory.max").write_text("1000\n")
    assert memory._left_in_group(tmp_path) == 700


@pytest.mark.parametrize("wrong", [[1.5], [float("nan")], [[1, 2]], [[1], [1, 2]], ["a"]])
def test_tokens_must_be_whole_numbers(bpe: FeatureSetBPE, wrong: Any) -> None:
    with pytest.raises(DataError, match="Tokens must be a list of whole numbers"):
        bpe.encode_flat(wrong)
    with pytest.raises(DataError, match="Tokens must be a list of whole numbers"):
        bpe.encode_spr([wrong], np.random.default_rng(0))
    with pytest.raises(DataError, match="Tokens must be a list of whole numbers"):
        bpe.encode_greedy([wrong])


def test_a_token_to_decode_must_be_whole(bpe: FeatureSetBPE) -> None:
    for wrong in (2.7, float("nan"), None):
        with pytest.raises(DataError, match="A token must be a whole number"):
            bpe.decode([wrong])


@pytest.mark.parametrize(
    "offsets", [[0, 10**9], [2, 3], [0, 3, 1, 3], [0, 2], [0.0, 3.0], [], [[0, 3]]]
)
def test_offsets_that_do_not_fit_are_refused_before_any_kernel_reads_them(
    bpe: FeatureSetBPE, offsets: Any
) -> None:
    broken = Ragged(np.zeros(3, dtype=np.int32), np.array(offsets))
    with pytest.raises(DataError, match="Offsets must be whole numbers that rise from 0"):
        FeatureSetBPEConfig(num_merges=1).fit([[0]], broken, seed=0)
    for segmentation in ("spr", "greedy"):
        with pytest.raises(DataError, match="Offsets must be whole numbers that rise from 0"):
            bpe.encode_histories(broken, segmentation)


@pytest.mark.parametrize("histories", [[3, 4], [[0, 1], [[2]]], [[[0], [1, 2]]], None])
def test_histories_must_be_a_list_of_flat_lists(histories: Any) -> None:
    with pytest.raises(DataError, match=r"istor"):
        FeatureSetBPEConfig(num_merges=1).fit([[0]] * 5, histories, seed=0)


def test_whole_numbers_of_numpy_are_whole_numbers(bpe: FeatureSetBPE, tmp_path: Path) -> None:
    histories = Ragged.from_sequences([[1, 2, 3]])
    for seed in (np.int64(5), np.int32(5), np.uint64(5)):
        drawn = bpe.encode_histories(histories, "spr", seed)
        assert drawn.values.tolist() == bpe.encode_histories(histories, "spr", 5).values.tolist()
    bpe.truncate(np.int64(3)).save(tmp_path)
    for call in (
        lambda: bpe.encode_histories(histories, "spr", 1.5),
        lambda: bpe.truncate(2.5),
        lambda: bpe.encode_padded(histories, "spr", length=2.5),
    ):
        with pytest.raises(DataError, match="must be a whole number"):
            call()


def test_arrays_of_tokens_are_as_good_as_lists(bpe: FeatureSetBPE) -> None:
    states = bpe.states[[3, 4, 5]]
    assert bpe.encode_greedy(states) == bpe.encode_greedy(states.tolist())
    assert bpe.encode_flat(states[0]) == bpe.encode_flat(states[0].tolist())


def test_few_tokens_need_a_small_table_however_long_the_corpus() -> None:
    config = FeatureSetBPEConfig(num_merges=5)
    training = Ragged(np.arange(400_000, dtype=np.int32) % 2, np.array([0, 400_000]))
    tracemalloc.start()
    config.fit([[0], [1]], training, seed=0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # 120 bytes a set; a bound by sites alone would ask for a table of 64 MB beside them.
    assert peak < 400_000 * 150 + 10_000_000


def test_weights_are_whole_for_every_number_of_columns() -> None:
    for columns in range(1, MAX_COLUMNS + 1):
        weights = pair_weights(columns)
        for m in range(1, columns + 1):
            assert weights[0, m] * m == 2 * count_scale(columns)
            assert weights[m, columns] * m * columns == count_scale(columns)


class TestCrossModalWorld:
    """Text column 0 and image column 2 always agree; only a joint merge can say so."""

    WORLD = cross_modal_corpus()

    def fit(self, num_merges: int = 12, **options: Any) -> FeatureSetBPE:
        config = FeatureSetBPEConfig.model_validate({"num_merges": num_merges, **options})
        world = self.WORLD
        return config.fit(world.codes, world.sequences, seed=0, modalities=world.modalities)

    def first_leaves(self, bpe: FeatureSetBPE, count: int) -> list[tuple[tuple[int, int], ...]]:
        return [tuple(sorted(bpe.leaves(bpe.num_initial + n))) for n in range(count)]

    def crossing(self, bpe: FeatureSetBPE) -> list[bool]:
        columns = [
            {column for column, _ in bpe.leaves(token)}
            for token in range(bpe.num_initial, bpe.vocab_size)
        ]
        return [bool(found & {0, 1}) and bool(found & {2, 3}) for found in columns]

    def test_joint_merging_finds_the_planted_pairs_first(self) -> None:
        assert set(self.first_leaves(self.fit(), 6)) == set(self.WORLD.planted)

    def test_merging_of_the_text_alone_cannot_find_them(self) -> None:
        world = self.WORLD
        config = FeatureSetBPEConfig(num_merges=60)
        text = config.fit(world.codes[:, :2], world.sequences, 0, modalities=("text", "text"))
        assert not {column for column, _ in text.leaves(text.num_initial)} - {0, 1}
        # Six joint merges shorten every item; six of 36 pairs of text codes every sixth at most.
        assert (self.fit(6).encode_items().lengths == 3).all()
        assert (text.truncate(6).encode_items().lengths == 1).mean() <= 1 / 6

    def test_a_share_of_zero_keeps_modalities_apart(self) -> None:
        bpe = self.fit(60, cross_modal_share=0.0)
        assert bpe.num_merges == 60
        assert not any(self.crossing(bpe))

    @pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7])
    def test_the_share_holds_after_every_merge(self, share: float) -> None:
        bpe = self.fit(60, cross_modal_share=share)
        crossing = self.crossing(bpe)
        for number in range(1, len(crossing) + 1):
            assert sum(crossing[:number]) <= share * number + 1e-9
        assert any(crossing)
        assert describe(bpe)["cross_modal_share_of_merges"] == np.mean(crossing)

    def test_modalities_are_merged_by_themselves_first_and_then_jointly(self) -> None:
        crossing = self.crossing(self.fit(30, modality_first=10))
        assert not any(crossing[:10])
        assert crossing[10]

    def test_joint_merges_begin_earlier_where_nothing_else_is_left(self) -> None:
        codes, names = [[0, 0], [1, 1]], ("text", "image")
        config = FeatureSetBPEConfig(num_merges=3, modality_first=3)
        bpe = config.fit(codes, [[0], [1]], seed=0, modalities=names)
        assert self.first_leaves(bpe, 2) == [((0, 0), (1, 0)), ((0, 1), (1, 1))]

    def test_a_weight_turns_the_order_around_and_is_in_the_priority(self) -> None:
        light = ModalityWeights(text_image=0.1)
        bpe = self.fit(12, modality_weights=light)
        assert not any(self.crossing(bpe)[:6])
        alone = self.fit(1, cross_modal_share=0.0)
        assert bpe.count_scale == 10 * alone.count_scale
        assert bpe.scaled_priority[bpe.num_initial] == 10 * alone.scaled_priority[-1]

    @pytest.mark.parametrize(
        "options",
        [
            {"cross_modal_share": 0.5},
            {"modality_first": 1},
            {"modality_weights": {"text_image": 2.0}},
        ],
    )
    def test_an_option_of_modalities_needs_to_know_them(self, options: dict[str, Any]) -> None:
        config = FeatureSetBPEConfig.model_validate({"num_merges": 1, **options})
        with pytest.raises(DataError, match=f"{next(iter(options))} needs the modality of each"):
            config.fit([[0, 1]], [[0]], seed=0)


@pytest.fixture(scope="module")
def bpe() -> FeatureSetBPE:
    rng = np.random.default_rng(1)
    sequences = [rng.integers(0, 50, 10) for _ in range(60)]
    config = FeatureSetBPEConfig(num_merges=60)
    return config.fit(rng.integers(0, 6, (50, 4)), sequences, seed=0)


class TestTruncation:
    @pytest.mark.parametrize("num_merges", [-1, 61])
    def test_merges_that_were_not_made_cannot_be_kept(
        self, bpe: FeatureSetBPE, num_merges: int
    ) -> None:
        with pytest.raises(DataError, match=f"0 to 60 merges, not to {num_merges}"):
            bpe.truncate(num_merges)

    def test_fewer_merges_mean_more_tokens(self, bpe: FeatureSetBPE) -> None:
        lengths = [describe(bpe.truncate(n))["tokens_per_item"] for n in (0, 20, 60)]
        assert lengths[0] == 4.0
        assert lengths == sorted(lengths, reverse=True)


class TestSegmentation:
    def test_permutations_are_drawn_evenly(self) -> None:
        bpe = FeatureSetBPEConfig(num_merges=0).fit([[0, 0, 0]], [], seed=0)
        drawn = bpe.encode_histories(Ragged.from_sequences([[0]] * 6000), "spr", 11)
        counts = Counter(tuple(row.tolist()) for row in drawn)
        assert len(counts) == 6
        # Binomial with mean 1000 and standard deviation 29.
        assert all(abs(count - 1000) < 5 * 29 for count in counts.values())

    def test_seeds_and_rows_draw_differently(self, bpe: FeatureSetBPE) -> None:
        histories = Ragged.from_sequences([list(range(12))] * 2)
        first, second = bpe.encode_histories(histories, "spr", 1)
        other = bpe.encode_histories(histories, "spr", 2)[0]
        assert first.tolist() != second.tolist()
        assert first.tolist() != other.tolist()

    def test_a_draw_does_not_depend_on_the_other_histories(self, bpe: FeatureSetBPE) -> None:
        alone = bpe.encode_histories(Ragged.from_sequences([[1, 2, 3]]), "spr", 5)
        beside = bpe.encode_histories(Ragged.from_sequences([[1, 2, 3], [4, 5]]), "spr", 5)
        assert alone[0].tolist() == beside[0].tolist()

    def test_one_history_is_permuted_by_the_given_generator(self, bpe: FeatureSetBPE) -> None:
        states = bpe.states[[3, 4]].tolist()
        once = bpe.encode_spr(states, np.random.default_rng(4))
        assert once == bpe.encode_spr(states, np.random.default_rng(4))
        flat = sorted(leaf for token in once for leaf in bpe.leaves(token))
        assert flat == sorted(leaf for state in states for leaf in bpe.decode(state))

    def test_merging_shortens_histories(self, bpe: FeatureSetBPE) -> None:
        tokens = bpe.encode_histories(Ragged.from_sequences([[1, 2, 3, 4]]), "greedy")
        assert len(tokens.values) < 4 * 4

    @pytest.mark.parametrize("states", [[[1], []], [[1, 1]]])
    def test_sets_must_be_filled_and_distinct(
        self, bpe: FeatureSetBPE, states: list[list[int]]
    ) -> None:
        with pytest.raises(DataError, match="Sets hold distinct tokens"):
            bpe.encode_greedy(states)

    @pytest.mark.parametrize("token", [0, -3, 10_000])
    def test_unknown_tokens_are_refused(self, bpe: FeatureSetBPE, token: int) -> None:
        with pytest.raises(DataError, match=f"got {token}"):
            bpe.encode_flat([1, token])
        with pytest.raises(DataError, match=f"got {token}"):
            bpe.encode_greedy([[token]])

    def test_an_unknown_segmentation_is_refused(self, bpe: FeatureSetBPE) -> None:
        with pytest.raises(ConfigError, match="got 'random'"):
            bpe.encode_histories(Ragged.from_sequences([[0]]), "random")

    def test_nothing_encodes_to_nothing(self, bpe: FeatureSetBPE) -> None:
        assert (bpe.encode_flat([]), bpe.encode_greedy([])) == ([], [])

    def test_a_pickled_tokenizer_still_segments(self, bpe: FeatureSetBPE) -> None:
        bpe.encode_flat([1, 2])
        copy = pickle.loads(pickle.dumps(bpe))
        assert copy.encode_items().values.tolist() == bpe.encode_items().values.tolist()


@pytest.mark.parametrize(
    "values", [{"num_merges": -1}, {"num_merges": 1, "cross_modal_share": 1.5}, {}]
)
def test_settings_out_of_range_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=r"num_merges|cross_modal_share"):
        parse_config(FeatureSetBPEConfig, values, "merging")


def test_the_package_is_usable_without_the_rest_of_the_platform() -> None:
    code = (
        "import sys; from clairo.merging import FeatureSetBPEConfig, describe; "
        "b = FeatureSetBPEConfig(num_merges=1).fit([[0], [1]], [[0, 1]], 0); describe(b); "
        "heavy = {'torch', 'mlflow', 'ray', 'optuna', 'pandas', 'sklearn', 'plotly', 'PIL'}; "
        "sys.exit(str(heavy & sys.modules.keys()) if heavy & sys.modules.keys() else 0)"
    )
    ended = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_importing_the_package_does_not_import_the_compiler() -> None:
    code = "import sys, clairo.merging; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
