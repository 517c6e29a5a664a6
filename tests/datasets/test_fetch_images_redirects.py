"""Fetching pictures that lie elsewhere: redirects, and hosts that are not public."""

from __future__ import annotations

import pytest

from clairo.datasets.picture_manifest import read_manifest
from tests.datasets.amazon_files import picture
from tests.datasets.file_server import Fault
from tests.datasets.picture_shop import Shop


def test_redirects_are_followed_up_to_a_limit(shop: Shop) -> None:
    shop.server.files["/3.jpg"] = picture()
    for number in range(3):
        fault = Fault(status=301, location=f"{number + 1}.jpg")
        shop.server.faults[f"/{number}.jpg"] = fault
    shop.sells("cup", "/0.jpg")
    assert shop.fetch(max_redirects=2).missing == {"redirects": 1}
    assert "more than 2 redirects" in shop.row("cup", "/0.jpg").reason
    assert shop.server.gets("/3.jpg") == []
    assert shop.fetch(max_redirects=3, retry_failed=True).num_fetched == 1
    assert shop.row("cup", "/0.jpg").final_url == f"{shop.server.url}/3.jpg"


def test_a_loop_of_redirects_is_seen_at_its_first_return(shop: Shop) -> None:
    shop.server.faults["/a.jpg"] = Fault(status=302, location="/b.jpg")
    shop.server.faults["/b.jpg"] = Fault(status=302, location="/a.jpg")
    shop.sells("cup", "/a.jpg")
    assert shop.fetch(max_redirects=90).missing == {"redirects": 1}
    assert len(shop.server.gets("/a.jpg")) == len(shop.server.gets("/b.jpg")) == 1


@pytest.mark.parametrize(
    "location", ["http://[bad/", "http://\u2100.com/", "http://a.example:99999/"]
)
def test_a_redirect_to_what_is_no_web_address_ends_that_address_only(
    shop: Shop, location: str
) -> None:
    shop.server.files["/good.jpg"] = picture()
    shop.server.faults["/bad.jpg"] = Fault(status=302, location=location)
    shop.sells("cup", "/bad.jpg", "/good.jpg")
    assert shop.fetch().num_fetched == 1
    row = shop.row("cup", "/bad.jpg")
    assert row.outcome == "bad_address"
    assert "is no web address" in row.reason
    assert len(shop.server.gets("/bad.jpg")) == 1


def test_addresses_of_the_metadata_that_are_none_are_left_for_the_next_one(shop: Shop) -> None:
    shop.server.files["/good.jpg"] = picture()
    bad = ("http://[bad/", "http://\u2100.com/", "http://a.example:99999/")
    shop.sells("cup", *bad, "/good.jpg")
    shop.sells("pot", *bad)
    summary = shop.fetch()
    assert (summary.num_fetched, summary.missing) == (1, {"bad_address": 1})
    outcomes = {url: row.outcome for (_, url), row in read_manifest(shop.config.folder).items()}
    assert outcomes == {
        **dict.fromkeys(bad, "bad_address"),
        f"{shop.server.url}/good.jpg": "stored",
    }


def test_a_redirect_to_a_private_address_is_refused_unless_allowed(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The first host counts as public here, so that only the second one can be refused.
    import ipaddress

    port = shop.server.url.rpartition(":")[2]
    server_address = ipaddress.ip_address("127.0.0.1")
    monkeypatch.setattr(
        "clairo.datasets.public_addresses.is_public", lambda address: address == server_address
    )
    shop.server.faults["/cup.jpg"] = Fault(status=302, location=f"http://127.0.0.2:{port}/in.jpg")
    shop.server.files["/in.jpg"] = picture()
    shop.sells("cup", "/cup.jpg")
    summary = shop.fetch(allow_private=False)
    assert summary.missing == {"private_address": 1}
    row = shop.row("cup", "/cup.jpg")
    assert row.final_url == f"http://127.0.0.2:{port}/in.jpg"
    assert "127.0.0.2 is at 127.0.0.2" in row.reason
    assert shop.server.gets("/in.jpg") == []
    # What was refused then is asked without --retry-failed once it is allowed.
    shop.server.faults["/cup.jpg"] = Fault(status=302, location="/in.jpg")
    assert shop.fetch(allow_private=True).num_fetched == 1


def test_an_address_on_a_private_host_is_refused_itself(shop: Shop) -> None:
    shop.server.files["/cup.jpg"] = picture()
    shop.sells("cup", "/cup.jpg")
    assert shop.fetch(allow_private=False).missing == {"private_address": 1}
    assert shop.server.requests == []
