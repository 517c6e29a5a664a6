"""Raw files in blocks of whole lines, with one clear error for every way to be damaged.

A file is read as a stream, packed with gzip or plain, so that its size does not matter.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, NoReturn

from isal import igzip
from isal.igzip_lib import IsalError

from clairo.core.errors import DataError

BLOCK_BYTES: Final = 1 << 22
MAX_LINE_BYTES: Final = 32 << 20
"""A longer line is damage: the longest of any published file is far below a megabyte."""

_READ_BYTES: Final = 1 << 20
_GZIP_MAGIC: Final = b"\x1f\x8b"
_BOM: Final = b"\xef\xbb\xbf"
_OTHER_BOMS: Final = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Block:
    """Whole lines of a file.

    Attributes:
        first_line: Number of the first of them, from 1.
        data: Their bytes; each line but the file's last is sure to end in a line feed.
        num_lines: How many they are, blank ones included.
    """

    first_line: int
    data: bytes
    num_lines: int


@dataclass(frozen=True)
class Truncation:
    """What is left of a file that ends early.

    Attributes:
        num_lines: Its whole lines.
        lost_bytes: Unpacked bytes of the line that is not whole.
    """

    num_lines: int
    lost_bytes: int


OnTruncated = Callable[[Truncation], None]


def read_blocks(
    path: Path, on_truncated: OnTruncated | None = None, block_bytes: int = BLOCK_BYTES
) -> Iterator[Block]:
    """Blocks of about ``block_bytes`` each; a byte order mark at the start is dropped.

    Args:
        path: A gzip file or a plain one, told apart by its first bytes.
        on_truncated: Told what is left when a gzip file ends early; ``None`` makes that an error.
        block_bytes: Unpacked size; one long line makes a longer block.

    Raises:
        DataError: The file is missing, unreadable, empty, damaged or truncated, of another
            encoding than UTF-8, or a line is longer than :data:`MAX_LINE_BYTES`.
    """
    lines, is_whole = _LineCutter(path, block_bytes), True
    with _open(path) as (stream, raw):
        try:
            for chunk in _chunks(stream, raw):
                yield from lines.add(chunk)
        except EOFError as error:
            is_whole = False
            yield from lines.finish(whole=False)
            left = Truncation(lines.num_lines, lines.rest_bytes)
            if on_truncated is None:
                raise _ends_early(path, left, raw.tell()) from error
            on_truncated(left)
        except (OSError, zlib.error) as error:
            _refuse_file(path, lines.num_whole, raw.tell(), error)
    if is_whole:
        yield from lines.finish(whole=True)
    if lines.num_lines == 0:
        raise DataError(f"{path} must hold one record a line, it is empty; fetch it again.")


class _LineCutter:
    """Collects chunks and cuts them after their last line feed."""

    def __init__(self, path: Path, block_bytes: int) -> None:
        self.num_lines = 0
        self.rest_bytes = 0
        self._path, self._block_bytes = path, block_bytes
        self._parts: list[bytes] = []
        self._size = 0
        self._start: bytes | None = b""

    @property
    def num_whole(self) -> int:
        """Lines so far, with those that are in no block yet."""
        return self.num_lines + sum(part.count(b"\n") for part in self._parts)

    def add(self, chunk: bytes) -> Iterator[Block]:
        """A block, as soon as enough has come together."""
        if self._start is not None:
            # A mark may come in pieces.
            self._start += chunk
            if len(self._start) >= len(_BOM):
                chunk, self._start = self._without_mark(self._start), None
                yield from self._add(chunk)
        else:
            yield from self._add(chunk)

    def _add(self, chunk: bytes) -> Iterator[Block]:
        first = chunk.find(b"\n")
        self._require_short(self.rest_bytes + (first if first >= 0 else len(chunk)))
        self._parts.append(chunk)
        self._size += len(chunk)
        cut = chunk.rfind(b"\n")
        if cut < 0:
            self.rest_bytes += len(chunk)
        else:
            self.rest_bytes = len(chunk) - cut - 1
        if self._size >= self._block_bytes and cut >= 0:
            yield self._cut()

    def finish(self, *, whole: bool) -> Iterator[Block]:
        """What is left; a last line without an end counts where the file is whole."""
        if self._start:
            yield from self._add(self._without_mark(self._start))
        if whole and self.rest_bytes:
            data, self._parts, self.rest_bytes = b"".join(self._parts), [], 0
            yield self._block(data)
        elif self._size > self.rest_bytes:
            yield self._cut()

    def _cut(self) -> Block:
        joined = b"".join(self._parts)
        stop = len(joined) - self.rest_bytes
        rest = joined[stop:]
        self._parts, self._size = ([rest], len(rest)) if rest else ([], 0)
        return self._block(joined[:stop] if rest else joined)

    def _block(self, data: bytes) -> Block:
        first = self.num_lines + 1
        count = data.count(b"\n") + (not data.endswith(b"\n"))
        self.num_lines += count
        return Block(first, data, count)

    def _require_short(self, line_bytes: int) -> None:
        if line_bytes > MAX_LINE_BYTES:
            raise DataError(
                f"{self._path} line {self.num_whole + 1}: a line may have "
                f"{MAX_LINE_BYTES:,} bytes, this one has more; it is damaged, or line ends are "
                "missing: fetch the file again or take the line out."
            )

    def _without_mark(self, chunk: bytes) -> bytes:
        if chunk.startswith(_OTHER_BOMS):
            raise DataError(
                f"{self._path} must be UTF-8, its first bytes are those of UTF-16; convert it "
                "(for example: iconv -f UTF-16 -t UTF-8)."
            )
        return chunk.removeprefix(_BOM)


@contextmanager
def _open(path: Path) -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """The unpacked stream and the raw one, whose place says how far reading has come."""
    try:
        raw = path.open("rb")
    except OSError as error:
        _refuse_file(path, 0, 0, error)
    with raw:
        head = raw.read(len(_GZIP_MAGIC))
        raw.seek(0)
        if head == _GZIP_MAGIC:
            with igzip.IGzipFile(fileobj=raw) as stream:  # type: ignore[no-untyped-call]
                yield stream, raw  # type: ignore[misc]
        elif path.suffix == ".gz" and head:
            cure = "delete it and fetch it again"
            raise DataError(f"{path} must be a gzip file, it starts with {head!r}; {cure}.")
        else:
            yield raw, raw


def _chunks(stream: BinaryIO, raw: BinaryIO) -> Iterator[bytes]:
    """The unpacked bytes; at a break all that stands before it, then the error."""
    num_bytes = 0
    try:
        while chunk := _read(stream):
            num_bytes += len(chunk)
            yield chunk
    except (EOFError, gzip.BadGzipFile, IsalError):  # type: ignore[misc]
        # The fast reader loses what it unpacked just before a break; the exact one, which takes
        # four times as long, has it, and says what is wrong.
        raw.seek(0)
        with gzip.GzipFile(fileobj=raw) as exact:
            exact.seek(num_bytes)
            while chunk := exact.read1(_READ_BYTES):
                yield chunk


def _read(stream: BinaryIO) -> bytes:
    # read1 hands over what there is; read would wait for all it was asked for.
    if isinstance(stream, (gzip.GzipFile, io.BufferedReader)):
        return stream.read1(_READ_BYTES)
    return stream.read(_READ_BYTES)


def _ends_early(path: Path, left: Truncation, byte: int) -> DataError:
    return DataError(
        f"{path} ends early after line {left.num_lines:,} (gzip stream truncated at byte "
        f"{byte:,}); fetch it again, or keep the whole lines with --salvage (in a "
        "configuration: salvage: true)."
    )


def _refuse_file(path: Path, number: int, byte: int, error: OSError | zlib.error) -> NoReturn:
    cure = "delete it and fetch it again"
    if isinstance(error, FileNotFoundError):
        raise DataError(f"{path} must be there to be read, it is not; fetch it.") from error
    if isinstance(error, (gzip.BadGzipFile, zlib.error)):
        place = f"after line {number:,} (byte {byte:,})"
        raise DataError(f"{path} is damaged {place}: {error}; {cure}.") from error
    raise DataError(f"{path} must be a readable file ({error}); check its rights.") from error
