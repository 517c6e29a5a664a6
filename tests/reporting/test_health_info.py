"""Whether codes collapse and mean something: numbers, sentences and tables."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clairo.reporting.health_info import (
    DepthCourse,
    DepthInfo,
    HealthInfo,
    Level,
    compute_health,
    compute_neighbors,
    compute_purity,
    has_codes,
)
from clairo.reporting.representation_figures import plot_depth
from clairo.reporting.representation_findings import (
    say_health,
    say_hierarchy,
    say_neighbors,
    say_purity,
)
from clairo.reporting.representation_tables import health_table, kept_table
from clairo.reporting.search_info import Absent
from clairo.reporting.table import to_csv
from tests.reporting.records import demo_record
from tests.reporting.representations import described_record, with_facts


def level(usage: float = 1.0, perplexity: float | None = 8.0, size: int = 10) -> Level:
    dead = round(size * (1 - usage))
    return Level("text", 0, size, usage, dead, perplexity, 3.0, 5)


@pytest.mark.parametrize(
    ("one", "collapsed"),
    [
        (level(), False),
        (level(usage=0.5), False),
        (level(usage=0.4), True),
        (level(perplexity=0.9), True),
        (level(perplexity=1.0), False),
        (level(perplexity=None), False),
    ],
)
def test_half_of_the_codes_or_a_tenth_of_the_perplexity_is_the_limit(
    one: Level, collapsed: bool
) -> None:
    assert one.collapsed is collapsed


def test_the_codebooks_are_those_of_the_winner_with_what_they_keep() -> None:
    info = compute_health(described_record())
    assert isinstance(info, HealthInfo)
    assert (info.trial, info.kind) == (3, "rq_vae")
    first, second = info.levels
    assert (first.usage, first.dead, first.perplexity, first.entropy) == (1.0, 0, 4.0, 2.0)
    assert (second.usage, second.dead, second.largest) == (0.5, 2, 30)
    (kept,) = info.kept
    assert (kept.reconstruction_error, kept.neighbors, kept.chance) == (0.25, 0.6, 0.1)
    assert info.collapsed == ()


def test_the_verdict_names_what_collapsed_or_the_least_used() -> None:
    info = compute_health(described_record())
    assert isinstance(info, HealthInfo)
    assert say_health(info) == (
        "No codebook collapses: the least used of 2 codebooks, fused 2, uses 50 % of its 4 codes, "
        "working like 2 codes."
    )
    empty = replace(info, levels=(info.levels[0], replace(info.levels[1], usage=0.25, dead=3)))
    assert say_health(empty).startswith("Codes collapse: fused 2 of 2 codebooks; fused 2 uses 25 %")


def test_tables_hold_every_number_and_mark_what_collapsed() -> None:
    info = compute_health(described_record())
    assert isinstance(info, HealthInfo)
    dead = replace(info, levels=(replace(info.levels[1], usage=0.25),))
    (row,) = health_table(dead).rows
    assert [cell.text for cell in row][-1] == "collapsed"
    assert row[2].tone == "bad"
    assert to_csv(kept_table(info)).splitlines()[1:] == [
        "fused,0.25,0.6,0.1,,",
        "all codes,,,,0.1,4.0",
    ]


def test_shares_by_depth_stand_beside_chance() -> None:
    neighbors, purity = (f(described_record()) for f in (compute_neighbors, compute_purity))
    assert isinstance(neighbors, DepthInfo)
    assert isinstance(purity, DepthInfo)
    (course,) = neighbors.courses
    assert (course.shares, course.by_chance) == ((0.6, 0.3), (0.1, 0.05))
    assert purity.num_categories == 5
    assert purity.nested
    figure = plot_depth(purity)
    assert [trace.name for trace in figure.data] == ["fused", "fused, by chance"]
    assert list(figure.data[0].y) == pytest.approx([60, 70])
    assert list(figure.data[1].y) == pytest.approx([30, 40])
    assert say_neighbors(neighbors)[0] == (
        "The first code keeps 60 % of the fused neighbours together (10 % by chance)"
    )
    assert "by chance" in say_purity(purity)[0]


def test_purity_that_chance_gives_too_is_no_meaning() -> None:
    course = DepthCourse("text", (0.62, 0.9), (0.60, 0.9))
    info = DepthInfo(1, "purity", (course,), 3, nested=True)
    assert say_hierarchy(info).startswith("The hierarchy means little: 62 % ")
    meant = replace(info, courses=(replace(course, by_chance=(0.3, 0.6)),))
    assert say_hierarchy(meant).startswith("The hierarchy means something: 62 % ")


def test_where_chance_is_not_known_nothing_is_said_of_it() -> None:
    record = described_record()
    absent = {f"fused/{what}_chance_2": None for what in ("neighbors", "purity")}
    bare = replace(
        record, trials=tuple(with_facts(t, "quantization", **absent) for t in record.trials)
    )
    neighbors, purity = compute_neighbors(bare), compute_purity(bare)
    assert isinstance(neighbors, DepthInfo)
    assert isinstance(purity, DepthInfo)
    assert neighbors.courses[0].by_chance == purity.courses[0].by_chance == ()
    said = " ".join((*say_neighbors(neighbors), *say_purity(purity)))
    assert "chance" not in said
    assert "dots" not in said
    assert say_purity(purity)[0] == (
        "60 % of the fused items are in the majority category of their first code"
    )
    assert "not known" in say_hierarchy(purity)
    assert [trace.name for trace in plot_depth(neighbors).data] == ["fused"]


def test_codes_side_by_side_are_not_called_a_hierarchy() -> None:
    info = DepthInfo(1, "purity", (DepthCourse("text", (0.6,), (0.2,)),), 3, nested=False)
    assert say_hierarchy(info).startswith("The codes mean something")
    assert "their order means nothing" in say_purity(info)[1]


def test_a_record_of_an_older_version_says_what_it_lacks() -> None:
    record = demo_record()
    assert has_codes(record)
    for compute in (compute_neighbors, compute_purity):
        info = compute(record)
        assert isinstance(info, Absent)
        assert "older version" in info.reason
    old = compute_health(record)
    assert isinstance(old, HealthInfo)
    assert {kept.reconstruction_error for kept in old.kept} == {None}


def test_a_sweep_without_values_has_no_codes_to_show() -> None:
    record = replace(demo_record(), trials=())
    assert not has_codes(record)
    assert isinstance(compute_health(record), Absent)
