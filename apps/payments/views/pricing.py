"""The public host: what it costs, and the way from there into a workspace's billing."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from apps.accounts.services import step_up
from apps.core.errors import NotFound
from apps.payments import pricing
from apps.payments.catalogue import INTERVALS, PRICED, TRIAL_DAYS
from apps.tenants.models import Membership, Tenant
from apps.tenants.pages import person_page
from apps.tenants.requests import PublicRequest
from apps.tenants.services import tickets
from apps.usage.services import entitlements

BILLING = "/settings/billing/plan/"


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    context = {
        "offers": pricing.offers(),
        "groups": pricing.comparison(),
        "trial_days": TRIAL_DAYS,
        "grace_days": entitlements.GRACE.days,
    }
    return render(request, "public/pricing.html", context)


@require_safe
@person_page
def start(request: PublicRequest) -> HttpResponse:
    """From a plan on the page of prices to the billing of the one workspace that the person owns,
    or to choosing among several; who owns none makes one first, and comes to its billing then.
    """
    plan, interval = request.GET.get("plan", ""), request.GET.get("interval", "")
    if plan not in PRICED or interval not in INTERVALS:
        return redirect("pricing")
    owned = _owned(request)
    onward = f"{BILLING}?{urlencode({'plan': plan, 'interval': interval})}"
    if not owned:
        return redirect(f"{reverse('workspace_new')}?{urlencode({'next': onward})}")
    chosen = request.GET.get("workspace", "")
    if not chosen and len(owned) > 1:
        context = {"plan": PRICED[plan].plan, "interval": interval, "workspaces": owned}
        return render(request, "public/pricing_start.html", context)
    tenant = next((one for one in owned if one.slug == (chosen or owned[0].slug)), None)
    if tenant is None:
        raise NotFound("You own no such workspace.")
    ticket = tickets.issue(tenant=tenant, by=request.user, proof=step_up.proof_of(request))
    return redirect(f"{ticket}&{urlencode({'next': onward})}")


def _owned(request: PublicRequest) -> list[Tenant]:
    rows = Membership.objects.in_force().owners().filter(user=request.user)
    found = rows.select_related("tenant").order_by("tenant__name")
    return [one.tenant for one in found if one.tenant.is_open]
