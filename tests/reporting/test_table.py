"""Tables as files: unrounded values in CSV, harmless text everywhere."""

from __future__ import annotations

import csv
import io

import pytest

from clairo.reporting.table import Cell, Column, Table, to_csv, to_latex, to_markdown


@pytest.fixture
def table() -> Table:
    return Table(
        name="effects",
        caption="NDCG@10, 5 % & more",
        columns=(Column("Arm"), Column("Mean_x", numeric=True)),
        rows=(
            (Cell.of("a|b <i>*c*</i>"), Cell("0.12", 0.123456, strong=True)),
            (Cell.of("–"), Cell("–")),
        ),
        notes=("p < 0.05",),
    )


def test_csv_holds_the_unrounded_value_and_nothing_where_there_is_none(table: Table) -> None:
    rows = list(csv.reader(io.StringIO(to_csv(table))))
    assert rows == [["Arm", "Mean_x"], ["a|b <i>*c*</i>", "0.123456"], ["", ""]]


def test_csv_disarms_text_that_a_spreadsheet_would_run() -> None:
    table = Table("t", "", (Column("Title"),), ((Cell.of('=HYPERLINK("x")'),), (Cell("-1", -1),)))
    assert "'=HYPERLINK" in to_csv(table)
    assert "\n-1\n" in to_csv(table)


def test_markdown_keeps_its_columns_and_shows_markup_as_text(table: Table) -> None:
    lines = to_markdown(table).splitlines()
    assert lines[2] == "| Arm | Mean_x |"
    assert lines[3] == "|---|---:|"
    assert lines[4] == r"| a\|b &lt;i>\*c\*&lt;/i> | **0.12** |"
    assert lines[-1] == "p &lt; 0.05"


def test_latex_escapes_what_tex_would_read(table: Table) -> None:
    text = to_latex(table)
    assert r"\caption{NDCG@10, 5 \% \& more}" in text
    assert r"\textbf{0.12}" in text
    assert r"Arm & Mean\_x \\" in text
    assert text.count(r"\toprule") == text.count(r"\bottomrule") == 1


def test_choices_are_the_distinct_texts_of_a_column(table: Table) -> None:
    assert table.choices(1) == ("0.12", "–")
