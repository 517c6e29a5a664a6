"""Fetching pictures from a local server: what is stored, written down and said."""

from __future__ import annotations

import hashlib
import io
import json
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image

from clairo.datasets.item_images import find_images
from clairo.datasets.picture_manifest import MANIFEST_FILE
from clairo.datasets.picture_plan import plan_pictures
from clairo.datasets.picture_policy import PicturePolicy
from tests.datasets.amazon_files import picture
from tests.datasets.picture_shop import Shop


def test_a_picture_is_stored_and_the_manifest_says_what_it_was(shop: Shop) -> None:
    data = picture(side=200)
    shop.server.files["/cup.jpg"] = data
    shop.sells("cup", "/cup.jpg")
    before = datetime.now(UTC).replace(microsecond=0)
    summary = shop.fetch()
    assert (summary.num_fetched, summary.num_bytes, summary.missing) == (1, len(data), {})
    row = shop.row("cup", "/cup.jpg")
    assert (row.outcome, row.status, row.bytes, row.attempts) == ("stored", 200, len(data), 1)
    assert row.sha256 == hashlib.sha256(data).hexdigest()
    assert (row.file, row.width, row.height) == ("cup.jpg", 64, 64)
    assert before <= datetime.fromisoformat(row.when) <= datetime.now(UTC)
    assert Image.open(io.BytesIO(shop.files()["cup.jpg"])).size == (64, 64)
    assert shop.config.read().facts["num_images"] == 1


def test_ids_that_are_no_file_names_and_items_without_address_are_counted(shop: Shop) -> None:
    shop.sells("../evil", "/cup.jpg")
    shop.sells("plain")
    summary = shop.fetch()
    assert summary.missing == {"unsafe_id": 1, "no_address": 1}
    assert (summary.num_without_url, summary.num_unavailable) == (2, 0)
    assert shop.server.requests == []


def test_the_announcement_names_number_hosts_and_size(shop: Shop) -> None:
    shop.server.files |= {f"/{n}.jpg": bytes(1_000) for n in range(4)}
    for number in range(4):
        shop.sells(f"i{number}", f"/{number}.jpg")
    said: list[str] = []
    shop.fetch(said)
    host = shop.server.url.removeprefix("http://")
    assert said[0] == f"  4 pictures from {host} (about 4.0 kB) -> {shop.config.image_dir}"
    assert {method for method, _, _ in shop.server.requests[:3]} == {"HEAD"}


def test_every_reason_has_a_label_and_a_cure() -> None:
    from typing import get_args

    from clairo.datasets.picture_manifest import Outcome
    from clairo.datasets.picture_summary import missing_lines

    reasons = [*get_args(Outcome), "no_address", "unsafe_id", "given_up"]
    lines = missing_lines(dict.fromkeys(reasons, 1))
    assert len(set(lines)) == len(reasons)
    assert all(": " in line for line in lines)


def test_a_plan_shows_five_hosts_and_counts_the_others(tmp_path: Path) -> None:
    candidates = {f"i{n}": (f"http://h{n}.example/x.jpg",) for n in range(7)}
    plan = plan_pictures(candidates, {}, tmp_path, PicturePolicy())
    assert "h4.example (1), 2 more hosts (size unknown)" in plan.announcement(tmp_path, None)
    assert find_images(tmp_path, list(candidates)) == {}


def test_the_manifest_holds_no_password(shop: Shop) -> None:
    shop.server.files["/cup.jpg"] = picture()
    shop.sells("cup", shop.server.url.replace("http://", "http://ann:secret@") + "/cup.jpg")
    assert shop.fetch().num_fetched == 1
    text = (shop.config.folder / MANIFEST_FILE).read_text()
    assert "secret" not in text
    assert json.loads(text)["url"] == f"{shop.server.url}/cup.jpg"
