"""What a person finds who opens MLflow after a sweep: it, its trials, its report."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from mlflow.tracking import MlflowClient
from playwright.sync_api import Browser, Page

from clairo.tracking.ui import running_server
from tests.browser.visits import needs_chromium
from tests.end_to_end.real_sweep import RealSweep

pytestmark = needs_chromium

PATIENCE_MILLISECONDS = 60_000


@pytest.fixture(scope="module")
def address(real_sweep: RealSweep) -> Iterator[str]:
    tracking = real_sweep.tracking
    with running_server(tracking.uri, tracking.artifact_root) as address:
        yield address


@pytest.fixture(scope="module")
def runs_url(real_sweep: RealSweep, address: str) -> str:
    experiment = MlflowClient(real_sweep.tracking.uri).get_experiment_by_name("clairo")
    return f"{address}/#/experiments/{experiment.experiment_id}/runs"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1600, "height": 1000})
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    yield context.new_page()
    context.close()


@pytest.fixture
def sweep_page(page: Page, runs_url: str, real_sweep: RealSweep) -> Page:
    """The page of the sweep's run, reached through the list of runs."""
    page.goto(runs_url)
    page.get_by_role("link", name=real_sweep.sweep_id, exact=True).first.click()
    page.get_by_role("heading", name=real_sweep.sweep_id).wait_for()
    return page


def test_the_experiment_is_listed(page: Page, address: str) -> None:
    page.goto(f"{address}/#/experiments")
    page.get_by_role("link", name="clairo", exact=True).first.wait_for()


def test_the_sweep_is_one_line_and_its_trials_are_folded_into_it(
    page: Page, runs_url: str, real_sweep: RealSweep
) -> None:
    page.goto(runs_url)
    page.get_by_role("link", name=real_sweep.sweep_id, exact=True).first.wait_for()
    names = page.locator(".ag-center-cols-container a, .ag-pinned-left-cols-container a")
    shown = [name for name in names.all_inner_texts() if name.strip()]
    assert real_sweep.sweep_id in shown
    assert "Text only" not in shown


def test_the_run_of_the_sweep_leads_to_its_nested_runs(
    sweep_page: Page, real_sweep: RealSweep
) -> None:
    sweep_page.get_by_text("Child runs", exact=True).wait_for()
    newest = real_sweep.record.trials[-1]
    link = sweep_page.locator(f"a[href*='{newest.run_id}']").first
    link.click()
    sweep_page.wait_for_url(f"**/runs/{newest.run_id}**")
    sweep_page.get_by_text("Parent run").wait_for()
    sweep_page.get_by_text(newest.key).first.wait_for()


def test_the_report_is_an_artifact_of_the_sweep(sweep_page: Page) -> None:
    sweep_page.get_by_role("tab", name="Artifacts").click()
    sweep_page.get_by_text("report", exact=True).click()
    sweep_page.get_by_text("index.html", exact=True).click()
    heading = sweep_page.frame_locator("iframe").locator("h1")
    heading.wait_for()
    assert heading.inner_text()
