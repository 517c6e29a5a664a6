"""Which servers are asked, as environment and mirrors.yaml say."""

from __future__ import annotations

from pathlib import Path

import pytest

from clairo.core.errors import ConfigError
from clairo.datasets.amazon import AmazonConfig
from clairo.datasets.amazon_sources import MIRROR_VARIABLE
from clairo.datasets.mirrors import MirrorsConfig, configured_mirrors, without_password

KEY = "2018/Gift_Cards/meta_Gift_Cards.json.gz"
PUBLISHER = (
    "https://mcauleylab.ucsd.edu/public_datasets/data/amazon_v2/metaFiles2/meta_Gift_Cards.json.gz"
)
DIGEST = "ab" * 32


@pytest.fixture(autouse=True)
def _no_mirror(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(MIRROR_VARIABLE, raising=False)


def _urls(folder: Path) -> tuple[str, ...]:
    config = AmazonConfig(category="Gift_Cards", release="2018", data_dir=folder)
    return config.metadata_file.urls


def test_without_settings_only_the_publisher_is_asked(tmp_path: Path) -> None:
    assert configured_mirrors(tmp_path) == MirrorsConfig()
    assert _urls(tmp_path) == (PUBLISHER,)


def test_mirrors_of_the_environment_come_first_and_the_publisher_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mirrors.yaml").write_text("mirrors: [https://c.example/amazon/]\n")
    monkeypatch.setenv(MIRROR_VARIABLE, " http://a.example/, http://b.example/x ,")
    assert _urls(tmp_path) == (
        f"http://a.example/{KEY}",
        f"http://b.example/x/{KEY}",
        f"https://c.example/amazon/{KEY}",
        PUBLISHER,
    )


def test_the_publisher_can_be_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mirrors.yaml").write_text("mirrors: [http://c.example]\npublisher: false\n")
    assert _urls(tmp_path) == (f"http://c.example/{KEY}",)
    monkeypatch.setenv(MIRROR_VARIABLE, "http://a.example,only")
    assert _urls(tmp_path) == (f"http://a.example/{KEY}",)


def test_a_file_of_a_kind_with_its_own_folder_has_it_on_the_mirror_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(MIRROR_VARIABLE, "http://a.example,only")
    config = AmazonConfig(category="Books", release="2023", reviews="ratings", data_dir=tmp_path)
    file = config.reviews_files[0]
    assert file.path == tmp_path / "amazon/2023/Books/0core/Books.csv.gz"
    assert file.url == "http://a.example/2023/Books/0core/Books.csv.gz"
    assert (file.folder, file.name) == (config.folder, "0core/Books.csv.gz")
    assert file.is_on_mirror(file.url)


def test_a_pinned_digest_belongs_to_its_file_in_any_letter_case(tmp_path: Path) -> None:
    (tmp_path / "mirrors.yaml").write_text(f"sha256:\n  {KEY}: {DIGEST.upper()}\n")
    config = AmazonConfig(category="Gift_Cards", release="2018", data_dir=tmp_path)
    assert config.metadata_file.sha256 == DIGEST
    assert config.reviews_files[0].sha256 is None


@pytest.mark.parametrize("text", ["", "# nothing yet\n"])
def test_an_empty_file_of_settings_says_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "mirrors.yaml").write_text(text)
    assert configured_mirrors(tmp_path) == MirrorsConfig()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mirrors: [", "mirrors.yaml must be YAML"),
        ("- http://a.example", "must be a mapping with mirrors, sha256 and publisher, got list"),
        ("1: 2", "must be a mapping"),
        ("mirror: [http://a.example]", "mirror: Extra inputs"),
        ("mirrors: http://a.example", "mirrors: Input should be a valid tuple"),
        ("mirrors: [ftp://a.example]", r"mirrors.0: a mirror must be an http.*'ftp://a.example'"),
        ("mirrors: ['http://']", "mirrors.0: a mirror must be an http or https address"),
        (f"sha256: {{{KEY}: abc}}", "sha256.*'abc'"),
        (f"sha256: {{Gift_Cards/x.gz: {DIGEST}}}", "<release>/<Category>/<file>, got 'Gift_Cards"),
        ("publisher: maybe", "publisher: .*'maybe'"),
        ("publisher: false", "at least one server that offers them"),
        ("!!python/object/apply:os.system [exit]", "must be YAML"),
    ],
)
def test_what_is_malformed_is_one_clear_usage_error(
    tmp_path: Path, text: str, message: str
) -> None:
    (tmp_path / "mirrors.yaml").write_text(text)
    with pytest.raises(ConfigError, match=message) as caught:
        configured_mirrors(tmp_path)
    assert "mirrors.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_of_settings_that_is_no_text_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "mirrors.yaml").write_bytes(b"mirrors: [\xff\xfe\x00]")
    with pytest.raises(ConfigError, match="must be YAML"):
        configured_mirrors(tmp_path)


def test_settings_that_cannot_be_read_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "mirrors.yaml").mkdir()
    with pytest.raises(ConfigError, match="must be readable"):
        configured_mirrors(tmp_path)


def test_a_malformed_address_of_the_environment_names_the_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(MIRROR_VARIABLE, "a.example")
    with pytest.raises(ConfigError, match=r"CLAIRO_AMAZON_MIRROR: mirrors.0: .*'a.example'"):
        configured_mirrors(tmp_path)


def test_a_password_is_not_shown() -> None:
    assert without_password("http://ann:pw@a.example:8080/x?y=1") == "http://a.example:8080/x?y=1"
    assert without_password("http://[broken/x") == "http://[broken/x"
