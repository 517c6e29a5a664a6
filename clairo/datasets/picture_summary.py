"""What became of the pictures of a data set, for people: counts, reasons and cures."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from clairo.datasets.picture_manifest import MANIFEST_FILE, Rows, Why
from clairo.datasets.transfer_progress import size_text

_SHARED_BY: Final = 5
_NUM_SHARED: Final = 3
_RETRY: Final = "ask again with --retry-failed"
_REASONS: Final[Mapping[Why, tuple[str, str]]] = {
    "no_address": ("no address", "the metadata names none"),
    "unsafe_id": ("id is no file name", "put the picture of such an item nowhere"),
    "not_found": ("not found (404, 410)", f"gone from the server; {_RETRY}"),
    "refused": ("refused by the server", f"the manifest has its answer; {_RETRY}"),
    "not_a_picture": ("no picture came", f"a page, half a file or one pixel; {_RETRY}"),
    "too_large": ("too many bytes", "raise --max-bytes and add --retry-failed"),
    "too_many_pixels": ("too many pixels", "raise --max-pixels and add --retry-failed"),
    "redirects": ("redirects without end", f"the manifest has the last one; {_RETRY}"),
    "bad_address": ("no web address", "the metadata is wrong there"),
    "private_address": ("host is not public", "--allow-private if you trust the address"),
    "failed": ("failed for now", "the same command asks again"),
    "given_up": ("host was given up", "the same command asks again"),
    "stored": ("stored, file gone", "the same command asks again"),
}


@dataclass(frozen=True)
class SharedPicture:
    """One picture that came for many items.

    Attributes:
        file: Name of one of its files.
        num_items: Items that have it.
    """

    file: str
    num_items: int


@dataclass(frozen=True)
class PictureSummary:
    """What became of the pictures.

    Attributes:
        num_items: Items that may need a picture.
        num_present: Those that had one already.
        num_fetched: Those that have one now.
        num_duplicates: Of these, those whose picture another item has as well.
        num_bytes: Bytes that came.
        missing: Items without a picture by reason.
        shared: Pictures that many items have, most items first.
        hosts_given_up: Hosts that did not answer, and why they were given up.
    """

    num_items: int = 0
    num_present: int = 0
    num_fetched: int = 0
    num_duplicates: int = 0
    num_bytes: int = 0
    missing: Mapping[Why, int] = field(default_factory=dict)
    shared: tuple[SharedPicture, ...] = ()
    hosts_given_up: Mapping[str, str] = field(default_factory=dict)

    @property
    def num_unavailable(self) -> int:
        """Items whose picture has an address and could not be had."""
        return sum(self.missing.values()) - self.num_without_url

    @property
    def num_without_url(self) -> int:
        """Items without a picture and without an address that may be asked."""
        return sum(self.missing.get(why, 0) for why in ("no_address", "unsafe_id"))

    def lines(self, folder: Path) -> tuple[str, ...]:
        """The summary for people.

        Args:
            folder: The category's, in which pictures and manifest lie.
        """
        num_missing = sum(self.missing.values())
        found = [
            f"{self.num_items:,} items",
            f"  {self.num_present:>9,} had a picture already",
            f"  {self.num_fetched:>9,} fetched ({size_text(self.num_bytes)} came{self._repeats()})",
            f"  {num_missing:>9,} missing{':' if num_missing else ''}",
        ]
        found += missing_lines(self.missing)
        found += [f"Gave up {host}: {reason}." for host, reason in self.hosts_given_up.items()]
        found += [
            f"{picture.num_items:,} items share one picture, perhaps the shop's \"no image "
            f'available": look at {folder / "images" / picture.file}'
            for picture in self.shared
        ]
        return (*found, f"Every address and what became of it: {folder / MANIFEST_FILE}")

    def _repeats(self) -> str:
        if not self.num_duplicates:
            return ""
        return f"; {self.num_duplicates:,} are the same as another item's"


def shared_pictures(rows: Rows) -> tuple[SharedPicture, ...]:
    """Pictures that many items have, as the manifest tells, most items first."""
    files: dict[str, dict[str, str]] = defaultdict(dict)
    for row in rows.values():
        if row.outcome == "stored":
            files[row.sha256].setdefault(row.item, row.file)
    counts = Counter({digest: len(items) for digest, items in files.items()})
    return tuple(
        SharedPicture(min(files[digest].values()), count)
        for digest, count in counts.most_common(_NUM_SHARED)
        if count >= _SHARED_BY
    )


def missing_lines(missing: Mapping[Why, int]) -> list[str]:
    """A line for every reason with its cure, most items first."""
    found = []
    for why, count in sorted(missing.items(), key=lambda entry: -entry[1]):
        label, cure = _REASONS[why]
        found.append(f"  {count:>9,}   {label}: {cure}")
    return found
