"""Our stand-in for SendGrid against clients that others wrote for the real one.

Both our client and the stand-in were written here, so that they agree proves nothing: SendGrid's
own library for Python and Anymail send to it and read what it says.
"""

from __future__ import annotations

import json

import pytest
from anymail.webhooks.sendgrid import SendGridTrackingWebhookView
from django.core.mail import EmailMultiAlternatives, get_connection
from python_http_client.exceptions import HTTPError
from sendgrid import SendGridAPIClient
from sendgrid.helpers.eventwebhook import EventWebhook
from sendgrid.helpers.mail import Category, CustomArg, Header, Mail

DOMAIN = "school.example"
SIGNED = "x-twilio-email-event-webhook-"


@pytest.fixture
def account(sandbox, receiver):
    return sandbox.connect_sendgrid(domain="product.example", webhook_url=receiver.url)


@pytest.fixture
def client(sandbox, account):
    """SendGrid's own library."""
    return SendGridAPIClient(account["api_key"], host=sandbox.url)


def letter(to="sara@school.example", **about):
    mail = Mail(
        from_email=("hello@product.example", "Product"), to_emails=to, subject="Hello",
        plain_text_content="Hi", html_content='<a href="https://x.example/">Hi</a>', **about,
    )  # fmt: skip
    mail.add_category(Category("workspace"))
    mail.add_custom_arg(CustomArg("message", "42"))
    mail.add_header(Header("List-Unsubscribe", "<https://x.example/>"))
    return mail


def test_sendgrids_library_sends_and_reads_the_answer(client, sandbox):
    answer = client.send(letter())
    assert (answer.status_code, answer.body) == (202, b"")
    (kept,) = sandbox.mails()
    assert answer.headers["X-Message-Id"] == kept["message_id"]
    assert json.loads(kept["custom_args"]) == {"message": "42"}
    assert json.loads(kept["categories"]) == ["workspace"]
    assert "List-Unsubscribe" in json.loads(kept["headers"])


def test_sendgrids_library_reads_refusals(client, sandbox):
    with pytest.raises(HTTPError) as refusal:
        client.send(letter(to="nobody@nowhere"))
    assert refusal.value.status_code == 400
    (error,) = refusal.value.to_dict["errors"]
    assert error["field"] == "personalizations.0.to.0.email"
    with pytest.raises(HTTPError) as refusal:
        SendGridAPIClient("SG.no", host=sandbox.url).send(letter())
    assert refusal.value.status_code == 401


def test_sendgrids_library_sets_up_a_domain(client, sandbox):
    domains = client.client.whitelabel.domains
    made = domains.post(request_body={"domain": DOMAIN, "automatic_security": True})
    shown = json.loads(made.body)
    assert (made.status_code, shown["valid"]) == (201, False)
    assert {"id", "user_id", "subdomain", "domain", "username", "ips", "custom_spf", "default",
            "legacy", "automatic_security", "valid", "dns"} == set(shown)  # fmt: skip
    for record in shown["dns"].values():
        assert set(record) == {"valid", "type", "host", "data"}
        sandbox.publish_record(record["host"], record["type"], record["data"])
    checked = json.loads(domains._(shown["id"]).validate.post().body)
    assert checked["valid"] is True
    assert all(set(each) == {"valid", "reason"} for each in checked["validation_results"].values())
    listed = json.loads(domains.get(query_params={"domain": DOMAIN}).body)
    assert [each["id"] for each in listed] == [shown["id"]]
    assert domains._(shown["id"]).delete().status_code == 204


def test_sendgrids_library_takes_an_address_off_a_list(client):
    client.send(letter(to="bounce@school.example"))
    bounces = client.client.suppression.bounces
    (found,) = json.loads(bounces._("bounce@school.example").get().body)
    assert set(found) == {"created", "email", "reason", "status"}
    assert bounces._("bounce@school.example").delete().status_code == 204
    assert json.loads(bounces.get().body) == []


def test_sendgrids_library_believes_the_signature_and_no_other(client, account, receiver):
    client.send(letter(to="click@school.example"))
    receiver.wait_until(lambda calls: any(b'"click"' in each.body for each in calls))
    hook = EventWebhook()
    key = hook.convert_public_key_to_ecdsa(account["webhook_key"])
    for sent in receiver.received:
        about = sent.headers[f"{SIGNED}signature"], sent.headers[f"{SIGNED}timestamp"]
        body = sent.body.decode()
        assert hook.verify_signature(body, *about, key)
        assert not hook.verify_signature(f"{body} ", *about, key)


# What the reference shows of each event:
# https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
OF_ALL = {"email", "timestamp", "smtp-id", "event", "category", "sg_event_id", "sg_message_id"}
OF_ONE = {
    "processed": set(),
    "delivered": {"response"},
    "deferred": {"response", "attempt"},
    "bounce": {"reason", "status", "type", "bounce_classification"},
    "dropped": {"reason", "status"},
    "open": {"useragent", "ip", "sg_machine_open"},
    "click": {"useragent", "ip", "url", "url_offset"},
    "spamreport": set(),
    "unsubscribe": set(),
}


def test_anymail_sends_and_knows_each_event(sandbox, account, receiver):
    connection = get_connection(
        "anymail.backends.sendgrid.EmailBackend",
        api_key=account["api_key"], api_url=f"{sandbox.url}/v3/",
    )  # fmt: skip
    for outcome in ("click", "deferred", "bounce", "dropped", "spamreport", "unsubscribe"):
        mail = EmailMultiAlternatives(
            "Hello", "Hi", "hello@product.example", [f"{outcome}@school.example"],
            connection=connection,
        )  # fmt: skip
        mail.metadata = {"message": outcome}
        assert mail.send() == 1
        assert mail.anymail_status.status == {"queued"}
    receiver.wait_until(lambda calls: _told(calls) >= set(OF_ONE))
    view = SendGridTrackingWebhookView(tracking_webhook_verification_key=account["webhook_key"])
    for sent in receiver.received:
        for raw in json.loads(sent.body):
            assert OF_ALL | OF_ONE[raw["event"]] <= set(raw), raw["event"]
            event = view.esp_to_anymail_event(raw)
            assert event.event_type != "unknown"
            assert event.metadata["message"] == raw["email"].partition("@")[0]


def _told(calls):
    return {event["event"] for each in calls for event in json.loads(each.body)}
