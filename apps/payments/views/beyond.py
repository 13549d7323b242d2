"""The workspace's host: what is used beyond the plan, what it costs, whether that is wanted."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from apps.core import form_errors
from apps.core.errors import Invalid
from apps.payments.beyond_forms import BeyondForm
from apps.payments.services import metering
from apps.tenants.pages import workspace_page
from apps.tenants.requests import WorkspaceRequest


@workspace_page("billing.view", post="billing.update")
def show(request: WorkspaceRequest) -> HttpResponse:
    state = metering.of(request.tenant)
    form = BeyondForm(request.POST or None, initial=BeyondForm.of(state.pays, state.most))
    if request.method == "POST" and form.is_valid():
        try:
            metering.choose(tenant=request.tenant, by=request.user, **form.chosen)
        except Invalid as error:
            form_errors.show(form, error)
        else:
            messages.success(request, "Saved. It holds from now on.")
            return redirect("billing_beyond")
    context = {"nav_active": "settings", "state": state, "form": form}
    status = 422 if form.errors else 200
    return render(request, "workspace/billing/beyond.html", context, status=status)
