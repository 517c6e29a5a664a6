"""The page of a comparison: what it says first, what it refuses, that its bytes are the same."""

from __future__ import annotations

import pytest

from clairo.reporting.compare_info import ComparisonInfo
from clairo.reporting.compare_page import make_compare_page
from clairo.reporting.compare_tables import (
    differences_table,
    results_table,
)
from clairo.reporting.page import Code, Missing, Page, TableBlock, render_page
from clairo.reporting.table import to_csv
from tests.reporting.comparisons import HOSTILE, compared, failed, run, runs


def page_of(info: ComparisonInfo) -> Page:
    return make_compare_page(info)


def section(page: Page, anchor: str) -> tuple[object, ...]:
    return next(found.blocks for found in page.sections if found.anchor == anchor)


@pytest.fixture(scope="module")
def pair() -> ComparisonInfo:
    return compared(runs(0, 0.0), runs(1, 0.05))


def test_the_first_screen_says_settings_stages_and_result(pair: ComparisonInfo) -> None:
    page = page_of(pair)
    assert page.headline == "What changed from A to B?"
    settings, stages, result = page.claims
    # records.config_of: 0 and 1 differ in PCA variance, fusion, quantiser, codebooks, merges.
    assert settings.startswith(
        "B differs from A in 5 settings: fusion concat (A: none); quantiser "
    )
    assert settings.endswith("; 2 more.")
    assert stages.startswith("B and A part at fusion: ")
    found = pair.contrasts[0].primary
    assert found is not None
    assert result.startswith("B against A: NDCG@10 on test +")
    assert "over users and 5 seeds" in result
    assert result.endswith(f"; {found.verdict}.")


def test_a_few_seeds_are_called_exploratory_first(pair: ComparisonInfo) -> None:
    few = page_of(compared(runs(0, 0.0, (1, 2)), runs(1, 0.05, (1, 2))))
    assert few.warning.startswith("Exploratory: ")
    assert "fewer than 5 shared seeds" in few.warning
    assert page_of(pair).warning.startswith("Limits: ")
    assert "chosen after the runs were seen" in page_of(pair).warning


def test_a_trial_of_a_search_is_said_to_be_picked_for_its_value() -> None:
    searched = run(1, role="search")
    assert "trial of a search" in page_of(compared([run(0)], [searched])).warning
    assert "trial of a search" not in page_of(compared([run(0)], [run(1)])).warning


def test_one_seed_is_said_to_have_no_interval_over_seeds() -> None:
    claims = page_of(compared([run(0)], [run(1, level=0.1)])).claims
    assert "one seed, so no interval over seeds; 95 % over users +" in claims[2]


def test_many_sides_have_one_sentence_each() -> None:
    page = page_of(compared(*([run(number)] for number in range(5))))
    assert page.headline == "What changed from A to B, C, D and E?"
    assert [claim[:1] for claim in page.claims] == ["B", "C", "D", "E"]


def test_the_same_settings_run_twice_are_said_to_be_the_same() -> None:
    again = run(0, run_id="again")
    page = page_of(compared([run(0)], [again]))
    assert page.claims[0] == "B has the same settings as A."
    assert page.claims[1] == "B and A share the results of all 8 stages."
    assert "+0.0000" in page.claims[2]


def test_other_code_is_said_beside_the_settings() -> None:
    other = {"environment": {"commit": "ffff", "dirty": True, "python": "3.11.9", "torch": "1"}}
    page = page_of(compared([run(0)], [run(0, summary=other)]))
    assert page.claims[0] == (
        "B has the same settings as A. Beyond settings, these differ: commit, uncommitted changes "
        "and torch."
    )


def test_sides_on_other_data_are_refused_and_no_value_is_called_best() -> None:
    other = {"dataset_digest": "ab" * 32, "dataset_name": "Other world"}
    info = compared([run(0)], [run(1, level=0.3, summary=other)])
    page = page_of(info)
    assert page.claims[2].startswith("B is not compared with A: measured on other data")
    assert page.warning.endswith("Not all sides were measured on the same data.")
    assert not any(block for block in page.figures() if block.name.startswith(("diff", "moves")))
    assert [t.name for t in page.tables() if t.name in ("differences", "moves")] == []
    for split in ("valid", "test"):
        table = results_table(info, split)  # type: ignore[arg-type]
        assert not any(cell.strong for row in table.rows for cell in row)
    segments = next(t for t in page.tables() if t.name == "segments")
    assert "B − A" not in [column.name for column in segments.columns]


def test_a_failed_side_is_shown_with_its_error_and_not_compared() -> None:
    page = page_of(compared([run(0)], [failed(1, error="StageError: 20 items.")]))
    shown = render_page(page)
    assert "seed 1 ended failed: StageError: 20 items." in shown
    results = section(page, "results")
    assert any(isinstance(block, Missing) and "StageError" in block.reason for block in results)
    table = next(b.table for b in results if isinstance(b, TableBlock))
    assert [cell.text for cell in table.rows[1]] == ["B", "0/1", *["–"] * 5]


def test_runs_that_logged_nothing_still_make_a_page() -> None:
    empty = [
        [run(n, state="running", config={}, metrics={}, rankings={}, stages=(), history={})]
        for n in (0, 1)
    ]
    page = page_of(compared(*empty))
    assert page.figures() == ()
    assert page.claims[0] == ("B: settings cannot be compared, A stopped before it logged any.")
    reasons = [block.reason for block in page.blocks() if isinstance(block, Missing)]
    assert "No run logged a finite result." in reasons
    assert "No run of A or of B logged what its stages did." in reasons
    assert render_page(page)


def test_missing_seeds_are_named() -> None:
    info = compared(runs(0, 0.0, (1, 2)), [*runs(1, 0.0, (1, 3)), failed(1, 2)])
    (prose,) = section(page_of(info), "missing")
    assert prose.paragraphs == (  # type: ignore[attr-defined]
        "B: seed 2 ended failed: StageError: no codes.",
        "B: seed 3 has no partner in A and is left out of differences.",
    )


def test_markup_in_names_is_shown_as_text() -> None:
    summary = {"sweep_id": HOSTILE, "dataset_name": HOSTILE, "environment": {HOSTILE: HOSTILE}}
    config = {"fusion": {"kind": HOSTILE, HOSTILE: HOSTILE}}
    hostile = run(1, config=config, summary=summary)
    shown = render_page(page_of(compared([run(0)], [hostile, failed(2, error=HOSTILE)])))
    assert "<script>alert" not in shown
    assert "&lt;script&gt;alert" in shown


def test_the_same_runs_make_the_same_bytes() -> None:
    first, second = (
        render_page(page_of(compared(runs(0, 0.0, (1, 2)), [run(1, 1), failed(2, 1)])))
        for _ in range(2)
    )
    assert first == second


def test_anchors_and_names_of_figures_and_tables_are_unique(pair: ComparisonInfo) -> None:
    page = page_of(compared(runs(0, 0.0, (1,)), runs(1, 0.1, (1,)), runs(2, 0.2, (1,))))
    for names in (
        [figure.name for figure in page.figures()],
        [table.name for table in page.tables()],
        [found.anchor for found in page.sections],
    ):
        assert len(names) == len(set(names))
    assert {"moves_b", "moves_c", "differences", "curves"} <= {f.name for f in page.figures()}


def test_the_command_names_every_run(pair: ComparisonInfo) -> None:
    command = next(b for b in section(page_of(pair), "protocol") if isinstance(b, Code))
    ids = [trial.run_id for side in pair.sides for trial in side.trials]
    assert command.text.replace("\\\n", "").split() == ["clairo", "compare", *ids]
    assert len(command.text.splitlines()) == 1 + len(ids)
    assert len(ids) == 10


def test_best_and_what_is_within_its_error_are_bold() -> None:
    values = {0: (0.50, 0.52), 1: (0.51, 0.52), 2: (0.2, 0.3)}
    info = compared(
        *(
            [
                run(number, seed, metrics={"valid/ndcg_at_10": value})
                for seed, value in enumerate(pair_of)
            ]
            for number, pair_of in values.items()
        )
    )
    table = results_table(info, "valid")
    place = [column.name for column in table.columns].index("NDCG@10")
    # Means 0.51, 0.515 and 0.25; the error of the first is 0.01, so it is tied with the second.
    assert [row[place].strong for row in table.rows] == [True, True, False]


def test_the_files_hold_what_the_page_prints_unrounded(pair: ComparisonInfo) -> None:
    lines = to_csv(differences_table(pair)).splitlines()
    found = pair.differences[0]
    assert lines[1].split(",")[4] == repr(found.interval.mean)
    assert lines[1].startswith("B,test,NDCG@10,")
    assert len(lines) == 1 + len(pair.differences)
