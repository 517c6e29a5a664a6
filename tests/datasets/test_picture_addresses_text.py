"""Addresses of pictures as metadata have them, halves of characters included."""

from __future__ import annotations

from pathlib import Path

from clairo.datasets.picture_candidates import _as_text, _keep, _read_kept


def test_half_a_character_in_an_address_does_not_stop_the_others(tmp_path: Path) -> None:
    # JSON may say "\ud800" alone, which no text file can hold.
    urls = {"a": (_as_text("http://shop/ok\ud800.jpg"),), "b": (_as_text("http://shop/ü.jpg"),)}
    _keep(urls, tmp_path / "kept.parquet", b"files")
    assert _read_kept(tmp_path / "kept.parquet", b"files") == {
        "a": ("http://shop/ok\\ud800.jpg",),
        "b": ("http://shop/ü.jpg",),
    }
