"""Events of Stripe's as they come in, signed as Stripe signs."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import uuid4

import stripe
from djstripe.models import WebhookEndpoint

SECRET = "whsec_of_the_tests"
_numbers = count(1)


def make_endpoint(secret: str = SECRET, **about: Any) -> WebhookEndpoint:
    """A row as `billing endpoints` leaves it, without its other half at Stripe."""
    uuid = uuid4()
    return WebhookEndpoint.objects.create(
        **{
            "id": f"we_{uuid.hex[:24]}", "djstripe_uuid": uuid, "secret": secret,
            "url": f"http://localhost/stripe/webhook/{uuid}/", "status": "enabled",
            "enabled_events": ["*"], "livemode": False, "created": datetime.now(UTC),
            "metadata": {}, "stripe_data": {}, **about,
        }
    )  # fmt: skip


def make_payload(
    found: Mapping[str, Any], kind: str = "customer.updated", **about: Any
) -> dict[str, Any]:
    """An event about an object, without its having been anywhere."""
    return {
        "id": f"evt_{next(_numbers):024}", "object": "event", "type": kind,
        "api_version": stripe.api_version, "created": int(time.time()), "livemode": False,
        "pending_webhooks": 1, "request": {"id": None, "idempotency_key": None},
        "data": {"object": dict(found)}, **about,
    }  # fmt: skip


def sign(body: bytes, secret: str = SECRET, *, age: int = 0) -> str:
    """`Stripe-Signature` of a body, made `age` seconds ago.

    https://docs.stripe.com/webhooks#verify-manually
    """
    at = int(time.time()) - age
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def encode(payload: Mapping[str, Any]) -> bytes:
    return json.dumps(payload).encode()
