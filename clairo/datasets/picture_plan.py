"""What is to be asked: items without a picture, and the addresses that are left for each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from clairo.datasets.item_images import find_images
from clairo.datasets.mirrors import host_of
from clairo.datasets.picture_candidates import Candidates
from clairo.datasets.picture_files import is_safe_id
from clairo.datasets.picture_manifest import ManifestRow, Rows, Why
from clairo.datasets.picture_policy import PicturePolicy
from clairo.datasets.transfer_progress import size_text

_NUM_SIZE_SAMPLES: Final = 3
_NUM_HOSTS_SHOWN: Final = 5


@dataclass(frozen=True)
class PicturePlan:
    """What is to be asked.

    Attributes:
        num_items: Items that may need a picture.
        num_present: Those that have one.
        wanted: Addresses that are left, by item, in the order of asking.
        missing: Why the others have none.
    """

    num_items: int
    num_present: int
    wanted: Mapping[str, tuple[str, ...]]
    missing: Mapping[str, Why]

    def announcement(self, target: Path, num_bytes: int | None) -> str:
        """Number, hosts and estimated size in one line.

        Args:
            target: Where the pictures go.
            num_bytes: Estimated size of one, ``None`` where nothing is known.
        """
        counts = Counter(host_of(urls[0]) for urls in self.wanted.values()).most_common()
        hosts = [
            f"{host} ({count:,})" if len(counts) > 1 else host
            for host, count in counts[:_NUM_HOSTS_SHOWN]
        ]
        if len(counts) > _NUM_HOSTS_SHOWN:
            hosts.append(f"{len(counts) - _NUM_HOSTS_SHOWN:,} more hosts")
        total = num_bytes and num_bytes * len(self.wanted)
        about = f"about {size_text(total)}" if total else "size unknown"
        noun = "picture" if len(self.wanted) == 1 else "pictures"
        return f"{len(self.wanted):,} {noun} from {', '.join(hosts)} ({about}) -> {target}"


def plan_pictures(
    candidates: Candidates, rows: Rows, image_dir: Path, policy: PicturePolicy
) -> PicturePlan:
    """Compares what may be needed with what is there and with what failed for good.

    Args:
        candidates: Items with addresses.
        rows: The manifest.
        image_dir: The pictures that are there.
        policy: Whether failures are asked again.

    Raises:
        DataError: The folder may not be read.
    """
    present = find_images(image_dir, tuple(candidates))
    wanted: dict[str, tuple[str, ...]] = {}
    missing: dict[str, Why] = {}
    for item, urls in candidates.items():
        if item in present:
            continue
        known = [rows.get((item, url)) for url in urls]
        left = tuple(
            url
            for url, row in zip(urls, known, strict=True)
            if row is None or not _is_settled(row, policy)
        )
        if left and is_safe_id(item):
            wanted[item] = left
        else:
            missing[item] = _why(item, known)
    return PicturePlan(len(candidates), len(present), wanted, missing)


def estimated_bytes(
    plan: PicturePlan, rows: Rows, size_of: Callable[[str], int | None]
) -> int | None:
    """Mean size of a picture as it comes: of those that came, else of a few that are asked.

    Args:
        plan: What is to be asked.
        rows: The manifest.
        size_of: Asks a server for the size behind an address.
    """
    came = [row.bytes for row in rows.values() if row.outcome == "stored" and row.bytes]
    if not came:
        urls = [urls[0] for urls in plan.wanted.values()]
        step = max(1, len(urls) // _NUM_SIZE_SAMPLES)
        asked = [size_of(url) for url in urls[::step][:_NUM_SIZE_SAMPLES]]
        came = [size for size in asked if size is not None]
    return sum(came) // len(came) if came else None


def _is_settled(row: ManifestRow, policy: PicturePolicy) -> bool:
    """Whether an address would give no picture again, and need not be asked."""
    is_allowed_now = row.outcome == "private_address" and policy.allow_private
    return row.is_final and not is_allowed_now and not policy.retry_failed


def _why(item: str, known: list[ManifestRow | None]) -> Why:
    if not known:
        return "no_address"
    if not is_safe_id(item):
        return "unsafe_id"
    return worst_cured([row.outcome for row in known if row is not None])


def worst_cured(reasons: list[Why]) -> Why:
    """Of the reasons of several addresses the one that a person can do most about.

    Example:
        >>> worst_cured(["not_found", "given_up", "not_a_picture"])
        'given_up'
    """
    return min(reasons, key=_BY_CURE.index)


_BY_CURE: Final[tuple[Why, ...]] = (
    "given_up",
    "failed",
    "private_address",
    "too_large",
    "too_many_pixels",
    "not_a_picture",
    "redirects",
    "refused",
    "not_found",
    "bad_address",
    "unsafe_id",
    "no_address",
    "stored",
)
