"""What codes mean as a run logged it; what cannot be read costs nobody the rest."""

from __future__ import annotations

from pathlib import Path

from clairo.core.errors import ArtifactError
from clairo.quantization.representation import Representation
from clairo.tracking.records import REPRESENTATION_FOLDER


def read_representation(folder: Path) -> tuple[Representation | None, str]:
    """What the codes of a run mean, or ``None`` with the reason why it cannot be read.

    It is an illustration: whatever lies there, the numbers of a report do not depend on it.

    Args:
        folder: The artifacts; the reason calls it by its name in the run, wherever it lies.
    """
    try:
        return Representation.load(folder), ""
    except ArtifactError as error:
        why = str(error)
    except OSError as error:
        why = f"{error.filename}: {error.strerror}"
    shown = why.replace(str(folder), REPRESENTATION_FOLDER)
    return None, f"The description of the codes cannot be read: {shown}"
