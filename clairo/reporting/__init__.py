"""Pages, figures and tables, built from a :class:`~clairo.tracking.records.SweepRecord` alone.

``labels`` and ``table`` say how names and numbers look; ``*_info`` modules compute frozen records
of numbers; ``*_figures`` and ``*_tables`` draw them; ``*_page`` modules put them in order;
``report.write_report`` writes the files. Templates, style sheet and script lie in ``templates``
inside the package, so that a report can be made wherever clairo is installed.
"""

from clairo.reporting.report import ReportFiles, write_report

__all__ = ["ReportFiles", "write_report"]
