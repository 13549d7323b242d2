"""Operators look at Stripe's events and at comparisons, and have them done again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.audit.models import AuditEntry
from apps.payments import metrics
from apps.payments.models import Invoice, ReconcileRun, StripeEvent
from apps.payments.services import sync
from tests.factories.jobs import work_off
from tests.factories.stripe_events import make_payload

pytestmark = pytest.mark.django_db


def url(name, *args):
    return reverse(f"admin:payments_{name}", urlconf="config.urls_public", args=args)


def act(console, action, event, **more):
    chosen = {"action": action, "_selected_action": [event.pk], **more}
    return console.post(url("stripeevent_changelist"), chosen, follow=True).content.decode()


@pytest.fixture
def failed(billing):
    """An event of a customer whose object Stripe did not know when it was looked at."""
    account = billing.connect()
    about = {"id": account.customer_id, "object": "customer", "note": "as it came"}
    event = StripeEvent.of(make_payload(about))
    event.state, event.attempts = StripeEvent.State.FAILED, 3
    event.problem = {"detail": "Stripe was asleep.", "traceback": "Traceback <here>"}
    event.save()
    return event


def test_an_event_is_read_as_it_came(console, failed):
    page = console.get(url("stripeevent_change", failed.pk)).content.decode()
    for part in ("as it came", "Stripe was asleep.", "Traceback &lt;here&gt;", "Alpha"):
        assert part in page
    overview = console.get(reverse("admin:index", urlconf="config.urls_public"))
    assert "Stripe events failed" in overview.content.decode()


def test_a_list_takes_the_same_queries_however_long(console, failed, django_assert_max_num_queries):
    console.get(url("stripeevent_changelist"))
    for _ in range(30):
        StripeEvent.of(make_payload({"id": "cus_1", "object": "customer"})).save()
    with django_assert_max_num_queries(14):
        assert "customer.updated" in console.get(url("stripeevent_changelist")).content.decode()


def test_it_is_dealt_with_again(console, failed):
    assert "Deal with it again" in act(console, "replay", failed)
    assert "is being dealt with" in act(console, "replay", failed, confirmed="yes")
    failed.refresh_from_db()
    assert (failed.state, failed.attempts, failed.problem) == ("waiting", 0, None)
    sync.sync(customer_id=failed.customer_id)
    failed.refresh_from_db()
    assert failed.state == "processed"
    entry = AuditEntry.objects.get(action="stripe_event.replayed")
    assert entry.actor_label.startswith("operator olga@")


def test_all_of_its_customer_is_fetched(console, failed, billing):
    billing.subscribe()
    assert "is being fetched" in act(console, "fetch_all", failed, confirmed="yes")
    work_off()
    assert Invoice.objects.get().status == "paid"
    run = ReconcileRun.objects.get()
    page = console.get(url("reconcilerun_change", run.pk)).content.decode()
    assert "invoice: 1 seen, 1 missing, 1 repaired" in page
    assert run.asked_by.startswith("operator olga@")


def test_an_event_of_nobody_has_nobody_to_be_fetched(console, db):
    event = StripeEvent.of(make_payload({"id": "price_1", "object": "price"}, "price.created"))
    event.save()
    assert "Choose an event of a customer" in act(console, "fetch_all", event, confirmed="yes")
    assert not ReconcileRun.objects.exists()


def test_what_waits_and_what_failed_is_measured(failed, django_assert_num_queries):
    waiting = StripeEvent.of(make_payload({"id": "cus_1", "object": "customer"}))
    waiting.received_at = timezone.now() - timedelta(minutes=20)
    waiting.save()
    ReconcileRun.objects.create(
        state="finished",
        finished_at=timezone.now() - timedelta(hours=2),
        counts={"invoice": {"seen": 9, "different": 3, "repaired": 2}},
    )
    with django_assert_num_queries(4):
        found = {
            (sample.name.removeprefix("toolboxai_stripe_"), *sample.labels.values()): sample.value
            for family in metrics.collect()
            for sample in family.samples
        }
    assert found[("events", "failed")] == found[("events", "waiting")] == 1
    assert 1_200 <= found[("event_oldest_waiting_seconds",)] < 2_000
    assert (found[("drift", "yes")], found[("drift", "no")]) == (2, 1)
    assert 7_200 <= found[("comparison_age_seconds",)] < 9_000
    assert found[("endpoints", "enabled")] == 0
