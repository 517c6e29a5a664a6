"""The page of a representation: every part, or in its place the reason why it is missing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from clairo.reporting.page import Figure, Missing, Page, render_page
from clairo.reporting.report import write_report
from clairo.reporting.representation_blocks import Caution, LeaningItems, Trees
from clairo.reporting.representation_page import make_representation_page
from clairo.reporting.search_info import Absent
from clairo.reporting.sweep_page import make_sweep_page
from clairo.reporting.tree_info import TreeInfo, compute_tree
from tests.reporting.records import demo_record
from tests.reporting.representations import described_record

FIGURES = {
    "usage_by_quantizer", "usage_by_level", "neighbors_by_depth", "purity_by_depth",
    "fusion_weights", "weights_by_category", "reliance", "fusion_training",
}  # fmt: skip


@pytest.fixture(scope="module")
def page() -> Page:
    return make_representation_page(described_record())


def test_the_page_has_every_figure_and_lacks_nothing(page: Page) -> None:
    assert {figure.name for figure in page.figures()} == FIGURES
    assert [block for block in page.blocks() if isinstance(block, Missing)] == []
    assert {table.name for table in page.tables()} == {
        "codebook_health", "codes_keep", "fusion_training", "reduction", "reliance_shares",
    }  # fmt: skip


def test_the_first_screen_answers_the_four_questions(page: Page) -> None:
    collapse, hierarchy, fusion, pca = page.claims
    assert collapse.startswith("No codebook collapses")
    assert hierarchy.startswith("The hierarchy means something")
    assert fusion == "The fusion gives text 65 % and image 35 % on average."
    assert pca.startswith("PCA keeps 96 of 384 text dims")


def test_codes_that_rely_on_one_modality_are_warned_of_on_both_pages() -> None:
    record = described_record(text=0.97, image=0.03)
    (caution,) = [b for b in make_representation_page(record).lead if isinstance(b, Caution)]
    assert caution.text.startswith("Warning: the codes rely on text alone.")
    assert caution in make_sweep_page(record).blocks()
    assert not any(isinstance(b, Caution) for b in make_sweep_page(described_record()).blocks())


def test_a_record_of_an_older_version_is_rendered_with_what_it_has() -> None:
    page = make_representation_page(demo_record())
    missing = [block for block in page.blocks() if isinstance(block, Missing)]
    assert len(missing) == 9
    assert all(block.reason for block in missing)
    assert [table.name for table in page.tables()] == ["codebook_health", "codes_keep"]
    assert page.claims[1].startswith("Whether the hierarchy means something is not known.")
    assert "What are the codes of Demo world worth?" in render_page(page)


def test_branches_name_codes_items_categories_and_pictures() -> None:
    info = compute_tree(described_record())
    assert isinstance(info, TreeInfo)
    (tree,) = info.trees
    assert tree.covered == pytest.approx(30 / 40)
    first, second = tree.branches
    assert (first.codes, first.num_items, first.share) == ("<f0_5>", 20, 0.5)
    assert (first.category, first.category_share) == ("Tents", 0.55)
    assert [item.picture.title for item in first.items] == ["Tent, Red", "Tent, Blue"]
    assert [(item.picture.x, item.picture.y) for item in first.items] == [(0, 0), (80, 0)]
    assert [branch.codes for branch in first.branches] == ["<f0_5> <f1_0>", "<f0_5> <f1_3>"]
    assert second.items[0].picture.state == "missing"
    untitled = first.branches[1].items[1]
    assert (untitled.picture.title, untitled.picture.state) == ("Untitled item", "left out")
    assert info.sheet_size == (160, 80)


def test_leaning_items_carry_their_weight_and_price(page: Page) -> None:
    text, image = (block.leaning for block in page.blocks() if isinstance(block, LeaningItems))
    assert (text.modality, image.modality) == ("text", "image")
    assert [(item.price, item.weight) for item in text.items] == [("$99", 0.97), ("$7", 0.9)]


def test_a_tree_is_html_to_be_opened_with_its_names_escaped(page: Page) -> None:
    html = render_page(page)
    assert html.count("<details open>") == 1
    assert html.count("<summary>") == 2
    assert "Kettles &lt;b&gt;" in html
    assert html.count('<image id="sheet"') == 1
    assert [type(block) for block in page.blocks()].count(Trees) == 1


def test_a_run_whose_folder_is_damaged_says_why() -> None:
    record = described_record()
    torn = tuple(
        replace(t, representation=None, representation_error="The description is torn.")
        if t.representation
        else t
        for t in record.trials
    )
    assert compute_tree(replace(record, trials=torn)) == Absent("The description is torn.")


def test_the_report_writes_the_page_and_the_others_lead_to_it(tmp_path: Path) -> None:
    files = write_report(described_record(), tmp_path)
    assert files.representation == tmp_path / "representation.html"
    assert files.representation in files.pages
    for other in (files.index, files.ablation, files.vocabulary):
        assert other is not None
        assert 'href="representation.html"' in other.read_text("utf-8")
    assert (tmp_path / "tables" / "codebook_health.csv").exists()


def test_a_sweep_without_codes_has_no_such_page(tmp_path: Path) -> None:
    record = demo_record()
    bare = tuple(
        replace(t, stages=tuple(s for s in t.stages if s.name != "quantization"))
        for t in record.trials
    )
    files = write_report(replace(record, trials=bare), tmp_path)
    assert files.representation is None
    assert 'href="representation.html"' not in files.index.read_text("utf-8")


def test_every_figure_states_its_point_and_its_data(page: Page) -> None:
    for figure in page.figures():
        assert isinstance(figure, Figure)
        assert figure.title
        assert "rial" in figure.subtitle
