"""Histories and given codes from the files of the LC-Rec family."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from clairo.core.artifacts import Dataset
from clairo.core.errors import DataError
from clairo.datasets.aliases import resolve_category
from clairo.datasets.lcrec import LcrecConfig
from clairo.pipeline.sources import hash_sources
from tests.contracts.datasets import LeaveLastOutContract
from tests.datasets.lcrec_files import HISTORIES, IMAGE, TEXT, put_file, with_item, write_lcrec


class TestContract(LeaveLastOutContract):
    config_type: ClassVar[type] = LcrecConfig

    @pytest.fixture
    def config(self, tmp_path: Path) -> LcrecConfig:
        return write_lcrec(tmp_path / "data")


def test_histories_keep_the_order_of_the_file(tmp_path: Path) -> None:
    log = write_lcrec(tmp_path).read().log
    assert log.user_ids == ("7", "4", "5")
    assert [log.history(user).tolist() for user in range(3)] == list(HISTORIES.values())
    assert log.timestamps.tolist() == [0, 1, 2, 3, 0, 1, 2, 0, 1]


def test_the_last_item_is_for_test_and_the_last_but_one_for_validation(tmp_path: Path) -> None:
    splits = write_lcrec(tmp_path).read().splits
    assert splits.train_lengths.tolist() == [2, 1, 2]
    assert splits.valid_positions.tolist() == [2, 1, -1]
    assert splits.test_positions.tolist() == [3, 2, -1]


def test_codes_stand_in_catalogue_order_text_before_images(tmp_path: Path) -> None:
    # The order of the items in a file means nothing, nor do the names of the files.
    dataset = write_lcrec(tmp_path, index_lemb=dict(reversed(TEXT.items()))).read()
    text, image = dataset.codes
    assert (text.modality, image.modality) == ("text", "image")
    assert text.codes.tolist() == [[1, 0], [1, 0], [0, 5], [2, 5]]
    assert image.codes.tolist() == [[3], [2], [0], [3]]


def test_a_codebook_is_the_smallest_power_of_two_that_holds_its_codes(tmp_path: Path) -> None:
    text, image = write_lcrec(tmp_path).read().codes
    assert text.column_sizes == (4, 8)
    assert image.column_sizes == (4,)


def test_saved_codes_come_back(tmp_path: Path) -> None:
    dataset = write_lcrec(tmp_path / "data").read()
    folder = tmp_path / "saved"
    folder.mkdir()
    dataset.save(folder)
    for before, after in zip(dataset.codes, Dataset.load(folder).codes, strict=True):
        np.testing.assert_array_equal(after.codes, before.codes)
        assert after.about() == before.about()


def test_without_other_files_an_item_is_its_number_and_nothing_is_known_of_it(
    tmp_path: Path,
) -> None:
    dataset = write_lcrec(tmp_path).read()
    assert dataset.catalog.item_ids == ("0", "1", "2", "3")
    assert set(dataset.catalog.titles) == set(dataset.catalog.sentences) == {""}
    assert not dataset.catalog.has_image.any()
    assert dataset.facts["items_without_metadata"] == 4


def test_original_ids_name_items_and_users(tmp_path: Path) -> None:
    config = write_lcrec(tmp_path)
    put_file(tmp_path, "Tiny.item2id", "B002\t0\nB00D\t1\nB00I\t2\n\nB00A\t3\n")
    put_file(tmp_path, "Tiny.user2id", "A3L\t4\nA21\t5\nA3K\t7\n")
    dataset = config.read()
    assert dataset.catalog.item_ids == ("B002", "B00D", "B00I", "B00A")
    assert dataset.log.user_ids == ("A3K", "A3L", "A21")


def test_titles_and_texts_come_from_the_item_file(tmp_path: Path) -> None:
    row = {
        "title": "Violin &amp; bow",
        "brand": "Stentor",
        "categories": "Instruments,Strings, Violins",
        "description": ["Student   size.", ""],
    }
    dataset = write_lcrec(tmp_path, item={"2": row, "0": {"title": ""}}).read()
    assert dataset.catalog.titles == ("", "", "Violin & bow", "")
    assert dataset.catalog.sentences[2] == (
        "Violin & bow. Stentor. Instruments, Strings, Violins. Student size."
    )
    assert dataset.catalog.categories[2] == "Violins"
    assert dataset.facts["items_without_metadata"] == 2
    assert dataset.facts["items_with_title"] == 1
    assert dataset.facts["text_coverage"] == 0.25
    assert dataset.facts["field_coverage"]["brand"] == 1


def test_facts_say_that_time_is_a_position_and_name_the_files(tmp_path: Path) -> None:
    facts = write_lcrec(tmp_path).read().facts
    assert facts["time_unit"] == "position"
    assert facts["split"] == "leave_last_out"
    assert facts["num_asked_users"] == 2
    assert facts["mean_history"] == 9 / 3
    assert facts["funnel"] == [{"step": "as published", "interactions": 9, "users": 3, "items": 4}]
    assert facts["index_files"] == [
        {
            "file": "Tiny.index_lemb.json",
            "modality": "text",
            "case": "lower",
            "column_sizes": [4, 8],
        },
        {
            "file": "Tiny.index_vitemb.json",
            "modality": "image",
            "case": "upper",
            "column_sizes": [4],
        },
    ]
    json.dumps(facts, allow_nan=False)


def test_every_file_that_is_read_is_part_of_what_the_data_are(tmp_path: Path) -> None:
    config = write_lcrec(tmp_path)
    before = hash_sources(config)
    assert set(before) == {"Tiny.inter.json", "Tiny.index_lemb.json", "Tiny.index_vitemb.json"}
    put_file(tmp_path, "Tiny.item2id", "B002\t0\nB00D\t1\nB00I\t2\nB00A\t3\n")
    put_file(tmp_path, "notes.txt", "not read")
    assert set(hash_sources(config)) == {*before, "Tiny.item2id"}


def refused(tmp_path: Path, **changes: Any) -> str:
    with pytest.raises(DataError) as caught:
        write_lcrec(tmp_path, **changes).read()
    return str(caught.value)


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        (["<a_-1>", "<b_0>"], "whole number from 0 to 65535, got '<a_-1>'; correct the code"),
        (["<a_1.5>", "<b_0>"], "whole number from 0 to 65535, got '<a_1.5>'"),
        (["<a_01>", "<b_0>"], "got '<a_01>'"),
        (["<a_65536>", "<b_0>"], "got '<a_65536>'"),
        (["<a_>", "<b_0>"], "got '<a_>'"),
        (["a_1", "<b_0>"], "printed like <a_5>, got 'a_1'"),
        ([1, 2], "printed like <a_5>, got 1"),
        (["<b_1>", "<a_0>"], "code 1 must have the letter a, got '<b_1>'; put the codes in"),
        (["<a_1>", "<a_0>"], "code 2 must have the letter b, got '<a_0>'"),
        (["<a_1>", "<B_0>"], "lower-case letters, all of them, got '<B_0>'"),
        (["<a_1>"], "equally many codes, got 1 where item 0 has 2; fill or cut its codes"),
        ([], "a list of 1 to 15 codes, got 0 codes"),
        ("<a_1><b_0>", "a list of 1 to 15 codes, got '<a_1><b_0>'"),
        (["<a_1>"] * 16, "a list of 1 to 15 codes, got 16 codes"),
    ],
)
def test_codes_of_another_form_are_refused_by_file_item_value_and_cure(
    tmp_path: Path, codes: Any, message: str
) -> None:
    said = refused(tmp_path, index_lemb=with_item(TEXT, "2", codes))
    assert "Tiny.index_lemb.json item 2" in said
    assert message in said


def test_the_largest_code_is_read(tmp_path: Path) -> None:
    config = write_lcrec(tmp_path, index_vitemb=with_item(IMAGE, "1", ["<A_65535>"]))
    assert config.read().codes[1].column_sizes == (65536,)


def test_letters_of_the_other_case_are_refused_with_the_setting_that_allows_them(
    tmp_path: Path,
) -> None:
    capitals = {item: [code.upper() for code in codes] for item, codes in TEXT.items()}
    said = refused(tmp_path, index_lemb=capitals)
    assert "{index_lemb: {modality: text, case: upper}}' in clairo.yaml" in said


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"index_lemb": {k: v for k, v in TEXT.items() if k != "3"}},
            "Tiny.index_vitemb.json: only items of this data set may have codes, item 3",
        ),
        (
            {"index_vitemb": {k: v for k, v in IMAGE.items() if k != "3"}},
            "Tiny.index_vitemb.json: every item must have codes, item 3 has none",
        ),
        (
            {"index_vitemb": {**IMAGE, "9": ["<A_0>"]}},
            "Tiny.index_vitemb.json: only items of this data set may have codes, item 9",
        ),
        ({"index_lemb": {**TEXT, "x": ["<a_0>", "<b_0>"]}}, "an item must be a whole number"),
        ({"inter": {"7": [0, 12]}}, "item 12 is not one of the 4 items of the index files"),
        ({"inter": {"7": [0, "B002"]}}, "an item of user '7' must be a whole number from 0"),
        ({"inter": {"7": [True]}}, "must be a whole number from 0, got True"),
        ({"inter": {"7": []}}, "user '7': must have a list of items, got []"),
        ({"inter": {"7": 3}}, "user '7': must have a list of items, got 3"),
        ({"inter": [[0, 1]]}, "must hold one JSON object, got list"),
        ({"inter": {}}, "must hold one JSON object, got an empty one"),
        ({"item": {"9": {"title": "x"}}}, "item 9: must be one of the 4 items with codes"),
        ({"item": {"1": "Violin"}}, "item 1: must be one of the 4 items with codes and have an"),
    ],
)
def test_files_that_do_not_fit_each_other_are_refused(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    assert message in refused(tmp_path, **changes)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"0": [1], "0": [2]}', "the name '0' occurs twice in one object"),
        ('{"0": [1', "must be a JSON file"),
        ('{"0": NaN}', "NaN is no JSON value"),
        ("[" * 100_000, "must be a JSON file"),
        ("", "must be a JSON file"),
    ],
)
def test_a_file_that_is_no_clean_json_is_refused(tmp_path: Path, text: str, message: str) -> None:
    config = write_lcrec(tmp_path)
    put_file(tmp_path, "Tiny.inter.json", text)
    with pytest.raises(DataError, match=r"Tiny\.inter\.json") as caught:
        config.read()
    assert message in str(caught.value)


def test_a_file_of_another_encoding_is_refused_and_a_byte_order_mark_is_not(
    tmp_path: Path,
) -> None:
    config = write_lcrec(tmp_path)
    path = config.path("inter.json")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert len(config.read().log) == 9
    path.write_bytes(b'{"\xff": [0]}')
    with pytest.raises(DataError, match="must be a JSON file"):
        config.read()


@pytest.mark.parametrize(
    "line", ["B002 0", "B002\t-1", "B002\tx", "\t0", "B001\t5", "B009\t1", "B0\x0009\t5"]
)
def test_a_table_of_ids_with_a_wrong_line_is_refused_by_its_number(
    tmp_path: Path, line: str
) -> None:
    config = write_lcrec(tmp_path)
    put_file(tmp_path, "Tiny.item2id", f"B000\t0\nB001\t1\n{line}\n")
    with pytest.raises(DataError, match=r"Tiny\.item2id line 3: must be an original id"):
        config.read()


def test_an_item_or_a_user_that_a_table_of_ids_lacks_or_adds_is_refused(tmp_path: Path) -> None:
    config = write_lcrec(tmp_path)
    put_file(tmp_path, "Tiny.user2id", "A3L\t4\nA21\t5\n")
    with pytest.raises(DataError, match=r"user2id: every user .* user 7 has none"):
        config.read()
    put_file(tmp_path, "Tiny.item2id", "B000\t0\nB001\t1\nB002\t2\n")
    with pytest.raises(DataError, match="may have codes, item 3 is not one of its 3"):
        config.read()


def test_missing_histories_are_an_error_that_names_the_path(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"LC-Rec Tiny needs .*Tiny\.inter\.json, which is not"):
        write_lcrec(tmp_path, inter=None).sources()


@pytest.mark.parametrize("name", ["../Tiny", "", ".hidden", "a/b", "Ti*y"])
def test_a_name_that_is_no_plain_folder_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        LcrecConfig(name=name)


@pytest.mark.shared
def test_instruments_has_its_published_counts(shared: Path) -> None:
    dataset = resolve_category("lcrec/instruments", None, shared / "data").read()
    text, image = dataset.codes
    assert len(dataset.log.user_ids) == dataset.facts["num_users"] == 17_112
    assert len(dataset.catalog) == 6_250
    assert len(dataset.log) == 136_226
    assert len(np.unique(text.codes, axis=0)) == 5_988
    assert text.column_sizes == image.column_sizes == (256,) * 4
    # The first lines of the files: B002SQJL9U is item 0, <a_170> and <A_154> its first codes.
    assert dataset.catalog.item_ids[0] == "B002SQJL9U"
    assert dataset.log.user_ids[0] == "A3LXYBBLOOEOMQ"
    assert text.codes[0].tolist() == [170, 224, 251, 151]
    assert image.codes[0].tolist() == [154, 106, 221, 144]
    assert dataset.log.history(0).tolist() == list(range(8))


@pytest.mark.shared
def test_instruments_says_which_file_has_which_letters(shared: Path) -> None:
    dataset = resolve_category("lcrec/Instruments", None, shared / "data").read()
    told = [(f["file"], f["modality"], f["case"]) for f in dataset.facts["index_files"]]
    assert told == [
        ("Instruments.index_lemb.json", "text", "lower"),
        ("Instruments.index_vitemb.json", "image", "upper"),
    ]
