from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from clairo.core.log_file import log_to_file


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    logger = logging.getLogger("clairo")
    before, level = list(logger.handlers), logger.level
    yield
    for handler in set(logger.handlers) - set(before):
        logger.removeHandler(handler)
        handler.close()
    logger.setLevel(level)


def test_what_our_packages_log_is_in_the_file_once(tmp_path: Path) -> None:
    log_to_file(tmp_path / "clairo.log")
    log_to_file(tmp_path / "clairo.log")
    logging.getLogger("clairo.pipeline").info("made fusion/concat")
    logging.getLogger("other").warning("not ours")
    lines = (tmp_path / "clairo.log").read_text().splitlines()
    assert len(lines) == 1
    assert lines[0].endswith("clairo.pipeline INFO made fusion/concat")


def test_a_folder_without_a_word_gets_no_file(tmp_path: Path) -> None:
    log_to_file(tmp_path / "clairo.log")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["/dev/full", "/nowhere/at/all/clairo.log"])
def test_a_log_that_cannot_be_written_stops_nothing_and_prints_nothing(
    place: str, capfd: pytest.CaptureFixture[str]
) -> None:
    log_to_file(Path(place))
    logging.getLogger("clairo.pipeline").info("made fusion/concat")
    assert capfd.readouterr().err == ""
