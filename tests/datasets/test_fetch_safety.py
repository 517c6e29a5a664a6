"""Nothing is written outside the data folder, and the way through a proxy is taken and said."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from clairo.core.errors import ConfigError, DataError
from clairo.datasets.amazon import AmazonConfig
from clairo.datasets.amazon_sources import MIRROR_VARIABLE
from clairo.datasets.download import Downloader, proxy_for
from clairo.datasets.fetch import FetchOptions, FetchPolicy, FetchSummary, fetch_missing
from tests.datasets.amazon_files import (
    REVIEWS,
    ROWS_2018,
    gzip_lines,
    review_lines,
    write_amazon,
)
from tests.datasets.file_server import FileServer

QUICK = FetchPolicy(timeout_seconds=0.3, attempts=2, backoff_seconds=0.01, host_failures=9)
NAMES = ("Gift_Cards_5.json.gz", "meta_Gift_Cards.json.gz")
CONTENT = (gzip_lines(review_lines(REVIEWS)), gzip_lines(map(json.dumps, ROWS_2018)))


@pytest.fixture
def config(tmp_path: Path) -> AmazonConfig:
    return AmazonConfig(category="Gift_Cards", release="2018", data_dir=tmp_path / "data")


@pytest.fixture
def serving(server: FileServer) -> FileServer:
    for name, content in zip(NAMES, CONTENT, strict=True):
        server.files[f"/2018/Gift_Cards/{name}"] = content
    return server


def _fetch(config: AmazonConfig, said: list[str] | None = None) -> FetchSummary:
    announce = (lambda line: None) if said is None else said.append
    options = FetchOptions(pictures=False)
    return fetch_missing(config, allow=True, announce=announce, policy=QUICK, options=options)


@pytest.mark.parametrize(
    "link", ["amazon", "amazon/2018", "amazon/2018/Gift_Cards", "amazon/2018/Gift_Cards/.partial"]
)
def test_a_link_out_of_the_data_folder_is_not_followed_for_writing(
    serving: FileServer, config: AmazonConfig, tmp_path: Path, link: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    path = config.data_dir / link
    path.parent.mkdir(parents=True)
    path.symlink_to(outside, target_is_directory=True)
    with pytest.raises(DataError, match=rf"leads out of .*data to {outside}.*by hand"):
        _fetch(config)
    assert list(outside.iterdir()) == []
    assert serving.requests == []


def test_complete_data_behind_a_link_gets_no_pictures_and_is_not_read(
    serving: FileServer, config: AmazonConfig, tmp_path: Path
) -> None:
    elsewhere = write_amazon(tmp_path / "outside")
    config.folder.parent.mkdir(parents=True)
    config.folder.symlink_to(elsewhere.folder, target_is_directory=True)
    before = sorted(elsewhere.folder.iterdir())
    said: list[str] = []
    _fetch(config, said)
    assert said[0].endswith(": pictures that are missing are not fetched.")
    assert "leads out of" in said[0]
    assert sorted(elsewhere.folder.iterdir()) == before
    with pytest.raises(DataError, match="must lie in the data folder"):
        config.read()


def test_a_data_folder_that_is_itself_a_link_is_written_to(
    serving: FileServer, config: AmazonConfig, tmp_path: Path
) -> None:
    (tmp_path / "disk").mkdir()
    config.data_dir.symlink_to(tmp_path / "disk", target_is_directory=True)
    assert _fetch(config).files == NAMES
    assert (tmp_path / "disk/amazon/2018/Gift_Cards" / NAMES[0]).read_bytes() == CONTENT[0]


def test_a_folder_of_one_kind_of_reviews_is_no_way_out_either(
    serving: FileServer, tmp_path: Path
) -> None:
    config = AmazonConfig(
        category="Books", release="2023", reviews="5core", data_dir=tmp_path / "data"
    )
    (tmp_path / "outside").mkdir()
    config.folder.mkdir(parents=True)
    (config.folder / "5core").symlink_to(tmp_path / "outside", target_is_directory=True)
    with pytest.raises(DataError, match="5core leads out of"):
        _fetch(config)
    assert serving.requests == []


@pytest.mark.parametrize(
    "name",
    ["{}", *(f".partial/{name}" for name in ("{}.part", "{}.part.json", "checksums.json.part"))],
)
def test_a_file_that_is_a_link_is_replaced_and_not_written_through(
    serving: FileServer, config: AmazonConfig, tmp_path: Path, name: str
) -> None:
    outside = tmp_path / "outside.gz"
    path = config.folder / name.format(NAMES[0])
    path.parent.mkdir(parents=True)
    path.symlink_to(outside)
    _fetch(config)
    assert not outside.exists()
    assert not config.reviews_files[0].path.is_symlink()
    assert config.reviews_files[0].path.read_bytes() == CONTENT[0]


@pytest.fixture
def behind_proxy(server: FileServer, monkeypatch: pytest.MonkeyPatch) -> FileServer:
    """A proxy that alone knows the mirror; it is asked for whole addresses."""
    for name, content in zip(NAMES, CONTENT, strict=True):
        server.files[f"http://mirror.invalid/2018/Gift_Cards/{name}"] = content
    monkeypatch.setenv(MIRROR_VARIABLE, "http://mirror.invalid,only")
    monkeypatch.setenv("HTTP_PROXY", server.url.replace("http://", "http://ann:secret@"))
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    return server


def test_files_come_through_the_proxy_of_the_environment_and_that_is_said(
    behind_proxy: FileServer, config: AmazonConfig
) -> None:
    said: list[str] = []
    assert _fetch(config, said).files == NAMES
    assert config.reviews_files[0].path.read_bytes() == CONTENT[0]
    login = base64.b64encode(b"ann:secret").decode()
    assert set(behind_proxy.logins) == {f"Basic {login}"}
    assert said[0] == (
        "Amazon 2018 Gift Cards: fetching from mirror.invalid "
        f"(through the proxy {behind_proxy.url})"
    )
    assert "secret" not in "".join(said)


def test_hosts_of_no_proxy_are_asked_directly(
    behind_proxy: FileServer, config: AmazonConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "localhost,127.0.0.1")
    monkeypatch.setenv(MIRROR_VARIABLE, f"{behind_proxy.url},only")
    for name, content in zip(NAMES, CONTENT, strict=True):
        behind_proxy.files[f"/2018/Gift_Cards/{name}"] = content
    said: list[str] = []
    assert _fetch(config, said).files == NAMES
    assert set(behind_proxy.logins) == {""}
    assert "proxy" not in said[0]


@pytest.mark.parametrize("value", ["socks5://127.0.0.1:9", "carrier-pigeon://x"])
def test_a_proxy_that_cannot_be_used_is_a_clear_usage_error(
    server: FileServer, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", value)
    with pytest.raises(ConfigError, match="A proxy must be an http or https address"):
        Downloader(QUICK)


def test_a_proxy_for_all_schemes_is_named_too(
    server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert proxy_for("https://mirror.example/x") is None
    monkeypatch.setenv("ALL_PROXY", "proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "inside.example")
    assert proxy_for("https://mirror.example/x") == "http://proxy.example:3128"
    assert proxy_for("https://inside.example/x") is None


def test_a_password_of_a_mirror_is_used_and_neither_shown_nor_kept(
    serving: FileServer, config: AmazonConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    login = serving.url.replace("http://", "http://ann:secret@")
    monkeypatch.setenv(MIRROR_VARIABLE, f"{login},only")
    said: list[str] = []
    _fetch(config, said)
    kept = (config.folder / "checksums.json").read_text()
    assert "secret" not in kept + "".join(said)
    config.metadata_file.path.unlink()
    serving.files.clear()
    with pytest.raises(DataError) as caught:
        _fetch(config)
    assert "secret" not in str(caught.value)
