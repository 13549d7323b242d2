from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from apps.webhooks import catalogue, schedule, signatures

BODY = json.dumps({"type": "webhook.test", "data": {"word": "grüße"}}).encode()


def signed(*keys, at=None):
    now = at or datetime.now(UTC)
    return signatures.headers(message="msg_1", at=now, body=BODY, keys=keys)


def test_the_standards_own_library_takes_it():
    key = signatures.new_secret()
    assert Webhook(key).verify(BODY, signed(key))["type"] == "webhook.test"


def test_both_secrets_sign_while_one_follows_the_other():
    new, old = signatures.new_secret(), signatures.new_secret()
    headers = signed(new, old)
    assert Webhook(new).verify(BODY, headers) == Webhook(old).verify(BODY, headers)


@pytest.mark.parametrize(
    ("body", "at"),
    [(BODY + b" ", None), (BODY, datetime.now(UTC) - timedelta(minutes=10))],
)
def test_a_changed_or_old_message_is_refused(body, at):
    key = signatures.new_secret()
    with pytest.raises(WebhookVerificationError):
        Webhook(key).verify(body, signed(key, at=at))


def test_the_vector_of_the_specification():
    """From the standard's reference implementations."""
    headers = signatures.headers(
        message="msg_p5jXN8AQM9LWM0D4loKWxJek", at=datetime.fromtimestamp(1614265330, UTC),
        body=b'{"test": 2432232314}', keys=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    )  # fmt: skip
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_it_is_tried_for_nearly_three_days():
    assert timedelta(days=2.8) < sum(schedule.WAITS, timedelta()) <= timedelta(days=3)


@pytest.mark.parametrize(
    ("step", "wish", "least", "most"),
    [
        (0, None, 4.5, 5), (0, 60, 60, 60), (3, 60, 1620, 1800), (9, None, 77760, 86400),
        (0, 10**9, 86400, 86400),
    ],
)  # fmt: skip
def test_how_long_is_waited(step, wish, least, most):
    random.seed(7)
    waits = [schedule.wait_after(step, wish=wish).total_seconds() for _ in range(20)]
    assert least <= min(waits)
    assert max(waits) <= most


def test_the_waits_in_words():
    said = schedule.in_words()
    assert said.startswith("5 seconds, 1 minute, 5 minutes, 30 minutes, 2 hours,")
    assert said.endswith("16 hours and 24 hours")


def test_after_the_last_wait_it_is_given_up():
    assert schedule.wait_after(len(schedule.WAITS)) is None


def test_an_unreachable_endpoint_rests_ever_longer_but_not_for_ever():
    pauses = [schedule.pause_after(n).total_seconds() for n in (1, 2, 3, 50)]
    assert pauses == [5, 10, 20, 300]


@pytest.mark.parametrize("event", catalogue.TYPES.values(), ids=lambda event: event.name)
def test_each_example_has_its_shape(event):
    assert event.shape.model_validate(event.example)
    assert json.loads(event.example_body)["data"] == event.example
