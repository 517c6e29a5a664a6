"""The page of a comparison in a real headless browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from clairo.workflows.compare import write_comparison
from tests.browser.visits import COUNT_DRAWN, needs_chromium, visit
from tests.reporting.comparisons import HOSTILE, compared, failed, run, runs

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sides with two seeds, one of another seed, one that failed with markup in its error."""
    info = compared(
        runs(0, 0.0, (1, 2)), runs(1, 0.06, (1, 2)), [run(2, 9)], [failed(3, 1, HOSTILE)]
    )
    return write_comparison(info, tmp_path_factory.mktemp("compare"))


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (375, "dark"), (1920, "light")])
def test_every_figure_is_drawn_without_a_complaint_or_a_request(
    browser: Browser, page: Path, width: int, scheme: str
) -> None:
    seen = visit(browser, page, width, scheme)
    wanted = seen.page.locator(".plot").count()
    # differences, moves of B, validation curves
    assert wanted == seen.page.evaluate(COUNT_DRAWN) == 3
    assert seen.complaints == []
    assert seen.requests_elsewhere == []
    assert seen.page.evaluate("document.documentElement.scrollWidth") == width
    seen.page.context.close()


def test_the_first_screen_says_what_changed_and_what_it_is_worth(
    browser: Browser, page: Path
) -> None:
    seen = visit(browser, page).page
    for wanted in ("h1", ".claims", ".warning"):
        box = seen.locator(wanted).first.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] < 900, wanted
    assert seen.locator("h1").inner_text() == "What changed from A to B, C and D?"
    assert HOSTILE in seen.locator("main").inner_text()
    seen.context.close()


def test_the_stage_where_sides_part_stands_out(browser: Browser, page: Path) -> None:
    seen = visit(browser, page).page
    marked = seen.locator("#table-stages_b td", has_text="parts here")
    assert marked.count() == 1
    weight = marked.first.evaluate("cell => getComputedStyle(cell).fontWeight")
    assert int(weight) >= 600 or marked.locator("strong, b").count() == 1
    seen.context.close()


def test_nothing_is_wider_than_the_paper(browser: Browser, page: Path) -> None:
    seen = visit(browser, page, width=673).page
    seen.emulate_media(media="print")
    assert seen.evaluate("document.documentElement.scrollWidth") == 673
    seen.context.close()


def test_headings_and_tables_serve_a_screen_reader(browser: Browser, page: Path) -> None:
    seen = visit(browser, page).page
    assert seen.locator("h1").count() == seen.locator("main").count() == 1
    assert seen.locator("table:not(:has(caption))").count() == 0
    assert seen.locator("th:not([scope])").count() == 0
    assert seen.locator(".plot:not([aria-label])").count() == 0
    seen.context.close()
