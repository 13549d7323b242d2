"""Mail through SendGrid and back, with its stand-in over real HTTP."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.jobs.models import JobRun
from apps.jobs.task import run_now
from apps.mail.errors import SenderDomainNotVerified
from apps.mail.models import Message, SenderDomain, Suppression
from apps.mail.services import sender_domains, suppressions
from tests.factories.jobs import work_off

NAME = "school.example"
HOOK = "/mail/events/sendgrid/"


@pytest.fixture
def sendgrid(sandbox, receiver, settings, own_redis, no_backoff):
    told = sandbox.connect_sendgrid(domain="product.example", webhook_url=receiver.url)
    settings.SENDGRID_API_URL, settings.SENDGRID_API_KEY = sandbox.url, told["api_key"]
    settings.MAIL_PROVIDER = "sendgrid"
    settings.EMAIL_BACKEND = "anymail.backends.sendgrid.EmailBackend"
    settings.DEFAULT_FROM_EMAIL = "Product <hello@product.example>"
    settings.DNS_RESOLVER = sandbox.name_server
    settings.ANYMAIL = {
        "SENDGRID_API_KEY": told["api_key"], "SENDGRID_API_URL": f"{sandbox.url}/v3/",
        "SENDGRID_TRACKING_WEBHOOK_VERIFICATION_KEY": told["webhook_key"],
    }  # fmt: skip
    return sandbox


@pytest.fixture
def hear(receiver, browse):
    """Wait for the event of this kind, then hand all that was sent to the product."""

    def take(kind):
        receiver.wait_until(
            lambda calls: any(
                event["event"] == kind for each in calls for event in json.loads(each.body)
            )
        )
        client = browse(None, tenant=None)
        while receiver.received:
            sent = receiver.received.pop(0)
            signed = {name: text for name, text in sent.headers.items() if "webhook" in name}
            answer = client.post(HOOK, sent.body, content_type="application/json", headers=signed)
            assert answer.status_code == 200

    return take


def kinds(message):
    return list(message.events.order_by("at", "pk").values_list("kind", flat=True))


def test_a_mail_goes_out_and_its_news_come_back_signed(sendgrid, write, hear):
    message = write(to="sara+open@school.example", sent=True)
    (taken,) = sendgrid.mails()
    assert (taken["recipient"], taken["subject"]) == (message.to, message.subject)
    assert taken["sender"] == "Product <hello@product.example>"
    assert "List-Unsubscribe" in json.loads(taken["headers"])
    hear("open")
    message.refresh_from_db()
    assert message.state == "opened"
    assert set(kinds(message)) == {"queued", "sent", "delivered", "opened"}


@pytest.mark.parametrize(
    ("recipient", "event", "state", "reason"),
    [
        ("bounce@school.example", "bounce", "bounced", "bounce"),
        ("spam@school.example", "spamreport", "complained", "complaint"),
        ("blocked@school.example", "bounce", "bounced", ""),
        ("deferred@school.example", "delivered", "delivered", ""),
    ],
)
def test_what_comes_back_decides_who_is_written_to(
    sendgrid, write, hear, recipient, event, state, reason
):
    message = write(to=recipient, sent=True)
    hear(event)
    message.refresh_from_db()
    assert message.state == state
    assert list(Suppression.objects.values_list("reason", flat=True)) == [reason][: len(reason)]


def test_lifting_a_suppression_has_sendgrid_send_again(sendgrid, write, hear, operator):
    write(to="bounce@school.example", sent=True)
    hear("bounce")
    assert write(to="bounce@school.example", sent=True).state == "suppressed"
    found = Suppression.objects.get()
    suppressions.lift(suppression=found, by=operator, reason="They have a mailbox now")
    work_off()
    assert sendgrid.call("GET", "sendgrid/suppressions") == []
    run = JobRun.objects.get(name="mail.lift_at_sendgrid")
    assert "bounce@" not in json.dumps(run.arguments)
    sendgrid.call("POST", "sendgrid/settings", {"next_outcome": "delivered"})
    message = write(to="bounce@school.example", sent=True)
    hear("delivered")
    message.refresh_from_db()
    assert message.state == "delivered"


def run_of(message):
    return JobRun.objects.get(name="mail.send", arguments__message_id=str(message.pk))


def test_while_it_is_down_mail_waits_and_then_goes_once(sendgrid, write):
    sendgrid.faults("POST /v3/mail/*", kind="status", status=503)
    message = write()
    assert run_now(run_of(message)).state == "queued"
    JobRun.objects.update(due_at=timezone.now())
    assert run_now(run_of(message)).state == "succeeded"
    assert len(sendgrid.mails()) == 1


def test_over_its_limit_it_is_left_alone_until_that_is_reset(sendgrid, write):
    sendgrid.faults("POST /v3/mail/*", kind="rate_limit", retry_after=60)
    run = run_now(run_of(write()))
    assert run.state == "queued"
    assert timedelta(seconds=40) < run.due_at - timezone.now() < timedelta(seconds=90)


def test_a_lost_answer_sends_no_second_mail(sendgrid, write, hear):
    """Neither by the second service nor by the first: what it tells afterwards settles it."""
    sendgrid.faults("POST /v3/mail/*", kind="drop", taken=True)
    message = write(to="sara+open@school.example")
    run = run_now(run_of(message))
    assert run.state == "queued"
    assert run.due_at - timezone.now() > timedelta(seconds=5)
    hear("open")
    message.refresh_from_db()
    assert (message.state, message.text, message.provider) == ("opened", "", "sendgrid")
    assert kinds(message) == ["queued", "sent", "delivered", "opened"]
    JobRun.objects.update(due_at=timezone.now())
    assert run_now(run).state == "succeeded"
    assert len(sendgrid.mails()) == 1


def test_what_it_refuses_is_failed_and_says_so(sendgrid, write):
    sendgrid.faults("POST /v3/mail/*", kind="status", status=400)
    message = write(sent=True)
    assert (message.state, message.problem) == ("failed", "It answered 400.")


def test_an_account_that_it_refuses_loses_no_mail(sendgrid, write, settings):
    good = settings.ANYMAIL
    settings.ANYMAIL = {**good, "SENDGRID_API_KEY": "revoked"}
    message = write()
    assert "401" in run_now(run_of(message)).message
    settings.ANYMAIL = good
    JobRun.objects.update(due_at=timezone.now())
    assert run_now(run_of(message)).state == "succeeded"
    (taken,) = sendgrid.mails()
    assert json.loads(taken["headers"])["Message-ID"] == f"<{message.pk}@product.example>"


def test_a_sender_domain_from_the_wish_to_the_first_mail(sendgrid, write, alpha, owner):
    wish = sender_domains.add(tenant=alpha, domain=NAME, by=owner)
    work_off()
    wish.refresh_from_db()
    with pytest.raises(SenderDomainNotVerified):
        sender_domains.verify(domain=wish, by=owner)
    for record in wish.records:
        sendgrid.publish_record(record["name"], record["kind"], record["value"])
    assert sender_domains.verify(domain=wish, by=owner).state == "verified"
    assert write(sent=True).sender == f"hello@{NAME}"
    assert f"Alpha <hello@{NAME}>" in [mail["sender"] for mail in sendgrid.mails()]
    sender_domains.remove(domain=SenderDomain.objects.get(), by=owner)
    work_off()
    assert write(sent=True).sender == "hello@product.example"
    assert Message.objects.filter(state="failed").count() == 0


def test_a_domain_whose_answer_was_lost_is_made_once(sendgrid, alpha, owner):
    sendgrid.faults("POST /v3/whitelabel/*", kind="drop")
    sender_domains.add(tenant=alpha, domain=NAME, by=owner)
    run = JobRun.objects.get(name="mail.prepare_sender_domain")
    assert run_now(run).state == "queued"
    JobRun.objects.update(due_at=timezone.now())
    assert run_now(run).state == "succeeded"
    posts = [seen for seen in sendgrid.requests() if seen["method"] == "POST"]
    assert len(posts) == 1
    assert SenderDomain.objects.get().state == "waiting"
