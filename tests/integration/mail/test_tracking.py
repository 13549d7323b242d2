"""SendGrid's reports, signed as it signs them (ECDSA over timestamp and body)."""

from __future__ import annotations

import base64
import json
from itertools import permutations

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from apps.audit.models import AuditEntry
from apps.mail.models import OptOut, Suppression

PATH = "/mail/events/sendgrid/"
KEY = ec.generate_private_key(ec.SECP256R1())


@pytest.fixture(autouse=True)
def verification_key(settings):
    public = KEY.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    settings.ANYMAIL = {
        **settings.ANYMAIL,
        "SENDGRID_TRACKING_WEBHOOK_VERIFICATION_KEY": base64.b64encode(public).decode(),
    }


@pytest.fixture
def report(browse):
    def post(*events, key=KEY, headers=None):
        body, at = json.dumps(events), "1790000000"
        signature = key.sign((at + body).encode(), ec.ECDSA(hashes.SHA256()))
        signed = {
            "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
            "X-Twilio-Email-Event-Webhook-Timestamp": at,
        }
        return browse(None, tenant=None).post(
            PATH, body, content_type="application/json",
            headers=signed if headers is None else headers,
        )  # fmt: skip

    return post


def event(message, name, number=1, **about):
    return {
        "event": name, "email": message.to, "timestamp": 1790000000 + number,
        "sg_event_id": f"{name}-{number}", "message": str(message.pk), **about,
    }  # fmt: skip


@pytest.mark.parametrize("order", list(permutations(("delivered", "open", "spamreport"))))
def test_news_in_any_order_tells_the_same(report, write, order):
    message = write(sent=True)
    for name in order:
        assert report(event(message, name)).status_code == 200
    message.refresh_from_db()
    assert message.state == "complained"
    kinds = set(message.events.values_list("kind", flat=True))
    assert kinds == {"queued", "sent", "delivered", "opened", "complained"}


def test_the_same_news_twice_counts_once(report, write):
    message = write(sent=True)
    for _ in range(2):
        report(event(message, "delivered"), event(message, "delivered"))
    assert message.events.filter(kind="delivered").count() == 1


def test_a_mail_is_found_by_the_services_own_name_too(report, write):
    message = write(sent=True)
    type(message).objects.update(provider="sendgrid", provider_id="abc")
    report({**event(message, "delivered"), "message": "nonsense", "anymail_id": "abc"})
    message.refresh_from_db()
    assert message.state == "delivered"


@pytest.mark.parametrize("headers", [{}, {"X-Twilio-Email-Event-Webhook-Signature": "eA=="}])
def test_unsigned_news_is_refused(report, write, headers):
    message = write(sent=True)
    assert report(event(message, "spamreport"), headers=headers).status_code == 400
    assert not Suppression.objects.exists()


def test_news_signed_by_another_is_refused(report, write):
    stranger = ec.generate_private_key(ec.SECP256R1())
    assert report(event(write(sent=True), "spamreport"), key=stranger).status_code == 400
    assert not Suppression.objects.exists()


def test_it_is_closed_without_a_key(report, write, settings):
    settings.ANYMAIL = {**settings.ANYMAIL, "SENDGRID_TRACKING_WEBHOOK_VERIFICATION_KEY": ""}
    assert report(event(write(sent=True), "delivered")).status_code == 404


def test_news_of_a_strangers_mail_changes_nothing(report, write):
    write(sent=True)
    assert report({"event": "spamreport", "email": "x@y.example"}).status_code == 200
    assert not Suppression.objects.exists()


class TestSuppression:
    def test_an_address_that_does_not_exist_gets_no_more(self, report, write, mailoutbox):
        first = write(sent=True)
        report(event(first, "bounce", type="bounce", reason="550 No such user"))
        second = write(sent=True)
        assert (second.state, second.text, len(mailoutbox)) == ("suppressed", "", 1)
        assert "does not exist" in second.problem
        assert AuditEntry.objects.filter(action="mail.suppressed").count() == 1

    def test_a_refusal_that_passes_suppresses_nothing(self, report, write):
        report(event(write(sent=True), "bounce", type="blocked", reason="421 Try later"))
        assert not Suppression.objects.exists()

    def test_it_holds_for_the_workspace_and_the_stream(self, report, write, mailoutbox):
        report(event(write(sent=True), "spamreport"))
        assert write(sent=True, schema_name="w_beta").state == "sent"
        assert write("mail/trial_ending", sent=True).state == "sent"
        assert write(sent=True).state == "suppressed"

    def test_who_unsubscribes_there_gets_no_more_of_the_kind(self, report, write):
        report(event(write(sent=True), "unsubscribe"))
        assert OptOut.objects.get().category == "releases"
        assert write(sent=True).state == "suppressed"
        assert write("mail/export_ready", sent=True).state == "sent"

    def test_operators_search_and_lift_with_a_reason(self, report, write, console):
        report(event(write(sent=True), "spamreport"))
        page = "/operator/mail/suppression/"
        suppression = Suppression.objects.get()
        assert suppression.address in console.get(f"{page}?q=olivia").content.decode()
        form = {"action": "lift", "_selected_action": [str(suppression.pk)]}
        assert "Why?" in console.post(page, form).content.decode()
        assert write(sent=True).state == "suppressed"
        console.post(page, {**form, "confirmed": "yes", "reason": "She asked for it, #42"})
        suppression.refresh_from_db()
        assert suppression.lifted_why == "She asked for it, #42"
        assert AuditEntry.objects.filter(action="mail.suppression_lifted").exists()
        assert write(sent=True).state == "sent"

    def test_the_console_shows_a_mails_timeline(self, report, write, console):
        message = write(sent=True)
        report(event(message, "delivered", response="250 OK for olivia"))
        page = console.get(f"/operator/mail/message/{message.pk}/change/").content.decode()
        assert "250 OK for olivia" in page
