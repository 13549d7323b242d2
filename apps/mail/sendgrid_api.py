"""SendGrid's account, asked by this module alone; mail itself goes through Anymail.

Domains: https://www.twilio.com/docs/sendgrid/api-reference/domain-authentication
Suppressions: https://www.twilio.com/docs/sendgrid/api-reference/bounces-api and its neighbours
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from django.conf import settings

from apps.core.errors import VendorError
from apps.core.outgoing import Vendor, VendorRefused
from apps.mail.sender_records import DKIM, RETURN_PATH, Record

SENDGRID = Vendor(
    "sendgrid_domains", base_url_setting="SENDGRID_API_URL", title="SendGrid, domains"
)
DOMAINS = "/v3/whitelabel/domains"
LISTS = ("bounces", "blocks", "invalid_emails", "spam_reports")


class SendGridUnclear(VendorError):
    """It answered, but not what its reference says."""

    code = "sendgrid_unclear"
    title = "SendGrid's answer was not understood"


@dataclass(frozen=True)
class Authentication:
    """A domain as SendGrid knows it, and the records it wants."""

    vendor_id: str
    records: list[Record]


def authenticate(domain: str, subdomain: str) -> Authentication:
    """Have SendGrid sign for `domain`; the answer says which records it wants (automatic security:
    CNAMEs, so that it can change its keys). `subdomain` is this authentication's own: asked a
    second time, what was made of it before is returned. Raises `VendorError`.
    """
    known = _call("GET", DOMAINS, params={"domain": domain, "limit": 50})
    for made in known if isinstance(known, list) else []:
        if made.get("subdomain") == subdomain and made.get("domain") == domain:
            return _read(made)
    body = {"domain": domain, "subdomain": subdomain, "automatic_security": True,
            "custom_spf": False, "default": False}  # fmt: skip
    return _read(_call("POST", DOMAINS, body))


def validate(vendor_id: str) -> bool:
    """Whether it has found all of its records just now, and signs. Raises `VendorError`."""
    answer = _call("POST", f"{DOMAINS}/{vendor_id}/validate")
    valid = answer.get("valid") if isinstance(answer, dict) else None
    if not isinstance(valid, bool):
        raise SendGridUnclear
    return valid


def forget(vendor_id: str) -> None:
    """Have it sign no more; one that it does not know is forgotten already."""
    _delete(f"{DOMAINS}/{vendor_id}")


def lift(address: str) -> None:
    """Take an address off the lists of those that it sends nothing to. Raises `VendorError`."""
    for name in LISTS:
        _delete(f"/v3/suppression/{name}/{quote(address, safe='@')}")


def _delete(path: str) -> None:
    """What is not there is gone already."""
    try:
        _call("DELETE", path)
    except VendorRefused as refusal:
        if refusal.reply.status != HTTPStatus.NOT_FOUND:
            raise


def _call(
    method: str, path: str, body: Any = None, params: dict[str, str | int] | None = None
) -> Any:
    reply = SENDGRID.request(
        method, path, json=body, params=params, idempotent=method != "POST" or body is None,
        headers={"Authorization": f"Bearer {settings.SENDGRID_API_KEY}"},
    )  # fmt: skip
    return reply.json()


def _read(made: Any) -> Authentication:
    try:
        return Authentication(str(made["id"]), _records(made["dns"]))
    except (KeyError, TypeError, AttributeError) as error:
        raise SendGridUnclear from error


def _records(dns: dict[str, dict[str, Any]]) -> list[Record]:
    return [
        Record(
            DKIM if name.startswith("dkim") else RETURN_PATH,
            str(record["type"]).upper(), record["host"], record["data"], is_required=True,
        )
        for name, record in dns.items()
    ]  # fmt: skip
