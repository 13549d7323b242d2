"""The DNS records of a sender domain: what is to be published, and what is found instead."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from email.utils import parseaddr
from typing import Any, Final, Self

from django.conf import settings

from apps.core import dns_api
from apps.mail import signatures

DKIM, SPF, DMARC, RETURN_PATH = "dkim", "spf", "dmarc", "return_path"
PURPOSES: Final = {
    DKIM: "Signature (DKIM)",
    SPF: "Permission to send (SPF)",
    DMARC: "Policy (DMARC)",
    RETURN_PATH: "Return path (SPF)",
}
# What each state says beside its icon.
STATES: Final = {
    "unknown": "Not looked for yet",
    "found": "Found",
    "missing": "Not there yet",
    "different": "Says something else",
    "doubled": "There are two",
}
LONGEST_FOUND = 600


@dataclass(frozen=True)
class Record:
    """`kind` is TXT or CNAME. Without one that `is_required` nothing is sent; another one makes
    mail arrive more surely.
    """

    purpose: str
    kind: str
    name: str
    value: str
    is_required: bool
    state: str = "unknown"
    found: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        return cls(**stored)

    def stored(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def label(self) -> str:
        return PURPOSES[self.purpose]

    @property
    def include(self) -> str:
        """The part of an SPF record that matters."""
        return self.value.split()[1]

    @property
    def words(self) -> str:
        return STATES[self.state]

    @property
    def tone(self) -> str:
        if self.state == "found":
            return "success"
        if self.state == "unknown":
            return ""
        return "danger" if self.is_required and self.state != "missing" else "warning"


def own(*, domain: str, selector: str, private_key: str) -> list[Record]:
    """What is asked for where the product signs: its key, and that its servers may send."""
    return [
        Record(
            DKIM, "TXT", f"{selector}._domainkey.{domain}",
            signatures.public_record(private_key), is_required=True,
        ),
        Record(SPF, "TXT", domain, f"v=spf1 include:{sending_domain()} ~all", is_required=False),
        policy(domain),
    ]  # fmt: skip


def policy(domain: str) -> Record:
    """Receivers like Gmail and Yahoo want some policy of everybody who sends much (RFC 7489)."""
    return Record(DMARC, "TXT", f"_dmarc.{domain}", "v=DMARC1; p=none;", is_required=False)


def sender_address() -> str:
    """The product's own."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1]


def sending_domain() -> str:
    """That of the product's sender, whose SPF record names the servers that send."""
    return sender_address().rpartition("@")[2]


def look(record: Record) -> Record:
    """The record with what DNS says now. Raises `DnsUnavailable`."""
    found = dns_api.targets(record.name) if record.kind == "CNAME" else dns_api.texts(record.name)
    state, seen = _judge(record, found)
    told = [text[:LONGEST_FOUND] for text in seen[:3]]
    return Record(**{**asdict(record), "state": state, "found": told})


def _judge(record: Record, found: list[str]) -> tuple[str, list[str]]:
    """The state, and of what was found what bears on it."""
    if record.kind == "CNAME":
        wanted = record.value.lower().rstrip(".")
        return _as_wished([t for t in found if t == wanted], found)
    if record.purpose == DKIM:
        key = _tag(record.value, "p")
        return _as_wished([t for t in found if _tag(t, "p") == key], found)
    if record.purpose == SPF:
        return _judge_spf(record, [t for t in found if _begins(t, "v=spf1")])
    policies = [t for t in found if _begins(t, "v=DMARC1")]
    if len(policies) > 1:  # then none is heeded (RFC 7489, 6.6.3)
        return "doubled", policies
    return _as_wished([t for t in policies if _tag(t, "p")], policies)


def _judge_spf(record: Record, found: list[str]) -> tuple[str, list[str]]:
    if len(found) > 1:  # an error for every receiver (RFC 7208, 4.5)
        return "doubled", found
    return _as_wished([t for t in found if record.include.lower() in _terms(t)], found)


def _terms(text: str) -> set[str]:
    return {term.lstrip("+").lower() for term in text.split()[1:]}


def _as_wished(good: list[str], found: list[str]) -> tuple[str, list[str]]:
    if good:
        return "found", good
    return ("different", found) if found else ("missing", [])


def _begins(text: str, version: str) -> bool:
    return re.match(rf"\s*{re.escape(version)}(\s|;|$)", text, re.IGNORECASE) is not None


def _tag(text: str, name: str) -> str:
    """The value of a tag in `a=b; c=d`, without white space (RFC 6376, 3.2)."""
    for part in text.split(";"):
        key, _, value = part.partition("=")
        if key.strip().lower() == name:
            return re.sub(r"\s+", "", value)
    return ""
