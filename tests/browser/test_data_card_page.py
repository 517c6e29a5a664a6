"""The data card in a real headless browser: it draws, decodes, sorts, switches and asks nobody."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser

from clairo.workflows.data_card import write_data_card
from tests.browser.visits import COUNT_DRAWN, needs_chromium, visit
from tests.reporting.data_cards import codes_only, recorded_kitchen, without_interactions
from tests.worlds import small_demo

pytestmark = needs_chromium

DECODED = (
    "[...document.querySelectorAll('.samples img')].map((image) =>"
    " image.complete && image.naturalWidth > 0)"
)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("cards")
    data = {
        "kitchen": recorded_kitchen(),
        "catalogue": without_interactions(),
        "codes": codes_only(),
        "demo": small_demo(missing_images=0.3).read(),
    }
    return {name: write_data_card(dataset, folder) for name, dataset in data.items()}


@pytest.mark.parametrize(
    ("name", "figures", "pictures"),
    [("kitchen", 5, 2), ("catalogue", 2, 2), ("codes", 2, 0), ("demo", 4, 9)],
)
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (400, "dark")])
def test_everything_is_drawn_and_decoded_without_a_complaint_or_a_request(
    browser: Browser,
    pages: dict[str, Path],
    name: str,
    figures: int,
    pictures: int,
    width: int,
    scheme: str,
) -> None:
    seen = visit(browser, pages[name], width, scheme)
    assert seen.page.locator(".plot").count() == seen.page.evaluate(COUNT_DRAWN) == figures
    assert seen.page.evaluate(DECODED) == [True] * pictures
    assert seen.complaints == []
    assert seen.requests_elsewhere == []
    # The page itself never scrolls sideways; tables do so in their own box.
    assert seen.page.evaluate("document.documentElement.scrollWidth") == width
    seen.page.context.close()


def test_the_first_screen_holds_what_it_is_its_limits_and_its_digest(
    browser: Browser, pages: dict[str, Path]
) -> None:
    page = visit(browser, pages["kitchen"]).page
    for wanted in ("h1", ".claims", ".warning", ".lead dl", ".lead .code"):
        box = page.locator(wanted).first.bounding_box()
        assert box is not None
        assert box["y"] < 800, wanted
    digest = page.locator(".lead dd", has_text="ef" * 32).bounding_box()
    assert digest is not None
    assert digest["y"] + digest["height"] < 900
    assert page.locator(".contents a").first.inner_text() == "Summary"
    page.context.close()


def test_samples_show_their_own_picture_and_missing_ones_say_so(
    browser: Browser, pages: dict[str, Path]
) -> None:
    page = visit(browser, pages["kitchen"], scheme="dark").page
    cup = page.locator(".samples img[alt='Cup']")
    with Image.open(io.BytesIO(cup.screenshot())) as shown:
        red, green, blue = shown.convert("RGB").getpixel((shown.width // 2, shown.height // 2))
    assert max(abs(red - 200), abs(green - 30), abs(blue - 30)) < 15
    gone = page.locator(".samples .gone")
    assert gone.all_inner_texts() == ["picture does not decode", "no picture", "no picture"]
    # A title from outside is text, whatever it looks like.
    assert page.get_by_role("heading", name="Pan <script>alert(1)</script>").count() == 1
    page.context.close()


def test_recorded_facts_sort_and_filter_by_keyboard(
    browser: Browser, pages: dict[str, Path]
) -> None:
    page = visit(browser, pages["kitchen"]).page
    table = page.locator("#table-facts")
    names = table.locator("tbody tr:visible th")
    first = names.all_inner_texts()
    assert first == sorted(first)
    heading = table.locator("th button").first
    heading.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert table.locator("thead th").first.get_attribute("aria-sort") == "descending"
    assert names.all_inner_texts() == first[::-1]
    table.locator("input[type=search]").press_sequentially("digest")
    assert names.all_inner_texts() == ["settings digest", "digest", "content digest"]
    page.context.close()


def test_the_theme_switches_bars_too(browser: Browser, pages: dict[str, Path]) -> None:
    page = visit(browser, pages["kitchen"], scheme="light").page
    bar = "getComputedStyle(document.querySelector('#figure-history_lengths .bars path')).fill"
    light = page.evaluate(bar)
    assert light == "rgb(0, 114, 178)"
    page.get_by_role("button", name="Switch between light and dark").press("Enter")
    page.wait_for_function(f"({bar}) !== '{light}'")
    assert page.evaluate(bar) == "rgb(74, 168, 228)"
    page.context.close()


def test_a_table_downloads_what_lies_beside_the_page(
    browser: Browser, pages: dict[str, Path], tmp_path: Path
) -> None:
    page = visit(browser, pages["kitchen"]).page
    with page.expect_download() as waiting:
        page.get_by_role("button", name="funnel.csv", exact=True).press("Enter")
    assert waiting.value.suggested_filename == "funnel.csv"
    waiting.value.save_as(tmp_path / "funnel.csv")
    rows = (tmp_path / "funnel.csv").read_text("utf-8").splitlines()
    kept = (pages["kitchen"].parent / "tables" / "funnel.csv").read_text("utf-8").splitlines()
    assert rows == kept
    page.context.close()


def test_nothing_is_wider_than_the_paper_and_pictures_are_printed(
    browser: Browser, pages: dict[str, Path]
) -> None:
    # A4 with 16 mm margins is 673 pixels wide.
    page = visit(browser, pages["demo"], width=673).page
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") == 673
    assert page.locator(".samples img:visible").count() == 9
    assert page.locator(".bar, .tools, .downloads").locator("visible=true").count() == 0
    page.context.close()
