"""What is in an index file: sizes, use of every level, and items that share their codes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from clairo.quantization.diagnostics import codebook_diagnostics, collision_diagnostics
from clairo.quantization.interchange import ColumnRoles, IndexFile

_MOST_BUCKETS, _MOST_NAMED = 3, 5


@dataclass(frozen=True)
class ColumnUse:
    """How one column is used.

    Attributes:
        mark: What is printed before the underscore.
        modality: What it is taken to be made from; ``shared`` only tells items apart.
        largest: Largest code.
        size: Entries that the codebook is taken to have: the smallest power of two that holds
            all codes, as no file says how many there were.
        used: Distinct codes.
        perplexity: Number of equally likely codes of the same entropy.
    """

    mark: str
    modality: str
    largest: int
    size: int
    used: int
    perplexity: float


@dataclass(frozen=True)
class Bucket:
    """Items that share all codes.

    Attributes:
        printed: The codes, for example ``<a_1><b_2>``.
        num_items: How many items have them.
        keys: The first few of these items.
    """

    printed: str
    num_items: int
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Collisions:
    """How well codes tell items apart.

    Attributes:
        num_items: All items.
        num_distinct: Distinct rows of codes.
        num_sharing: Items whose codes another item has, too.
        largest_bucket: Most items with the same codes.
        buckets: The largest of those with more than one item, largest first.
    """

    num_items: int
    num_distinct: int
    num_sharing: int
    largest_bucket: int
    buckets: tuple[Bucket, ...]


@dataclass(frozen=True)
class IndexReport:
    """Everything that can be said of an index file by itself.

    Attributes:
        roles: What the columns are taken to be.
        columns: Use of each.
        collisions: Of all columns.
        before_digit: Of all but the last, where that only tells items apart; else ``None``.
        numbered: Whether the keys are 0, 1, 2 ... in order.
    """

    roles: ColumnRoles
    columns: tuple[ColumnUse, ...]
    collisions: Collisions
    before_digit: Collisions | None
    numbered: bool


def describe_index(index: IndexFile, roles: ColumnRoles) -> IndexReport:
    """Counts what is in a file.

    Args:
        index: The file.
        roles: From :func:`~clairo.quantization.interchange.find_roles`.
    """
    has_digit = roles.modalities[-1] == "shared" and len(roles.modalities) > 1
    return IndexReport(
        roles=roles,
        columns=tuple(
            _column(mark, modality, index.codes[:, place])
            for place, (mark, modality) in enumerate(
                zip(index.marks, roles.modalities, strict=True)
            )
        ),
        collisions=find_collisions(index),
        before_digit=find_collisions(index, depth=len(index.marks) - 1) if has_digit else None,
        numbered=index.keys == tuple(map(str, range(len(index.keys)))),
    )


def find_collisions(index: IndexFile, *, depth: int | None = None) -> Collisions:
    """Items that share their codes.

    Args:
        index: The file.
        depth: Columns that are looked at, from the first; ``None`` for all.
    """
    codes = index.codes[:, :depth]
    _, first, owner, counts = np.unique(
        codes, axis=0, return_index=True, return_inverse=True, return_counts=True
    )
    # Equally large ones in the order of the file.
    largest_first = np.lexsort((first, -counts))[:_MOST_BUCKETS]
    buckets = tuple(
        Bucket(
            printed="".join(index.printed(int(first[bucket]))[: codes.shape[1]]),
            num_items=int(counts[bucket]),
            keys=tuple(index.keys[item] for item in np.flatnonzero(owner == bucket)[:_MOST_NAMED]),
        )
        for bucket in largest_first
        if counts[bucket] > 1
    )
    found = collision_diagnostics(codes)
    return Collisions(
        num_items=found["num_items"],
        num_distinct=found["num_distinct"],
        num_sharing=int(counts[counts > 1].sum()),
        largest_bucket=found["largest_bucket"],
        buckets=buckets,
    )


def _column(mark: str, modality: str, codes: Int[np.ndarray, " items"]) -> ColumnUse:
    largest = int(codes.max())
    size = 1 << largest.bit_length()
    use = codebook_diagnostics(codes, size)
    return ColumnUse(mark, modality, largest, size, size - use["dead_codes"], use["perplexity"])


def report_lines(name: str, index: IndexFile, report: IndexReport) -> list[str]:
    """The report for a terminal.

    Args:
        name: Of the file.
        index: The file.
        report: What was found in it.
    """
    layout = index.layout
    again = "the same to the byte" if layout.exact else "of another layout, with the same content"
    numbered = "0, 1, 2 ... in order" if report.numbered else f"such as {index.keys[0]!r}"
    lines = [
        f"{name}: {len(index.keys):,} items of {len(index.marks)} codes, the first "
        f"{''.join(index.printed(0))}",
        f"Items are named {numbered}",
        f"Convention: {report.roles.convention} ({report.roles.reason})",
        *map(_column_line, report.columns),
    ]
    if report.before_digit is not None:
        lines += _collision_lines("Without the last column", report.before_digit)
    lines += _collision_lines("Collisions", report.collisions)
    lines += _digit_hint(index, report)
    return [*lines, f"Layout: {layout.about()}; written again it is {again}"]


def _digit_hint(index: IndexFile, report: IndexReport) -> list[str]:
    """What a last column may be that nothing in the file marks as a digit."""
    if report.before_digit is not None or report.collisions.num_sharing or len(index.marks) < 2:
        return []
    without = find_collisions(index, depth=len(index.marks) - 1)
    if not without.num_sharing:
        return []
    mark = report.columns[-1].mark
    return [
        f"Without <{mark}_..> {without.num_sharing:,} items would share their codes: nothing in "
        "the file says whether it is a code like the others or only tells items apart; --digit "
        "says the latter"
    ]


def _column_line(column: ColumnUse) -> str:
    role = "tells items apart" if column.modality == "shared" else column.modality
    return (
        f"  <{column.mark}_..> {role}: {column.used} of {column.size} codes in use, the largest "
        f"{column.largest}, perplexity {column.perplexity:.1f}"
    )


def _collision_lines(name: str, found: Collisions) -> list[str]:
    if not found.num_sharing:
        return [f"{name}: none, all {found.num_items:,} items have codes of their own"]
    share = found.num_sharing / found.num_items
    head = (
        f"{name}: {found.num_sharing:,} of {found.num_items:,} items ({share:.1%}) share their "
        f"codes with another, {found.num_distinct:,} are distinct, the largest bucket has "
        f"{found.largest_bucket}"
    )
    return [head, *map(_bucket_line, found.buckets)]


def _bucket_line(bucket: Bucket) -> str:
    more = "" if bucket.num_items <= len(bucket.keys) else " ..."
    return f"  {bucket.printed}: {bucket.num_items} items, {', '.join(bucket.keys)}{more}"
