"""The report in a real headless browser: it draws, sorts, filters, switches and asks nobody."""

from __future__ import annotations

import io
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser

from clairo.reporting.report import ReportFiles, write_report
from tests.browser.visits import COUNT_DRAWN, needs_chromium, visit
from tests.reporting.records import demo_record, vocabulary
from tests.reporting.representations import described_record

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> ReportFiles:
    return write_report(demo_record(), tmp_path_factory.mktemp("report"))


@pytest.mark.parametrize("name", ["index", "ablation", "vocabulary"])
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (375, "dark")])
def test_every_figure_is_drawn_without_a_complaint_or_a_request(
    browser: Browser, files: ReportFiles, name: str, width: int, scheme: str
) -> None:
    path = getattr(files, name)
    seen = visit(browser, path, width, scheme)
    wanted = seen.page.locator(".plot").count()
    drawn = seen.page.evaluate(COUNT_DRAWN)
    assert wanted == drawn >= 3
    assert seen.complaints == []
    assert seen.requests_elsewhere == []
    # The page itself never scrolls sideways; tables and one wide figure do so in their own box.
    assert seen.page.evaluate("document.documentElement.scrollWidth") == width
    seen.page.context.close()


def test_tables_sort_and_filter_by_keyboard(browser: Browser, files: ReportFiles) -> None:
    page = visit(browser, files.index).page
    table = page.locator("#table-trials")
    heading = table.locator("th button").first
    heading.focus()
    page.keyboard.press("Enter")
    first_column = table.locator("tbody tr:visible th")
    assert first_column.all_inner_texts() == [str(number) for number in range(12)]
    assert table.locator("th").first.get_attribute("aria-sort") == "ascending"
    page.keyboard.press("Enter")
    assert first_column.all_inner_texts() == [str(number) for number in reversed(range(12))]
    # A column with dashes: what has no value stays last in both directions.
    value = table.locator("th button", has_text="NDCG@10")
    for _ in range(2):
        value.press("Enter")
        assert table.locator("tbody tr td:nth-child(3)").all_inner_texts()[-4:] == ["–"] * 4
    table.locator("input[type=search]").fill("rq_kmeans")
    shown = table.locator("tbody tr:visible")
    assert shown.count() == 6
    table.locator("select").select_option("failed")
    assert shown.count() == 1
    assert "1 of 12 rows" in table.locator("output").inner_text()
    page.context.close()


def test_the_theme_switches_figures_and_page_and_is_kept(
    browser: Browser, files: ReportFiles
) -> None:
    page = visit(browser, files.index, scheme="light").page
    look = (
        "[getComputedStyle(document.body).backgroundColor,"
        " document.querySelector('#figure-curves .xtick text').style.fill]"
    )
    light = page.evaluate(look)
    page.get_by_role("button", name="Switch between light and dark").press("Enter")
    page.wait_for_function(
        "before => document.querySelector('#figure-curves .xtick text').style.fill !== before",
        arg=light[1],
    )
    dark = page.evaluate(look)
    assert light[0] == "rgb(255, 255, 255)"
    assert dark[0] == "rgb(22, 25, 29)"
    page.reload()
    assert page.evaluate(look.split(",", maxsplit=1)[0] + "]") == [dark[0]]
    page.context.close()


def test_figures_and_tables_download_under_their_names(
    browser: Browser, files: ReportFiles, tmp_path: Path
) -> None:
    page = visit(browser, files.ablation).page
    for name in ("modality_masking_effects.svg", "modality_masking_effects.csv"):
        with page.expect_download() as waiting:
            page.get_by_role("button", name=name, exact=True).click()
        assert waiting.value.suggested_filename == name
        waiting.value.save_as(tmp_path / name)
    assert "Largest difference" in (tmp_path / "modality_masking_effects.svg").read_text("utf-8")
    rows = (tmp_path / "modality_masking_effects.csv").read_text("utf-8").splitlines()
    assert rows[0] == "series,x,y,text,error_x"
    with page.expect_download() as waiting:
        page.locator("#table-modality_masking").get_by_role("button", name=".csv").click()
    waiting.value.save_as(tmp_path / "table.csv")
    kept = (files.folder / "tables" / "modality_masking.csv").read_text("utf-8")
    shown = (tmp_path / "table.csv").read_text("utf-8")
    assert len(shown.splitlines()) == len(kept.splitlines())
    page.context.close()


def test_print_shows_everything_and_no_controls(browser: Browser, files: ReportFiles) -> None:
    page = visit(browser, files.index, scheme="dark").page
    page.emulate_media(media="print")
    assert page.locator(".bar, .contents, .tools, .downloads").locator("visible=true").count() == 0
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == "rgb(255, 255, 255)"
    page.context.close()


def test_nothing_is_wider_than_the_paper(browser: Browser, files: ReportFiles) -> None:
    # A4 with 16 mm margins is 673 pixels wide.
    for path in (files.index, files.ablation, files.vocabulary):
        page = visit(browser, path, width=673).page
        page.emulate_media(media="print")
        assert page.evaluate("document.documentElement.scrollWidth") == 673
        assert page.evaluate("[...document.querySelectorAll('.plot')].every(plot =>"
                             " plot.getBoundingClientRect().right <= 673)")  # fmt: skip
        page.context.close()


@pytest.mark.parametrize("name", ["index", "ablation", "vocabulary"])
def test_the_first_screen_holds_verdict_limits_data_and_configuration(
    browser: Browser, files: ReportFiles, name: str
) -> None:
    page = visit(browser, getattr(files, name)).page
    for wanted in ("h1", ".claims", ".warning", ".lead dl", ".lead .code"):
        box = page.locator(wanted).first.bounding_box()
        assert box is not None
        assert box["y"] < 800, wanted
    config, stands_on = (page.locator(f".lead {s}").bounding_box() for s in (".code", "dl"))
    assert config is not None
    assert stands_on is not None
    assert config["x"] >= stands_on["x"] + stands_on["width"]
    page.context.close()


def test_a_configuration_that_goes_on_below_fades_until_it_is_scrolled(
    browser: Browser, files: ReportFiles
) -> None:
    page = visit(browser, files.index).page
    block = page.locator(".lead pre")
    assert "below" in (block.get_attribute("class") or "")
    block.evaluate("element => { element.scrollTop = element.scrollHeight; }")
    page.wait_for_function("!document.querySelector('.lead pre').classList.contains('below')")
    page.context.close()


def test_reading_order_landmarks_and_names_serve_a_screen_reader(
    browser: Browser, files: ReportFiles
) -> None:
    page = visit(browser, files.index).page
    assert page.locator("h1").count() == page.locator("main").count() == 1
    assert page.locator("table:not(:has(caption))").count() == 0
    assert page.locator("th:not([scope])").count() == 0
    assert page.locator(".plot:not([aria-label])").count() == 0
    assert page.locator("input:not([id]):not(label input)").count() == 0
    levels = page.evaluate(
        "[...document.querySelectorAll('h1,h2,h3')].map((heading) => Number(heading.tagName[1]))"
    )
    assert all(after - before <= 1 for before, after in pairwise(levels))
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_each_item_is_shown_by_its_own_part_of_the_sheet(
    browser: Browser, files: ReportFiles, scheme: str
) -> None:
    page = visit(browser, files.vocabulary, scheme=scheme).page
    thumbs = page.locator("svg.thumb[aria-label='Tent, Red']")
    assert thumbs.count() == 5
    thumbs.first.scroll_into_view_if_needed()
    with Image.open(io.BytesIO(thumbs.first.screenshot())) as shown:
        red, green, blue = shown.convert("RGB").getpixel((shown.width // 2, shown.height // 2))
    assert (abs(red - 200) < 15, abs(green - 30) < 15, abs(blue - 30) < 15) == (True, True, True)
    gone = page.locator(".thumb.gone")
    assert set(gone.all_inner_texts()) == {"no picture"}
    assert page.locator("[role=img]:not([aria-label])").count() == 0
    page.context.close()


def test_merges_filter_by_keyboard(browser: Browser, files: ReportFiles) -> None:
    page = visit(browser, files.vocabulary).page
    shown, said = page.locator(".merge:visible"), page.locator(".cards output")
    assert (shown.count(), said.inner_text()) == (3, "3 merges")
    page.locator(".cards select[data-field=made]").select_option("between neighbours")
    assert (shown.count(), said.inner_text()) == (2, "2 of 3 merges")
    page.locator(".cards input[type=search]").fill("at 8 places")
    assert shown.count() == 1
    page.locator(".cards input[type=search]").press("Enter")
    assert page.url.endswith("vocabulary.html")
    page.context.close()


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> ReportFiles:
    """A report with more merges than are shown at once; the last one has the digit."""
    record, made = demo_record(), vocabulary(2)
    merges = (*[made.merges[0]] * 19, made.merges[2])
    trials = tuple(
        replace(t, vocabulary=replace(made, merges=merges)) if t.role == "confirm" else t
        for t in record.trials
    )
    return write_report(replace(record, trials=trials), tmp_path_factory.mktemp("many"))


def test_a_dozen_merges_are_shown_and_the_others_open_by_keyboard(
    browser: Browser, many: ReportFiles
) -> None:
    page = visit(browser, many.vocabulary).page
    shown = page.locator(".merge:visible")
    assert shown.count() == 12
    page.locator(".rest summary").focus()
    page.keyboard.press("Enter")
    assert shown.count() == 20
    page.keyboard.press("Enter")
    assert shown.count() == 12
    page.locator(".cards select[data-field=digit]").select_option("with the digit")
    assert shown.count() == 1  # it is among those that were folded away
    page.context.close()


def test_folded_merges_are_printed_and_folded_again(browser: Browser, many: ReportFiles) -> None:
    page = visit(browser, many.vocabulary).page
    rest = page.locator("details.rest")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert rest.get_attribute("open") is not None
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert rest.get_attribute("open") is None
    page.context.close()


def test_pictures_are_printed(browser: Browser, files: ReportFiles) -> None:
    page = visit(browser, files.vocabulary, scheme="dark").page
    page.emulate_media(media="print")
    assert page.locator("svg.thumb:visible").count() == page.locator("svg.thumb").count() > 0
    assert page.locator(".cards .tools").is_hidden()
    page.context.close()


def test_the_contents_list_follows_the_reader(browser: Browser, files: ReportFiles) -> None:
    page = visit(browser, files.index).page
    page.locator(".contents a", has_text="Which settings matter").click()
    page.wait_for_function(
        "document.querySelector('.contents a[aria-current]').textContent.includes('settings')"
    )
    page.context.close()


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> ReportFiles:
    """A report whose codes rely on the text alone, and whose vq_vae collapses."""
    record = described_record(text=0.97, image=0.03, fall=0.15)
    return write_report(record, tmp_path_factory.mktemp("described"))


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (375, "dark")])
def test_the_page_of_the_codes_draws_every_figure_and_asks_nobody(
    browser: Browser, described: ReportFiles, width: int, scheme: str
) -> None:
    seen = visit(browser, described.representation, width, scheme)
    assert seen.page.locator(".plot").count() == seen.page.evaluate(COUNT_DRAWN) == 8
    assert (seen.complaints, seen.requests_elsewhere) == ([], [])
    assert seen.page.evaluate("document.documentElement.scrollWidth") == width
    assert seen.page.locator("[role=img]:not([aria-label])").count() == 0
    seen.page.context.close()


def test_verdicts_limits_and_the_warning_stand_on_the_first_screen(
    browser: Browser, described: ReportFiles
) -> None:
    page = visit(browser, described.representation).page
    warnings = page.locator(".lead .warning")
    assert "rely on text alone" in warnings.last.inner_text()
    for wanted in ("h1", ".claims", ".lead .warning", ".lead dl", ".lead .code"):
        box = page.locator(wanted).last.bounding_box()
        assert box is not None
        assert box["y"] < 800, wanted
    page.context.close()


def test_branches_open_by_keyboard_and_are_printed_open(
    browser: Browser, described: ReportFiles
) -> None:
    page = visit(browser, described.representation).page
    leaf = page.locator(".branch-head", has_text="<f0_0> <f1_1>")
    assert leaf.is_hidden()
    page.locator(".code-tree summary", has_text="<f0_0>").focus()
    page.keyboard.press("Enter")
    assert leaf.is_visible()
    page.keyboard.press("Enter")
    assert leaf.is_hidden()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert leaf.is_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert leaf.is_hidden()
    page.context.close()


def test_each_branch_and_each_leaning_item_shows_its_own_picture(
    browser: Browser, described: ReportFiles
) -> None:
    page = visit(browser, described.representation, scheme="dark").page
    for title, color in (("Tent, Red", (200, 30, 30)), ("Tent, Blue", (30, 30, 200))):
        thumbs = page.locator(f"svg.thumb[aria-label='{title}']:visible")
        for place in (0, thumbs.count() - 1):
            thumbs.nth(place).scroll_into_view_if_needed()
            with Image.open(io.BytesIO(thumbs.nth(place).screenshot())) as shown:
                middle = (shown.width // 2, shown.height // 2)
                found = shown.convert("RGB").getpixel(middle)
            assert isinstance(found, tuple)
            assert all(abs(a - b) < 15 for a, b in zip(found, color, strict=True))
    page.context.close()
