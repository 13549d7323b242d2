"""DNS, asked by this module alone: at the system's resolver, or at `DNS_RESOLVER`."""

from __future__ import annotations

from functools import cache

from django.conf import settings
from dns.exception import DNSException
from dns.resolver import NXDOMAIN, NoAnswer, NoResolverConfiguration, Resolver

from apps.tenants.errors import DnsUnavailable

TIMEOUT = 2.0
LIFETIME = 5.0


def texts(name: str) -> list[str]:
    """The TXT records at `name`, each with its strings joined (RFC 7208 section 3.3); [] when the
    name servers say there is none. Raises `DnsUnavailable` when they say nothing.
    """
    try:
        answer = _resolver(settings.DNS_RESOLVER).resolve(f"{name}.", "TXT")
    except (NXDOMAIN, NoAnswer):
        return []
    except DNSException as error:
        raise DnsUnavailable(
            f"The name servers of {name} did not answer ({type(error).__name__}). Look at the "
            "domain's DNS settings, and try again in a few minutes."
        ) from error
    return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]


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
