"""The pages of a real sweep, from disk, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.browser.visits import COUNT_DRAWN, needs_chromium, visit
from tests.end_to_end.real_sweep import RealSweep

pytestmark = needs_chromium


@pytest.mark.parametrize("name", ["index.html", "ablation.html", "vocabulary.html"])
def test_every_figure_is_drawn_without_a_complaint_or_a_request(
    browser: Browser, real_sweep: RealSweep, name: str
) -> None:
    seen = visit(browser, real_sweep.pages / name)
    wanted = seen.page.locator(".plot").count()
    assert wanted == seen.page.evaluate(COUNT_DRAWN) > 0
    assert seen.complaints == []
    assert seen.requests_elsewhere == []
    seen.page.context.close()


def test_the_first_screen_says_with_what_it_was_made(
    browser: Browser, real_sweep: RealSweep
) -> None:
    seen = visit(browser, real_sweep.pages / "index.html")
    said = seen.page.locator("main").inner_text()
    for part in ("Profile", "quick", "Exploratory", "Seeds", "demo world 0", "100 of 1,200"):
        assert part in said, part
    assert real_sweep.sweep_id in seen.page.title()
    seen.page.context.close()
