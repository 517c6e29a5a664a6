"""RecBole's atomic files as data sets of one's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from clairo.core.errors import ConfigError, DataError
from clairo.datasets.aliases import resolve_category
from clairo.datasets.atomic import AtomicConfig
from clairo.datasets.splits import GlobalTime
from tests.contracts.datasets import LeaveLastOutContract
from tests.datasets.amazon_files import picture
from tests.datasets.atomic_files import RATINGS, write_atomic


class TestAtomicContract(LeaveLastOutContract):
    config_type = AtomicConfig

    @pytest.fixture
    def config(self, tmp_path: Path) -> AtomicConfig:
        write_atomic(tmp_path)
        return AtomicConfig(name="shop", data_dir=tmp_path)


def _config(root: Path, **settings: object) -> AtomicConfig:
    return AtomicConfig.model_validate({"name": "shop", "data_dir": root, **settings})


def test_nothing_is_filtered_and_repeats_stay(tmp_path: Path) -> None:
    write_atomic(tmp_path)
    dataset = _config(tmp_path).read()
    assert dataset.name == "shop"
    assert list(dataset.log.user_ids) == ["ann", "bob"]
    assert dataset.catalog.item_ids == ("cup", "pot", "mug", "jar")
    # Ann's cup at 100, mug at 110, pot at 120, the cup again at 130; Bob's pot at 90, jar at 95.
    assert dataset.log.items.tolist() == [0, 2, 1, 0, 1, 3]
    assert dataset.facts["time_unit"] == "s"
    assert dataset.facts["funnel"] == [
        {"step": "raw files", "interactions": 6, "users": 2, "items": 4}
    ]


def test_filters_can_be_asked_for(tmp_path: Path) -> None:
    write_atomic(tmp_path)
    liked = _config(tmp_path, min_rating=4, duplicates="first").read()
    assert liked.facts["num_interactions"] == 3  # 4.0, 5.0 and 4.5
    firsts = _config(tmp_path, duplicates="first").read()
    assert firsts.facts["num_interactions"] == 5
    core = _config(tmp_path, user_core=3, item_core=1).read()
    assert list(core.log.user_ids) == ["ann"]


def test_quotation_marks_are_part_of_an_id(tmp_path: Path) -> None:
    ids = ('"great" cats', '"', 'a"b', '"c"')
    write_atomic(tmp_path, ratings=[f"ann\t{item}\t1\t{t}" for t, item in enumerate(ids)])
    assert _config(tmp_path).read().catalog.item_ids == ids


def test_windows_line_ends_and_a_byte_order_mark_are_no_part_of_the_data(tmp_path: Path) -> None:
    folder = write_atomic(tmp_path)
    plain = _config(tmp_path).read().facts["content_digest"]
    for path in (folder / "shop.inter", folder / "shop.item"):
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert _config(tmp_path).read().facts["content_digest"] == plain


def test_columns_may_have_other_names_and_stand_anywhere(tmp_path: Path) -> None:
    write_atomic(
        tmp_path,
        inter="when:float\tmood:token\twhat:token\twho:token",
        ratings=["1700000000000\tgood\tcup\tann", "1700000000001\tbad\tpot\tann"],
        item=None,
    )
    names = {"user": "who", "item": "what", "timestamp": "when", "time_unit": "ms"}
    dataset = _config(tmp_path, **names).read()
    assert dataset.log.timestamps.tolist() == [1700000000000, 1700000000001]
    assert dataset.facts["time_unit"] == "ms"


def test_settings_that_belong_to_the_data_lie_beside_it(tmp_path: Path) -> None:
    folder = write_atomic(tmp_path)
    (folder / "clairo.yaml").write_text("text_fields: [maker]\nmin_rating: 4\n")
    config = AtomicConfig.resolve("shop", tmp_path)
    assert (config.text_fields, config.min_rating) == (("maker",), 4)
    assert config.identity() == _config(Path("x"), text_fields=("maker",), min_rating=4).identity()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: other", "got name; take it out"),
        ("min_raiting: 4", "clairo.yaml: shop has no setting 'min_raiting'; it has: min_rating,"),
        ("- 4", "must be a mapping"),
        ("a: [", "not YAML"),
        ("user: item_id", "must be different columns"),
    ],
)
def test_wrong_settings_beside_the_data_are_a_usage_error(
    tmp_path: Path, text: str, message: str
) -> None:
    folder = write_atomic(tmp_path)
    (folder / "clairo.yaml").write_text(text)
    with pytest.raises(ConfigError, match=message):
        AtomicConfig.resolve("shop", tmp_path)


UNTIMED = [f"{user}\t{item}" for user, item, *_ in (row.split("\t") for row in RATINGS)]


def test_without_times_the_order_of_the_lines_is_the_time(tmp_path: Path) -> None:
    write_atomic(tmp_path, inter="user_id:token\titem_id:token", ratings=UNTIMED)
    config = AtomicConfig.resolve("shop", tmp_path)
    assert config.timestamp is None
    dataset = config.read()
    assert dataset.catalog.item_ids == ("cup", "pot", "mug", "jar")
    assert dataset.log.items.tolist() == [0, 1, 2, 0, 1, 3]
    # The number of the line, of which the header is the first.
    assert dataset.log.timestamps.tolist() == [2, 4, 5, 6, 3, 7]
    assert dataset.facts["time_unit"] == "position"
    assert dataset.facts["tied_users"] == 0


def test_a_split_by_time_is_refused_where_there_are_no_times(tmp_path: Path) -> None:
    write_atomic(tmp_path, inter="user_id:token\titem_id:token", ratings=UNTIMED)
    config = AtomicConfig.resolve("shop", tmp_path).model_copy(update={"split": GlobalTime()})
    with pytest.raises(DataError, match="timestamps of shop are only positions"):
        config.read()


def test_a_column_that_could_be_the_time_is_not_passed_over(tmp_path: Path) -> None:
    rows = [f"{row}\t{n}" for n, row in enumerate(UNTIMED)]
    folder = write_atomic(tmp_path, inter="user_id:token\titem_id:token\twhen:float", ratings=rows)
    with pytest.raises(DataError, match=r"must name user_id, item_id, timestamp, .*when"):
        AtomicConfig.resolve("shop", tmp_path).read()
    (folder / "clairo.yaml").write_text("timestamp: null\n")
    assert AtomicConfig.resolve("shop", tmp_path).read().facts["time_unit"] == "position"


def test_unusual_lines_and_usual_ones_get_the_same_positions(tmp_path: Path) -> None:
    write_atomic(tmp_path, inter="user_id:token\titem_id:token", ratings=UNTIMED, item=None)
    usual = AtomicConfig.resolve("shop", tmp_path).read()
    # A blank line at the end makes the parser go line by line.
    write_atomic(tmp_path, inter="user_id:token\titem_id:token", ratings=[*UNTIMED, ""], item=None)
    unusual = AtomicConfig.resolve("shop", tmp_path).read()
    assert np.array_equal(usual.log.timestamps, unusual.log.timestamps)


@pytest.mark.parametrize(
    ("inter", "rating", "message"),
    [
        ("user_id:token,item_id:token,timestamp:float", "a,b,1", r"line 1: .* with tabs between"),
        ("user_id:token\titem_id:token\titem_id:token\ttimestamp:float", "", "each column once"),
        (None, "ann\tcup\t1.0", r"inter line 2: .*3 values for 4 columns"),
        (None, "ann\tcup\t1.0\t5\tx", r"inter line 2: .*5 values for 4 columns"),
        (None, "ann\tcup\tgood\t5", r"line 2: rating must be a .*number \(got 'good'\)"),
        (None, "ann\tcup\t1.0\tsoon", "line 2: timestamp must be a whole number"),
        (
            None,
            "ann\tcup\t1.0\t1700000000000",
            r"line 2: .*0000, a time in ms: say so with time_unit",
        ),
        (None, "ann\tcup\t1.0\t4102444800", r"line 2: .*\(got 4102444800\)"),
        (None, "ann\tcup\t1.0\t-5", "line 2: timestamp must lie between 1970 and 2100"),
        (None, "ann\t\t1.0\t5", "line 2: item_id must be a printable string"),
    ],
)
def test_damaged_interactions_name_file_line_and_rule(
    tmp_path: Path, inter: str | None, rating: str, message: str
) -> None:
    write_atomic(tmp_path, **({"inter": inter} if inter else {}), ratings=[rating])  # type: ignore[arg-type]
    with pytest.raises(DataError, match=message):
        _config(tmp_path).read()


def test_another_encoding_is_refused_with_its_line(tmp_path: Path) -> None:
    folder = write_atomic(tmp_path)
    path = folder / "shop.inter"
    path.write_bytes(path.read_bytes().replace(b"mug", "Müg".encode("latin-1")))
    with pytest.raises(DataError, match=r"shop.inter line 5: a line must be UTF-8 text"):
        _config(tmp_path).read()


def test_pictures_are_found_by_item_and_counted(tmp_path: Path) -> None:
    folder = write_atomic(tmp_path)
    (folder / "images").mkdir()
    (folder / "images" / "cup.png").write_bytes(picture())
    (folder / "images" / "pot.jpg").write_bytes(b"no picture")
    config = _config(tmp_path)
    assert list(config.sources()) == ["shop.inter", "shop.item", "images"]
    facts = config.read().facts
    assert (facts["num_images"], facts["num_images_undecodable"]) == (1, 1)
    assert facts["image_coverage"] == 1 / 4


def test_missing_interactions_say_where_they_belong(tmp_path: Path) -> None:
    (tmp_path / "atomic/shop").mkdir(parents=True)
    with pytest.raises(DataError, match=r"shop/shop.inter, which is not there; .*data import"):
        resolve_category("atomic/shop", None, tmp_path).sources()


@pytest.mark.parametrize("name", ["shop.inter", "shop.item"])
def test_a_folder_in_the_place_of_a_file_is_said(tmp_path: Path, name: str) -> None:
    path = write_atomic(tmp_path) / name
    path.unlink()
    path.mkdir()
    with pytest.raises(DataError, match=rf"{name}, which is a folder and no file"):
        AtomicConfig(name="shop", data_dir=tmp_path).sources()


@pytest.mark.parametrize("name", ["shop.inter", "shop.item", "images", "clairo.yaml"])
def test_a_link_out_of_the_data_folder_is_refused(tmp_path: Path, name: str) -> None:
    folder = write_atomic(tmp_path / "data")
    inside, outside = folder / name, tmp_path / name
    if inside.exists():
        inside.rename(outside)
    elif name == "images":
        outside.mkdir()
        (outside / "cup.png").write_bytes(picture())
    else:
        outside.write_text("min_rating: 1\n")
    inside.symlink_to(outside)
    with pytest.raises(DataError, match="must lie in the data folder"):
        AtomicConfig.resolve("shop", tmp_path / "data").sources()


@pytest.mark.parametrize("name", ["../shop", "a/b", "", ".hidden", "a\tb", "x" * 101])
def test_a_name_that_could_lead_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        AtomicConfig(name=name)


@pytest.mark.parametrize(
    "settings",
    [
        {"user": "item_id"},
        {"text_fields": ("title", "title")},
        {"text_fields": ()},
        {"item": "item:token"},
        {"timestamp": ""},
    ],
)
def test_columns_that_contradict_each_other_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        AtomicConfig.model_validate({"name": "shop", **settings})


def test_where_the_files_lie_is_no_part_of_what_they_say(tmp_path: Path) -> None:
    assert _config(tmp_path).identity() == _config(Path("elsewhere")).identity()


@pytest.mark.shared
def test_the_counts_of_movielens_are_those_of_its_readme(shared: Path) -> None:
    dataset = resolve_category("Atomic/ML-Small", None, shared / "data").read()
    facts = dataset.facts
    assert facts["num_interactions"] == 100_836
    assert (facts["num_users"], facts["num_items"]) == (610, 9_724)
    assert (facts["num_images"], facts["num_images_undecodable"]) == (2_898, 0)
    assert facts["field_coverage"] == {"title": 9_724, "genres": 9_724}
    toy_story = dataset.catalog.item_ids.index("1")
    assert dataset.catalog.sentences[toy_story] == (
        "Toy Story (1995). Adventure Animation Children Comedy Fantasy"
    )
