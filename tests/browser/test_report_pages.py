"""The report in a real headless browser: it draws, sorts, filters, switches and asks nobody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from clairo.reporting.report import ReportFiles, write_report
from tests.reporting.records import demo_record

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

pytestmark = pytest.mark.skipif(
    not CHROMIUM.exists(), reason="needs Debian's chromium at /usr/bin/chromium"
)


@dataclass
class Visit:
    """An open page, what it complained about and what it asked for."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> ReportFiles:
    return write_report(demo_record(), tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(FLAGS))
        yield started
        started.close()


def visit(browser: Browser, path: Path | None, width: int = 1280, scheme: str = "light") -> Visit:
    assert path is not None
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,  # type: ignore[arg-type]
        accept_downloads=True,
    )
    seen = Visit(context.new_page())
    seen.page.on("console", lambda message: seen.complaints.append(message.text))
    seen.page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    seen.page.on("request", lambda request: seen.requests.append(request.url))
    seen.page.goto(path.as_uri())
    seen.page.wait_for_function("document.documentElement.dataset.figures === 'drawn'")
    return seen


@pytest.mark.parametrize("name", ["index", "ablation"])
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (375, "dark")])
def test_every_figure_is_drawn_without_a_complaint_or_a_request(
    browser: Browser, files: ReportFiles, name: str, width: int, scheme: str
) -> None:
    path = getattr(files, name)
    seen = visit(browser, path, width, scheme)
    wanted = seen.page.locator(".plot").count()
    drawn = seen.page.evaluate(
        "[...document.querySelectorAll('.js-plotly-plot')].filter((plot) =>"
        " plot.querySelector('.main-svg .points path, .main-svg .lines path,"
        " .main-svg .bars path')).length"
    )
    assert wanted == drawn >= 4
    assert seen.complaints == []
    assert [url for url in seen.requests if not url.startswith(("file:", "data:", "blob:"))] == []
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


def test_the_contents_list_follows_the_reader(browser: Browser, files: ReportFiles) -> None:
    page = visit(browser, files.index).page
    page.locator(".contents a", has_text="Which settings matter").click()
    page.wait_for_function(
        "document.querySelector('.contents a[aria-current]').textContent.includes('settings')"
    )
    page.context.close()
