"""``clairo data``: fetching and describing."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest

from clairo.core.errors import ConfigError, DataError
from clairo.datasets.aliases import resolve_category
from clairo.datasets.amazon_sources import MIRROR_VARIABLE
from clairo.datasets.fetch import FetchPolicy
from clairo.workflows.data import dataset_card, describe, fetch
from tests.datasets.amazon_files import picture, put_picture, write_amazon
from tests.datasets.lcrec_files import write_lcrec

QUICK = FetchPolicy(timeout_seconds=0.3, attempts=2, backoff_seconds=0.01, host_failures=2)


def test_a_card_counts_what_there_is(tmp_path: Path) -> None:
    config = write_amazon(tmp_path)
    put_picture(config, "cup.jpg", picture())
    lines = describe("gift_cards", None, tmp_path)
    assert lines[0] == "Amazon 2018 Gift Cards"
    rows = dict(dataset_card(config.read()).rows)
    assert rows["interactions"] == "7"
    assert rows["users"] == "3 (1 asked on valid, 1 on test)"
    assert rows["with picture"] == "1 of 4 (25.0%)"
    assert rows["with text"] == "2 of 4 (50.0%)"
    assert rows["items without metadata"] == "2"
    assert "pictures that do not decode" not in rows
    # Values stand in one column.
    pairs = zip(lines[1:], rows.values(), strict=True)
    assert len({line.rindex(value) for line, value in pairs}) == 1


def test_the_card_of_data_with_codes_says_how_many(tmp_path: Path) -> None:
    write_lcrec(tmp_path)
    rows = dict(dataset_card(resolve_category("lcrec/tiny", None, tmp_path).read()).rows)
    assert rows["codes"] == "2 text codes (4 x 8) and 1 image code (4)"
    assert rows["users"] == "3 (2 asked on valid, 2 on test)"
    said: list[str] = []
    fetch("lcrec/tiny", None, tmp_path, announce=said.append, policy=QUICK)
    assert said == ["LC-Rec Tiny: nothing to fetch."]


def test_nothing_to_fetch_is_said(tmp_path: Path) -> None:
    write_amazon(tmp_path, rows=[{"asin": "cup", "title": "Cup"}])
    said: list[str] = []
    fetch("gift_cards", None, tmp_path, announce=said.append, policy=QUICK)
    assert said == ["Amazon 2018 Gift Cards: nothing to fetch."]


def test_what_cannot_be_fetched_or_read_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(MIRROR_VARIABLE, "http://127.0.0.1:9,only")
    with pytest.raises(DataError, match="could not be fetched"):
        fetch("luxury", None, tmp_path, announce=lambda line: None, policy=QUICK)
    with pytest.raises(DataError, match="are not there"):
        describe("luxury", None, tmp_path)
    with pytest.raises(ConfigError, match="did you mean luxury"):
        describe("luxory", None, tmp_path)


@pytest.mark.shared
def test_the_card_of_real_data_states_its_pictures(shared: Path) -> None:
    card = "\n".join(describe("gift_cards", None, shared / "data"))
    assert "115 of 148" in card


@pytest.mark.shared
def test_what_is_salvaged_of_broken_metadata_is_on_the_card(tmp_path: Path, shared: Path) -> None:
    config = write_amazon(
        tmp_path, [("ann", "i", 1)], release="2014", category="Digital_Music", salvage=True
    )
    broken = (shared / "data/corrupt/truncated_meta_Digital_Music.json.gz").read_bytes()
    config.metadata_file.path.write_bytes(broken)
    dataset = config.read()
    unpacker = zlib.decompressobj(wbits=31)
    whole, _, rest = unpacker.decompress(broken).rpartition(b"\n")
    assert dataset.facts["salvaged_metadata_lines"] == whole.count(b"\n") + 1 > 1
    assert dataset.facts["lost_metadata_bytes"] == len(rest)
    rows = dict(dataset_card(dataset).rows)
    assert rows["whole lines of the broken metadata"] == f"{whole.count(10) + 1:,}"
    assert rows["bytes lost after them"] == f"{len(rest):,}"
