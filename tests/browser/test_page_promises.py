"""What every page of a report promises: checked on all of them, element by element."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Locator, Page

from clairo.reporting.report import ReportFiles, write_report
from tests.browser.visits import COUNT_DRAWN, needs_chromium, visit
from tests.browser.waits import measure_waits
from tests.reporting.ablation_records import groups_record, kinds_record
from tests.reporting.large_sweeps import large_record
from tests.reporting.representations import described_record

pytestmark = needs_chromium

ALONE = {"kinds": kinds_record, "groups": groups_record}
"""Ablations by themselves, whose first page is another one."""

NAMES = ("index", "ablation", "representation", "vocabulary", *ALONE)
MAX_PAGE_BYTES = 8_000_000


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> ReportFiles:
    record = described_record(text=0.97, image=0.03, fall=0.15)
    return write_report(record, tmp_path_factory.mktemp("promises"))


@pytest.fixture(scope="module", params=NAMES)
def path(
    request: pytest.FixtureRequest, files: ReportFiles, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    if request.param in ALONE:
        folder = tmp_path_factory.mktemp(request.param)
        return write_report(ALONE[request.param](), folder).index
    found = getattr(files, request.param)
    assert isinstance(found, Path)
    return found


@pytest.fixture(scope="module")
def page(browser: Browser, path: Path) -> Iterator[Page]:
    """The page, open; tests of it leave it as they found it or do not mind."""
    seen = visit(browser, path)
    yield seen.page
    assert seen.complaints == []
    assert seen.requests_elsewhere == []
    seen.page.context.close()


def texts(page: Page, selector: str) -> list[str]:
    return page.locator(selector).all_inner_texts()


def serious(page: Page) -> list[str]:
    """What axe calls serious or critical."""
    found = Axe().run(page).response["violations"]
    return [
        f"{v['id']}: {node['html'][:200]} {node['failureSummary']}"
        for v in found
        if v["impact"] in ("serious", "critical")
        for node in v["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 1280])
def test_axe_finds_nothing_serious(browser: Browser, path: Path, width: int, scheme: str) -> None:
    page = visit(browser, path, width, scheme).page
    assert serious(page) == []
    # Neither in what is folded away, nor in the other theme, nor in a table that was used.
    page.evaluate("for (const box of document.querySelectorAll('details')) box.open = true")
    page.locator("#theme").click()
    for button in page.locator("[data-exact]").all():
        button.click()
    for box in page.locator(".table [data-filter]").all():
        box.fill("no such text")
    assert serious(page) == []
    page.context.close()


@pytest.mark.parametrize("width", [375, 768, 1280, 1920])
def test_every_figure_draws_and_nothing_is_wider_than_the_window(
    browser: Browser, path: Path, width: int
) -> None:
    seen = visit(browser, path, width)
    assert seen.page.locator(".plot").count() == seen.page.evaluate(COUNT_DRAWN) > 0
    assert seen.page.evaluate("document.documentElement.scrollWidth") == width
    assert (seen.complaints, seen.requests_elsewhere) == ([], [])
    seen.page.context.close()


def test_no_page_is_large(path: Path) -> None:
    assert path.stat().st_size < MAX_PAGE_BYTES


def by_mouse(button: Locator) -> None:
    button.click()


def by_keyboard(button: Locator) -> None:
    button.focus()
    button.press("Enter")


@pytest.mark.parametrize("press", [by_mouse, by_keyboard])
def test_every_column_of_every_table_sorts_both_ways(
    page: Page, press: Callable[[Locator], None]
) -> None:
    tables = [t for t in page.locator(".table").all() if t.locator("tbody tr").count() > 1]
    assert tables
    for table in tables:
        before = sorted(texts_of(table))
        for heading in table.locator("thead th").all():
            for direction in ("ascending", "descending"):
                press(heading.locator("button"))
                assert heading.get_attribute("aria-sort") == direction
                assert table.locator("th[aria-sort]").count() == 1
        assert sorted(texts_of(table)) == before


def texts_of(table: Locator) -> list[str]:
    return table.locator("tbody tr").all_inner_texts()


def test_numbers_sort_as_numbers_and_what_has_none_stays_last(page: Page) -> None:
    for table in page.locator(".table").all():
        for place, heading in enumerate(table.locator("thead th").all()):
            if heading.get_attribute("class") != "number" or not heading.locator("button").count():
                continue
            heading.locator("button").click()
            values = table.evaluate(
                "(table, place) => [...table.querySelectorAll('tbody tr')].map((row) =>"
                " row.cells[place].dataset.value ?? row.cells[place].textContent.trim())",
                place,
            )
            known = [float(v.replace(",", "").replace("−", "-")) for v in values if is_number(v)]
            if heading.get_attribute("aria-sort") == "descending":
                known.reverse()
            assert known == sorted(known)
            assert [v for v in values[len(known) :] if is_number(v)] == []


def is_number(text: str) -> bool:
    bare = text.lstrip("-").replace(",", "").replace("−", "")
    return bare.replace(".", "").replace("e-", "").isdigit()


def test_a_long_table_filters_by_keyboard_and_says_how_many_rows_are_left(page: Page) -> None:
    for table in page.locator(".table").all():
        rows = table.locator("tbody tr")
        box = table.locator("[data-filter]")
        assert box.count() == (rows.count() > 8) or rows.count() > 1
        if not box.count():
            continue
        total = rows.count()
        assert table.locator("output[aria-live=polite]").inner_text() == f"{total} rows"
        wanted = rows.last.locator("th").inner_text()
        box.focus()
        page.keyboard.type(wanted)
        shown = table.locator("tbody tr:visible").count()
        assert 0 < shown < total or all(wanted in text for text in texts_of(table))
        left = f"{shown} of {total} rows" if shown < total else f"{total} rows"
        assert table.locator("output").inner_text() == left
        box.fill("no such text")
        assert table.locator("output").inner_text() == f"0 of {total} rows"
        box.fill("")


def test_exact_numbers_are_shown_by_keyboard_and_hidden_again(page: Page) -> None:
    for table in page.locator(".table:has([data-exact])").all():
        button = table.locator("[data-exact]")
        before = texts_of(table)
        button.focus()
        page.keyboard.press("Space")
        assert button.get_attribute("aria-pressed") == "true"
        shown = table.evaluate(
            "(table) => [...table.querySelectorAll('tbody [data-value]')].every((cell) =>"
            " cell.textContent.trim().startsWith(cell.dataset.value))"
        )
        assert shown
        assert texts_of(table) != before
        page.keyboard.press("Space")
        assert texts_of(table) == before


def download(page: Page, button: Locator, folder: Path) -> Path:
    with page.expect_download() as waiting:
        button.click()
    # Chromium refuses more than ten a second, which no person asks for.
    page.wait_for_timeout(150)
    target = folder / waiting.value.suggested_filename
    waiting.value.save_as(target)
    return target


def test_each_figure_downloads_as_picture_and_as_data(page: Page, tmp_path: Path) -> None:
    drawn = json.loads(page.locator("#figure-data").text_content() or "{}")
    for figure in page.locator(".figure").all():
        name = (figure.get_attribute("id") or "").removeprefix("figure-")
        saved = {
            suffix: download(page, figure.locator(f"[data-save={suffix}]"), tmp_path)
            for suffix in ("svg", "png", "csv")
        }
        assert [path.name for path in saved.values()] == [f"{name}.{s}" for s in saved]
        svg = saved["svg"].read_text("utf-8")
        assert svg.startswith("<svg")
        assert svg.rstrip().endswith("</svg>")
        assert drawn[name]["title"].split()[0].replace("&", "&amp;") in svg
        with Image.open(saved["png"]) as picture:
            assert picture.width == 900
            assert len(picture.convert("RGB").getcolors(1 << 24) or []) > 3
        head, *rows = saved["csv"].read_text("utf-8").splitlines()
        assert head == "series,x,y,text,error_x"
        assert len(rows) >= max(len(trace["x"]) for trace in drawn[name]["data"])


def test_each_table_downloads_as_the_files_beside_the_page(
    browser: Browser, path: Path, tmp_path: Path
) -> None:
    page = visit(browser, path).page
    for table in page.locator(".table").all():
        for suffix in ("csv", "md", "tex"):
            saved = download(page, table.locator(f"[data-save={suffix}]"), tmp_path)
            assert saved.read_bytes() == (path.parent / "tables" / saved.name).read_bytes()
    page.context.close()


def test_a_filtered_and_sorted_table_downloads_as_it_is_shown(
    browser: Browser, files: ReportFiles, tmp_path: Path
) -> None:
    page = visit(browser, files.index).page
    table = page.locator("#table-trials")
    table.locator("[data-filter]").fill("rq_kmeans")
    table.locator("th button").first.click()
    shown = table.locator("tbody tr:visible th").all_inner_texts()
    rows = download(page, table.locator("[data-save=csv]"), tmp_path).read_text("utf-8")
    kept = (files.folder / "tables" / "trials.csv").read_text("utf-8").splitlines()
    assert [row.split(",")[0] for row in rows.splitlines()[1:]] == shown == sorted(shown, key=int)
    assert set(rows.splitlines()) <= set(kept)
    page.context.close()


def test_print_holds_every_row_and_card_and_no_controls(browser: Browser, path: Path) -> None:
    page = visit(browser, path, scheme="dark").page
    for box in page.locator("[data-filter]").all():
        box.fill("no such text")
    folded = page.locator("details:not([open])").count()
    # Chromium tells the page before and after, as it does for a person.
    page.evaluate("addEventListener('beforeprint', () => { window.openOnPaper ="
                  " document.querySelectorAll('details:not([open])').length; })")  # fmt: skip
    assert page.pdf(format="A4").startswith(b"%PDF-")
    assert page.evaluate("window.openOnPaper") == 0
    assert page.locator("details:not([open])").count() == folded
    page.emulate_media(media="print")
    controls = ".bar, .contents, .tools, .downloads, .copy, .skip"
    assert page.locator(controls).locator("visible=true").count() == 0
    rows = page.locator(".table:not(#table-spelled) tbody tr")
    hidden = "(rows) => rows.filter((row) => getComputedStyle(row).display === 'none').length"
    assert rows.evaluate_all(hidden) == 0
    for whole in page.locator(".figure, .table tr, .merge").all():
        assert whole.evaluate("(e) => getComputedStyle(e).breakInside") == "avoid"
    cut = "(boxes) => boxes.filter((box) => box.scrollHeight > box.clientHeight + 2).length"
    assert page.locator(".table .scroll, pre").evaluate_all(cut) == 0
    page.context.close()


def test_a_page_of_many_trials_answers_before_its_figures_are_drawn(
    browser: Browser, files: ReportFiles, tmp_path: Path
) -> None:
    large = write_report(large_record(500, num_arms=1, users=100), tmp_path).index
    assert large.stat().st_size < MAX_PAGE_BYTES
    few, many = (
        min((measure_waits(browser, p) for _ in range(2)), key=lambda waits: waits.loaded)
        for p in (files.index, large)
    )
    # The bench has the seconds; here only what no busy machine changes.
    assert many.table_sorted < many.first_figure < many.all_figures
    assert many.loaded < 4 * few.loaded
