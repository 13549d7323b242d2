"""DNS, asked by this module alone: at the system's resolver, or at `DNS_RESOLVER`."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.conf import settings
from dns.exception import DNSException
from dns.resolver import (
    NXDOMAIN,
    Answer,
    LifetimeTimeout,
    NoAnswer,
    NoResolverConfiguration,
    Resolver,
)

from apps.core.breaker import BreakerOpen, declare, guard
from apps.core.errors import VendorError

VENDOR = "dns"
declare(VENDOR, "Name servers (DNS)")
TIMEOUT = 2.0
LIFETIME = 5.0


class DnsUnavailable(VendorError):
    """The name servers of a domain gave no answer: not a no, try again."""

    code = "dns_unavailable"
    status = 503
    title = "The name servers did not answer"


class _ResolverSilent(Exception):
    """Not a domain's name servers but the resolver itself says nothing."""


def texts(name: str) -> list[str]:
    """The TXT records at `name`, each with its strings joined (RFC 7208 section 3.3); [] when the
    name servers say there is none. Raises `DnsUnavailable` when they say nothing.
    """
    return [b"".join(record.strings).decode("utf-8", "replace") for record in _records(name, "TXT")]


def targets(name: str) -> list[str]:
    """Where the CNAME at `name` leads, in small letters without the last dot; [] when the name
    servers say there is none. Raises `DnsUnavailable`.
    """
    found = _records(name, "CNAME")
    return [record.target.to_text(omit_final_dot=True).lower() for record in found]


def addresses(name: str, *, lifetime: float = LIFETIME) -> list[str]:
    """The IPv4 and IPv6 addresses of `name`, in at most `lifetime` seconds; [] when the name
    servers say there is none. No search list, no hosts file. Raises `DnsUnavailable`.
    """
    return [
        str(record.address)
        for kind in ("A", "AAAA")
        for record in _records(name, kind, lifetime=lifetime / 2)
    ]


def _records(name: str, kind: str, *, lifetime: float | None = None) -> list[Any]:
    resolver = _resolver(settings.DNS_RESOLVER)
    try:
        answer = guard(
            VENDOR,
            lambda: _ask(resolver, name, kind, lifetime),
            is_failure=lambda error: isinstance(error, _ResolverSilent),
        )
    except (NXDOMAIN, NoAnswer):
        return []
    except (DNSException, _ResolverSilent, BreakerOpen) as error:
        reason = type(error.__cause__ or error).__name__
        raise DnsUnavailable(
            f"The name servers of {name} did not answer ({reason}). Look at the "
            "domain's DNS settings, and try again in a few minutes."
        ) from error
    return list(answer)


def _ask(resolver: Resolver, name: str, kind: str, lifetime: float | None) -> Answer:
    """Any domain's servers may be slow without the resolver being to blame, so that is asked for
    the root, which it always knows, before a silence counts against it.
    """
    try:
        return resolver.resolve(f"{name}.", kind, lifetime=lifetime)
    except LifetimeTimeout as error:
        try:
            resolver.resolve(".", "NS", lifetime=TIMEOUT / 2)
        except LifetimeTimeout:
            raise _ResolverSilent from error
        except DNSException:
            pass  # an answer of any kind is a sign of life
        raise


@cache
def _resolver(address: str) -> Resolver:
    """`address` is host:port, or empty for the system's own."""
    try:
        resolver = Resolver(configure=not address)
    except NoResolverConfiguration as error:
        raise DnsUnavailable("This machine has no DNS resolver; set DNS_RESOLVER.") from error
    if address:
        host, _, port = address.rpartition(":")
        resolver.nameservers, resolver.port = [host.strip("[]")], int(port)
    resolver.timeout, resolver.lifetime = TIMEOUT, LIFETIME
    # Whoever adds the record now and looks again must not be told what was true before.
    resolver.cache = None
    return resolver
