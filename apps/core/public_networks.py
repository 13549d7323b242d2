"""Which addresses lie in the open internet, after IANA's special-purpose registries.

https://www.iana.org/assignments/iana-ipv4-special-registry and …/iana-ipv6-special-registry
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# IPv6 gives out this part only; everything else (loopback, mapped IPv4, NAT64, link-local,
# unique local, multicast) is no public host.
GLOBAL_UNICAST = IPv6Network("2000::/3")
NOT_PUBLIC: dict[str, tuple[str, ...]] = {
    "this very machine": ("0.0.0.0/8", "127.0.0.0/8"),
    "a private network": ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),
    "a provider's inner network": ("100.64.0.0/10",),
    "a link-local address": ("169.254.0.0/16",),
    "a cloud's service for its machines": ("168.63.129.16/32",),  # Azure's, in public space
    "reserved for protocols": ("192.0.0.0/24", "192.88.99.0/24", "2001::/23"),
    "an automatic tunnel": ("192.52.193.0/24", "2002::/16"),
    "reserved for tests and manuals": (
        "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "2001:db8::/32", "3fff::/20",
    ),
    "reserved for name servers": ("192.31.196.0/24", "192.175.48.0/24", "2620:4f:8000::/48"),
    "a multicast address": ("224.0.0.0/4",),
    "reserved": ("240.0.0.0/4",),
}  # fmt: skip
_NETWORKS: list[tuple[Network, str]] = [
    (ipaddress.ip_network(network), reason)
    for reason, networks in NOT_PUBLIC.items()
    for network in networks
]
# What a URL parser may take for a number (https://url.spec.whatwg.org/#ends-in-a-number-checker).
_NUMERIC = re.compile(r"(.*\.)?(\d+|0x[0-9a-f]*)\.?", re.IGNORECASE)


def reason_against(address: Address) -> str:
    """Why nobody outside can be reached at `address`; empty where somebody can."""
    if isinstance(address, IPv6Address) and address not in GLOBAL_UNICAST:
        return "not in the public part of IPv6"
    found = (reason for network, reason in _NETWORKS if address in network)
    return next(found, "")


def is_within(address: Address, networks: Iterable[str]) -> bool:
    return any(address in ipaddress.ip_network(network) for network in networks)


def parse(host: str) -> Address | None:
    """The address that `host` writes in the usual notation, None where it is a name.

    Raises ValueError for notations that some programs read as an address and others do not:
    decimal, octal, hexadecimal, shortened, with a zone.
    """
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        if _NUMERIC.fullmatch(host) or ":" in host:
            raise
        return None
    if isinstance(address, IPv6Address) and address.scope_id:
        raise ValueError("an address with a zone")
    return address
