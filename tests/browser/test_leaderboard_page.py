"""The leaderboard in a real headless browser, wide and narrow, light and dark."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from clairo.reporting.leaderboard_info import compute_leaderboard
from clairo.reporting.leaderboard_page import write_leaderboard
from clairo.reporting.published import load_published
from tests.browser.visits import COUNT_DRAWN, needs_chromium, visit
from tests.reporting.boards import best_of, confirmed

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    read = [
        best_of("beauty-1", [confirmed(s) for s in range(5)]),
        best_of("beauty-2", [confirmed(s, 0.02) for s in (7, 8)], profile="quick"),
        best_of("odd-3", [confirmed(9)], dataset_name="<b>Odd</b>", release="", category="odd"),
    ]
    info = compute_leaderboard(read, load_published())
    return write_leaderboard(info, tmp_path_factory.mktemp("board"))


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (375, "dark")])
def test_every_figure_is_drawn_without_a_complaint_or_a_request(
    browser: Browser, page_file: Path, width: int, scheme: str
) -> None:
    seen = visit(browser, page_file, width, scheme)
    assert seen.page.locator(".plot").count() == seen.page.evaluate(COUNT_DRAWN) == 2
    assert (seen.complaints, seen.requests_elsewhere) == ([], [])
    assert seen.page.evaluate("document.documentElement.scrollWidth") == width
    assert seen.page.locator("h2", has_text="<b>Odd</b>").count() == 1
    seen.page.context.close()


def test_published_rows_stand_in_a_part_of_their_own(browser: Browser, page_file: Path) -> None:
    page = visit(browser, page_file).page
    parts = page.locator("#table-amazon_2014_beauty tbody")
    assert parts.count() == 2
    assert parts.first.locator("th").all_inner_texts() == ["beauty-1", "beauty-2"]
    assert "TIGER paper (readme)" in parts.last.inner_text()
    last = "document.querySelectorAll('#table-amazon_2014_beauty tbody')[1]"
    line = f"getComputedStyle({last}).borderTopWidth"
    assert page.evaluate(line) == "2px"
    page.context.close()


def test_the_download_of_a_table_holds_both_parts(
    browser: Browser, page_file: Path, tmp_path: Path
) -> None:
    page = visit(browser, page_file).page
    block = page.locator("#table-amazon_2014_beauty")
    with page.expect_download() as waiting:
        block.get_by_role("button", name="amazon_2014_beauty.csv").click()
    waiting.value.save_as(tmp_path / "table.csv")
    downloaded = (tmp_path / "table.csv").read_text("utf-8").splitlines()
    written = (page_file.parent / "tables" / "amazon_2014_beauty.csv").read_text("utf-8")
    assert len(downloaded) == len(written.splitlines()) == 1 + 2 + 5
    for line, name in ((downloaded[1], "beauty-1"), (downloaded[5], "TIGER paper (readme)")):
        assert line.startswith(name)
    page.context.close()


def test_the_overview_sorts_by_keyboard_and_filters(browser: Browser, page_file: Path) -> None:
    page = visit(browser, page_file).page
    table = page.locator("#table-overview")
    heading = table.locator("th button", has_text="Published, NDCG@10")
    heading.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    first = table.locator("tbody tr").first.inner_text()
    assert "Amazon 2018 Musical Instruments" in first  # 0.0997 is the highest
    table.locator("input[type=search]").fill("beauty")
    assert table.locator("tbody tr:visible").count() == 1
    page.context.close()
