"""Lets torchvision be imported beside a torch that its binary was not built for.

The public wheel of torchvision is built for CUDA torch. Beside a CPU-only torch its import
fails with ``operator torchvision::nms does not exist``, and merely being installed it then
breaks the import of transformers, sentence-transformers and open_clip as well. Everything
that imports one of these calls :func:`prepare_torchvision` first.
"""

from __future__ import annotations

import sys
from typing import Any

# A library object that is collected takes its operators with it.
_kept_alive: list[Any] = []

_SCHEMAS = ("nms", "qnms")
_SIGNATURE = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


def prepare_torchvision() -> bool:
    """Makes ``import torchvision`` work where only its compiled operators are missing.

    The import is tried first, and on a matching installation nothing is defined. Otherwise
    the two schemas that torchvision looks up while it is imported are declared without an
    implementation: image transforms work, box suppression (which nothing here uses) raises.
    A machine without torchvision is left as it is. Calling it again does nothing.

    Returns:
        Whether schemas had to be declared in this process.

    Raises:
        RuntimeError: torchvision fails for another reason than the missing operators.
    """
    try:
        import torchvision
    except ModuleNotFoundError:
        return False
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise
        _declare_operators()
        import torchvision  # noqa: F401
    return bool(_kept_alive)


def _declare_operators() -> None:
    """Declares the schemas and forgets the half-imported modules."""
    import torch

    for name in [n for n in sys.modules if n == "torchvision" or n.startswith("torchvision.")]:
        del sys.modules[name]
    new_library: Any = torch.library.Library
    library = new_library("torchvision", "FRAGMENT")
    for name in _SCHEMAS:
        library.define(f"{name}{_SIGNATURE}")
    _kept_alive.append(library)
