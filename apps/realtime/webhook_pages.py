"""The workspace's host: Settings > Realtime > an app > its webhooks."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.services import step_up
from apps.core import form_errors
from apps.core.errors import Invalid
from apps.realtime.errors import ChannelWebhookOff, DeliveryUnderWay
from apps.realtime.forms import ChannelWebhookForm
from apps.realtime.models import ChannelDelivery, ChannelWebhook, RealtimeApp
from apps.realtime.news import KINDS
from apps.realtime.services import channel_deliveries, channel_webhooks, realtime_apps
from apps.tenants.pages import workspace_page
from apps.tenants.requests import WorkspaceRequest

PAGE_SIZE = 25
KEPT = ("url", "events", "channel_prefix")


@workspace_page("realtime_apps.update")
@step_up.recent
def new(request: WorkspaceRequest, app_pk: UUID) -> HttpResponse:
    app = realtime_apps.find(tenant=request.tenant, app_id=app_pk)
    form = ChannelWebhookForm(request.POST or None, initial={"events": KINDS})
    if request.method == "POST" and form.is_valid():
        try:
            made = channel_webhooks.add(app_id=app.app_id, by=request.user, **form.cleaned_data)
        except Invalid as error:
            form_errors.show(form, error)
        else:
            messages.success(request, "It is told from now on. Send a test to see that it works.")
            return redirect(made)
    return _form(request, form, app, None)


@workspace_page("realtime_apps.update")
@step_up.recent
def edit(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    webhook, app = _find(request, pk)
    present = {name: getattr(webhook, name) for name in KEPT}
    form = ChannelWebhookForm(request.POST or None, initial=present)
    if request.method == "POST" and form.is_valid():
        try:
            channel_webhooks.update(webhook=webhook, by=request.user, **form.cleaned_data)
        except Invalid as error:
            form_errors.show(form, error)
        else:
            messages.success(request, "Saved.")
            return redirect(webhook)
    return _form(request, form, app, webhook)


@require_safe
@workspace_page("realtime_apps.view")
def detail(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    webhook, app = _find(request, pk)
    context = {**_log(request, webhook), "app": app}
    return render(request, "workspace/channel_webhook.html", context)


@require_safe
@workspace_page("realtime_apps.view")
def fragment(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    """The log, drawn again when something was sent."""
    webhook, _ = _find(request, pk)
    return render(request, "workspace/_channel_deliveries.html", _log(request, webhook))


@require_POST
@workspace_page("realtime_apps.update")
def switch(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    """`on` in the form says which way."""
    webhook, _ = _find(request, pk)
    on = bool(request.POST.get("on"))
    channel_webhooks.switch(webhook=webhook, on=on, by=request.user)
    text = "It is told again from now on." if on else "It is told nothing until it is on again."
    messages.success(request, text)
    return redirect(webhook)


@require_POST
@workspace_page("realtime_apps.update")
def test(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    webhook, _ = _find(request, pk)
    try:
        channel_deliveries.send_test(webhook=webhook, by=request.user)
    except ChannelWebhookOff as error:
        messages.warning(request, error.detail)
    else:
        messages.success(request, "A test is on its way. What comes back appears below.")
    return redirect(webhook)


@require_POST
@workspace_page("realtime_apps.update")
def resend(request: WorkspaceRequest, pk: UUID, delivery_pk: UUID) -> HttpResponse:
    webhook, _ = _find(request, pk)
    delivery = channel_deliveries.find(webhook=webhook, delivery_id=delivery_pk)
    try:
        channel_deliveries.resend(delivery=delivery, by=request.user)
    except (ChannelWebhookOff, DeliveryUnderWay) as error:
        messages.warning(request, error.detail)
    else:
        messages.success(request, "On its way again.")
    return redirect(webhook)


@workspace_page("realtime_apps.update")
def remove(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    """Asks first."""
    webhook, app = _find(request, pk)
    if request.method != "POST":
        context = {"nav_active": "settings", "webhook": webhook, "app": app}
        return render(request, "workspace/channel_webhook_remove.html", context)
    channel_webhooks.remove(webhook=webhook, by=request.user)
    messages.success(request, "It is told nothing more, and its log is gone.")
    return redirect(app)


def _find(request: WorkspaceRequest, pk: UUID) -> tuple[ChannelWebhook, RealtimeApp]:
    webhook = channel_webhooks.find(tenant=request.tenant, webhook_id=pk)
    return webhook, realtime_apps.of(request.tenant).get(app_id=webhook.app_id)


def _log(request: WorkspaceRequest, webhook: ChannelWebhook) -> dict[str, Any]:
    rows = ChannelDelivery.objects.filter(webhook=webhook)
    state = request.GET.get("state", "")
    chosen = {"state": state} if state in ChannelDelivery.State.values else {}
    page = Paginator(rows.filter(**chosen), PAGE_SIZE).get_page(request.GET.get("page"))
    here = reverse("channel_webhook_fragment", kwargs={"pk": webhook.pk})
    query = f"state={state}" if chosen else ""
    shown = [(row, json.dumps(json.loads(row.events), indent=2)) for row in page.object_list]
    return {
        "nav_active": "settings", "webhook": webhook, "page": page, "deliveries": shown,
        "state": state, "states": ChannelDelivery.State.choices, "query": query,
        "kept_days": channel_deliveries.KEPT_FOR.days,
        "under_way": any(row.is_pending for row, _ in shown),
        "channel": f"private-w-{request.tenant.schema_name}.channelwebhook.{webhook.pk}",
        "fragment_url": f"{here}?{query}&page={page.number}",
    }  # fmt: skip


def _form(
    request: WorkspaceRequest,
    form: ChannelWebhookForm,
    app: RealtimeApp,
    webhook: ChannelWebhook | None,
) -> HttpResponse:
    context = {"nav_active": "settings", "form": form, "app": app, "webhook": webhook}
    status = 422 if form.errors else 200
    return render(request, "workspace/channel_webhook_form.html", context, status=status)
