"""Effects, recomputed from the per-user ranks by other code."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from clairo.core.artifacts import Rankings
from clairo.reporting.ablation_effects import compute_ablation
from clairo.reporting.ablation_families import RELEVANT_SHARE, families
from clairo.reporting.ablation_findings import claims, say_effects, say_seeds, say_unadjusted
from clairo.reporting.ablation_info import AblationInfo
from clairo.reporting.ablation_tables import effects_table
from clairo.reporting.search_info import Absent
from clairo.tracking.records import SweepRecord, TrialRecord
from tests.reporting.records import OUT_OF_MEMORY, SEEDS, demo_record, rankings


@pytest.fixture(scope="module")
def record() -> SweepRecord:
    return demo_record()


MASKING, COMPONENTS = families(demo_record())


@pytest.fixture(scope="module")
def masking(record: SweepRecord) -> AblationInfo:
    info = compute_ablation(record, MASKING)
    assert isinstance(info, AblationInfo)
    return info


def ndcg(ranks: np.ndarray) -> np.ndarray:
    """Written anew: one over log2 of the place plus one, up to ten places."""
    return np.array([1 / np.log2(rank + 1) if 0 < rank <= 10 else 0.0 for rank in ranks])


def arm_runs(record: SweepRecord, name: str) -> list[TrialRecord]:
    arm = next(arm for arm in record.summary.arms if arm.name == name)
    return [record.by_key()[key] for key in arm.trial_keys]


def change_runs(record: SweepRecord, name: str, **changes: object) -> SweepRecord:
    keys = {run.key for run in arm_runs(record, name)}
    trials = (replace(t, **changes) if t.key in keys else t for t in record.trials)  # type: ignore[arg-type]
    return replace(record, trials=tuple(trials))


def test_every_number_of_an_effect_equals_its_recomputation(
    record: SweepRecord, masking: AblationInfo
) -> None:
    full = [ndcg(run.rankings["valid"].ranks) for run in arm_runs(record, "full")]
    for effect in masking.effects:
        arm = [ndcg(run.rankings["valid"].ranks) for run in arm_runs(record, effect.arm.name)]
        table = np.array(arm) - np.array(full)
        deltas = table.mean(axis=1)
        test = stats.ttest_1samp(deltas, 0.0)
        low, high = test.confidence_interval(0.95)
        assert list(effect.deltas.values()) == pytest.approx(list(deltas))
        assert effect.interval.mean == pytest.approx(deltas.mean())
        assert (effect.over_seeds.low, effect.over_seeds.high) == pytest.approx((low, high))
        assert effect.over_seeds.p == pytest.approx(test.pvalue)
        assert effect.percent == pytest.approx(deltas.mean() / np.mean(full))
        users = table.mean(axis=0)
        assert effect.effect_size == pytest.approx(users.mean() / users.std(ddof=1))
        assert effect.shares.better == pytest.approx((users > 0).mean())
        assert effect.sign_flip == 0.5
        assert effect.users[0] < deltas.mean() < effect.users[1]


def test_holm_runs_over_the_arms_of_one_family(masking: AblationInfo) -> None:
    raw = sorted(effect.interval.p or 0.0 for effect in masking.effects)
    adjusted = sorted(effect.adjusted_p or 0.0 for effect in masking.effects)
    assert adjusted == pytest.approx([2 * raw[0], max(2 * raw[0], raw[1])])


def test_the_margin_is_the_declared_share_of_the_winner(masking: AblationInfo) -> None:
    assert masking.margin == pytest.approx(RELEVANT_SHARE * (masking.reference.mean or 0))


def test_two_seeds_are_exploratory_and_a_lost_seed_is_named(record: SweepRecord) -> None:
    info = compute_ablation(record, COMPONENTS)
    assert isinstance(info, AblationInfo)
    assert info.exploratory
    lost = next(effect for effect in info.effects if effect.arm.name == "no_pca")
    assert list(lost.deltas) == [SEEDS[0]]
    assert lost.arm.missing == (f"seed 102 ended failed: {OUT_OF_MEMORY}",)
    assert lost.interval.low is None
    assert lost.verdict == "inconclusive"
    assert info.seeds_text == "1 to 2 paired seeds"


def test_arms_on_other_users_are_refused(record: SweepRecord) -> None:
    other = {"valid": rankings(0.0, 1, users=300)}
    info = compute_ablation(change_runs(record, "text_only", rankings=other), MASKING)
    assert isinstance(info, AblationInfo)
    assert [effect.arm.name for effect in info.effects] == ["image_only"]
    assert "other users" in info.refused[0][1]


def test_arms_with_other_targets_are_refused(record: SweepRecord) -> None:
    made = rankings(0.0, 1)
    moved = Rankings("valid", made.users, made.targets + 1, made.ranks, made.top_items)
    changed = change_runs(record, "text_only", rankings={"valid": moved})
    info = compute_ablation(changed, MASKING)
    assert isinstance(info, AblationInfo)
    assert "other users" in info.refused[0][1]


def test_the_order_of_users_does_not_matter(record: SweepRecord, masking: AblationInfo) -> None:
    order = np.random.default_rng(0).permutation(400)
    trials = []
    for run in record.trials:
        if run.config_key == "arm-text_only":
            old = run.rankings["valid"]
            fields = (old.users, old.targets, old.ranks, old.top_items)
            new = Rankings("valid", *(values[order] for values in fields))
            trials.append(replace(run, rankings={"valid": new}))
        else:
            trials.append(run)
    info = compute_ablation(replace(record, trials=tuple(trials)), MASKING)
    assert isinstance(info, AblationInfo)
    assert info.effects[0].shares == masking.effects[0].shares
    assert info.effects[0].users == pytest.approx(masking.effects[0].users)


def test_test_ranks_are_used_only_where_every_arm_has_them(record: SweepRecord) -> None:
    both = tuple(
        replace(t, rankings={**t.rankings, "test": rankings(0.0, t.seed + t.number, "test")})
        if t.role == "ablation" and t.rankings
        else t
        for t in record.trials
    )
    info = compute_ablation(replace(record, trials=both), MASKING)
    assert isinstance(info, AblationInfo)
    assert info.split == "test"


def test_without_the_winner_or_its_ranks_nothing_is_compared(record: SweepRecord) -> None:
    gone = compute_ablation(change_runs(record, "full", rankings={}, state="killed"), MASKING)
    assert isinstance(gone, Absent)
    assert "ended killed" in gone.reason
    arms = tuple(arm for arm in record.summary.arms if arm.name != "full")
    summary = replace(record.summary, arms=arms)
    assert isinstance(compute_ablation(replace(record, summary=summary), COMPONENTS), Absent)
    none = replace(record, summary=replace(record.summary, arms=()))
    assert isinstance(compute_ablation(none, COMPONENTS), Absent)


def test_a_missing_arm_counts_in_the_family_and_is_listed(
    record: SweepRecord, masking: AblationInfo
) -> None:
    gone = tuple(t for t in record.trials if t.config_key != "arm-image_only")
    info = compute_ablation(replace(record, trials=gone), MASKING)
    assert isinstance(info, AblationInfo)
    assert "not in the tracker" in info.refused[0][1]
    raw = info.effects[0].interval.p
    assert info.effects[0].adjusted_p == pytest.approx(2 * (raw or 0.0))


def test_verdicts_are_counted_apart(masking: AblationInfo) -> None:
    effects = tuple(
        replace(effect, verdict=verdict)
        for effect, verdict in zip(masking.effects, ("worse", "equivalent"), strict=True)
    )
    said = claims([replace(masking, effects=effects)], "NDCG@10")
    expected = "1 worse than the full configuration and 1 without a relevant difference"
    assert said[0] == f"Of 2 arms: {expected} (2 paired seeds, valid, NDCG@10)."
    assert said[1].startswith("Text only: −")
    assert said[1].endswith("; worse.")
    assert said[2].endswith("; equivalent.")


def test_the_words_do_not_claim_more_than_the_verdicts(masking: AblationInfo) -> None:
    unsure = replace(
        masking, effects=tuple(replace(e, verdict="inconclusive") for e in masking.effects)
    )
    said = claims([unsure], "NDCG@10")
    assert said[0].startswith("None of the 2 arms")
    assert all(line.endswith("; inconclusive.") for line in said[1:])
    title = say_effects(unsure, "NDCG@10")[0]
    assert "image only" in title
    assert "no difference is established over 2 paired seeds" in title
    assert say_seeds(masking, "NDCG@10")[0] == "All seeds agree on the direction of every arm"
    assert "no arm could be compared" in claims([], "NDCG@10")[0]


def test_equivalence_is_adjusted_over_the_family_as_well(record: SweepRecord) -> None:
    info = compute_ablation(record, COMPONENTS)
    assert isinstance(info, AblationInfo)
    raw = []
    for effect in info.effects:
        found, margin = effect.interval, effect.margin
        assert margin is not None
        if found.error is not None and found.freedom is not None:
            # Schuirmann: the larger of the two one-sided tests.
            low = stats.t.sf((found.mean + margin) / found.error, found.freedom)
            high = stats.t.cdf((found.mean - margin) / found.error, found.freedom)
            raw.append(max(low, high))
    # One of the three arms lost a seed and has no test, but counts.
    assert len(raw) == 2
    found_p = sorted(e.equivalence_p for e in info.effects if e.equivalence_p is not None)
    assert found_p[0] == pytest.approx(min(1.0, 3 * min(raw)))


def test_differences_get_the_digits_that_their_intervals_justify(masking: AblationInfo) -> None:
    def with_half(half: float) -> AblationInfo:
        effect = masking.effects[0]
        interval = replace(effect.interval, low=-half, high=half)
        return replace(masking, effects=(replace(effect, interval=interval),))

    assert [with_half(half).digits for half in (0.3, 0.02, 0.004, 0.00004)] == [2, 3, 4, 4]


def test_an_arm_that_beats_the_winner_in_every_seed_is_pointed_out(masking: AblationInfo) -> None:
    best = masking.effects[0]
    above = replace(
        best,
        deltas={1: 0.09, 2: 0.07},
        interval=replace(best.interval, mean=0.08, low=-0.05, high=0.21),
    )
    said = claims([replace(masking, effects=(above,))], "NDCG@10")
    assert said[1].startswith("Above the full configuration in every seed: text only.")
    split = replace(above, deltas={1: 0.20, 2: -0.04})
    assert not any("Above" in line for line in claims([replace(masking, effects=(split,))], "N"))


def test_a_margin_is_a_share_of_the_reference_on_the_seeds_that_were_paired(
    record: SweepRecord,
) -> None:
    info = compute_ablation(record, COMPONENTS)
    assert isinstance(info, AblationInfo)
    lost = next(effect for effect in info.effects if effect.arm.name == "no_pca")
    first = arm_runs(record, "full")[0]
    assert first.seed == SEEDS[0]
    level = ndcg(first.rankings["valid"].ranks).mean()
    assert lost.margin == pytest.approx(RELEVANT_SHARE * level)
    low, high = info.margins
    said = effects_table(info).notes[-1]
    assert f"{low:.4f} to {high:.4f} (5 % of the full configuration's mean on the paired" in said


def test_a_small_margin_keeps_two_digits_in_a_table_of_fewer(masking: AblationInfo) -> None:
    effect = masking.effects[0]
    wide = replace(effect, margin=0.00342, interval=replace(effect.interval, low=-0.4, high=0.4))
    info = replace(masking, effects=(wide,))
    assert info.digits == 2
    assert "0.0034 (5 %" in effects_table(info).notes[-1]


def test_an_interval_without_zero_beside_an_inconclusive_verdict_is_explained(
    masking: AblationInfo,
) -> None:
    first, second = masking.effects
    clear = replace(
        first, verdict="inconclusive", interval=replace(first.interval, low=-0.2, high=-0.1)
    )
    crossing = replace(
        second, verdict="inconclusive", interval=replace(second.interval, low=-0.2, high=0.1)
    )
    assert say_unadjusted([replace(masking, effects=(clear, crossing))]) == (
        "1 interval without 0 stands beside “inconclusive”: intervals are not adjusted, "
        "verdicts are (Holm).",
    )
    assert say_unadjusted([replace(masking, effects=(crossing,))]) == ()
    assert any("not adjusted" in note for note in effects_table(masking).notes)


def test_arms_that_gave_identical_ranks_are_called_one_result(
    record: SweepRecord, masking: AblationInfo
) -> None:
    assert not any("identical" in note for note in effects_table(masking).notes)
    kept = {run.seed: run.rankings for run in arm_runs(record, "text_only")}
    keys = {run.key for run in arm_runs(record, "image_only")}
    trials = tuple(replace(t, rankings=kept[t.seed]) if t.key in keys else t for t in record.trials)
    info = compute_ablation(replace(record, trials=trials), MASKING)
    assert isinstance(info, AblationInfo)
    assert (
        "Text only and Image only gave identical ranks: they are one result, counted twice by Holm."
    ) in effects_table(info).notes
