"""Customers that live by a test clock. https://docs.stripe.com/billing/testing/test-clocks."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from django.db.models import Q

from apps.payments import stripe_api
from apps.payments.errors import StripeObjectMissing
from apps.payments.models import Account
from apps.payments.stripe_values import moment

KIND: Final = "test_helpers.test_clock"


def tell_time(account: Account) -> None:
    """Ask what time it is for an account; nothing where it lives by the world's, or its clock is
    deleted.
    """
    if account.clock_id:
        with suppress(StripeObjectMissing):
            note_time(stripe_api.retrieve(KIND, account.clock_id), None)
        account.refresh_from_db(fields=["simulated_at"])


def note_time(data: Mapping[str, Any], _account: Account | None) -> None:
    """`simulated_at` of all who live by the clock; it never goes back."""
    if data.get("deleted"):
        return
    at = moment(data["frozen_time"])
    earlier = Q(simulated_at__isnull=True) | Q(simulated_at__lt=at)
    Account.objects.filter(earlier, clock_id=data["id"]).update(simulated_at=at)
