"""The published rows that come with clairo, and what is refused of a damaged file."""

from __future__ import annotations

import copy
from importlib import resources
from typing import Any

import pytest
import yaml

from clairo.core.errors import ConfigError
from clairo.reporting.leaderboard_info import check_published, say_replication
from clairo.reporting.published import PublishedRow, load_published, published_from

ROWS = load_published()


def named(method: str, title: str, category: str, setting: str = "") -> PublishedRow:
    found = [
        row
        for row in ROWS
        if (row.method, row.source.title, row.category, row.setting)
        == (method, title, category, setting)
    ]
    (row,) = found
    return row


def test_every_row_has_a_source_a_kind_and_data_that_a_sweep_could_be_on() -> None:
    assert len(ROWS) == 19
    assert {row.source.kind for row in ROWS} == {"readme", "second-hand", "project page"}
    assert {name for row in ROWS for name in row.datasets} == {
        "Amazon 2014 Beauty",
        "Amazon 2014 CDs and Vinyl",
        "Amazon 2014 Sports and Outdoors",
        "Amazon 2014 Toys and Games",
        "Amazon 2018 Musical Instruments",
        "LC-Rec Instruments",
    }


def test_numbers_keep_the_digits_they_were_printed_with() -> None:
    row = named("ActionPiece", "ActionPiece", "beauty")
    assert [row.shown(key) for key in row.values] == ["0.0511", "0.0340", "0.0775", "0.0424"]
    assert row.shown("recall_at_1") == ""
    assert row.numbers.ndcg[5].low == pytest.approx(0.03395)
    assert named("LIGER", "LIGER", "beauty", "cold items").shown("recall_at_10") == "0.10082"
    assert named("TIGER", "MACRec", "instruments").shown("recall_at_1") == "0.0754"


def test_no_published_row_breaks_arithmetic_and_one_is_out_of_line() -> None:
    verdicts = [(row, check_published(row, ROWS)) for row in ROWS]
    assert [row for row, verdict in verdicts if verdict.failed] == []
    ((odd, verdict),) = [(row, v) for row, v in verdicts if v.out_of_line]
    assert (odd.method, odd.category, odd.release) == ("CLAIRO", "cds", "")
    # .0450 / .0561; the ten others run from .0155 / .0240 or .0237 / .0362 to .0371 / .0521.
    assert (
        verdict.out_of_line == "NDCG@5 / Recall@5 is 0.80, where 10 rows of 2014 have 0.64 to 0.71."
    )


def test_rows_without_a_stated_release_stand_beside_no_data_of_ours() -> None:
    unstated = [row for row in ROWS if not row.release]
    assert len(unstated) == 7
    assert all(row.datasets == () for row in unstated)
    assert {row.source.title for row in unstated} == {"CLAIRO site", "LIGER"}


def test_the_replication_says_how_far_it_lies_from_the_paper() -> None:
    """.0221 / .0181 is 22 % above, .0914 / .0648 is 41 %; between them lie all eight."""
    sports, beauty = (named("TIGER", "CLAIRO site", name) for name in ("sports", "beauty"))
    assert "+22 % to +29 % against TIGER paper (readme)" in say_replication(sports, ROWS)
    assert "+30 % to +41 % against TIGER paper (readme)" in say_replication(beauty, ROWS)
    assert say_replication(named("TIGER", "TIGER paper", "beauty"), ROWS) == ""
    assert "whose own row is not here" in say_replication(sports, [sports])


def test_a_row_is_credited_with_its_source_once() -> None:
    assert named("ActionPiece", "ActionPiece", "beauty").credit == "ActionPiece (second-hand)"
    assert named("TIGER", "cornac", "toys").credit == "TIGER, cornac (readme)"
    liger = named("LIGER", "LIGER", "sports", "in-set items")
    assert liger.credit == "LIGER, in-set items, LIGER (second-hand)"


@pytest.fixture
def plain() -> Any:
    text = resources.files("clairo.reporting").joinpath("published.yaml").read_text("utf-8")
    return copy.deepcopy(yaml.safe_load(text))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"source": "nowhere"}, "a source must be one of actionpiece, tiger"),
        ({"replicates": "nowhere"}, "a source must be one of"),
        ({"category": "sport"}, "a row needs an alias with a release of it"),
        ({"release": "2023", "category": "pantry"}, "got 'pantry' with '2023'"),
        ({"release": ""}, "releases that it may be of"),
        ({"values": {"recall_at_5": "3 %"}}, "plain decimal such as .0340, got '3 %'"),
        ({"values": {"recall_at_5": 0.0316}}, "string"),
        ({"values": {"hit_at_5": ".0316"}}, "hit_at_5"),
        ({"replicate": "tiger"}, "replicate"),
    ],
)
def test_a_damaged_row_is_refused_with_its_place(
    plain: Any, change: dict[str, Any], said: str
) -> None:
    plain["rows"][0] |= change
    with pytest.raises(ConfigError, match=r"published\.yaml") as refused:
        published_from(plain, "published.yaml")
    assert said in str(refused.value)
