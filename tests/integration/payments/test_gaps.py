"""Events that never came are looked for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.payments.errors import StripeError
from apps.payments.models import Invoice, StripeEvent, Subscription
from apps.payments.services import gaps
from tests.factories.jobs import work_off
from tests.factories.stripe_events import make_endpoint

pytestmark = pytest.mark.django_db


def test_events_that_never_came_are_fetched(billing):
    account = billing.connect()
    billing.subscribe()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gaps, "UNDERWAY", timedelta(0))
        make_endpoint(created=timezone.now() - timedelta(hours=1))
        run = gaps.look()
        assert run.counts["event"]["missing"] == StripeEvent.objects.count() > 5
        work_off()
        assert Invoice.objects.get().status == "paid"
        assert Subscription.objects.get().plan == "school"
        account.refresh_from_db()
        assert account.plan == "school"
        for _ in range(2):
            again = gaps.look()
            assert (again.total("missing"), again.state) == (0, "finished")
        billing.stripe.api.customers.update(account.customer_id, {"balance": -300})
        last = gaps.look()
        assert (last.total("missing"), last.total("seen") < run.total("seen")) == (1, True)
    assert set(StripeEvent.objects.values_list("source", flat=True)) == {"listed"}


def test_what_was_on_its_way_at_two_looks_is_found_by_the_third(billing, monkeypatch):
    account = billing.connect(card="")
    for underway in (timedelta(hours=1), timedelta(hours=1), timedelta(0)):
        monkeypatch.setattr(gaps, "UNDERWAY", underway)
        gaps.look()
    assert StripeEvent.objects.get(type="customer.created").object_id == account.customer_id


def test_what_was_before_there_was_an_endpoint_was_not_missed(billing, monkeypatch):
    monkeypatch.setattr(gaps, "UNDERWAY", timedelta(0))
    billing.connect(card="")
    make_endpoint(created=timezone.now() + timedelta(minutes=1))
    assert gaps.look().counts["event"] == {"seen": 1, "missing": 0, "older": 1}
    assert StripeEvent.objects.count() == 1


def test_a_look_while_stripe_is_away_is_noted(billing, settings):
    from apps.payments.models import ReconcileRun

    settings.STRIPE_API_HOST = "http://127.0.0.1:9"
    with pytest.raises(StripeError):
        gaps.look()
    assert ReconcileRun.objects.get().state == "failed"
