"""Which network addresses belong to the public internet.

An address in a metadata file, or a redirect to one, must not make this machine ask its own
services or its neighbors. Names are resolved here, and the connection is made to the address
that was checked, so that a name that is resolved differently a moment later changes nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from typing import Final

from clairo.core.errors import DataError

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")


class PrivateAddressError(DataError):
    """A host that lies in a network that is not public."""


def is_public(address: IpAddress) -> bool:
    """Whether an address is global unicast, also the one of version 4 that it may carry.

    Example:
        >>> [is_public(ipaddress.ip_address(text)) for text in ("9.9.9.9", "10.0.0.1", "::1")]
        [True, False, False]
        >>> is_public(ipaddress.ip_address("::ffff:127.0.0.1"))
        False
    """
    return all(a.is_global and not a.is_multicast for a in (address, *_carried(address)))


def _carried(address: IpAddress) -> Iterator[IpAddress]:
    """Addresses of version 4 to which one of version 6 leads."""
    if isinstance(address, ipaddress.IPv4Address):
        return
    if address in _NAT64:
        yield ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    yield from (a for a in (address.ipv4_mapped, address.sixtofour) if a is not None)
    yield from address.teredo or ()


def resolve(host: str, port: int) -> tuple[IpAddress, ...]:
    """The addresses of a host, in the order in which the system prefers them.

    Raises:
        OSError: The name cannot be resolved.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        # An empty or overlong part of a name is no name; the codec of the system says so.
        raise socket.gaierror(socket.EAI_NONAME, f"{host!r} is no host name") from error
    texts = dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found)
    return tuple(ipaddress.ip_address(text) for text in texts)


def public_addresses(host: str, port: int) -> tuple[IpAddress, ...]:
    """The addresses of a host, all of which are public.

    Raises:
        OSError: The name cannot be resolved.
        PrivateAddressError: One of its addresses is not public.
    """
    found = resolve(host, port)
    for address in found:
        if not is_public(address):
            raise PrivateAddressError(
                f"pictures come from public addresses only, {host} is at {address}; allow it "
                "with --allow-private if you trust the address"
            )
    return found
