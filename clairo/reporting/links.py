"""How the pages of one report lead to each other."""

from __future__ import annotations

from clairo.reporting.health_info import has_codes
from clairo.reporting.representation_findings import REPRESENTATION_TITLE
from clairo.reporting.stage_info import has_merges
from clairo.reporting.vocabulary_findings import VOCABULARY_TITLE
from clairo.tracking.records import SweepRecord


def page_links(record: SweepRecord, here: str) -> tuple[tuple[str, str], ...]:
    """(text, address) of every page of the report but one.

    Args:
        record: What the report is about.
        here: File name of the page that links.
    """
    alone = record.summary.is_ablation
    pages = (
        ("Ablation" if alone else "Sweep", "index.html", True),
        ("Ablation", "ablation.html", bool(record.summary.arms) and not alone),
        (REPRESENTATION_TITLE, "representation.html", has_codes(record)),
        (VOCABULARY_TITLE, "vocabulary.html", has_merges(record)),
    )
    return tuple((text, file) for text, file, made in pages if made and file != here)
