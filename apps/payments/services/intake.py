"""The door at which Stripe's events come in: looked at, written down, and answered.

Nothing is fetched and nothing acted upon here; `sync` does that. What Stripe sends again finds its
row there.
"""

from __future__ import annotations

from typing import ClassVar, Final
from uuid import UUID

from django.db import transaction
from djstripe.models import WebhookEndpoint

from apps.core.errors import DomainError, NotFound
from apps.payments import stripe_api
from apps.payments.models import StripeEvent
from apps.payments.services import sync

LARGEST: Final = 512 * 1024  # bytes; Stripe's largest events are a fifth of it
LONGEST_SIGNATURE: Final = 4096


class EventRefused(DomainError):
    code: ClassVar[str] = "stripe_event_refused"
    status: ClassVar[int] = 400
    title: ClassVar[str] = "This is no event that Stripe has just signed for this address"


def take_in(*, endpoint: UUID, body: bytes, signature: str) -> bool:
    """Write an event down and have it dealt with; False where it is known already.

    `body` is what came, byte for byte, `signature` its `Stripe-Signature`. The secret is that of
    the endpoint's row, whatever the request says. Raises `NotFound` and `EventRefused`.
    """
    row = WebhookEndpoint.objects.filter(djstripe_uuid=endpoint)
    known = row.values_list("secret", "djstripe_tolerance").first()
    if known is None or not known[0]:
        raise NotFound("Nothing of Stripe's comes in here.")
    event = _read(body, signature, *known)
    event.endpoint = endpoint
    with transaction.atomic():
        if not StripeEvent.objects.insert_once(event):
            return False
        sync.request(customer_id=event.customer_id)
    return True


def _read(body: bytes, signature: str, secret: str, tolerance: int) -> StripeEvent:
    if len(signature) > LONGEST_SIGNATURE:
        raise EventRefused("The signature is too long to be one.")
    try:
        payload = stripe_api.read_event(body, signature, secret, tolerance)
    except ValueError as error:
        raise EventRefused("The signature is missing, wrong, or older than allowed.") from error
    try:
        return StripeEvent.of(payload)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise EventRefused("It is signed, but is no event.") from error
