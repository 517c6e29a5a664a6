"""Arrays on disk: the format of the library, mapped, private, shared, and checked."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from clairo.core import files
from clairo.core.errors import ArtifactError
from clairo.core.files import read_arrays, read_json, read_table, write_arrays, write_json
from tests.conftest import REPOSITORY

_DTYPES = ("<f8", "<f4", "<f2", "<i8", "<i4", "<i2", "|i1", "<u8", "<u4", "<u2", "|u1", "|b1")
_ARRAYS = st.dictionaries(
    st.text("abcdef._0", min_size=1, max_size=5),
    st.sampled_from(_DTYPES).flatmap(
        lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0))
    ),
    max_size=5,
)
_IN_A_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@_IN_A_FOLDER
@given(_ARRAYS)
def test_arrays_come_back_as_they_were_and_the_library_reads_them(
    tmp_path: Path, arrays: dict[str, np.ndarray]
) -> None:
    path = tmp_path / "a.safetensors"
    write_arrays(path, arrays)
    for found in (read_arrays(path), safetensors.numpy.load_file(path)):
        assert found.keys() == arrays.keys()
        for name, array in arrays.items():
            assert found[name].dtype == array.dtype
            assert found[name].shape == array.shape
            np.testing.assert_array_equal(found[name], array)


@_IN_A_FOLDER
@given(_ARRAYS)
def test_what_the_library_writes_is_read(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    path = tmp_path / "a.safetensors"
    safetensors.numpy.save_file(arrays, path, metadata={"by": "the library"})
    found = read_arrays(path)
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)


@_IN_A_FOLDER
@given(st.sampled_from(_DTYPES), st.sets(st.text("abcxyz._", min_size=1, max_size=4), max_size=5))
def test_arrays_of_one_type_are_the_bytes_of_the_library(
    tmp_path: Path, dtype: str, names: set[str]
) -> None:
    # Of types of one width the library has an order of its own; everything else is defined.
    arrays = {name: np.arange(len(name) * 3).astype(dtype) for name in names}
    write_arrays(tmp_path / "a", arrays)
    safetensors.numpy.save_file(arrays, tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_arrays_of_different_widths_are_the_bytes_of_the_library(tmp_path: Path) -> None:
    arrays = {
        "bytes": np.arange(5, dtype=np.uint8),
        "items": np.arange(6, dtype=np.int32).reshape(2, 3),
        "offsets": np.arange(4, dtype=np.int64),
        "half": np.ones((0, 3), np.float16),
    }
    write_arrays(tmp_path / "a", arrays)
    safetensors.numpy.save_file(arrays, tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_arrays_are_written_in_pieces_whatever_their_layout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_PIECE_BYTES", 7)
    arrays = {
        "turned": np.arange(20, dtype=np.int32).reshape(4, 5).T,
        "every second": np.arange(20, dtype=np.int16)[::2],
    }
    write_arrays(tmp_path / "a", arrays)
    for name, array in read_arrays(tmp_path / "a").items():
        np.testing.assert_array_equal(array, arrays[name])


def test_changing_a_mapped_array_changes_neither_the_file_nor_other_readers(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.safetensors"
    write_arrays(path, {"items": np.arange(100)})
    before = path.read_bytes()
    one, two = read_arrays(path)["items"], read_arrays(path)["items"]
    one[:] = -1
    assert one.flags.writeable
    assert two.tolist() == list(range(100))
    assert path.read_bytes() == before
    assert read_arrays(path)["items"].tolist() == list(range(100))


def base_of(array: np.ndarray) -> Any:
    """What owns the memory of an array."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array.base


def test_an_array_is_a_view_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    write_arrays(path, {"a": np.arange(3.0), "b": np.arange(4, dtype=np.int8)})
    for array in read_arrays(path).values():
        assert type(base_of(array)).__name__ == "mmap"
        assert array.ctypes.data % array.dtype.itemsize == 0


_SUM = """
import re, sys
from pathlib import Path
from clairo.core.files import read_arrays
array = read_arrays(Path(sys.argv[1]))["a"]
print(int(array.sum()), flush=True)
sys.stdin.readline()
maps = Path("/proc/self/smaps").read_text().split(sys.argv[1])[1]
for name in ("Rss", "Pss", "Private_Dirty"):
    print(re.search(name + r":\\s+(\\d+) kB", maps)[1], flush=True)
sys.stdin.readline()
"""


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="needs the maps of Linux")
def test_two_processes_share_the_memory_of_one_entry(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    size = 4 << 20
    write_arrays(path, {"a": np.ones(size, np.uint8)})
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", _SUM, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=REPOSITORY,
        )
        for _ in range(2)
    ]
    try:
        assert [int(reader.stdout.readline()) for reader in readers] == [size, size]
        for reader in readers:
            reader.stdin.write("\n")
            reader.stdin.flush()
        for reader in readers:
            resident, share, own = (int(reader.stdout.readline()) << 10 for _ in range(3))
            assert resident >= size
            # Both have read all of it: each is charged for half.
            assert share <= 0.6 * size
            assert own == 0
    finally:
        for reader in readers:
            reader.communicate("\n")
    assert [reader.returncode for reader in readers] == [0, 0]


def packed(header: Any, body: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + body


def about(dtype: Any = "I32", shape: Any = (2,), offsets: Any = (0, 8)) -> dict[str, Any]:
    return {"a": {"dtype": dtype, "shape": shape, "data_offsets": offsets}}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x05\0",
        b"\xff" * 8,
        (1 << 62).to_bytes(8, "little") + b"{}",
        packed(b"no json"),
        packed(b"\xff\xfe"),
        packed(b"[" * 100_000),
        packed([1, 2]),
        packed("text"),
        packed(5),
        packed({"a": 5}, b"12345678"),
        packed({"a": {"dtype": "I32"}}, b"12345678"),
        packed(about(), b"1234567"),
        packed(about(), b"123456789"),
        packed(about(dtype="BF16"), b"12345678"),
        packed(about(dtype=["I32"]), b"12345678"),
        packed(about(shape=[3]), b"12345678"),
        packed(about(shape=[-1]), b"12345678"),
        packed(about(shape=[10**30]), b"12345678"),
        packed(about(shape="2"), b"12345678"),
        packed(about(offsets=[0, 8.0]), b"12345678"),
        packed(about(offsets=[1, 8]), b"12345678"),
        packed(about(offsets=[8]), b"12345678"),
        packed(about(offsets=[-8, 8]), b"12345678"),
        packed(about(offsets=["0", "8"]), b"12345678"),
        packed({**about(), "b": {"dtype": "I32", "shape": [2], "data_offsets": [16, 8]}}, b"1" * 8),
    ],
)
def test_a_damaged_file_is_a_clear_error(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(data)
    with pytest.raises(ArtifactError, match=r"a\.safetensors: arrays cannot be read .*; recompute"):
        read_arrays(path)


@_IN_A_FOLDER
@given(st.integers(0, 200), st.integers(0, 255))
def test_a_byte_that_changes_in_the_header_never_is_another_error(
    tmp_path: Path, place: int, value: int
) -> None:
    path = tmp_path / "a.safetensors"
    write_arrays(path, {"a": np.arange(6, dtype=np.int32).reshape(2, 3), "b": np.ones(2)})
    data = bytearray(path.read_bytes())
    data[place % len(data)] = value
    path.write_bytes(bytes(data))
    try:
        found = read_arrays(path)
    except ArtifactError:
        return
    assert len(found) <= 2


@pytest.mark.parametrize("read", [read_arrays, read_table, read_json])
def test_a_missing_file_is_a_clear_error(tmp_path: Path, read: Any) -> None:
    with pytest.raises(ArtifactError, match=r"absent: .* cannot be read .*; recompute it"):
        read(tmp_path / "absent")


def test_json_has_no_infinities(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"b": [1.5, None], "a": "Ü"})
    assert read_json(tmp_path / "a.json") == {"a": "Ü", "b": [1.5, None]}
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(tmp_path / "a.json", {"a": float("nan")})
