"""Which addresses may be asked."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

import pytest

from clairo.datasets.public_addresses import (
    PrivateAddressError,
    is_public,
    public_addresses,
    resolve,
)


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.5.4",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "255.255.255.255",
        "224.0.0.1",
        "192.0.2.1",
        "::",
        "::1",
        "fe80::1",
        "fd00::1",
        "ff02::1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2001:0:7f00:1::",
    ],
)
def test_what_is_no_address_of_the_public_internet(text: str) -> None:
    assert not is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", ["9.9.9.9", "2620:fe::fe", "::ffff:9.9.9.9", "64:ff9b::909:909"])
def test_what_is_one(text: str) -> None:
    assert is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "2130706433", "0x7f.1"])
def test_a_host_is_judged_by_the_address_that_it_is_resolved_to(host: str) -> None:
    with pytest.raises(PrivateAddressError, match=r"public addresses only, .* is at .*127|::1"):
        public_addresses(host, 80)


def _answers(monkeypatch: pytest.MonkeyPatch, *texts: str) -> None:
    def answer(host: str, port: int, **_: Any) -> list[Any]:
        return [(0, 0, 0, "", (text, port)) for text in texts]

    monkeypatch.setattr(socket, "getaddrinfo", answer)


def test_one_private_address_among_public_ones_refuses_the_host(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _answers(monkeypatch, "9.9.9.9", "10.0.0.7")
    with pytest.raises(PrivateAddressError, match=r"pictures.example is at 10.0.0.7.*allow-priv"):
        public_addresses("pictures.example", 80)


def test_public_addresses_are_given_in_order_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    _answers(monkeypatch, "2620:fe::fe", "9.9.9.9", "2620:fe::fe")
    found = public_addresses("pictures.example", 80)
    assert [str(address) for address in found] == ["2620:fe::fe", "9.9.9.9"]


def test_a_name_that_is_none_is_an_error_of_the_system() -> None:
    with pytest.raises(OSError, match="no host name"):
        resolve("x" * 64 + ".example", 80)
