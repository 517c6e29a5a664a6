"""How long a reader waits for a page: until it is read, draws, and answers a click."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser.visits import CHROMIUM, FLAGS

_WATCH = """
(() => {
  const seen = window.clairoWaits = {};
  const since = (name) => { seen[name] ??= performance.now() / 1000; };
  const look = () => {
    if (document.querySelector(".js-plotly-plot .main-svg")) since("first_figure");
    if (document.documentElement.dataset.figures === "drawn") since("all_figures");
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true,
    attributeFilter: ["data-figures"] });
  addEventListener("DOMContentLoaded", () => since("loaded"));
  const click = () => {
    const heading = document.querySelector("th:has([data-sort])");
    heading?.querySelector("button").click();
    if (heading?.hasAttribute("aria-sort")) since("table_sorted");
    else setTimeout(click, 10);
  };
  click();
})();
"""


@dataclass(frozen=True)
class Waits:
    """Seconds since the page was asked for.

    Attributes:
        loaded: Until everything is read and the script has run.
        table_sorted: Until a table has answered a click on its heading.
        first_figure: Until the first figure is drawn.
        all_figures: Until all are.
    """

    loaded: float
    table_sorted: float
    first_figure: float
    all_figures: float


def measure_waits(browser: Browser, path: Path) -> Waits:
    """Opens a page and clicks a heading as soon as there is one."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.add_init_script(_WATCH)
    page = context.new_page()
    page.goto(path.as_uri())
    page.wait_for_function("window.clairoWaits.all_figures && window.clairoWaits.table_sorted")
    found = page.evaluate("window.clairoWaits")
    context.close()
    return Waits(**found)


def time_to_interactive(path: Path) -> Waits:
    """The best of three visits, in a browser of its own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(FLAGS))
        visits = [measure_waits(browser, path) for _ in range(3)]
        browser.close()
    return min(visits, key=lambda waits: waits.table_sorted)
