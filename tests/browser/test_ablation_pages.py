"""Pages of ablations in a real browser: every kind of figure draws, on a phone as on a desk."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from clairo.reporting.report import write_report
from tests.browser.visits import COUNT_DRAWN, needs_chromium, visit
from tests.reporting.ablation_records import groups_record, kinds_record

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The first page of an ablation of every kind, and of one over groups."""
    folder = tmp_path_factory.mktemp("ablations")
    records = {"kinds": kinds_record(), "groups": groups_record()}
    return {name: write_report(made, folder / name).index for name, made in records.items()}


@pytest.mark.parametrize(("width", "scheme"), [(375, "dark"), (1280, "light"), (1920, "dark")])
@pytest.mark.parametrize("name", ["kinds", "groups"])
def test_every_figure_draws_and_nothing_is_asked_of_the_network(
    browser: Browser, pages: dict[str, Path], name: str, width: int, scheme: str
) -> None:
    seen = visit(browser, pages[name], width, scheme)
    assert seen.complaints == []
    assert seen.requests_elsewhere == []
    figures = seen.page.locator(".plot").count()
    assert figures > 5
    assert seen.page.evaluate(COUNT_DRAWN) == figures
    assert seen.page.evaluate("document.documentElement.scrollWidth") == width
    seen.page.context.close()


@pytest.mark.parametrize("name", ["kinds", "groups"])
def test_the_first_screen_holds_verdict_limits_data_and_configuration(
    browser: Browser, pages: dict[str, Path], name: str
) -> None:
    page = visit(browser, pages[name]).page
    for wanted in ("h1", ".claims", ".warning", ".lead dl", ".lead .code"):
        box = page.locator(wanted).first.bounding_box()
        assert box is not None
        assert box["y"] < 800, wanted
    page.context.close()


def test_exact_numbers_are_shown_on_hover(browser: Browser, pages: dict[str, Path]) -> None:
    page = visit(browser, pages["kinds"]).page
    row = page.locator("#table-modality_masking tbody tr", has_text="Text only")
    titles = row.locator("[title]").evaluate_all("cells => cells.map(cell => cell.title)")
    assert sum(len(title.rpartition(".")[2]) >= 7 for title in titles) >= 3
    page.context.close()


def test_segments_filter_by_arm_and_segment(browser: Browser, pages: dict[str, Path]) -> None:
    page = visit(browser, pages["kinds"]).page
    table = page.locator("#table-modality_masking_segments")
    table.locator("select").first.select_option("Text only")
    assert table.locator("tbody tr:visible").count() == 8
    table.locator("select").last.select_option("Of these, never seen in training")
    assert table.locator("tbody tr:visible").count() == 1
    page.context.close()
