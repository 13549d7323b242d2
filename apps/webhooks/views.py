"""The workspace's host: Settings > Webhooks. The public host: what the events are."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.services import step_up
from apps.core import form_errors
from apps.core.errors import Invalid
from apps.tenants.pages import workspace_page
from apps.tenants.requests import WorkspaceRequest
from apps.usage.plans import WEBHOOKS
from apps.usage.services import limits
from apps.webhooks import catalogue, schedule
from apps.webhooks.errors import EndpointOff, NothingToReplay
from apps.webhooks.forms import EndpointForm, ReplayForm, RotateForm
from apps.webhooks.models import Delivery, Endpoint
from apps.webhooks.services import deliveries, endpoints, events, replays

PAGE_SIZE = 25


@require_safe
@workspace_page("webhooks.view")
def index(request: WorkspaceRequest) -> HttpResponse:
    rows = Endpoint.objects.filter(tenant=request.tenant).with_waiting()
    limit = limits.state(WEBHOOKS, tenant=request.tenant)
    context = {"nav_active": "settings", "endpoints": rows, "limit": limit}
    return render(request, "workspace/webhooks.html", context)


@workspace_page("webhooks.create")
def new(request: WorkspaceRequest) -> HttpResponse:
    form = EndpointForm(request.POST or None, can=request.can)
    if request.method == "POST" and form.is_valid():
        try:
            made = endpoints.create(tenant=request.tenant, by=request.user, **form.cleaned_data)
        except Invalid as error:
            form_errors.show(form, error)
        else:
            return _detail(request, made, status=201, secret=made.secret)
    return _form(request, form, None)


@workspace_page("webhooks.update")
@step_up.recent
def edit(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    endpoint = endpoints.find(tenant=request.tenant, endpoint_id=pk)
    present = {name: getattr(endpoint, name) for name in ("url", "description", "events")}
    form = EndpointForm(
        request.POST or None, can=request.can, kept=endpoint.events, initial=present
    )
    if request.method == "POST" and form.is_valid():
        try:
            endpoints.update(endpoint=endpoint, by=request.user, **form.cleaned_data)
        except Invalid as error:
            form_errors.show(form, error)
        else:
            messages.success(request, "Saved.")
            return redirect("webhook", pk=pk)
    return _form(request, form, endpoint)


@require_safe
@workspace_page("webhooks.view")
def detail(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    return _detail(request, endpoints.find(tenant=request.tenant, endpoint_id=pk))


@require_safe
@workspace_page("webhooks.view")
def fragment(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    """The log, drawn again when something was sent."""
    endpoint = endpoints.find(tenant=request.tenant, endpoint_id=pk)
    return render(request, "workspace/_webhook_deliveries.html", _log(request, endpoint))


@require_safe
@workspace_page("webhooks.view")
def delivery(request: WorkspaceRequest, pk: UUID, delivery_pk: UUID) -> HttpResponse:
    return render(request, "workspace/webhook_delivery.html", _delivery(request, pk, delivery_pk))


@require_safe
@workspace_page("webhooks.view")
def delivery_fragment(request: WorkspaceRequest, pk: UUID, delivery_pk: UUID) -> HttpResponse:
    return render(request, "workspace/_webhook_attempts.html", _delivery(request, pk, delivery_pk))


@require_POST
@workspace_page("webhooks.update")
def switch(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    """`on` in the form says which way."""
    endpoint = endpoints.find(tenant=request.tenant, endpoint_id=pk)
    if request.POST.get("on"):
        endpoints.enable(endpoint=endpoint, by=request.user)
        messages.success(request, "Switched on. What it missed can be sent again below.")
    else:
        endpoints.disable(endpoint=endpoint, by=request.user)
        messages.success(request, "Switched off. What comes meanwhile can be sent later.")
    return redirect("webhook", pk=pk)


@require_POST
@workspace_page("webhooks.update")
def test(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    endpoint = endpoints.find(tenant=request.tenant, endpoint_id=pk)
    try:
        made = events.send_test(endpoint=endpoint, by=request.user)
    except EndpointOff as error:
        messages.warning(request, error.detail)
        return redirect("webhook", pk=pk)
    return redirect("webhook_delivery", pk=pk, delivery_pk=made.pk)


@require_POST
@workspace_page("webhooks.update")
def replay(request: WorkspaceRequest, pk: UUID, delivery_pk: UUID) -> HttpResponse:
    endpoint = endpoints.find(tenant=request.tenant, endpoint_id=pk)
    found = deliveries.find(endpoint=endpoint, delivery_id=delivery_pk)
    try:
        replays.replay(delivery=found, by=request.user)
    except (EndpointOff, NothingToReplay) as error:
        messages.warning(request, error.detail)
    else:
        messages.success(request, "On its way again.")
    return redirect("webhook_delivery", pk=pk, delivery_pk=delivery_pk)


@require_POST
@workspace_page("webhooks.update")
def replay_failed(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    endpoint = endpoints.find(tenant=request.tenant, endpoint_id=pk)
    form = ReplayForm(request.POST)
    if not form.is_valid():
        return _detail(request, endpoint, status=422)
    try:
        count = replays.replay_failed(endpoint=endpoint, since=form.since, by=request.user)
    except (EndpointOff, NothingToReplay) as error:
        messages.warning(request, error.detail)
    else:
        messages.success(request, f"{count} on {'its' if count == 1 else 'their'} way again.")
    return redirect("webhook", pk=pk)


@require_POST
@workspace_page("webhooks.update")
@step_up.recent
def rotate(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    endpoint = endpoints.find(tenant=request.tenant, endpoint_id=pk)
    form = RotateForm(request.POST)
    if not form.is_valid():
        return _detail(request, endpoint, status=422)
    changed = endpoints.rotate_secret(endpoint=endpoint, by=request.user, **form.cleaned_data)
    return _detail(request, changed, secret=changed.secret)


@require_POST
@workspace_page("webhooks.update")
@step_up.recent
def secret(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    endpoint = endpoints.find(tenant=request.tenant, endpoint_id=pk)
    shown = endpoints.show_secret(endpoint=endpoint, by=request.user)
    return _detail(request, endpoint, secret=shown)


@require_POST
@workspace_page("webhooks.delete")
def remove(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    endpoints.remove(
        endpoint=endpoints.find(tenant=request.tenant, endpoint_id=pk), by=request.user
    )
    messages.success(request, "The endpoint and its log are gone.")
    return redirect("settings_webhooks")


@require_safe
def documentation(request: HttpRequest) -> HttpResponse:
    """Every event with an example, and how to check a signature."""
    context = {
        "groups": catalogue.GROUPS, "waits": schedule.in_words(),
        "message": catalogue.SPECIMEN_MESSAGE, "kept_days": schedule.KEPT_FOR.days,
        "disable_days": schedule.DISABLE_AFTER.days,
    }  # fmt: skip
    return render(request, "public/webhooks.html", context)


def _detail(
    request: WorkspaceRequest, endpoint: Endpoint, *, status: int = 200, secret: str = ""
) -> HttpResponse:
    context = {
        **_log(request, endpoint), "secret": secret, "rotate_form": RotateForm(),
        "replay_form": ReplayForm(),
    }  # fmt: skip
    return render(request, "workspace/webhook_detail.html", context, status=status)


def _log(request: WorkspaceRequest, endpoint: Endpoint) -> dict[str, Any]:
    rows = Delivery.objects.filter(endpoint=endpoint).select_related("event")
    state = request.GET.get("state", "")
    chosen = {"state": state} if state in Delivery.State.values else {}
    page = Paginator(rows.filter(**chosen), PAGE_SIZE).get_page(request.GET.get("page"))
    query = urlencode(chosen)
    here = reverse("webhook_fragment", kwargs={"pk": endpoint.pk})
    return {
        "nav_active": "settings", "endpoint": endpoint, "page": page, "state": state,
        "states": Delivery.State.choices, "query": query,
        "under_way": any(d.state == Delivery.State.PENDING for d in page.object_list),
        "channel": _channel(request, endpoint),
        "fragment_url": f"{here}?{query}&page={page.number}",
    }  # fmt: skip


def _delivery(request: WorkspaceRequest, pk: UUID, delivery_pk: UUID) -> dict[str, Any]:
    endpoint = endpoints.find(tenant=request.tenant, endpoint_id=pk)
    found = deliveries.find(endpoint=endpoint, delivery_id=delivery_pk)
    names = {"pk": pk, "delivery_pk": delivery_pk}
    return {
        "nav_active": "settings", "endpoint": endpoint, "delivery": found,
        "attempts": found.log.all(), "body": json.dumps(json.loads(found.event.body), indent=2),
        "channel": _channel(request, endpoint),
        "fragment_url": reverse("webhook_delivery_fragment", kwargs=names),
    }  # fmt: skip


def _channel(request: WorkspaceRequest, endpoint: Endpoint) -> str:
    return f"private-w-{request.tenant.schema_name}.webhook.{endpoint.pk}"


def _form(request: WorkspaceRequest, form: EndpointForm, endpoint: Endpoint | None) -> HttpResponse:
    context = {"nav_active": "settings", "form": form, "endpoint": endpoint}
    status = 422 if form.errors else 200
    return render(request, "workspace/webhook_form.html", context, status=status)
