"""Operators at the console: each deed asks first, and is the service's."""

from __future__ import annotations

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.urls import reverse

from apps.audit.models import AuditEntry
from apps.tenants.models import Departure
from apps.tenants.services import lifecycle

PUBLIC = "config.urls_public"


def act(console, action, *tenants, **fields):
    """The text of the page that follows; with fields it is the confirmed deed."""
    form = {"action": action, ACTION_CHECKBOX_NAME: [tenant.pk for tenant in tenants], **fields}
    confirmed = {"confirmed": "yes"} if fields else {}
    listing = reverse("admin:tenants_tenant_changelist", urlconf=PUBLIC)
    return console.post(listing, form | confirmed, follow=True).content.decode()


def test_suspending_asks_for_the_reason_and_is_recorded(console, alpha, beta):
    page = act(console, "suspend", alpha, beta)
    assert "Why?" in page
    assert "Beta (beta" in page
    assert "Alpha is suspended." in act(console, "suspend", alpha, beta, reason="Unpaid")
    alpha.refresh_from_db()
    assert (alpha.state, alpha.suspension_reason) == ("suspended", "Unpaid.")
    entry = AuditEntry.objects.filter(action="workspace.suspended").last()
    assert entry.actor_label == "operator olga@toolboxai.example"


def test_without_a_reason_nothing_happens(console, alpha):
    act(console, "suspend", alpha, reason="")
    alpha.refresh_from_db()
    assert alpha.state == "active"


def test_resuming(console, alpha):
    lifecycle.suspend(tenant=alpha, reason="Unpaid", by=None)
    assert "can be worked in again" in act(console, "resume", alpha)
    assert "open again" in act(console, "resume", alpha, sure="yes")


def test_a_refusal_is_shown(console, alpha):
    assert "Alpha is active, so this cannot be done" in act(console, "resume", alpha, sure="yes")


def test_deleting_wants_its_address_and_can_be_undone(console, alpha):
    wish = {"reason": "Asked by phone", "grace_days": 3}
    assert "Type alpha to confirm" in act(console, "close", alpha, **wish, confirmation="beta")
    assert "Alpha is closed." in act(console, "close", alpha, **wish, confirmation="alpha")
    assert "Alpha stays." in act(console, "keep", alpha, sure="yes")


def test_one_at_a_time_where_a_mistake_is_dear(console, alpha, beta):
    assert "choose one workspace" in act(console, "close", alpha, beta)


def test_another_address(console, alpha):
    act(console, "rename", alpha, slug="omega")
    alpha.refresh_from_db()
    assert alpha.slug == "omega"


def test_a_workspaces_page_tells_what_happened(console, alpha):
    lifecycle.suspend(tenant=alpha, reason="Unpaid", by=None)
    page = console.get(reverse("admin:tenants_tenant_change", urlconf=PUBLIC, args=[alpha.pk]))
    text = page.content.decode()
    assert "workspace.suspended" in text
    assert "alpha.localhost" in text


def test_what_is_gone_is_listed(console):
    Departure.objects.create(
        schema_name="w_old", slug="old", name="Old School", asked_by="o@x.example",
        address_free_at="2027-01-01T00:00Z",
    )  # fmt: skip
    page = console.get(reverse("admin:tenants_departure_changelist", urlconf=PUBLIC))
    assert "Old School" in page.content.decode()
