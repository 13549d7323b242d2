"""Endpoints at Stripe and their rows, on the sandbox."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from djstripe.models import WebhookEndpoint

from apps.audit.models import AuditEntry
from apps.payments.event_types import EVENT_TYPES
from apps.payments.services import endpoints


@pytest.fixture(autouse=True)
def _here(billing, settings):
    settings.PUBLIC_URL = "http://localhost:8000"


def at_stripe(billing):
    found = billing.stripe.api.webhook_endpoints.list({"limit": 100}).data
    return {one.id: one for one in found}


def test_the_first_is_made_and_then_left_alone(billing):
    made = endpoints.ensure(by=None)
    assert made.did == "created"
    row = made.endpoint
    found = at_stripe(billing)[row.id]
    assert found.url == f"http://localhost:8000/stripe/webhook/{row.djstripe_uuid}/"
    assert found.url == row.url
    assert set(found.enabled_events) == set(EVENT_TYPES) == set(row.enabled_events)
    assert row.secret.startswith("whsec_")
    assert endpoints.ensure(by=None) == endpoints.Ensured(row, "")
    assert list(at_stripe(billing)) == [row.id]
    assert AuditEntry.objects.get(action="stripe_endpoint.created").object_label == row.id


def test_it_follows_the_product_to_another_address(billing, settings):
    row = endpoints.ensure(by=None).endpoint
    secret = row.secret
    billing.stripe.api.webhook_endpoints.update(row.id, {"disabled": True})
    settings.PUBLIC_URL = "http://localhost:8340"
    assert endpoints.ensure(by=None).did == "changed"
    row.refresh_from_db()
    found = at_stripe(billing)[row.id]
    assert found.url == row.url == endpoints.address(row.djstripe_uuid)
    assert (found.status, row.status, row.secret) == ("enabled", "enabled", secret)


def test_one_that_stripe_lost_is_made_anew(billing):
    row = endpoints.ensure(by=None).endpoint
    billing.stripe.api.webhook_endpoints.delete(row.id)
    assert endpoints.watch() == 1
    row.refresh_from_db()
    assert row.status == "disabled"
    made = endpoints.ensure(by=None)
    assert (made.did, made.endpoint.id == row.id) == ("created", False)


def test_what_stripe_switched_off_is_seen(billing):
    row = endpoints.ensure(by=None).endpoint
    assert endpoints.watch() == 0
    billing.stripe.api.webhook_endpoints.update(row.id, {"disabled": True})
    assert endpoints.watch() == 1


def test_two_secrets_while_one_replaces_the_other(billing):
    old = endpoints.ensure(by=None).endpoint
    new = endpoints.rotate(by=None, overlap=timedelta(hours=24))
    assert set(at_stripe(billing)) == {old.id, new.id}
    old.refresh_from_db()
    assert endpoints.retires_at(old) is not None
    assert endpoints.retires_at(new) is None
    assert old.secret not in {"", new.secret}
    assert endpoints.ensure(by=None).endpoint == new
    assert endpoints.retire_due() == 0
    endpoints.rotate(by=None, overlap=timedelta(0))
    left = set(WebhookEndpoint.objects.values_list("id", flat=True))
    assert left == set(at_stripe(billing))
    assert left.isdisjoint({new.id})


def test_on_the_command_line(billing):
    def say(*words):
        out = StringIO()
        call_command("billing", "endpoints", *words, stdout=out)
        return out.getvalue()

    assert "created" in say("ensure")
    assert "unchanged" in say("ensure")
    row = WebhookEndpoint.objects.get()
    assert f"{row.id}  enabled" in say()
    assert "created" in say("rotate", "--overlap", "2")
    assert "until" in say("list")
    assert "removed" in say("remove", row.id)
    assert not WebhookEndpoint.objects.filter(id=row.id).exists()
    with pytest.raises(CommandError, match="no such endpoint"):
        say("remove", row.id)
