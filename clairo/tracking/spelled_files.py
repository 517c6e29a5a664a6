"""Spelled merges as a run logged them; one that cannot be read costs nobody the rest."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from clairo.core.errors import ArtifactError
from clairo.merging.spelled import SPELLED_FILE, SpelledVocabulary
from clairo.tracking.records import VOCABULARY_FOLDER


def read_spelled(folder: Path) -> tuple[SpelledVocabulary | None, str]:
    """The merges of a run in words, or ``None`` with the reason why they cannot be read.

    They are an illustration: whatever lies there, the numbers of a report do not depend on it.

    Args:
        folder: The artifacts; the reason calls it by its name in the run, wherever it lies.
    """
    try:
        return _checked(SpelledVocabulary.load(folder)), ""
    except ArtifactError as error:
        why = str(error)
    except OSError as error:
        why = f"{error.filename}: {error.strerror}"
    return None, f"The logged merges cannot be read: {why.replace(str(folder), VOCABULARY_FOLDER)}"


def _checked(spelled: SpelledVocabulary) -> SpelledVocabulary:
    """The same, every value of the kind that it is said to be.

    Raises:
        ArtifactError: One is not.
    """
    try:
        return TypeAdapter(SpelledVocabulary).validate_python(asdict(spelled))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise ArtifactError(
            f"{VOCABULARY_FOLDER}/{SPELLED_FILE} holds something else than spelled merges, at "
            f"{where}: {first['msg']}; restore the artifact."
        ) from error
