"""From a sweep's record to files: pages and tables, the same bytes for the same record."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from clairo.reporting.labels import isolated
from clairo.reporting.table import Table, to_csv, to_latex, to_markdown
from clairo.tracking.records import SweepRecord

if TYPE_CHECKING:  # plotly and jinja load when a report is made, not when clairo starts
    from clairo.reporting.page import Page


@dataclass(frozen=True)
class ReportFiles:
    """What was written.

    Attributes:
        folder: Where.
        index: The page to begin with: the sweep's, or that of an ablation by itself.
        ablation: The ablation's page beside a sweep's, ``None`` where there is none.
        vocabulary: What the tokens mean, ``None`` where the best made no merges.
        representation: What the codes are worth, ``None`` where the best logged none.
        tables: Every table file.
        verdicts: What the first page says first, one sentence a claim.
    """

    folder: Path
    index: Path
    ablation: Path | None
    vocabulary: Path | None
    representation: Path | None
    tables: tuple[Path, ...]
    verdicts: tuple[str, ...] = ()

    @property
    def pages(self) -> tuple[Path, ...]:
        """Every page that was written, the sweep's first."""
        found = (self.index, self.ablation, self.representation, self.vocabulary)
        return tuple(page for page in found if page is not None)


def write_report(record: SweepRecord, folder: Path) -> ReportFiles:
    """Writes ``index.html`` and the pages beside it, and ``tables/``.

    ``ablation.html`` is made where a sweep has arms; of an ablation by itself that page is the
    index. ``representation.html`` is made where the best configuration, or an ablation's
    reference, logged its codes, ``vocabulary.html`` where it merged anything.

    The pages hold everything they need and work from disk. Nothing in them depends on when they
    are made.

    Args:
        record: The sweep as read from the tracker.
        folder: Created where it does not exist; files of the same names are replaced.
    """
    from clairo.reporting.ablation_page import make_ablation_page
    from clairo.reporting.health_info import has_codes
    from clairo.reporting.page import render_page
    from clairo.reporting.representation_page import make_representation_page
    from clairo.reporting.stage_info import has_merges
    from clairo.reporting.sweep_page import make_sweep_page
    from clairo.reporting.vocabulary_page import make_vocabulary_page

    folder.mkdir(parents=True, exist_ok=True)
    record = _with_isolated_names(record)
    if record.summary.is_ablation:
        pages = {"index.html": make_ablation_page(record)}
    else:
        pages = {"index.html": make_sweep_page(record)}
        if record.summary.arms:
            pages["ablation.html"] = make_ablation_page(record)
    if has_codes(record):
        pages["representation.html"] = make_representation_page(record)
    if has_merges(record):
        pages["vocabulary.html"] = make_vocabulary_page(record)
    tables: list[Path] = []
    for name, page in pages.items():
        (folder / name).write_text(render_page(page), encoding="utf-8")
        tables += write_tables(page, folder / "tables")
    written = {name: folder / name for name in pages}
    return ReportFiles(
        folder=folder,
        index=folder / "index.html",
        ablation=written.get("ablation.html"),
        vocabulary=written.get("vocabulary.html"),
        representation=written.get("representation.html"),
        tables=tuple(tables),
        verdicts=pages["index.html"].claims,
    )


def _with_isolated_names(record: SweepRecord) -> SweepRecord:
    """The record with names that can stand in a sentence, whichever way they are read."""
    summary = record.summary
    arms = tuple(replace(arm, title=isolated(arm.title)) for arm in summary.arms)
    skipped = tuple((isolated(title), reason) for title, reason in summary.skipped_arms)
    name = isolated(summary.dataset_name)
    changed = replace(summary, dataset_name=name, arms=arms, skipped_arms=skipped)
    return replace(record, summary=changed)


def write_tables(page: Page, folder: Path) -> list[Path]:
    """Writes every table of a page as CSV, Markdown and LaTeX."""
    folder.mkdir(parents=True, exist_ok=True)
    return [path for table in page.tables() for path in _write_table(table, folder)]


def _write_table(table: Table, folder: Path) -> list[Path]:
    written = []
    for suffix, text in (
        ("csv", to_csv(table)),
        ("md", to_markdown(table)),
        ("tex", to_latex(table)),
    ):
        path = folder / f"{table.name}.{suffix}"
        path.write_text(text, encoding="utf-8", newline="")
        written.append(path)
    return written
