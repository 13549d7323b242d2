"""Sender domains that SendGrid signs for. The answers have the shapes of its reference:
https://www.twilio.com/docs/sendgrid/api-reference/domain-authentication
"""

from __future__ import annotations

import json

import pytest
from django.utils import timezone

from apps.core.errors import VendorError
from apps.core.outgoing import close_breaker
from apps.jobs.models import JobRun
from apps.jobs.task import run_now
from apps.mail.errors import NothingFailed, SenderDomainNotReady, SenderDomainNotVerified
from apps.mail.models import SenderDomain
from apps.mail.services import sender_domains, sender_setup
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
    receiver.says(says([]), says(MADE, 201))
    return receiver


@pytest.fixture
def wish(sendgrid, alpha, owner):
    """Added, and told of by the job."""
    made = sender_domains.add(tenant=alpha, domain=NAME, by=owner)
    assert sendgrid.received == []
    assert made.state == "preparing"
    MADE["subdomain"] = made.subdomain
    work_off()
    made.refresh_from_db()
    return made


def test_the_records_are_sendgrids(wish, sendgrid):
    asked, call = sendgrid.received
    assert (asked.method, asked.path) == ("GET", f"/v3/whitelabel/domains?domain={NAME}&limit=50")
    assert (call.method, call.path) == ("POST", "/v3/whitelabel/domains")
    assert call.headers["authorization"] == f"Bearer {KEY}"
    assert json.loads(call.body)["automatic_security"] is True
    assert json.loads(call.body)["subdomain"] == wish.subdomain
    assert (wish.state, wish.vendor_id, wish.private_key) == ("waiting", "4711", "")
    names = {record["name"]: record["kind"] for record in wish.records if record["is_required"]}
    assert names == dict.fromkeys(HOSTS.values(), "CNAME")


def test_what_sendgrid_made_before_its_answer_was_lost_is_found_again(wish, sendgrid):
    SenderDomain.objects.update(vendor_id="", records=[])
    sendgrid.says(says([MADE | {"subdomain": "em1", "id": 1}, MADE]))
    assert sender_setup.prepare(domain_id=str(wish.pk)) == "waiting"
    assert [call.method for call in sendgrid.received] == ["GET", "POST", "GET"]
    assert SenderDomain.objects.get().vendor_id == "4711"


def test_the_page_waits_while_it_does_not_answer_and_tries_again(
    sendgrid, alpha, owner, browse, own_redis, no_backoff
):
    sendgrid.says(says({"errors": [{"field": None, "message": "down"}]}, 503))
    client = browse(owner)
    page = client.post("/settings/mail/senders/", {"domain": NAME, "local_part": "hi"}).url
    assert client.get(page)["Refresh"] == "3"
    with pytest.raises(AssertionError, match="put off"):
        work_off()
    assert "It is asked again by itself." in client.get(page).content.decode()
    client.post(f"{page}verify/")
    run = JobRun.objects.get(name="mail.prepare_sender_domain")
    JobRun.objects.filter(pk=run.pk).update(attempts=run.max_attempts, due_at=timezone.now())
    run_now(run)
    assert SenderDomain.objects.get().state == "failed"
    assert "Try again" in client.get(page).content.decode()
    assert sender_domains.start_checks() == []
    close_breaker("sendgrid_domains")
    sendgrid.says(says([]), says(MADE, 201))
    client.post(f"{page}retry/")
    work_off()
    assert SenderDomain.objects.get().state == "waiting"
    with pytest.raises(NothingFailed):
        sender_setup.try_again(domain=SenderDomain.objects.get(), by=owner)


def test_removed_before_it_was_told_of_it_is_forgotten(sendgrid, alpha, owner, monkeypatch):
    made = sender_domains.add(tenant=alpha, domain=NAME, by=owner)
    ask = sender_setup.sendgrid_api.authenticate

    def ask_while_it_is_removed(*asked):
        told = ask(*asked)
        sender_domains.remove(domain=made, by=owner)
        return told

    monkeypatch.setattr(sender_setup.sendgrid_api, "authenticate", ask_while_it_is_removed)
    assert sender_setup.prepare(domain_id=str(made.pk)) == "removed"
    sendgrid.says(Answer(204, {}, b""))
    work_off()
    assert sendgrid.received[-1].method == "DELETE"
    assert sender_setup.prepare(domain_id=str(made.pk)) == "removed"


def test_an_answer_of_another_shape_is_an_error_of_its_own(sendgrid, alpha, owner):
    sendgrid.says(says([]), says({"id": 1}))
    made = sender_domains.add(tenant=alpha, domain=NAME, by=owner)
    with pytest.raises(VendorError) as refusal:
        sender_setup.prepare(domain_id=str(made.pk))
    assert refusal.value.code == "sendgrid_unclear"
    with pytest.raises(SenderDomainNotReady):
        sender_domains.verify(domain=made, by=owner)


def test_it_is_asked_whether_it_signs_once_the_records_are_there(
    wish, sendgrid, owner, name_server
):
    with pytest.raises(SenderDomainNotVerified, match="Not there yet"):
        sender_domains.verify(domain=wish, by=owner)
    assert len(sendgrid.received) == 2
    name_server.aliases |= {host: f"{name}.wl.sendgrid.net" for name, host in HOSTS.items()}
    sendgrid.says(validated(valid=False))
    with pytest.raises(SenderDomainNotVerified):
        sender_domains.verify(domain=wish, by=owner)
    assert sendgrid.received[-1].path == "/v3/whitelabel/domains/4711/validate"
    sendgrid.says(validated(valid=True))
    assert sender_domains.verify(domain=wish, by=owner).state == "verified"


def test_one_of_its_domains_is_not_asked_about_where_its_key_is_gone(
    wish, sendgrid, owner, settings, name_server
):
    name_server.aliases |= {host: f"{name}.wl.sendgrid.net" for name, host in HOSTS.items()}
    settings.SENDGRID_API_KEY = ""
    with pytest.raises(SenderDomainNotVerified, match="add it again"):
        sender_domains.verify(domain=wish, by=owner)
    sender_domains.remove(domain=wish, by=owner)
    work_off()
    assert len(sendgrid.received) == 2


def test_removing_has_it_sign_no_more(wish, sendgrid, owner):
    sendgrid.says(Answer(204, {}, b""))
    sender_domains.remove(domain=wish, by=owner)
    work_off()
    assert sendgrid.received[-1].method == "DELETE"
    assert sendgrid.received[-1].path == "/v3/whitelabel/domains/4711"
