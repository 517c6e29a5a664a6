"""``clairo data card``: a page and its tables, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from clairo import cli
from clairo.core.errors import ConfigError, DataError
from clairo.reporting import page as page_module
from clairo.workflows.data_card import make_data_card, slug, write_data_card
from clairo.workflows.locations import store_root
from clairo.workflows.options import SweepOptions
from tests.datasets.amazon_files import picture, put_picture, write_amazon
from tests.reporting.data_cards import kitchen, recorded_kitchen, without_interactions


def test_a_card_is_a_page_with_its_tables_beside_it(tmp_path: Path) -> None:
    written = write_data_card(recorded_kitchen(), tmp_path)
    assert written == tmp_path.resolve() / "data" / "kitchen-efefefef" / "index.html"
    assert "What is in Kitchen?" in written.read_text("utf-8")
    names = {path.name for path in (written.parent / "tables").iterdir()}
    for table in ("quantiles", "segments", "funnel", "leak_checks", "duplicate_metadata", "facts"):
        assert {f"{table}.csv", f"{table}.md", f"{table}.tex"} <= names
    assert sorted(path.name for path in written.parent.iterdir()) == ["index.html", "tables"]


def test_a_crash_leaves_the_earlier_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = write_data_card(kitchen(), tmp_path)
    before = written.read_bytes()

    def crash(page: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(page_module, "render_page", crash)
    with pytest.raises(KeyboardInterrupt):
        write_data_card(recorded_kitchen(), tmp_path)
    assert written.read_bytes() == before


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    with pytest.raises(DataError, match=r"needs a folder .* choose another with --reports"):
        write_data_card(kitchen(), tmp_path)


def test_names_cannot_leave_the_folder(tmp_path: Path) -> None:
    assert slug("../../etc/passwd") == "etc-passwd"
    assert slug("Größe  Änderung_2") == "größe-änderung-2"
    with pytest.raises(DataError, match=r"must have a letter or a digit, got '\.\./'; rename it"):
        slug("../")


def test_a_catalogue_alone_has_a_card(tmp_path: Path) -> None:
    written = write_data_card(without_interactions(), tmp_path)
    assert "no interaction" in written.read_text("utf-8")


def _asked(category: str, data: Path, folder: Path, reports: Path | None = None) -> SweepOptions:
    return SweepOptions(
        category=category,
        data=data,
        out=folder / "out",
        reports=reports or folder / "reports",
    )


def test_the_command_reads_through_the_store_and_says_where_the_page_is(tmp_path: Path) -> None:
    config = write_amazon(tmp_path / "raw")
    put_picture(config, "cup.jpg", picture())
    arguments = [
        *("data", "card", "gift_cards", "--data", str(tmp_path / "raw")),
        *("--reports", str(tmp_path / "reports"), "--out", str(tmp_path / "out")),
    ]
    answer = CliRunner().invoke(cli.app, arguments, catch_exceptions=False)
    page = tmp_path / "reports" / "data" / "amazon-2018-gift-cards" / "index.html"
    assert answer.exit_code == 0
    assert answer.output.replace("\n", "").endswith(f"Data card: {page}")
    assert "3 users, 4 items and 7 interactions" in page.read_text("utf-8")
    kept = sorted(store_root(tmp_path / "out").glob("dataset/*/manifest.json"))
    assert len(kept) == 1
    # A second time nothing is read from the raw file again: what is in the store serves.
    stamp = kept[0].stat().st_mtime_ns
    make_data_card(_asked("gift_cards", tmp_path / "raw", tmp_path, reports=tmp_path / "other"))
    assert kept[0].stat().st_mtime_ns == stamp
    assert (tmp_path / "other" / "data" / "amazon-2018-gift-cards" / "index.html").is_file()


def test_unknown_names_and_missing_files_are_refused_before_anything_is_written(
    tmp_path: Path,
) -> None:
    with pytest.raises(ConfigError, match="did you mean luxury"):
        make_data_card(_asked("luxory", tmp_path, tmp_path))
    with pytest.raises(DataError, match="are not there"):
        make_data_card(_asked("luxury", tmp_path, tmp_path))
    assert not (tmp_path / "reports").exists()


@pytest.mark.shared
def test_the_card_of_real_data_counts_what_is_known_of_it(shared: Path, tmp_path: Path) -> None:
    page = make_data_card(_asked("gift_cards", shared / "data", tmp_path))
    html = page.read_text("utf-8")
    assert "458 users, 148 items and 2,972 interactions" in html
    assert "115 (78 %) a picture" in html
    assert "439 of 458 users (96 %)" in html
    assert "for 292 of the 458 asked on test" in html
