"""The stand-in for SendGrid, asked as its reference says."""

from __future__ import annotations

import json
import time

import pytest

SEND = "/v3/mail/send"
MAIL = {
    "personalizations": [{"to": [{"email": "sara@school.example"}], "custom_args": {"a": "1"}}],
    "from": {"email": "hello@product.example", "name": "Product"},
    "subject": "Hello",
    "content": [{"type": "text/plain", "value": "Hi"}, {"type": "text/html", "value": "<p>Hi"}],
}


@pytest.fixture
def account(sandbox):
    return sandbox.connect_sendgrid(domain="product.example")


@pytest.fixture
def call(http, account):
    def send(method, path, body=None, *, key=account["api_key"]):
        return http.request(method, path, json=body, headers={"authorization": f"Bearer {key}"})

    return send


def fields(answer):
    return [error["field"] for error in answer.json()["errors"]]


def test_a_mail_is_taken_and_named(call, sandbox):
    answer = call("POST", SEND, MAIL)
    assert (answer.status_code, answer.content) == (202, b"")
    (kept,) = sandbox.mails()
    assert kept["message_id"] == answer.headers["x-message-id"]
    assert (kept["sender"], kept["html"]) == ("Product <hello@product.example>", "<p>Hi")
    assert [event["kind"] for event in kept["events"]] == ["processed", "delivered"]
    assert json.loads(kept["events"][0]["body"])["a"] == "1"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"personalizations": []}, "personalizations"),
        ({"personalizations": [{}]}, "personalizations.0.to"),
        ({"personalizations": [{"to": [{"email": "x"}]}]}, "personalizations.0.to.0.email"),
        (
            {"personalizations": [{"to": [{"email": "a@b.example"}, {"email": "A@b.example"}]}]},
            "personalizations.0",
        ),
        ({"from": {}}, "from.email"),
        ({"from": {"email": "hello@localhost"}}, "from.email"),
        ({"subject": ""}, "subject"),
        ({"content": []}, "content"),
        ({"content": [{"type": "text/plain", "value": ""}]}, "content.0.value"),
        ({"content": list(reversed(MAIL["content"]))}, "content"),
        ({"headers": {"Reply-To": "a@b.example"}}, "headers.Reply-To"),
        ({"categories": ["a", "a"]}, "categories"),
        ({"custom_args": {"a": "x" * 10_001}}, "custom_args"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(call, sandbox, change, field):
    answer = call("POST", SEND, MAIL | change)
    assert (answer.status_code, fields(answer)) == (400, [field])
    assert all(set(error) == {"message", "field", "help"} for error in answer.json()["errors"])
    assert sandbox.mails() == []


def test_keys_scopes_and_forms_are_looked_at(call, sandbox, http):
    assert call("POST", SEND, MAIL, key="SG.no").status_code == 401
    assert http.post(SEND, json=MAIL).status_code == 401
    answer = call("POST", SEND, MAIL | {"from": {"email": "me@elsewhere.example"}})
    assert (answer.status_code, fields(answer)) == (403, ["from"])
    assert call("GET", "/v3/nonsense").json()["errors"][0]["field"] is None
    only = sandbox.connect_sendgrid(domain="product.example", scopes=["whitelabel"])["api_key"]
    assert call("POST", SEND, MAIL, key=only).status_code == 403
    head = {"authorization": f"Bearer {only}", "content-type": "text/plain"}
    assert http.post("/v3/whitelabel/domains", content="{}", headers=head).status_code == 415
    head["content-type"] = "application/json"
    assert http.post("/v3/whitelabel/domains", content="[", headers=head).status_code == 400


def test_a_limit_says_when_it_is_reset(call, sandbox):
    sandbox.faults("POST /v3/mail/*", kind="rate_limit", retry_after=20)
    answer = call("POST", SEND, MAIL)
    assert answer.status_code == 429
    assert answer.headers["x-ratelimit-remaining"] == "0"
    assert 0 < int(answer.headers["x-ratelimit-reset"]) - time.time() <= 21
    assert fields(answer) == [None]
    assert "x-ratelimit-limit" in call("POST", SEND, MAIL).headers


def test_a_domain_is_valid_once_its_records_are_published(call, sandbox):
    made = call("POST", "/v3/whitelabel/domains", {"domain": "school.example"})
    assert made.status_code == 201
    path = f"/v3/whitelabel/domains/{made.json()['id']}"
    assert call("POST", f"{path}/validate").json()["valid"] is False
    from_it = MAIL | {"from": {"email": "a@school.example"}}
    assert call("POST", SEND, from_it).status_code == 403
    for record in made.json()["dns"].values():
        sandbox.publish_record(record["host"], record["type"], record["data"])
    results = call("POST", f"{path}/validate").json()
    assert results["valid"] is True
    assert set(results["validation_results"]) == {"mail_cname", "dkim1", "dkim2"}
    assert call("POST", SEND, from_it).status_code == 202
    listed = call("GET", "/v3/whitelabel/domains?domain=school.example").json()
    assert listed == [call("GET", path).json()]
    assert listed[0]["valid"] is True
    assert call("DELETE", path).status_code == 204
    assert call("GET", path).status_code == 404
    assert call("GET", "/v3/whitelabel/domains").json() == []


@pytest.mark.parametrize("body", [{}, {"domain": "x y"}, {"domain": "a.example", "subdomain": "e"}])
def test_a_domain_that_cannot_be_is_refused(call, body):
    if body.get("subdomain"):
        call("POST", "/v3/whitelabel/domains", body)
    assert call("POST", "/v3/whitelabel/domains", body).status_code == 400


def test_what_bounced_is_dropped_until_it_is_taken_off_the_list(call, sandbox):
    def send():
        to = [{"to": [{"email": "bounce@school.example"}]}]
        call("POST", SEND, MAIL | {"personalizations": to})
        return [event["kind"] for event in sandbox.mails()[0]["events"]]

    assert send() == ["processed", "bounce"]
    path = "/v3/suppression/bounces/bounce@school.example"
    assert call("GET", path).json()[0]["status"] == "5.1.1"
    assert send() == ["dropped"]
    assert call("DELETE", path).status_code == 204
    assert call("DELETE", path).status_code == 404
    assert call("GET", "/v3/suppression/bounces").json() == []
    assert send() == ["processed", "bounce"]


def test_what_becomes_of_a_mail_is_chosen(call, sandbox):
    sandbox.call("POST", "sendgrid/settings", {"next_outcome": "click"})
    call("POST", SEND, MAIL)
    call("POST", SEND, MAIL)
    usual, clicked = sandbox.mails()
    assert [event["kind"] for event in usual["events"]] == ["processed", "delivered"]
    assert clicked["events"][-1]["kind"] == "click"
    sandbox.call("POST", f"sendgrid/mails/{usual['id']}/spamreport")
    assert sandbox.mails()[0]["events"][-1]["kind"] == "spamreport"
    assert sandbox.call("GET", "sendgrid/suppressions")[0]["list"] == "spam_reports"


def test_an_event_is_sent_again_until_it_is_taken(call, sandbox, receiver):
    from tests.fixtures.receivers import Answer

    receiver.says(Answer(500), Answer(200))
    sandbox.connect_sendgrid(domain="product.example", webhook_url=receiver.url)
    key = sandbox.connect_sendgrid(domain="product.example", webhook_url=receiver.url)["api_key"]
    call("POST", SEND, MAIL, key=key)
    receiver.wait_until(lambda calls: len(calls) > 1)
    first, second = (json.loads(each.body) for each in receiver.received[:2])
    ids = {event["sg_event_id"] for event in first}
    assert ids & {event["sg_event_id"] for event in second}
