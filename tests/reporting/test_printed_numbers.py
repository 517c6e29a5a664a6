"""What an ablation's page prints equals what other code computes from the per-user ranks.

Nothing here uses the project's statistics: numpy, scipy and pen-and-paper formulas only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import permutations

import numpy as np
import pytest
from scipy import stats

from clairo.reporting.ablation_page import make_ablation_page
from clairo.reporting.page import render_page
from clairo.tracking.records import SweepRecord
from tests.reporting.ablation_records import (
    FACTORIAL,
    SEEDS,
    SHARES,
    groups_record,
    kinds_record,
    known_lengths,
    targets,
    train_counts,
)
from tests.reporting.printed import PrintedTable, printed_tables


@pytest.fixture(scope="module")
def record() -> SweepRecord:
    return kinds_record()


@pytest.fixture(scope="module")
def page(record: SweepRecord) -> str:
    return render_page(make_ablation_page(record))


@pytest.fixture(scope="module")
def tables(page: str) -> dict[str, PrintedTable]:
    return printed_tables(page)


def gains(record: SweepRecord, name: str, group: str = "") -> np.ndarray:
    """NDCG@10 by seed and user, written anew: one over log2 of the place plus one."""
    arm = next(a for a in record.summary.arms if (a.name, a.group) == (name, group))
    runs = {t.seed: t for t in record.trials if t.key in arm.trial_keys}
    return np.array(
        [
            [1 / np.log2(r + 1) if 0 < r <= 10 else 0.0 for r in runs[seed].rankings["valid"].ranks]
            for seed in SEEDS
        ]
    )


def crossed(table: np.ndarray) -> tuple[float, float, float, float]:
    """Mean, bounds and p of a table of seeds by users, by its analysis of variance."""
    seeds, users = table.shape
    mean = table.sum() / table.size
    rows, columns = table.sum(axis=1) / users, table.sum(axis=0) / seeds
    of_seeds = users * ((rows - mean) ** 2).sum() / (seeds - 1)
    of_users = seeds * ((columns - mean) ** 2).sum() / (users - 1)
    rest = sum(
        (table[s, u] - rows[s] - columns[u] + mean) ** 2 for s in range(seeds) for u in range(users)
    ) / ((seeds - 1) * (users - 1))
    more = max(0.0, of_users - rest)
    error = np.sqrt((of_seeds + more) / (seeds * users))
    freedom = (of_seeds + more) / (of_seeds / (seeds - 1) + more / (users - 1))
    reach = stats.t.ppf(0.975, freedom) * error
    return mean, mean - reach, mean + reach, 2 * stats.t.sf(abs(mean) / error, freedom)


def step_down(raw: Sequence[float]) -> list[float]:
    """Holm: the smallest times all, the next times one fewer, never falling."""
    adjusted, floor = [0.0] * len(raw), 0.0
    for step, place in enumerate(np.argsort(raw)):
        floor = max(floor, min(1.0, raw[place] * (len(raw) - step)))
        adjusted[place] = floor
    return adjusted


def as_printed(value: float, like: str, signed: bool = False) -> str:
    """A number with as many decimals as another text shows, and a true minus sign."""
    found = re.search(r"\d\.(\d+)", like)
    assert found, like
    digits = len(found.group(1))
    return f"{value:{'+' if signed else ''}.{digits}f}".replace("-", "−")


def assert_range(text: str, low: float, high: float) -> None:
    first, second = text.split(" to ")
    assert (first, second) == (as_printed(low, first, True), as_printed(high, second, True))


def p_text(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


FAMILIES = {
    "modality_masking": ("text_only", "image_only"),
    "inference_masking": ("text_zero", "image_zero"),
    "pca_curve": ("variance_0.5", "variance_0.7", "variance_0.9", "variance_0.95"),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_effects_intervals_and_p_values(
    record: SweepRecord, tables: dict[str, PrintedTable], family: str
) -> None:
    effects, tests, users = (tables[f"{family}{end}"] for end in ("", "_tests", "_users"))
    names = FAMILIES[family]
    title = {arm.name: arm.title for arm in record.summary.arms}
    full = gains(record, "full")
    found = [crossed(gains(record, name) - full) for name in names]
    adjusted = step_down([p for *_, p in found])
    for name, (mean, low, high, p), holm in zip(names, found, adjusted, strict=True):
        row = title[name]
        shown = effects.cell(row, "Difference")
        assert shown == as_printed(mean, shown, True)
        assert float(effects.title(row, "Difference")) == pytest.approx(mean, rel=1e-8)
        assert_range(effects.cell(row, "95 % over users and seeds"), low, high)
        share = effects.cell(row, "Percent")
        assert share == f"{as_printed(100 * mean / full.mean(), share, True)} %"
        own = effects.cell(row, "NDCG@10")
        assert own == as_printed(gains(record, name).mean(), own)
        assert (tests.cell(row, "p"), tests.cell(row, "p (Holm)")) == (p_text(p), p_text(holm))
        expected = "" if holm >= 0.05 else "†" if holm >= 0.01 else "‡"
        assert effects.cell(row, "Mark") == expected
        deltas = (gains(record, name) - full).mean(axis=1)
        one = stats.ttest_1samp(deltas, 0.0)
        assert tests.cell(row, "p (t over seeds)") == p_text(one.pvalue)
        assert_range(tests.cell(row, "95 % over seeds"), *one.confidence_interval(0.95))
        flips = [abs(np.dot(np.array(s) * 2 - 1, deltas)) for s in np.ndindex(*[2] * 5)]
        share_of = np.mean(np.array(flips) >= abs(deltas.sum()) - 1e-12)
        assert tests.cell(row, "p (sign-flip)") == p_text(share_of)
        by_user = (gains(record, name) - full).mean(axis=0)
        size = users.cell(row, "d_z")
        assert size == as_printed(by_user.mean() / by_user.std(ddof=1), size, True)
        assert users.cell(row, "Users better") == f"{100 * (by_user > 0).mean():.0f} %"
        assert users.cell(row, "Worse") == f"{100 * (by_user < 0).mean():.0f} %"


def test_the_caption_states_users_seeds_and_correction(tables: dict[str, PrintedTable]) -> None:
    assert tables["pca_curve"].caption == (
        "NDCG@10 on the valid split against the full configuration; 400 users, 5 paired seeds, "
        "Holm over 4 arms."
    )


def test_holm_over_all_tables_counts_every_arm() -> None:
    record = kinds_record(correction="all")
    tables = printed_tables(render_page(make_ablation_page(record)))
    full = gains(record, "full")
    arms = [arm for arm in record.summary.arms if arm.name != "full"]
    adjusted = step_down([crossed(gains(record, arm.name) - full)[3] for arm in arms])
    for arm, holm in zip(arms, adjusted, strict=True):
        assert tables[f"{arm.family}_tests"].cell(arm.title, "p (Holm)") == p_text(holm)
    assert "Holm over 15 arms of all tables" in tables["factorial"].caption


def test_segments(record: SweepRecord, tables: dict[str, PrintedTable]) -> None:
    table, counts = tables["modality_masking_segments"], train_counts()
    ranked = sorted(range(len(counts)), key=lambda item: (-counts[item], item))
    head, held = set(), 0
    for item in ranked:
        if held < counts.sum() / 2:
            head.add(item)
        held += counts[item]
    rare = counts[targets()] <= 5
    famous = np.isin(targets(), list(head)) & ~rare
    known = known_lengths()
    members = {
        "Bestsellers: half of all training": famous,
        "Between head and tail": ~famous & ~rare,
        "Tail: 5 training interactions or fewer": rare,
        "Of these, never seen in training": counts[targets()] == 0,
        "Cold start: 1 to 4 known items": known <= 4,
        "5 to 9 known items": (known >= 5) & (known <= 9),
        "10 to 19 known items": (known >= 10) & (known <= 19),
        "20 or more known items": known >= 20,
    }
    full, arm = gains(record, "full"), gains(record, "text_only")
    for name, rows in members.items():
        mean, low, high, _ = crossed((arm - full)[:, rows])
        assert table.cell("Text only", "Users", name) == str(int(rows.sum()))
        shown = table.cell("Text only", "Difference", name)
        assert shown == as_printed(mean, shown, True)
        assert_range(table.cell("Text only", "95 % over users and seeds", name), low, high)
        share = table.cell("Text only", "Percent", name)
        assert share == f"{as_printed(100 * mean / full[:, rows].mean(), share, True)} %"


def test_shapley_values_by_all_orders_of_adding(
    record: SweepRecord, tables: dict[str, PrintedTable]
) -> None:
    table = tables["factorial_contrasts"]
    names = [name for name, _ in FACTORIAL.components]
    cells = {frozenset(a.parts): gains(record, a.name) for a in record.summary.arms if a.parts}
    cells[frozenset()] = gains(record, "cell_")
    sums = np.zeros(())
    for name, title in FACTORIAL.components:
        steps = []
        for order in permutations(names):
            before = frozenset(order[: order.index(name)])
            steps.append(cells[before | {name}] - cells[before])
        mean, low, high, p = crossed(np.mean(steps, axis=0))
        shown = table.cell(title, "Difference in NDCG@10", "Shapley value")
        assert shown == as_printed(mean, shown, True)
        assert_range(table.cell(title, "95 % over users and seeds", "Shapley value"), low, high)
        assert table.cell(title, "p", "Shapley value") == p_text(p)
        sums = sums + mean
    total = table.cell("All on minus all off", "Difference in NDCG@10")
    whole = cells[frozenset(names)] - cells[frozenset()]
    assert total == as_printed(whole.mean(), total, True) == as_printed(float(sums), total, True)


def test_interactions_are_differences_of_differences(
    record: SweepRecord, tables: dict[str, PrintedTable]
) -> None:
    cells = {frozenset(a.parts): gains(record, a.name) for a in record.summary.arms if a.parts}
    cells[frozenset()] = gains(record, "cell_")
    steps = [
        (cells[frozenset({"merging", "spr", *on})] - cells[frozenset({"merging", *on})])
        - (cells[frozenset({"spr", *on})] - cells[frozenset(on)])
        for on in ((), ("pca",))
    ]
    mean, low, high, _ = crossed(np.mean(steps, axis=0))
    table, row = tables["factorial_contrasts"], "Merging × Random segmentation"
    shown = table.cell(row, "Difference in NDCG@10")
    assert shown == as_printed(mean, shown, True)
    assert_range(table.cell(row, "95 % over users and seeds"), low, high)


def test_the_slope_over_groups() -> None:
    record = groups_record()
    page = render_page(make_ablation_page(record))
    table = printed_tables(page)["modality_masking_text_only_groups"]
    groups = [f"world_{place}" for place in range(len(SHARES))]
    differences = [gains(record, "text_only", g) - gains(record, "full", g) for g in groups]
    for place, (share, delta) in enumerate(zip(SHARES, differences, strict=True)):
        mean, low, high, _ = crossed(delta)
        assert table.cell(f"World {place}", "Planted visual share") == f"{share:g}"
        shown = table.cell(f"World {place}", "Difference")
        assert shown == as_printed(mean, shown, True)
        assert_range(table.cell(f"World {place}", "95 % over users and seeds"), low, high)
    line = stats.linregress(SHARES, [delta.mean() for delta in differences])
    reach = stats.t.ppf(0.975, len(SHARES) - 2) * line.stderr
    low, high = (
        f"{bound:+.4f}".replace("-", "−") for bound in (line.slope - reach, line.slope + reach)
    )
    slope = f"{line.slope:+.4f}".replace("-", "−")
    assert f"slope {slope} per unit (95 % {low} to {high})" in " ".join(page.split())
    assert table.cell("Beauty", "Verdict") == "not run"
