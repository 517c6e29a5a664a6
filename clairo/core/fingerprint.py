"""Fingerprints: the identity of a stage's result before it is computed.

``fingerprint = sha256(stage name, stage version, result-changing config including defaults,
seed if the stage draws random numbers, fingerprints of the inputs)``. Raw files enter as
inputs, by the hash of their content.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Fingerprint:
    """Names one result of one stage.

    Attributes:
        stage: Name of the stage.
        kind: Readable variant, usually the ``kind`` of the stage's configuration.
        digest: 64 hexadecimal digits.
    """

    stage: str
    kind: str
    digest: str

    @property
    def entry(self) -> str:
        """Relative store path ``<stage>/<kind>-<16 hex>``."""
        return f"{self.stage}/{self.kind}-{self.digest[:16]}"

    def __str__(self) -> str:
        return self.entry


def make_fingerprint(
    stage: str,
    version: int,
    kind: str,
    identity: Mapping[str, Any],
    seed: int | None,
    inputs: Mapping[str, Fingerprint],
) -> Fingerprint:
    """The one function that makes a fingerprint.

    Args:
        stage: Name of the stage.
        version: Raised when the stage's code changes its results.
        kind: Readable variant for the folder name.
        identity: Result-changing settings as JSON values, defaults included.
        seed: Seed of the stage, ``None`` for a stage that draws no random numbers.
        inputs: Fingerprint of every input, by the name the stage knows it by.
    """
    payload = {
        "stage": stage,
        "version": version,
        "config": dict(identity),
        "seed": seed,
        "inputs": {name: inputs[name].digest for name in sorted(inputs)},
    }
    return Fingerprint(stage=stage, kind=kind, digest=hash_json(payload))


def hash_json(value: object) -> str:
    """Sha256 of a JSON value, independent of key order.

    Example:
        >>> hash_json({"a": 1, "b": 2}) == hash_json({"b": 2, "a": 1})
        True
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def hash_file(path: Path) -> str:
    """Sha256 of a file's content, read in pieces of one mebibyte."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
