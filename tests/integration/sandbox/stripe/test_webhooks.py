"""Webhooks: signed so that the SDK believes them, tried again, sent twice on request."""

from __future__ import annotations

import pytest
import stripe

from tests.fixtures.receivers import Answer


@pytest.fixture
def hook(stripe_account, receiver):
    url = f"http://127.0.0.1:{receiver.port}/stripe"
    return stripe_account.api.webhook_endpoints.create(
        {"url": url, "enabled_events": ["customer.created", "customer.deleted"]}
    )


def deliver(sandbox, **about):
    return sandbox.call("POST", "stripe/deliveries", about)


def test_the_sdk_believes_the_signature_and_no_other(
    stripe_account, sandbox_process, receiver, hook
):
    customer = stripe_account.api.customers.create({"name": "Lincoln"})
    stripe_account.api.customers.update(customer.id, {"name": "Not asked for"})
    deliver(sandbox_process)
    [received] = receiver.received
    header = received.headers["stripe-signature"]
    event = stripe.Webhook.construct_event(received.body, header, hook.secret)
    assert (event.type, event.data.object.id) == ("customer.created", customer.id)
    for body, secret in ((received.body + b" ", hook.secret), (received.body, "whsec_other")):
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(body, header, secret)


def test_what_failed_is_tried_again_and_what_arrived_is_sent_twice_on_request(
    stripe_account, sandbox_process, receiver, hook
):
    receiver.answers = [Answer(500), Answer(200)]
    stripe_account.api.customers.create({"name": "Lincoln"})
    deliver(sandbox_process)
    deliver(sandbox_process)
    first, second = receiver.received
    assert first.body == second.body
    [event] = stripe_account.api.events.list({"type": "customer.created"}).data
    assert deliver(sandbox_process, event=event.id) == {"sent": 1}
    assert receiver.received[2].body == first.body


def test_a_secret_is_shown_once(stripe_account, hook):
    assert hook.secret.startswith("whsec_")
    assert "secret" not in stripe_account.api.webhook_endpoints.retrieve(hook.id)
