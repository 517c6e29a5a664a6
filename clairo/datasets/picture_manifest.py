"""``images_manifest.jsonl``: what became of every address that was asked, a JSON object a line.

Lines are only ever added, each in one write, after the picture itself is in place. A process
that is killed leaves at most a torn last line, which is cut off before the next one is added;
any other damage is an error. Of several lines of one item and address the last one counts.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self, get_args

from clairo.core.errors import DataError

MANIFEST_FILE: Final = "images_manifest.jsonl"
"""Name of the manifest in a category's folder."""

REFUSED_FILE: Final = "pictures_refused.json"
"""What earlier versions kept: per item the address that had no picture. It is taken over."""

Outcome = Literal[
    "stored",
    "not_found",
    "refused",
    "not_a_picture",
    "too_large",
    "too_many_pixels",
    "redirects",
    "bad_address",
    "private_address",
    "failed",
]
"""What became of an address; all but ``stored`` and ``failed`` would be the same next time."""

Why = Outcome | Literal["no_address", "unsafe_id", "given_up"]
"""Why an item has no picture; what was not asked is in no manifest."""

_OUTCOMES: Final = frozenset(get_args(Outcome))


@dataclass(frozen=True)
class ManifestRow:
    """What became of one address of one item.

    Attributes:
        item: The item.
        url: The address that the metadata names, without a password.
        outcome: See :data:`Outcome`.
        when: Time in UTC, ISO 8601.
        status: The server's last answer, ``None`` where there was none.
        bytes: Bytes that came.
        sha256: Digest of these bytes, ``""`` where none came.
        width: Of the stored picture in pixels.
        height: Of the stored picture in pixels.
        file: Name of the stored picture in ``images/``.
        max_side: Longest side that was allowed when it was stored.
        final_url: The address that answered, where redirects led to another one.
        attempts: Times that it was tried; 0 where the answer to another item served.
        reason: Why there is no picture, for people.
    """

    item: str
    url: str
    outcome: Outcome
    when: str
    status: int | None = None
    bytes: int = 0
    sha256: str = ""
    width: int = 0
    height: int = 0
    file: str = ""
    max_side: int = 0
    final_url: str = ""
    attempts: int = 0
    reason: str = ""

    @property
    def is_final(self) -> bool:
        """Whether asking again would give no picture either."""
        return self.outcome not in ("stored", "failed")


Rows = dict[tuple[str, str], ManifestRow]
"""The row that counts, by item and address."""

_NAMES: Final = frozenset(field.name for field in fields(ManifestRow))


class Manifest:
    """The manifest of a category, open for more; use it as a context manager."""

    def __init__(self, folder: Path) -> None:
        """Reads what is there, and takes over what an earlier version kept.

        Args:
            folder: The category's.

        Raises:
            DataError: A line before the last is damaged.
            OSError: It cannot be read or written.
        """
        self._path = folder / MANIFEST_FILE
        self.rows, whole_bytes = _read(self._path)
        # A link would be written wherever it leads.
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
        refused = _read_refused(folder / REFUSED_FILE)
        self._file = os.open(self._path, flags, 0o644)
        os.ftruncate(self._file, whole_bytes)
        for row in refused:
            if (row.item, row.url) not in self.rows:
                self.add(row)
        (folder / REFUSED_FILE).unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._file)

    def add(self, row: ManifestRow) -> None:
        """Writes one more row.

        Raises:
            OSError: It cannot be written.
        """
        line = json.dumps(asdict(row), ensure_ascii=False) + "\n"
        data = line.encode("utf-8", "replace")
        while data:
            data = data[os.write(self._file, data) :]
        self.rows[row.item, row.url] = row


def read_manifest(folder: Path) -> Rows:
    """The rows of a category's manifest; none where there is no manifest.

    Raises:
        DataError: A line before the last is damaged.
        OSError: It cannot be read.
    """
    rows, _ = _read(folder / MANIFEST_FILE)
    known = _read_refused(folder / REFUSED_FILE)
    return {(row.item, row.url): row for row in known} | rows


def _read(path: Path) -> tuple[Rows, int]:
    """The rows, and the bytes of the file that are whole lines."""
    rows: Rows = {}
    whole_bytes = 0
    if not path.exists():
        return rows, whole_bytes
    with path.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            if not line.endswith(b"\n"):
                # Torn by a killed process or a full disk: its picture counts by its file.
                break
            row = _row(line, path, number)
            rows[row.item, row.url] = row
            whole_bytes += len(line)
    return rows, whole_bytes


def _row(line: bytes, path: Path, number: int) -> ManifestRow:
    try:
        values: Any = json.loads(line)
        if not isinstance(values, dict) or values.get("outcome") not in _OUTCOMES:
            raise ValueError(f"got {line[:40]!r}")
        return ManifestRow(**{name: values[name] for name in values if name in _NAMES})
    except (ValueError, TypeError) as error:
        raise DataError(
            f"Line {number} of {path} must be a JSON object about one address ({error}); remove "
            "the line: its address is asked again where its picture is not there."
        ) from error


def _read_refused(path: Path) -> Iterable[ManifestRow]:
    """What an earlier version knew of addresses without a picture."""
    if not path.exists():
        return ()
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataError(
            f"{path} must be a JSON object of refused pictures ({error}); delete it."
        ) from error
    if not isinstance(values, dict):
        raise DataError(f"{path} must be a JSON object, got a {type(values).__name__}; delete it.")
    reason = f"recorded in {REFUSED_FILE}: it did not exist or did not decode"
    return [
        ManifestRow(str(item), str(url), "refused", when="", reason=reason)
        for item, url in values.items()
    ]
