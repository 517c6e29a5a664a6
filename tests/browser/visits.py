"""Opening pages in Debian's Chromium and listening to what they complain about and ask for."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

needs_chromium = pytest.mark.skipif(
    not CHROMIUM.exists(), reason="needs Debian's chromium at /usr/bin/chromium"
)

COUNT_DRAWN = (
    "[...document.querySelectorAll('.js-plotly-plot')].filter((plot) =>"
    " plot.querySelector('.main-svg .points path, .main-svg .lines path,"
    " .main-svg .bars path')).length"
)
"""Number of figures in which something is drawn."""


@dataclass
class Visit:
    """An open page, what it complained about and what it asked for."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    @property
    def requests_elsewhere(self) -> list[str]:
        """What was asked of anything but this page's own disk."""
        return [url for url in self.requests if not url.startswith(("file:", "data:", "blob:"))]


def visit(browser: Browser, path: Path | None, width: int = 1280, scheme: str = "light") -> Visit:
    """Opens a report page and waits for its figures."""
    assert path is not None
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,  # type: ignore[arg-type]
        accept_downloads=True,
    )
    seen = listen(context.new_page())
    seen.page.goto(path.as_uri())
    seen.page.wait_for_function("document.documentElement.dataset.figures === 'drawn'")
    return seen


def listen(page: Page) -> Visit:
    """Keeps what a page says and asks for from now on."""
    seen = Visit(page)
    page.on("console", lambda message: seen.complaints.append(message.text))
    page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    page.on("request", lambda request: seen.requests.append(request.url))
    return seen
