"""Sender domains that SendGrid signs for. The answers have the shapes of its reference:
https://www.twilio.com/docs/sendgrid/api-reference/domain-authentication
"""

from __future__ import annotations

import json

import pytest

from apps.core.errors import VendorError
from apps.mail.errors import SenderDomainNotVerified
from apps.mail.models import SenderDomain
from apps.mail.services import sender_domains
from tests.factories.jobs import work_off
from tests.fixtures.receivers import Answer

NAME = "school.example"
KEY = "not-a-real-one"
HOSTS = {
    "mail_cname": f"em7.{NAME}",
    "dkim1": f"s1._domainkey.{NAME}",
    "dkim2": f"s2._domainkey.{NAME}",
}
MADE = {
    "id": 4711, "user_id": 8, "subdomain": "em7", "domain": NAME, "username": "us", "ips": [],
    "custom_spf": False, "default": False, "legacy": False, "automatic_security": True,
    "valid": False,
    "dns": {
        name: {"valid": False, "type": "cname", "host": host, "data": f"{name}.wl.sendgrid.net"}
        for name, host in HOSTS.items()
    },
}  # fmt: skip


def validated(*, valid):
    reason = None if valid else "Expected CNAME to match."
    results = {name: {"valid": valid, "reason": reason} for name in HOSTS}
    return says({"id": 4711, "valid": valid, "validation_results": results})


def says(body, status=200):
    return Answer(status, {"Content-Type": "application/json"}, json.dumps(body).encode())


@pytest.fixture
def sendgrid(receiver, settings):
    settings.SENDGRID_API_URL = receiver.url.removesuffix("/hook")
    settings.SENDGRID_API_KEY = KEY
    settings.MAIL_PROVIDER = "sendgrid"
    receiver.says(says(MADE, 201))
    return receiver


@pytest.fixture
def wish(sendgrid, alpha, owner):
    return sender_domains.add(tenant=alpha, domain=NAME, by=owner)


def test_the_records_are_sendgrids(wish, sendgrid):
    (call,) = sendgrid.received
    assert (call.method, call.path) == ("POST", "/v3/whitelabel/domains")
    assert call.headers["authorization"] == f"Bearer {KEY}"
    assert json.loads(call.body)["automatic_security"] is True
    assert (wish.signer, wish.vendor_id, wish.private_key) == ("sendgrid", "4711", "")
    names = {record["name"]: record["kind"] for record in wish.records if record["is_required"]}
    assert names == dict.fromkeys(HOSTS.values(), "CNAME")


def test_nothing_is_kept_when_it_does_not_answer(sendgrid, alpha, owner):
    sendgrid.says(says({"errors": [{"field": None, "message": "down"}]}, 503))
    with pytest.raises(VendorError):
        sender_domains.add(tenant=alpha, domain=NAME, by=owner)
    assert not SenderDomain.objects.exists()


def test_an_answer_of_another_shape_is_an_error_of_its_own(sendgrid, alpha, owner):
    sendgrid.says(says({"id": 1}))
    with pytest.raises(VendorError) as refusal:
        sender_domains.add(tenant=alpha, domain=NAME, by=owner)
    assert refusal.value.code == "sendgrid_unclear"


def test_it_is_asked_whether_it_signs_once_the_records_are_there(
    wish, sendgrid, owner, name_server
):
    with pytest.raises(SenderDomainNotVerified, match="Not there yet"):
        sender_domains.verify(domain=wish, by=owner)
    assert len(sendgrid.received) == 1
    name_server.aliases |= {host: f"{name}.wl.sendgrid.net" for name, host in HOSTS.items()}
    sendgrid.says(validated(valid=False))
    with pytest.raises(SenderDomainNotVerified):
        sender_domains.verify(domain=wish, by=owner)
    assert sendgrid.received[-1].path == "/v3/whitelabel/domains/4711/validate"
    sendgrid.says(validated(valid=True))
    assert sender_domains.verify(domain=wish, by=owner).state == "verified"


def test_removing_has_it_sign_no_more(wish, sendgrid, owner):
    sendgrid.says(Answer(204, {}, b""))
    sender_domains.remove(domain=wish, by=owner)
    work_off()
    assert sendgrid.received[-1].method == "DELETE"
    assert sendgrid.received[-1].path == "/v3/whitelabel/domains/4711"
