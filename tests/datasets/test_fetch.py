"""Fetching a whole data set from a local server that stands for the publisher."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from clairo.core.errors import DataError
from clairo.datasets.amazon import AmazonConfig
from clairo.datasets.demo import DemoConfig
from clairo.datasets.fetch import (
    FetchOptions,
    FetchPolicy,
    FetchSummary,
    fetch_missing,
    is_writable,
)
from clairo.datasets.picture_manifest import REFUSED_FILE, read_manifest
from clairo.datasets.picture_policy import PicturePolicy
from tests.datasets.amazon_files import REVIEWS, gzip_lines, picture, review_lines, write_amazon
from tests.datasets.file_server import Fault, FileServer

QUICK = FetchPolicy(timeout_seconds=0.3, attempts=2, backoff_seconds=0.01, host_failures=3)
PICTURES = FetchOptions(
    picture_policy=PicturePolicy(
        silence_seconds=0.3,
        attempts=2,
        backoff_seconds=0.01,
        gap_seconds=0,
        host_failures=3,
        allow_private=True,
    )
)
REVIEWS_PATH = "/2018/Gift_Cards/Gift_Cards_5.json.gz"
METADATA_PATH = "/2018/Gift_Cards/meta_Gift_Cards.json.gz"


@pytest.fixture
def publisher(server: FileServer) -> FileServer:
    """Offers four reviewed items: two pictures, one address without one, one without address."""
    rows = [
        {"asin": "cup", "title": "Cup", "imageURLHighRes": [f"{server.url}/i/cup.jpg"]},
        {"asin": "pot", "title": "Pot", "imageURL": [f"{server.url}/i/pot.png"]},
        {"asin": "pan", "title": "Pan", "imageURL": [f"{server.url}/i/gone.jpg"]},
        {"asin": "lid", "title": "Lid"},
        {"asin": "unseen", "imageURL": [f"{server.url}/i/unseen.jpg"]},
    ]
    server.files |= {
        REVIEWS_PATH: gzip_lines(review_lines(REVIEWS)),
        METADATA_PATH: gzip_lines(map(json.dumps, rows)),
        "/i/cup.jpg": picture("red"),
        "/i/pot.png": picture("blue", kind="PNG"),
        "/i/unseen.jpg": picture("green"),
    }
    return server


@pytest.fixture
def config(tmp_path: Path) -> AmazonConfig:
    return AmazonConfig(category="Gift_Cards", release="2018", data_dir=tmp_path / "data")


def _fetch(config: AmazonConfig, said: list[str] | None = None) -> FetchSummary:
    announce = (lambda line: None) if said is None else said.append
    return fetch_missing(config, allow=True, announce=announce, policy=QUICK, options=PICTURES)


def test_reviews_then_metadata_then_pictures_of_what_remains(
    publisher: FileServer, config: AmazonConfig
) -> None:
    summary = _fetch(config)
    assert summary.files == ("Gift_Cards_5.json.gz", "meta_Gift_Cards.json.gz")
    assert (summary.images.num_fetched, summary.images.num_unavailable) == (2, 1)
    assert summary.images.num_without_url == 1
    assert summary.hosts_given_up == ()
    gets = [path for method, path, _ in publisher.requests if method == "GET"]
    digests = [f"{path}.sha256" for path in (REVIEWS_PATH, METADATA_PATH)]
    assert gets[:4] == [digests[0], REVIEWS_PATH, digests[1], METADATA_PATH]
    assert set(gets[4:]) == {"/i/cup.jpg", "/i/pot.png", "/i/gone.jpg"}
    assert sorted(path.name for path in config.image_dir.iterdir()) == ["cup.jpg", "pot.png"]
    dataset = config.read()
    assert dataset.catalog.image(0) == picture("red")
    assert dataset.facts["num_images"] == 2


def test_source_and_sizes_are_said_before_anything_is_transferred(
    publisher: FileServer, config: AmazonConfig
) -> None:
    said: list[str] = []
    gets_when_said: list[int] = []

    def announce(line: str) -> None:
        said.append(line)
        gets_when_said.append(sum(method == "GET" for method, _, _ in publisher.requests))

    fetch_missing(config, allow=True, announce=announce, policy=QUICK, options=PICTURES)
    size = len(publisher.files[REVIEWS_PATH])
    assert said[0].startswith("Amazon 2018 Gift Cards: fetching from 127.0.0.1:")
    assert f"{REVIEWS_PATH} ({size} bytes) -> {config.reviews_files[0].path}" in said[1]
    assert METADATA_PATH in said[2]
    assert gets_when_said[:3] == [0, 0, 0]
    assert "3 pictures from 127.0.0.1:" in said[3]
    assert gets_when_said[3] == 4
    assert said[4].startswith(
        "Fetched Gift_Cards_5.json.gz, meta_Gift_Cards.json.gz, pictures of 2 items"
    )
    assert said[5] == "Pictures that could not be had: 1; 'clairo data images' says why."


def test_a_second_call_asks_for_nothing(publisher: FileServer, config: AmazonConfig) -> None:
    _fetch(config)
    publisher.requests.clear()
    summary = _fetch(config)
    # The picture that does not exist is remembered, and still counted.
    assert publisher.requests == []
    assert (summary.images.num_fetched, summary.images.num_unavailable) == (0, 1)
    row = read_manifest(config.folder)["pan", f"{publisher.url}/i/gone.jpg"]
    assert (row.outcome, row.status) == ("not_found", 404)


def test_a_picture_that_does_not_decode_is_not_kept(
    publisher: FileServer, config: AmazonConfig
) -> None:
    publisher.files["/i/cup.jpg"] = picture()[:200]
    assert _fetch(config).images.num_fetched == 1
    assert [path.name for path in config.image_dir.iterdir()] == ["pot.png"]


def test_a_host_of_pictures_that_is_silent_is_given_up_and_asked_again_next_time(
    publisher: FileServer, config: AmazonConfig
) -> None:
    for path in ("/i/cup.jpg", "/i/pot.png", "/i/gone.jpg"):
        publisher.faults[path] = Fault(is_silent=True)
    summary = _fetch(config)
    assert (summary.images.num_fetched, summary.images.num_unavailable) == (0, 3)
    assert len(summary.hosts_given_up) == 1
    assert any(line.startswith("Gave up 127.0.0.1:") for line in summary.lines())
    assert config.read().facts["image_coverage"] == 0
    publisher.faults.clear()
    assert _fetch(config).images.num_fetched == 2


def test_files_that_cannot_be_had_are_one_error_with_address_and_path(
    publisher: FileServer, config: AmazonConfig
) -> None:
    del publisher.files[METADATA_PATH]
    with pytest.raises(DataError) as caught:
        _fetch(config)
    message = str(caught.value)
    assert f"{publisher.url}{METADATA_PATH} to {config.metadata_file.path}" in message
    assert "answered 404" in message
    # What was had is kept, and not asked for again.
    assert config.reviews_files[0].path.exists()
    publisher.requests.clear()
    with pytest.raises(DataError, match="needs a metadata file"):
        _fetch(config)
    assert publisher.gets(REVIEWS_PATH) == []


def test_nobody_listening_is_one_error(
    config: AmazonConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAIRO_AMAZON_MIRROR", "http://127.0.0.1:9/,only")
    with pytest.raises(
        DataError, match=r"could not be fetched \(.*lastly: .*127.0.0.1:9/2018/Gift_Cards"
    ):
        _fetch(config)


def test_fetching_can_be_switched_off(publisher: FileServer, config: AmazonConfig) -> None:
    with pytest.raises(DataError, match=r"needs a reviews file and a metadata file, .*FETCH=1"):
        fetch_missing(config, allow=False, announce=print, policy=QUICK)
    assert publisher.requests == []
    assert not config.data_dir.exists()


def test_without_leave_to_fetch_pictures_may_be_missing(
    publisher: FileServer, tmp_path: Path
) -> None:
    config = write_amazon(tmp_path)
    assert fetch_missing(config, allow=False, announce=print) == FetchSummary()
    assert publisher.requests == []


def test_a_read_only_folder_is_left_alone(publisher: FileServer, config: AmazonConfig) -> None:
    write_amazon(config.data_dir)
    before = sorted(config.folder.rglob("*"))
    config.folder.chmod(0o555)
    said: list[str] = []
    try:
        _fetch(config, said)
    finally:
        config.folder.chmod(0o755)
    assert sorted(config.folder.rglob("*")) == before
    assert publisher.requests == []
    assert said == [f"{config.folder} is read-only: pictures that are missing are not fetched."]


def test_a_read_only_folder_that_lacks_a_file_is_one_error(
    publisher: FileServer, config: AmazonConfig
) -> None:
    write_amazon(config.data_dir)
    config.metadata_file.path.unlink()
    config.folder.chmod(0o555)
    try:
        with pytest.raises(DataError, match=f"is read-only.*{METADATA_PATH} to .* by hand"):
            _fetch(config)
    finally:
        config.folder.chmod(0o755)
    assert publisher.requests == []


def test_a_folder_that_cannot_be_made_is_a_clear_error(
    publisher: FileServer, tmp_path: Path
) -> None:
    (tmp_path / "data").write_text("a file where a folder should be")
    config = AmazonConfig(category="Gift_Cards", release="2018", data_dir=tmp_path / "data")
    with pytest.raises(DataError, match="must be writable to fetch"):
        _fetch(config)


def test_a_full_disk_is_a_clear_error_and_leaves_no_file(
    publisher: FileServer, config: AmazonConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(DataError, match="No space left on device"):
        _fetch(config)
    assert not config.reviews_files[0].path.exists()


def test_many_pictures_tell_how_far_they_have_come(
    publisher: FileServer, config: AmazonConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clairo.datasets.picture_progress.PICTURES_PER_LINE", 2)
    said: list[str] = []
    _fetch(config, said)
    assert "  2 of 3 pictures" in said


def test_an_id_that_names_another_place_gets_no_picture(
    publisher: FileServer, config: AmazonConfig
) -> None:
    reviews = [("ann", "../evil", 1)]
    rows = [{"asin": "../evil", "imageURL": [f"{publisher.url}/i/cup.jpg"]}]
    write_amazon(config.data_dir, reviews, rows)
    assert _fetch(config).images.num_fetched == 0
    assert publisher.requests == []


def test_a_damaged_list_of_refusals_is_a_clear_error(
    publisher: FileServer, config: AmazonConfig
) -> None:
    write_amazon(config.data_dir)
    for text in ("{", "[]"):
        (config.folder / REFUSED_FILE).write_text(text)
        with pytest.raises(DataError, match="delete it"):
            _fetch(config)


def test_a_generated_world_lacks_nothing() -> None:
    assert fetch_missing(DemoConfig(), allow=True, announce=print) == FetchSummary()


def test_writable_means_a_write_bit_even_for_an_administrator(tmp_path: Path) -> None:
    assert is_writable(tmp_path)
    tmp_path.chmod(0o555)
    assert not is_writable(tmp_path)
    tmp_path.chmod(0o755)
