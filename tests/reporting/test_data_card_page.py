"""The page of a data set as data: sentences, figures, tables, samples, and what is missing."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import numpy as np
import pytest
import yaml
from PIL import Image

from clairo.core.dataset import Dataset, pack_images
from clairo.datasets.splits import leave_last_out
from clairo.reporting import data_card_figures, data_card_findings
from clairo.reporting.data_card_info import data_card_info, interaction_counts
from clairo.reporting.data_card_log import Histogram, compute_popularity
from clairo.reporting.data_card_page import make_data_card_page
from clairo.reporting.data_card_samples import SampleItem, sample_items
from clairo.reporting.data_card_time import compute_timeline
from clairo.reporting.page import Code, Definitions, Figure, Items, Missing, Page, render_page
from clairo.reporting.search_info import Absent
from clairo.reporting.style import ACCENT, MODALITY_COLORS, NEUTRAL
from clairo.reporting.table import Table, to_csv
from tests.reporting.data_cards import (
    DAY,
    JUG,
    MUG,
    PAN,
    POT,
    codes_only,
    kitchen,
    make_log,
    recorded_kitchen,
    without_interactions,
)
from tests.worlds import plain_picture, small_demo


@pytest.fixture(scope="module")
def page() -> Page:
    return make_data_card_page(recorded_kitchen())


def definitions(page: Page) -> dict[str, str]:
    rows = [row for block in page.blocks() if isinstance(block, Definitions) for row in block.rows]
    return dict(rows)


def table(page: Page, name: str) -> Table:
    return next(found for found in page.tables() if found.name == name)


def texts(found: Table) -> list[list[str]]:
    return [[cell.text for cell in row] for row in found.rows]


def missing(page: Page) -> dict[str, str]:
    return {block.what: block.reason for block in page.blocks() if isinstance(block, Missing)}


def figure(page: Page, name: str) -> Figure:
    return next(found for found in page.figures() if found.name == name)


def test_the_first_screen_says_how_much_what_is_missing_and_what_is_tied(page: Page) -> None:
    assert page.headline == "What is in Kitchen?"
    assert page.claims == (
        # (11 - 2) / (4 x 5)
        "4 users, 5 items and 11 interactions: 45 % of all pairs of a user and an item occur. "
        "2 interactions repeat an earlier one of the same user and item.",
        "Of 5 items 4 (80 %) have a text and 3 (60 %) a picture. 1 item without any metadata. "
        "1 picture file does not decode and counts as missing.",
        "2 of 4 users (50 %) have interactions that share a timestamp; for 1 of the 2 asked on "
        "test the target is one of them, so only the order of the file says that it came last.",
        "A raw file ends early and was salvaged (whole lines 12 and bytes lost 7): this is a part "
        "of it.",
        "2 users asked on validation, 2 on test; 4 checks for leaks found none.",
    )


def test_the_first_screen_names_source_time_filters_split_and_digests(page: Page) -> None:
    lead, code = page.lead
    assert isinstance(lead, Definitions)
    rows = dict(lead.rows)
    assert rows["Source"] == "amazon, 2018, Kitchen"
    assert rows["Time"] == "1970-01-11 to 1970-02-10"
    assert rows["Filters"] == "minimum rating 3"
    assert rows["Split"].startswith("leave-last-out")
    assert rows["Asked"] == "2 on validation, 2 on test; 2 users only for training"
    assert rows["Digest"] == "ef" * 32
    assert rows["Settings"] == "min_rating: 2.0"
    assert isinstance(code, Code)
    short = yaml.safe_load(code.text)
    assert (short["users"], short["items"], short["interactions"]) == (4, 5, 11)
    assert (short["items_with_text"], short["items_with_picture"]) == (4, 3)
    assert (short["digest"], short["settings"]) == ("ef" * 32, {"min_rating": 2.0})


def test_what_was_not_recorded_is_said_in_its_place() -> None:
    bare = make_data_card_page(kitchen(time_unit=None, split=None))
    rows = definitions(bare)
    for name in ("Source", "Filters", "Split", "Digest", "Timestamps"):
        assert rows[name] == "not recorded", name
    for name in ("Items without metadata", "Pictures that do not decode"):
        assert rows[name] == "not recorded", name
    assert set(missing(bare)) == {
        "Interactions over time",
        "Coverage of every field",
        "Repeated metadata rows",
        "Filters",
        "Facts",
    }


def test_limits_are_computed_from_the_data(page: Page) -> None:
    # Of 2 asked users a recall of 0.1 has a standard error of sqrt(0.1 x 0.9 / 2) = 0.212.
    assert page.warning == (
        "Not evidence for: what text and pictures do for the 1 item without a text and the 2 "
        "items without a picture; forecasting (14 % of the training interactions happened after "
        "half of the test targets); small differences (with 2 users asked, a recall of 0.10 has a "
        "standard error of 0.212)."
    )


def test_generated_worlds_dense_cores_and_positions_are_limits() -> None:
    log = make_log({f"user-{n}": [(MUG, 0), (POT, 1), (MUG, 2)] for n in range(10_000)})
    core = kitchen(source="generated", time_unit="position")
    catalog = replace(
        core.catalog, **{name: getattr(core.catalog, name)[1:3] for name in (
            "item_ids", "titles", "sentences", "categories", "prices"
        )}, image_offsets=core.catalog.image_offsets[1:4],
    )  # fmt: skip
    log = replace(log, items=log.items - 1)
    dataset = replace(core, catalog=catalog, log=log, splits=leave_last_out(log))
    words = data_card_findings.no_evidence_for(data_card_info(dataset))
    assert "real shoppers" in words
    assert "timestamps are positions" in words
    # The pot is the middle one of every history, the mug the other two.
    assert "every user has 3 interactions or more, every item 10,000" in words
    # Ten thousand asked users are enough; every item has text and picture.
    assert "small differences" not in words
    assert "without a" not in words


def test_a_leak_stands_on_the_first_screen_with_its_rule() -> None:
    dataset = kitchen()
    longer = np.array([3, 2, 5, 0], dtype=np.int32)
    leaking = replace(dataset, splits=replace(dataset.splits, train_lengths=longer))
    page = make_data_card_page(leaking)
    assert "the split LEAKS" in page.claims[-1]
    assert "“Training ends before a user's validation target” (2)" in page.claims[-1]
    checks = table(page, "leak_checks")
    assert texts(checks)[0][2:] == ["2", "leak"]
    assert checks.rows[0][3].tone == "bad"
    assert texts(checks)[3][2:] == ["0", "holds"]


def test_titles_of_figures_state_their_point_with_computed_numbers(page: Page) -> None:
    points = {found.name: (found.title, found.subtitle) for found in page.figures()}
    assert points["history_lengths"][0] == (
        "Half of the users have at most 2 interactions; the longest history has 5"
    )
    assert points["item_popularity"] == (
        "The most popular 10 % of the items hold 36 % of the interactions",
        "5 items, 1 of them without any, all splits; 2 items hold half of the interactions",
    )
    assert points["interactions_over_time"][0] == (
        "Half of the interactions happened by 1970-01-21, the other half until 1970-02-10"
    )
    assert points["coverage"][0] == "Least covered is “price”: 3 items of 5 lack it"
    assert points["text_lengths"][0] == (
        "Half of the texts have at most 9 characters; the longest has 18"
    )


def test_bars_stand_on_their_values_and_the_rest_is_grey() -> None:
    bars = data_card_figures.plot_histogram(Histogram((5, 6, 7), (120, 79), 1), "Length", "users")
    first, rest = bars.data
    assert (list(first.x), list(first.y)) == ([5, 6], [120, 79])
    assert first.marker.color == ACCENT
    # One gap after the last bar, so that 100,000 is not read as 7.
    assert (list(rest.x), list(rest.y), list(rest.text)) == ([8], [1], ["7 or more"])
    assert rest.marker.color == NEUTRAL
    assert (bars.layout.xaxis.tickvals, bars.layout.xaxis.ticktext) == ((5, 6, 8), ("5", "6", "7+"))
    wide = data_card_figures.plot_histogram(Histogram((0, 50, 100), (1, 2), 0), "Length", "items")
    assert len(wide.data) == 1
    assert list(wide.data[0].x) == [24.5, 74.5]
    assert list(wide.data[0].text) == ["0 to 49", "50 to 99"]


def test_the_curve_of_popularity_marks_its_first_tenth() -> None:
    info = compute_popularity(np.array([60, 10, 5, 5, 5, 5, 4, 3, 2, 1], dtype=np.int64))
    assert info is not None
    equal, curve, mark = data_card_figures.plot_popularity(info).data
    assert list(equal.x) == list(equal.y) == [0, 100]
    assert (curve.x[1], curve.y[1]) == (10, 60)
    assert (mark.x, mark.y) == ((10,), (60,))


def test_cuts_of_a_split_by_time_are_drawn() -> None:
    facts = {"split": "global_time", "valid_from": 20 * DAY, "test_from": 30 * DAY}
    info = compute_timeline(kitchen(**facts))
    assert not isinstance(info, Absent)
    drawn = data_card_figures.plot_timeline(info)
    assert [shape.x0 for shape in drawn.layout.shapes] == ["1970-01-21", "1970-01-31"]
    assert [note.text for note in drawn.layout.annotations] == [
        "validation from 1970-01-21",
        "test from 1970-01-31",
    ]


def test_text_and_picture_keep_their_colour_and_shape_in_the_coverage(page: Page) -> None:
    marks = [trace for trace in figure(page, "coverage").figure.data if trace.mode == "markers"]
    found = {mark.name: (mark.x[0], mark.marker.color, mark.marker.symbol) for mark in marks}
    assert found["any text"] == (80, MODALITY_COLORS["text"], "circle")
    assert found["picture"] == (60, MODALITY_COLORS["image"], "square")
    assert found["brand"] == (80, MODALITY_COLORS["text"], "circle")


def test_the_funnel_says_what_each_filter_kept(page: Page) -> None:
    assert texts(table(page, "funnel")) == [
        ["raw file", "22", "8", "6", "100.0 %"],
        ["minimum rating 3", "11", "4", "5", "50.0 %"],
    ]


def test_repeated_metadata_is_listed_with_the_row_that_counts(page: Page) -> None:
    found = table(page, "duplicate_metadata")
    assert "3 rows in the file beyond the first" in found.caption
    assert "the last complete row counts" in found.caption
    assert texts(found)[0] == ["Pan <script>alert(1)</script>", "pan-1", "3, 8, 1,200", "1,200"]
    known = make_data_card_page(kitchen(duplicate_metadata=2))
    assert "which ones was not recorded" in missing(known)["List of repeated metadata rows"]
    none = make_data_card_page(kitchen(duplicate_metadata=0))
    assert "No item has more than one metadata row." in render_page(none)


def test_quantiles_and_segments_are_tables_with_files(page: Page) -> None:
    assert texts(table(page, "quantiles"))[0] == [
        "Interactions of a user", "4", "0", "0", "0", "2", "4", "5", "5", "2.8",
    ]  # fmt: skip
    csv = to_csv(table(page, "segments")).splitlines()
    assert csv[3] == "tail,5 training interactions or fewer,5,1.0,7,1.0,2,2,1.0"


def test_ties_are_shares_of_what_they_touch(page: Page) -> None:
    rows = definitions(page)
    assert rows["Tied interactions"] == "4 of 11 (36 %)"
    assert rows["Users with ties"] == "2 of 4 (50 %)"
    assert rows["Tied validation targets"] == "1 of 2 (50 %)"
    assert rows["Tied test targets"] == "1 of 2 (50 %)"


def test_recorded_facts_are_a_table_under_their_own_names_in_the_file(page: Page) -> None:
    found = table(page, "facts")
    shown = {row[0].text: row[1].text for row in found.rows}
    assert shown["items without metadata"] == "1"
    assert shown["salvage"] == "yes"
    assert "items_without_metadata,1" in to_csv(found).splitlines()
    # Lists have a table of their own.
    assert "funnel" not in shown


def test_text_from_outside_is_shown_and_never_run(page: Page) -> None:
    html = render_page(page)
    assert "alert(1)</script>" not in html
    assert "Pan &lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "Jug &amp; lid" in html


def test_the_same_data_always_gives_the_same_bytes(page: Page) -> None:
    assert render_page(page) == render_page(make_data_card_page(recorded_kitchen()))


def test_a_catalogue_alone_has_a_page_that_says_so() -> None:
    page = make_data_card_page(without_interactions())
    assert page.claims[0] == (
        "5 items and no interaction: a catalogue alone, on which nothing can be trained or asked."
    )
    assert "any ranking (nobody interacts)" in page.warning
    found = missing(page)
    for name in ("Lengths of histories", "Popularity of items", "Interactions over time", "Ties"):
        assert found[name] == "There are no interactions."
    assert texts(table(page, "segments"))[2][2:] == ["5", "100.0 %", "0", "–", "0", "0", "–"]
    assert {shown.name for shown in page.figures()} == {"coverage", "text_lengths"}
    assert "Pot" in render_page(page)


def test_codes_alone_have_a_page_without_empty_figures_or_bare_ids() -> None:
    page = make_data_card_page(codes_only())
    assert page.claims[1] == "No item of 5 has a text or a picture."
    found = missing(page)
    assert "no two of a user are equal" in found["Ties"]
    assert "No item has a text or a picture" in found["Coverage of texts and pictures"]
    assert "bare ids" in found["Sample items"]
    assert {shown.name for shown in page.figures()} == {"history_lengths", "item_popularity"}
    assert "cup-1" not in render_page(page)


def test_texts_without_pictures_keep_their_lengths() -> None:
    dataset = kitchen()
    image_bytes, image_offsets = pack_images([None] * 5)
    catalog = replace(dataset.catalog, image_bytes=image_bytes, image_offsets=image_offsets)
    page = make_data_card_page(replace(dataset, catalog=catalog))
    assert figure(page, "coverage").title == "Least covered is “picture”: 5 items of 5 lack it"
    assert figure(page, "text_lengths").subtitle.startswith("4 items")
    silent = replace(dataset.catalog, sentences=("",) * 5)
    page = make_data_card_page(replace(dataset, catalog=silent))
    assert missing(page)["Lengths of texts"] == "No item has a text."


def samples_of(dataset: Dataset) -> tuple[SampleItem, ...]:
    return sample_items(dataset, *interaction_counts(dataset))


def test_samples_go_from_popular_to_unseen_with_pictures_as_they_are() -> None:
    found = samples_of(kitchen())
    # All are tail; equal counts go by their place in the catalogue.
    assert [item.item_id for item in found] == ["cup-1", "mug-1", "pot-1", "pan-1", "jug-1"]
    assert [item.interactions for item in found] == [4, 3, 3, 1, 0]
    states = [item.picture_state for item in found]
    assert states == ["shown", "shown", "broken", "missing", "missing"]
    assert [bool(item.picture) for item in found] == [True, True, False, False, False]
    # The title stands above the text already; the jug has none.
    assert found[POT].text == "… $9.00. Boils."
    assert (found[PAN].text, found[JUG].has_text) == ("Flat", False)


def test_twelve_samples_are_spread_over_segments_and_one_in_four_has_no_picture() -> None:
    dataset = small_demo(missing_images=0.5, popularity_spread=2.5, num_users=200).read()
    found = samples_of(dataset)
    assert len({item.item_id for item in found}) == 12
    assert [item.segment for item in found] == ["head"] * 4 + ["torso"] * 4 + ["tail"] * 4
    for name in ("head", "torso", "tail"):
        of_segment = [item for item in found if item.segment == name]
        counts = [item.interactions for item in of_segment]
        assert counts == sorted(counts, reverse=True)
        assert sum(item.picture_state == "missing" for item in of_segment) == 1
    assert found == samples_of(dataset)


def test_thumbnails_are_small_and_keep_their_shape() -> None:
    dataset = kitchen()
    wide = Image.open(io.BytesIO(plain_picture((10, 200, 10), size=900))).resize((900, 300))
    encoded = io.BytesIO()
    wide.save(encoded, format="PNG")
    image_bytes, image_offsets = pack_images([encoded.getvalue(), None, None, None, None])
    catalog = replace(dataset.catalog, image_bytes=image_bytes, image_offsets=image_offsets)
    shown = samples_of(replace(dataset, catalog=catalog))[0]
    with Image.open(io.BytesIO(shown.picture)) as small:
        assert (small.format, small.size) == ("JPEG", (160, 53))
        red, green, blue = small.convert("RGB").getpixel((80, 26))
    assert max(abs(red - 10), abs(green - 200), abs(blue - 10)) < 12
    assert len(shown.picture) < 10_000


def test_a_missing_and_a_broken_picture_are_drawn_as_such() -> None:
    html = render_page(make_data_card_page(kitchen()))
    samples = html[html.index('<ul class="samples">') :]
    samples = samples[: samples.index("</ul>")]
    assert samples.count("data:image/jpeg;base64,") == 2
    assert samples.count(">no picture<") == 2
    assert samples.count(">picture does not decode<") == 1
    assert re.findall(r'<h3 title="([^"]+)">', samples) == [
        "cup-1", "mug-1", "pot-1", "pan-1", "jug-1",
    ]  # fmt: skip


def test_items_block_holds_what_was_sampled(page: Page) -> None:
    block = next(block for block in page.blocks() if isinstance(block, Items))
    assert block.samples == samples_of(recorded_kitchen())
    addresses = [address for _, address in block.shown]
    assert [bool(address) for address in addresses] == [True, True, False, False, False]


def test_ties_where_nobody_is_asked_name_no_target() -> None:
    log = make_log({"ann": [(MUG, 1), (POT, 1)]})
    page = make_data_card_page(replace(kitchen(), log=log, splits=leave_last_out(log)))
    assert "1 of 1 user (100 %) have interactions that share a timestamp." in page.claims
    assert page.claims[-1].startswith("Nobody is asked on validation or test; 4 checks")
