"""SendGrid's Domain Authentication: https://www.twilio.com/docs/sendgrid/api-reference/domain-authentication

The only module that asks for it; mail itself goes through Anymail.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.conf import settings

from apps.core.errors import VendorError
from apps.core.outgoing import Vendor, VendorRefused
from apps.mail.sender_records import DKIM, RETURN_PATH, Record

SENDGRID = Vendor(
    "sendgrid_domains", base_url_setting="SENDGRID_API_URL", title="SendGrid, domains"
)
DOMAINS = "/v3/whitelabel/domains"


class SendGridUnclear(VendorError):
    """It answered, but not what its reference says."""

    code = "sendgrid_unclear"
    title = "SendGrid's answer was not understood"


@dataclass(frozen=True)
class Authentication:
    """A domain as SendGrid knows it. `reasons`: by record's name, why it is not valid."""

    vendor_id: str
    records: list[Record]


def authenticate(domain: str) -> Authentication:
    """Have SendGrid sign for `domain`; the answer says which records it wants (automatic security:
    CNAMEs, so that it can change its keys). Raises `VendorError`.
    """
    body = {"domain": domain, "automatic_security": True, "custom_spf": False, "default": False}
    made = _call("POST", DOMAINS, body)
    try:
        return Authentication(str(made["id"]), _records(made["dns"]))
    except (KeyError, TypeError) as error:
        raise SendGridUnclear from error


def validate(vendor_id: str) -> bool:
    """Whether it has found all of its records just now, and signs. Raises `VendorError`."""
    answer = _call("POST", f"{DOMAINS}/{vendor_id}/validate")
    if not isinstance(answer.get("valid"), bool):
        raise SendGridUnclear
    return bool(answer["valid"])


def forget(vendor_id: str) -> None:
    """Have it sign no more; one that it does not know is forgotten already."""
    try:
        _call("DELETE", f"{DOMAINS}/{vendor_id}")
    except VendorRefused as refusal:
        if refusal.reply.status != HTTPStatus.NOT_FOUND:
            raise


def _call(method: str, path: str, body: Any = None) -> dict[str, Any]:
    reply = SENDGRID.request(
        method, path, json=body, idempotent=method != "POST" or body is None,
        headers={"Authorization": f"Bearer {settings.SENDGRID_API_KEY}"},
    )  # fmt: skip
    answer = reply.json()
    return answer if isinstance(answer, dict) else {}


def _records(dns: dict[str, dict[str, Any]]) -> list[Record]:
    return [
        Record(
            DKIM if name.startswith("dkim") else RETURN_PATH,
            str(record["type"]).upper(), record["host"], record["data"], is_required=True,
        )
        for name, record in dns.items()
    ]  # fmt: skip
