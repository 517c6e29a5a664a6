"""Pretrained weights: those on this machine are named by their content, others must be had."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from clairo.core.errors import DataError
from clairo.core.fingerprint import hash_file, hash_json
from clairo.embeddings.batches import is_out_of_memory


def weights_identity(name: str) -> str:
    """What names the weights in a fingerprint.

    Args:
        name: A public name, or the path of a local file or folder.

    Returns:
        A public name as it is; for a path that exists, ``sha256:`` and the hash of the
        content, so that a moved folder is the same encoder and a changed one is not.

    Example:
        >>> weights_identity("sentence-transformers/sentence-t5-base")
        'sentence-transformers/sentence-t5-base'
    """
    path = Path(name).expanduser()
    if not path.exists():
        return name
    # Hidden files (download notes, .gitattributes) are no part of a model.
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    visible = [file for file in files if not file.name.startswith(".")]
    content = {
        file.relative_to(path).as_posix() if path.is_dir() else "file": _hash(
            file, file.stat().st_size, file.stat().st_mtime_ns
        )
        for file in visible
    }
    return f"sha256:{hash_json(content)}"


_ANSWER_SECONDS = 5.0
_REFUSALS = (403, 404, 410)


@lru_cache(maxsize=1024)
def _hash(file: Path, size: int, modified: int) -> str:
    """Hash of a file, remembered while its size and time of change stay."""
    return hash_file(file)


def require_hub(repository: str) -> None:
    """Finds out whether a repository of the model hub is on this machine or can be fetched.

    The hub's own client tries a host that does not answer for more than a minute, file by
    file, and prints as it does.

    Raises:
        OSError: It is not on this machine and the hub does not answer, or does not have it.
    """
    import httpx
    from huggingface_hub import constants

    caches = [constants.HF_HUB_CACHE, os.environ.get("SENTENCE_TRANSFORMERS_HOME", "")]
    name = f"models--{repository.replace('/', '--')}"
    if any(any((Path(cache) / name).glob("snapshots/*/*")) for cache in caches if cache):
        return
    if constants.HF_HUB_OFFLINE:
        return  # offline, the client itself says at once what it lacks
    try:
        answer = httpx.head(
            f"{constants.ENDPOINT}/{repository}", timeout=_ANSWER_SECONDS, follow_redirects=True
        )
    except httpx.HTTPError as error:
        raise OSError(f"{constants.ENDPOINT} does not answer: {error}") from error
    if answer.status_code in _REFUSALS:
        raise OSError(f"{constants.ENDPOINT} answers {answer.status_code} for {repository!r}")


def cannot_load(what: str, setting: str, weight_free: str, reason: Exception) -> DataError:
    """The error for weights that cannot be loaded, which says what to do.

    Args:
        what: The weights that were asked for.
        setting: The setting that names them.
        weight_free: The encoder that needs no weights.
        reason: What went wrong.
    """
    if is_out_of_memory(reason):
        return DataError(
            f"The weights {what} need more memory than there is, got {type(reason).__name__}; end "
            f"what else uses the device, set {setting} to a smaller model, or use device cpu."
        )
    first_line = str(reason).strip().split("\n")[0]
    return DataError(
        f"The weights {what} cannot be loaded ({type(reason).__name__}: {first_line}); check "
        f"the name, connect this machine to the model hub once, or set {setting} to a local "
        f"copy, or choose the encoder {weight_free}, which needs no weights."
    )
