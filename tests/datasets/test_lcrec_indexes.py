"""Which index files are read, and what their codes were made from."""

from __future__ import annotations

from pathlib import Path

import pytest

from clairo.core.errors import ConfigError, DataError
from clairo.datasets.lcrec import IndexFile, LcrecConfig
from tests.datasets.lcrec_files import IMAGE, NAME, TEXT, put_file, write_lcrec


def found(config: LcrecConfig) -> list[tuple[str, str, str]]:
    return [(index.file, index.modality, index.letters) for index in config.index_files()]


def test_the_usual_names_tell_modality_and_case(tmp_path: Path) -> None:
    assert found(write_lcrec(tmp_path)) == [
        ("index_lemb", "text", "lower"),
        ("index_vitemb", "image", "upper"),
    ]


def test_a_single_index_holds_text_codes(tmp_path: Path) -> None:
    config = write_lcrec(tmp_path, index=TEXT, index_lemb=None, index_vitemb=None)
    assert found(config) == [("index", "text", "lower")]
    assert [part.modality for part in config.read().codes] == ["text"]


def test_an_index_of_unknown_modality_is_refused_with_the_line_to_write(tmp_path: Path) -> None:
    config = write_lcrec(tmp_path, index_foo=TEXT)
    with pytest.raises(
        ConfigError,
        match=r"Tiny\.index_foo\.json is none of index, index_lemb, index_vitemb; write "
        r"'indexes: \{index_foo: \{modality: text\}\}' \(or image\) into .*clairo\.yaml",
    ):
        config.sources()


def test_a_file_beside_the_data_says_what_names_do_not(tmp_path: Path) -> None:
    config = write_lcrec(tmp_path, index_lemb=None, index_vitemb=None, index_a=TEXT, index_b=IMAGE)
    put_file(
        tmp_path,
        "clairo.yaml",
        "indexes:\n"
        "  index_b: {modality: text, case: upper}\n"
        "  index_a: {modality: image, case: lower}\n",
    )
    assert found(config) == [("index_b", "text", "upper"), ("index_a", "image", "lower")]
    assert [part.codes.shape[1] for part in config.read().codes] == [1, 2]
    assert "clairo.yaml" in config.sources()


def test_the_file_beside_the_data_corrects_a_usual_name(tmp_path: Path) -> None:
    config = write_lcrec(tmp_path)
    put_file(tmp_path, "clairo.yaml", "indexes: {index_vitemb: {modality: text, case: upper}}")
    # Two files of one modality are told apart by their letters.
    assert found(config) == [("index_lemb", "text", "lower"), ("index_vitemb", "text", "upper")]


def test_the_configuration_names_the_files_to_read_and_no_others(tmp_path: Path) -> None:
    write_lcrec(tmp_path, index_foo=TEXT)
    put_file(tmp_path, "clairo.yaml", "indexes: {index_gone: {modality: text}}")
    only = (IndexFile(file="index_foo", modality="text"),)
    config = LcrecConfig(name=NAME, data_dir=tmp_path, indexes=only)
    assert set(config.sources()) == {"Tiny.inter.json", "Tiny.index_foo.json"}
    assert [part.modality for part in config.read().codes] == ["text"]


def test_two_files_with_one_modality_and_the_same_letters_are_refused(tmp_path: Path) -> None:
    config = write_lcrec(tmp_path, index=TEXT)
    with pytest.raises(DataError, match="index and index_lemb both hold text codes with lower"):
        config.sources()
    twice = ({"file": "index", "modality": "text"}, {"file": "index_lemb", "modality": "text"})
    with pytest.raises(ValueError, match="need different letters"):
        LcrecConfig(name=NAME, indexes=twice)


def test_the_same_file_named_twice_is_refused() -> None:
    twice = ({"file": "index", "modality": "text"}, {"file": "index", "modality": "text"})
    with pytest.raises(ValueError, match="index and index both hold text codes"):
        LcrecConfig(name=NAME, indexes=twice)


def test_without_any_index_there_are_no_codes_and_the_message_says_where(tmp_path: Path) -> None:
    config = write_lcrec(tmp_path, index_lemb=None, index_vitemb=None)
    with pytest.raises(DataError, match=r"one or more .*Tiny\.index\*\.json not found"):
        config.read()


def test_a_named_index_that_is_not_there_is_refused(tmp_path: Path) -> None:
    config = write_lcrec(tmp_path)
    put_file(tmp_path, "clairo.yaml", "indexes: {index_gone: {modality: text, case: upper}}")
    with pytest.raises(DataError, match=r"Tiny\.index_gone\.json not found; put them there"):
        config.sources()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("indexes: {index_foo: {modality: sound}}", "modality"),
        ("indexes: {index_foo: {modality: text, letters: upper}}", "letters"),
        ("indices: {}", "indices"),
        ("indexes: {../x: {modality: text}}", "clairo.yaml"),
        ("- index_foo", "must hold one mapping, got list"),
        ("indexes: {", "must be a YAML file"),
        ("indexes: !!python/object/apply:os.getcwd []", "must be a YAML file"),
    ],
)
def test_settings_beside_the_data_that_are_none_are_refused(
    tmp_path: Path, text: str, message: str
) -> None:
    config = write_lcrec(tmp_path)
    put_file(tmp_path, "clairo.yaml", text)
    with pytest.raises(ConfigError, match=r"clairo\.yaml") as caught:
        config.sources()
    assert message in str(caught.value)
