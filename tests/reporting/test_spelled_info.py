"""Spelled merges as cards, and the page and the table they stand on."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from pathlib import Path

import pytest

from clairo.merging.spelled import SpelledVocabulary
from clairo.reporting.page import Missing, Page, render_page
from clairo.reporting.report import write_report
from clairo.reporting.search_info import Absent
from clairo.reporting.spelled_info import UNTITLED, Picture, SpelledInfo, compute_spelled
from clairo.reporting.vocabulary_page import make_vocabulary_page
from clairo.tracking.records import SweepRecord
from tests.reporting.records import demo_record, token_facts, vocabulary
from tests.reporting.test_stage_info import with_stage_facts


@pytest.fixture(scope="module")
def record() -> SweepRecord:
    return demo_record()


@pytest.fixture(scope="module")
def info(record: SweepRecord) -> SpelledInfo:
    found = compute_spelled(record)
    assert isinstance(found, SpelledInfo)
    return found


def with_vocabulary(record: SweepRecord, made: SpelledVocabulary | None) -> SweepRecord:
    trials = (replace(t, vocabulary=made) if t.role == "confirm" else t for t in record.trials)
    return replace(record, trials=tuple(trials))


def test_cards_name_codes_and_take_counts_from_the_facts(info: SpelledInfo) -> None:
    first, second, third = info.cards
    assert [code.words for code in first.left.codes] == ["text 1 code 1"]
    assert [code.words for code in first.right.codes] == ["image 1 code 1"]
    assert (first.joins, first.made) == ("text + image", "within an item")
    assert (first.priority, first.inside, first.across) == (120.5, 90, 4)
    assert (second.joins, second.made) == ("text + image", "between neighbours")
    assert (second.places, second.left_first, second.right_first) == (8, 6, 3)
    assert third.joins == "text + image + digit"
    assert third.right.only_digit


def test_pictures_stand_by_codes_of_pictures_only(info: SpelledInfo) -> None:
    first = info.cards[0]
    assert first.left.pictures == ()
    assert first.left.titles == ("Tent, Red", "Tent, Blue")
    assert first.right.pictures == (
        Picture("Tent, Red", "shown", 0, 0),
        Picture("Kettle", "missing"),
        Picture(UNTITLED, "left out"),
    )
    assert info.sheet_size == (160, 80)


def test_a_side_over_neighbours_is_shown_by_its_parts(info: SpelledInfo) -> None:
    parts = info.cards[2].left.parts
    assert [part.num_items for part in parts] == [12, 30]


def test_a_part_that_only_attached_the_digit_is_told_as_one(record: SweepRecord) -> None:
    made = vocabulary(2)
    last, carried = made.merges[2], made.merges[0].left.carriers
    digit = replace(last.right, parts=())
    glued = replace(last.left, carriers=carried, parts=(made.merges[0].left, digit))
    merges = (replace(last, left=glued, both=carried),)
    found = compute_spelled(with_vocabulary(record, replace(made, merges=merges)))
    assert isinstance(found, SpelledInfo)
    assert (found.cards[0].left.num_items, found.cards[0].left.parts) == (12, ())
    assert found.cards[0].attaches_digit


def test_a_run_without_spelled_merges_says_so(record: SweepRecord) -> None:
    for made, reason in (
        (None, "logged no spelled merges"),
        (SpelledVocabulary((), {}, frozenset(), 0, 0), "made no merges"),
    ):
        found = compute_spelled(with_vocabulary(record, made))
        assert isinstance(found, Absent)
        assert reason in found.reason
    page = make_vocabulary_page(with_vocabulary(record, None))
    assert missing(page)["Merges in words and pictures"].startswith("Trial 3 logged no spelled")
    assert "not shown" in render_page(page)


def missing(page: Page) -> dict[str, str]:
    return {block.what: block.reason for block in page.blocks() if isinstance(block, Missing)}


def test_the_page_shows_each_picture_by_its_place_on_one_sheet(record: SweepRecord) -> None:
    text = render_page(make_vocabulary_page(record))
    assert text.count("data:image/jpeg;base64,") == 1
    assert text.count('viewBox="0 0 80 80" role="img" aria-label="Tent, Red"') == 5
    assert 'aria-label="Kettle: no picture"' in text
    assert f'aria-label="{UNTITLED}' not in text
    shown = html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", text)))
    assert "12 items: tent, camping" in shown
    assert "Found at 8 places. Left side, then right side: 6; right, then left: 3." in shown
    assert "Made at 94 places: 90 within an item, 4 between neighbours." in shown
    assert "There is room for 2 pictures; items named later have a title only." in shown
    assert "2,000 of 3,000 items of training histories, evenly spread" in shown


def test_a_digit_is_a_chip_and_has_no_block(info: SpelledInfo, record: SweepRecord) -> None:
    assert [name for name, _ in info.cards[0].sides] == ["Left side", "Right side"]
    assert [name for name, _ in info.cards[2].sides] == ["Left side"]
    assert [card.digit for card in info.cards] == ["without the digit"] * 2 + ["with the digit"]
    page = make_vocabulary_page(record)
    assert any("1 of the first 3 merges contains the digit" in claim for claim in page.claims)


def test_a_merge_of_a_token_with_itself_is_drawn_with_one_side(record: SweepRecord) -> None:
    made = vocabulary(2)
    itself = replace(made.merges[1], right=made.merges[1].left, left_first=None, right_first=None)
    text = render_page(
        make_vocabulary_page(with_vocabulary(record, replace(made, merges=(itself,))))
    )
    assert "next to another of its kind" in text
    assert "Each side" in text
    assert "Right side" not in text
    assert "right, then left" not in text


def test_both_items_and_neighbours_are_shown_where_both_are_found(record: SweepRecord) -> None:
    made = vocabulary(2)
    mixed = replace(made.merges[1], both=made.merges[0].both)
    nowhere = replace(made.merges[0], both=None)
    text = render_page(
        make_vocabulary_page(with_vocabulary(record, replace(made, merges=(mixed, nowhere))))
    )
    assert text.index("Both in one item") < text.index("Next to each other")
    assert text.count("Both in one item") == text.count("Next to each other") == 1
    assert text.count("Not found in the items and histories read") == 1


def test_the_sweep_page_promises_words_only_where_there_are_some(
    record: SweepRecord, tmp_path: Path
) -> None:
    promise = "spells them out"
    assert promise in write_report(record, tmp_path / "with").index.read_text("utf-8")
    without = with_vocabulary(record, None)
    assert promise not in write_report(without, tmp_path / "without").index.read_text("utf-8")


def test_titles_and_words_are_never_markup(record: SweepRecord) -> None:
    evil = '</script><svg onload="alert(1)"><img src=x onerror=alert(2)>'
    made = vocabulary(2)
    left = made.merges[0].left
    assert left.carriers is not None
    bad = replace(left, carriers=replace(left.carriers, titles=(evil,), words=(evil,)))
    hostile = replace(
        made,
        titles=dict.fromkeys(made.titles, evil),
        merges=(replace(made.merges[0], left=bad), *made.merges[1:]),
    )
    text = render_page(make_vocabulary_page(with_vocabulary(record, hostile)))
    assert "<svg onload" not in text
    assert "<img src=x" not in text
    assert "&lt;img src=x" in text


def test_the_page_and_its_tables_are_written_where_something_was_merged(
    record: SweepRecord, tmp_path: Path
) -> None:
    files = write_report(record, tmp_path / "merged")
    assert files.vocabulary is not None
    assert 'href="vocabulary.html"' in files.index.read_text("utf-8")
    rows = (tmp_path / "merged" / "tables" / "spelled_merges.csv").read_text("utf-8").splitlines()
    assert rows[1].startswith(
        '1,text + image,without the digit,within an item,text 1 code 1,"tent, camping"'
    )
    assert "Tent, Red then Kettle (5 places)" in rows[2]
    unmerged = with_stage_facts(record, "merging", **token_facts(2, 0))
    plain = write_report(unmerged, tmp_path / "plain")
    assert plain.vocabulary is None
    assert 'href="vocabulary.html"' not in plain.index.read_text("utf-8")
