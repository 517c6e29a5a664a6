"""Mirror after mirror, digests that are offered or pinned, and the record of what came."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from clairo.core.errors import ConfigError, DataError
from clairo.datasets.amazon import AmazonConfig
from clairo.datasets.amazon_sources import MIRROR_VARIABLE
from clairo.datasets.checksums import read_checksums
from clairo.datasets.fetch import FetchOptions, FetchPolicy, FetchSummary, fetch_missing
from tests.datasets.amazon_files import REVIEWS, ROWS_2018, gzip_lines, review_lines
from tests.datasets.file_server import Fault, FileServer, running_server

QUICK = FetchPolicy(timeout_seconds=0.3, attempts=2, backoff_seconds=0.01, host_failures=9)
REVIEWS_PATH = "/2018/Gift_Cards/Gift_Cards_5.json.gz"
METADATA_PATH = "/2018/Gift_Cards/meta_Gift_Cards.json.gz"
CONTENT = {
    REVIEWS_PATH: gzip_lines(review_lines(REVIEWS)),
    METADATA_PATH: gzip_lines(map(json.dumps, ROWS_2018)),
}


@pytest.fixture
def first(server: FileServer) -> FileServer:
    server.files |= CONTENT
    return server


@pytest.fixture
def second(first: FileServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    """A mirror that is asked after the first."""
    with running_server() as running:
        running.files |= CONTENT
        monkeypatch.setenv(MIRROR_VARIABLE, f"{first.url},{running.url},only")
        yield running


@pytest.fixture
def config(tmp_path: Path) -> AmazonConfig:
    return AmazonConfig(category="Gift_Cards", release="2018", data_dir=tmp_path)


def _fetch(
    config: AmazonConfig, said: list[str] | None = None, *, verify: bool = False
) -> FetchSummary:
    announce = (lambda line: None) if said is None else said.append
    options = FetchOptions(pictures=False, verify=verify)
    return fetch_missing(config, allow=True, announce=announce, policy=QUICK, options=options)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_every_file_that_came_is_recorded(first: FileServer, config: AmazonConfig) -> None:
    summary = _fetch(config)
    assert summary.files == ("Gift_Cards_5.json.gz", "meta_Gift_Cards.json.gz")
    records = read_checksums(config.folder)
    for path, data in CONTENT.items():
        record = records[path.rpartition("/")[2]]
        assert (record.sha256, record.num_bytes) == (_sha256(data), len(data))
        assert record.url == f"{first.url}{path}"
        assert datetime.fromisoformat(record.time).tzinfo is not None
    assert sorted(path.name for path in (config.folder / ".partial").iterdir()) == ["lock"]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault(status=404), "answered 404"),
        (Fault(status=503), "failed 2 times"),
        (Fault(is_silent=True), "failed 2 times"),
        (Fault(drop_after=0), "failed 2 times"),
    ],
    ids=["refused", "busy", "silent", "dropped"],
)
def test_a_mirror_that_fails_is_followed_by_the_next_and_that_is_said(
    first: FileServer, second: FileServer, config: AmazonConfig, fault: Fault, reason: str
) -> None:
    first.faults[METADATA_PATH] = fault
    said: list[str] = []
    _fetch(config, said)
    hosts = [server.url.removeprefix("http://") for server in (first, second)]
    assert said[0] == f"Amazon 2018 Gift Cards: fetching from {hosts[0]}, then {hosts[1]}"
    (line,) = [line for line in said if "trying" in line]
    assert line.startswith(f"  {hosts[0]} failed (")
    assert reason in line
    assert line.endswith(f"trying {hosts[1]}")
    records = read_checksums(config.folder)
    assert records["Gift_Cards_5.json.gz"].url == f"{first.url}{REVIEWS_PATH}"
    assert records["meta_Gift_Cards.json.gz"].url == f"{second.url}{METADATA_PATH}"


def test_a_part_of_one_mirror_is_not_continued_at_the_next(
    first: FileServer, second: FileServer, config: AmazonConfig
) -> None:
    first.tags[REVIEWS_PATH] = second.tags[REVIEWS_PATH] = '"v1"'
    first.faults[REVIEWS_PATH] = Fault(pause_after=40, ignores_ranges=True)
    _fetch(config)
    assert set(second.gets(REVIEWS_PATH)) == {""}
    assert config.reviews_files[0].path.read_bytes() == CONTENT[REVIEWS_PATH]


def test_when_all_mirrors_fail_each_answer_is_named(
    first: FileServer, second: FileServer, config: AmazonConfig
) -> None:
    del first.files[METADATA_PATH]
    second.faults[METADATA_PATH] = Fault(status=403)
    with pytest.raises(DataError) as caught:
        _fetch(config)
    message = str(caught.value)
    assert f"{first.url.removeprefix('http://')}: the server answered 404" in message
    assert f"{second.url.removeprefix('http://')}: the server answered 403" in message
    path = config.metadata_file.path
    assert f"{first.url}{METADATA_PATH} or {second.url}{METADATA_PATH} to {path}" in message


@pytest.mark.parametrize("after", ["", "  meta_Gift_Cards.json.gz\n", " *meta_Gift_Cards.json.gz"])
def test_a_digest_that_a_mirror_offers_is_compared(
    first: FileServer, config: AmazonConfig, after: str
) -> None:
    digest = _sha256(CONTENT[METADATA_PATH])
    first.files[f"{METADATA_PATH}.sha256"] = f"{digest.upper()}{after}".encode()
    _fetch(config)
    assert read_checksums(config.folder)["meta_Gift_Cards.json.gz"].sha256 == digest


def test_an_offered_digest_that_differs_is_tried_once_more_and_then_the_next_mirror(
    first: FileServer, second: FileServer, config: AmazonConfig
) -> None:
    first.files[f"{METADATA_PATH}.sha256"] = b"0" * 64
    said: list[str] = []
    _fetch(config, said)
    assert first.gets(METADATA_PATH) == ["", ""]
    assert second.gets(METADATA_PATH) == [""]
    assert any(f"must have the sha256 {'0' * 64}, 2 transfers" in line for line in said)


def test_an_offered_digest_that_nothing_meets_is_an_error_and_nothing_is_put_in_place(
    first: FileServer, config: AmazonConfig
) -> None:
    first.files[f"{METADATA_PATH}.sha256"] = b"0" * 64
    with pytest.raises(DataError, match=f"must have the sha256 {'0' * 64}, 2 transfers had last"):
        _fetch(config)
    assert not config.metadata_file.path.exists()
    assert sorted(path.name for path in (config.folder / ".partial").iterdir()) == ["lock"]
    assert list(read_checksums(config.folder)) == ["Gift_Cards_5.json.gz"]


@pytest.mark.parametrize("content", [b"<html>", b"", b"0" * 5000, b"\xff" * 64])
def test_an_offered_digest_that_is_none_is_an_error(
    first: FileServer, config: AmazonConfig, content: bytes
) -> None:
    first.files[f"{METADATA_PATH}.sha256"] = content
    with pytest.raises(DataError, match=r"sha256 (must hold 64 hex|may have 4096 bytes)"):
        _fetch(config)
    assert first.gets(METADATA_PATH) == []


def test_a_digest_that_cannot_be_asked_for_is_no_leave_to_do_without(
    first: FileServer, config: AmazonConfig
) -> None:
    first.faults[f"{METADATA_PATH}.sha256"] = Fault(status=503)
    with pytest.raises(DataError, match="answered 503"):
        _fetch(config)
    assert first.gets(METADATA_PATH) == []


def _pin(config: AmazonConfig, digest: str) -> None:
    text = f'sha256: {{"{METADATA_PATH[1:]}": "{digest}"}}\n'
    (config.data_dir / "mirrors.yaml").write_text(text)


def test_a_pinned_digest_must_be_met(first: FileServer, config: AmazonConfig) -> None:
    _pin(config, "1" * 64)
    with pytest.raises(DataError, match=f"must have the sha256 {'1' * 64}, 2 transfers"):
        _fetch(config)
    _pin(config, _sha256(CONTENT[METADATA_PATH]))
    assert _fetch(config).files == ("meta_Gift_Cards.json.gz",)


def test_a_mirror_that_offers_another_digest_than_the_pinned_one_is_not_asked_for_the_file(
    first: FileServer, config: AmazonConfig
) -> None:
    _pin(config, _sha256(CONTENT[METADATA_PATH]))
    first.files[f"{METADATA_PATH}.sha256"] = b"0" * 64
    with pytest.raises(DataError, match=r"sha256 0+ is not the pinned one"):
        _fetch(config)
    assert first.gets(METADATA_PATH) == []


def test_a_file_that_was_changed_is_an_error_whether_or_not_the_network_may_be_used(
    first: FileServer, config: AmazonConfig
) -> None:
    _fetch(config)
    first.requests.clear()
    path = config.metadata_file.path
    path.write_bytes(CONTENT[METADATA_PATH][:-1])
    size = len(CONTENT[METADATA_PATH])
    for allow in (True, False):
        with pytest.raises(
            DataError, match=f"must have {size} bytes as recorded, found {size - 1}"
        ):
            fetch_missing(config, allow=allow, announce=print, policy=QUICK)
    path.write_bytes(b"x" * size)
    assert _fetch(config).lines() == ()
    with pytest.raises(DataError, match="must have the sha256"):
        _fetch(config, verify=True)
    path.unlink()
    assert _fetch(config, verify=True).files == (path.name,)
    assert first.gets(METADATA_PATH) == [""]


def test_a_file_of_which_nothing_is_recorded_is_named_when_verifying(
    first: FileServer, config: AmazonConfig
) -> None:
    config.folder.mkdir(parents=True)
    config.metadata_file.path.write_bytes(CONTENT[METADATA_PATH])
    said: list[str] = []
    _fetch(config, said, verify=True)
    assert said[-1] == "No checksum is recorded of meta_Gift_Cards.json.gz: not verified."


def test_the_three_official_splits_of_2023_and_their_metadata(
    first: FileServer, tmp_path: Path
) -> None:
    config = AmazonConfig(
        category="All_Beauty", release="2023", reviews="official", data_dir=tmp_path
    )
    names = [f"All_Beauty.{split}.csv.gz" for split in ("train", "valid", "test")]
    names.append("meta_All_Beauty.jsonl.gz")
    with pytest.raises(DataError, match="needs 3 reviews files and a metadata file"):
        _fetch(config)
    first.files |= {f"/2023/All_Beauty/{name}": gzip_lines([name]) for name in names}
    assert _fetch(config).files == tuple(names)
    assert sorted(read_checksums(config.folder)) == sorted(names)


@pytest.mark.parametrize(
    ("release", "reviews", "name", "content"),
    [
        ("2014", "ratings", "ratings_Books.csv", b"ann,cup,5.0,3\n"),
        ("2018", "ratings", "Books.csv", b"cup,ann,5.0,3\n"),
        ("2023", "ratings", "0core/Books.csv.gz", gzip_lines(["user_id,parent_asin"])),
        ("2023", "5core", "5core/Books.csv.gz", gzip_lines(["user_id,parent_asin"])),
        ("2023", "all", "Books.jsonl.gz", gzip_lines(["{}"])),
    ],
)
def test_every_kind_of_reviews_comes_to_its_place(
    first: FileServer, tmp_path: Path, release: str, reviews: str, name: str, content: bytes
) -> None:
    values = {"category": "Books", "release": release, "reviews": reviews, "data_dir": tmp_path}
    config = AmazonConfig.model_validate(values)
    meta = config.metadata_file.name
    first.files |= {
        f"/{release}/Books/{name}": content,
        f"/{release}/Books/{meta}": gzip_lines(["{}"]),
    }
    assert _fetch(config).files == (name, meta)
    assert (tmp_path / "amazon" / release / "Books" / name).read_bytes() == content
    assert set(read_checksums(config.folder)) == {name, meta}
    assert _fetch(config, verify=True) == FetchSummary()


def test_malformed_settings_for_mirrors_stop_before_anything_is_asked(
    first: FileServer, config: AmazonConfig
) -> None:
    (config.data_dir / "mirrors.yaml").write_text("mirrors: [")
    with pytest.raises(ConfigError, match=r"mirrors\.yaml must be YAML"):
        _fetch(config)
    assert first.requests == []
