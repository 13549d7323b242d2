"""Where a request comes from, and the networks a key may be used from (CIDR, RFC 4632)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from django.http import HttpRequest

MOST = 20
HOUSEHOLD = 64  # bits of an IPv6 address that a provider gives to one customer


@lru_cache(maxsize=4096)
def read(address: str) -> IPv4Address | IPv6Address | None:
    """The address as it was meant (`::ffff:192.0.2.1` is IPv4); None for what is none."""
    try:
        found = ip_address(address)
    except ValueError:
        return None
    return (found.ipv4_mapped if isinstance(found, IPv6Address) else None) or found


def address_of(request: HttpRequest) -> str:
    """Who sent it, "" where that is unknown. The server has put a trusted proxy's word for its
    own already (uvicorn's `--forwarded-allow-ips`).
    """
    found = read(request.META.get("REMOTE_ADDR") or "")
    return str(found) if found else ""


@lru_cache(maxsize=4096)
def group_of(address: str) -> str:
    """Whom a limit by address counts together: an IPv4 address, or an IPv6 network of 64 bits."""
    found = read(address)
    if isinstance(found, IPv6Address):
        return str(IPv6Network((found, HOUSEHOLD), strict=False).network_address)
    return address


def includes(networks: Iterable[str], address: str) -> bool:
    """Whether the address is in one of them."""
    found = read(address)
    return found is not None and any(found in _network(network) for network in networks)


def normalise(text: str) -> str:
    """A network, or an address by itself, as it is stored; raises `ValueError` with a sentence."""
    try:
        found = ip_network(text.strip(), strict=False)
    except ValueError:
        message = f"“{text.strip()}” is no network. Write one as 203.0.113.0/24 or 2001:db8::/32."
        raise ValueError(message) from None
    if found.prefixlen == 0:
        raise ValueError(f"{found} is the whole internet. Leave the list empty for that.")
    return str(found)


@lru_cache(maxsize=1024)
def _network(text: str) -> IPv4Network | IPv6Network:
    return ip_network(text)
