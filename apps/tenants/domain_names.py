"""What people write for a domain, as the name that DNS and browsers use."""

from __future__ import annotations

import ipaddress
import re
from functools import cache
from urllib.parse import urlsplit

import idna
from django.conf import settings
from publicsuffixlist import PublicSuffixList

from apps.core.errors import Invalid

# Room for the record's own label in front: a name has 253 characters at most (RFC 1035).
LONGEST = 253 - len("_toolboxai.")
NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+")


def normalise(text: str) -> str:
    """The domain in lower-case letters, punycode for others (IDNA 2008), without a dot at its
    end. A pasted address loses what stands around its host. Raises `Invalid` on `domain` for what
    can be nobody's own domain: a public suffix, a part of the product's, an IP address, a wildcard.
    """
    name = _host(text.strip())
    if "*" in name:
        _refuse("A wildcard cannot be verified; add each domain by itself.")
    if _is_address(name):
        _refuse("An IP address is no domain; write a name such as lab.school.example.")
    try:
        name = idna.encode(name, uts46=True, std3_rules=True).decode().lower()
    except idna.IDNAError:
        _refuse("This is not a domain name; write one such as lab.school.example.")
    if not NAME.fullmatch(name) or len(name) > LONGEST:
        _refuse("This is not a domain name; write one such as lab.school.example.")
    _check_owner(name)
    return name


def readable(name: str) -> str:
    """The domain as people write it, for pages: punycode back to letters."""
    try:
        return idna.decode(name)
    except idna.IDNAError:
        return name


def _host(text: str) -> str:
    if "://" in text:
        text = urlsplit(text).netloc
    return text.partition("/")[0].rpartition("@")[2].partition(":")[0].rstrip(".")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _check_owner(name: str) -> None:
    ours = settings.PUBLIC_DOMAIN
    if name == ours or name.endswith(f".{ours}"):
        _refuse(f"{ours} is the product's own domain; add one of yours.")
    if _suffixes().publicsuffix(name) == name:
        _refuse(f"{name} is a public suffix, under which others have domains; add one of yours.")


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def _refuse(message: str) -> None:
    raise Invalid(errors={"domain": [message]})
