"""What people type after CATEGORY=."""

from __future__ import annotations

from pathlib import Path

import pytest

from clairo.core.errors import ConfigError
from clairo.datasets.alias_table import ALIASES
from clairo.datasets.aliases import KNOWN_RELEASES, resolve_category
from clairo.datasets.amazon import AmazonConfig
from clairo.datasets.amazon_sources import RELEASES, published_releases
from clairo.datasets.atomic import AtomicConfig
from clairo.datasets.demo import DemoConfig
from clairo.datasets.lcrec import LcrecConfig


def _resolved(name: str, release: str | None, folder: Path) -> tuple[str, str]:
    config = resolve_category(name, release, folder)
    assert isinstance(config, AmazonConfig)
    return config.release, config.category


def _put_file(folder: Path, release: str, category: str) -> None:
    path = folder / "amazon" / release / category / "reviews.json.gz"
    path.parent.mkdir(parents=True)
    path.touch()


@pytest.mark.parametrize(
    ("name", "release", "expected"),
    [
        ("beauty", None, ("2014", "Beauty")),
        ("Beauty", "", ("2014", "Beauty")),
        ("beauty", "2018", ("2018", "All_Beauty")),
        ("sports", None, ("2014", "Sports_and_Outdoors")),
        ("toys", None, ("2014", "Toys_and_Games")),
        ("cds", "2018", ("2018", "CDs_and_Vinyl")),
        ("GIFT_CARDS", None, ("2018", "Gift_Cards")),
        ("Gift_Cards", None, ("2018", "Gift_Cards")),
        (" instruments ", None, ("2018", "Musical_Instruments")),
        ("digital_music", "2014", ("2014", "Digital_Music")),
        ("luxury_beauty", None, ("2018", "Luxury_Beauty")),
        ("amazon_fashion", "2018", ("2018", "AMAZON_FASHION")),
    ],
)
def test_aliases_and_official_names_work_in_any_case(
    tmp_path: Path, name: str, release: str | None, expected: tuple[str, str]
) -> None:
    assert _resolved(name, release, tmp_path) == expected


def test_every_alias_names_published_categories() -> None:
    for name, alias in ALIASES.items():
        assert name == name.lower()
        assert alias.default in RELEASES
        for release, official in alias.official.items():
            assert release in published_releases(official), (name, release)


def test_demo_is_a_data_set_without_releases(tmp_path: Path) -> None:
    assert isinstance(resolve_category("Demo", None, tmp_path), DemoConfig)
    with pytest.raises(ConfigError, match="leave RELEASE out"):
        resolve_category("demo", "2018", tmp_path)


def test_the_only_release_on_disk_is_taken(tmp_path: Path) -> None:
    _put_file(tmp_path, "2014", "Digital_Music")
    # What is left of a fetch without network is no data.
    (tmp_path / "amazon/2018/Digital_Music/.partial").mkdir(parents=True)
    assert _resolved("digital_music", None, tmp_path) == ("2014", "Digital_Music")


@pytest.mark.parametrize("on_disk", [("2014", "2018"), ()])
def test_a_name_that_fits_several_releases_is_refused(
    tmp_path: Path, on_disk: tuple[str, ...]
) -> None:
    for release in on_disk:
        _put_file(tmp_path, release, "Digital_Music")
    with pytest.raises(ConfigError) as caught:
        resolve_category("Digital_Music", None, tmp_path)
    for release in on_disk or KNOWN_RELEASES:
        assert f"CATEGORY=Digital_Music RELEASE={release}" in str(caught.value)


def test_a_bare_name_of_two_kinds_is_refused_unless_a_release_tells(tmp_path: Path) -> None:
    (tmp_path / "lcrec/Instruments").mkdir(parents=True)
    with pytest.raises(ConfigError, match="Musical_Instruments RELEASE=2018; lcrec/Instruments"):
        resolve_category("instruments", None, tmp_path)
    assert _resolved("instruments", "2018", tmp_path) == ("2018", "Musical_Instruments")


def test_a_name_of_another_kind_only_says_how_to_write_it(tmp_path: Path) -> None:
    (tmp_path / "atomic/ml-small").mkdir(parents=True)
    with pytest.raises(ConfigError, match="write atomic/ml-small"):
        resolve_category("ml-small", None, tmp_path)


def test_a_folder_of_the_lcrec_kind_is_found_in_any_case(tmp_path: Path) -> None:
    for name in ("Games", "Arts", "arts"):
        (tmp_path / "lcrec" / name).mkdir(parents=True)
    config = resolve_category("LcRec/games", None, tmp_path)
    assert isinstance(config, LcrecConfig)
    assert (config.name, config.data_dir) == ("Games", tmp_path)
    assert resolve_category("lcrec/arts", "", tmp_path).label == "LC-Rec arts"
    with pytest.raises(ConfigError, match="got 'ARTS'; choose one of lcrec/Arts, lcrec/arts"):
        resolve_category("lcrec/ARTS", None, tmp_path)


def test_an_unknown_name_of_the_lcrec_kind_lists_the_folders(tmp_path: Path) -> None:
    for name in ("Games", "Arts"):
        (tmp_path / "lcrec" / name).mkdir(parents=True)
    (tmp_path / "lcrec/notes.txt").touch()
    with pytest.raises(ConfigError, match=r"'Game'; choose one of lcrec/Arts, lcrec/Games\.$"):
        resolve_category("lcrec/Game", None, tmp_path)


def test_a_folder_whose_name_could_lead_elsewhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lcrec/Games").mkdir(parents=True)
    with pytest.raises(ConfigError, match=r"must name a folder"):
        resolve_category("lcrec/../lcrec/Games", None, tmp_path)


def test_a_folder_of_atomic_files_is_found_in_any_case(tmp_path: Path) -> None:
    for name in ("Shop", "Films", "films"):
        (tmp_path / "atomic" / name).mkdir(parents=True)
    config = resolve_category("Atomic/shop", None, tmp_path)
    assert isinstance(config, AtomicConfig)
    assert (config.name, config.data_dir) == ("Shop", tmp_path)
    # Where several differ in case alone, only the exact one can be meant.
    assert resolve_category("atomic/films", "", tmp_path).label == "films"
    with pytest.raises(ConfigError, match="got 'FILMS'; choose one of atomic/Films, atomic/films"):
        resolve_category("atomic/FILMS", None, tmp_path)


def test_an_unknown_name_of_atomic_files_lists_the_folders(tmp_path: Path) -> None:
    for name in ("Shop", "Films"):
        (tmp_path / "atomic" / name).mkdir(parents=True)
    (tmp_path / "atomic/notes.txt").touch()
    with pytest.raises(ConfigError, match=r"'Film'; choose one of atomic/Films, atomic/Shop\.$"):
        resolve_category("atomic/Film", None, tmp_path)
    with pytest.raises(ConfigError, match="must name a folder"):
        resolve_category("atomic/../atomic/Shop", None, tmp_path)


def test_ones_own_folder_is_a_category(tmp_path: Path) -> None:
    (tmp_path / "amazon/2018/My_Shop").mkdir(parents=True)
    assert _resolved("my_shop", None, tmp_path) == ("2018", "My_Shop")


@pytest.mark.parametrize(
    ("name", "release", "message"),
    [
        ("ATOMIC/ml-small", None, "must name a folder of .*atomic, got 'ml-small'; there is none"),
        ("atomic/ml-small", "2018", "no releases, got RELEASE=2018"),
        (
            "LCREC/Instruments",
            None,
            "must name a folder of .*lcrec, got 'Instruments'; there is none",
        ),
        ("lcrec/Instruments", "2018", "no releases, got RELEASE=2018"),
        ("other/thing", None, "'other/thing'"),
        ("beutey", None, "did you mean beauty"),
        ("xq", None, "known aliases: beauty"),
        ("", None, "got ''"),
        ("beauty", "2015", "RELEASE must be one of 2014, 2018, 2023, got '2015'"),
        ("gift_cards", "2014", "is in release 2018 and 2023, got RELEASE=2014"),
        ("baby", "2018", "is in release 2014 and 2023"),
    ],
)
def test_what_cannot_be_meant_is_one_clear_usage_error(
    tmp_path: Path, name: str, release: str | None, message: str
) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        resolve_category(name, release, tmp_path)
    assert caught.value.exit_code == 2


@pytest.mark.shared
def test_names_with_several_releases_among_the_real_data(shared: Path) -> None:
    with pytest.raises(ConfigError, match="RELEASE=2018; CATEGORY=All_Beauty RELEASE=2023"):
        resolve_category("All_Beauty", None, shared / "data")
    assert _resolved("Digital_Music", None, shared / "data") == ("2014", "Digital_Music")
