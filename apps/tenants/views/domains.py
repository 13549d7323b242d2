"""The workspace's host: domains of one's own."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from apps.core.dns_api import DnsUnavailable
from apps.core.errors import Invalid
from apps.tenants.errors import DomainNotVerified, DomainTaken, TooManyDomains
from apps.tenants.life_forms import DomainForm
from apps.tenants.pages import workspace_page
from apps.tenants.requests import WorkspaceRequest
from apps.tenants.services import domains


@workspace_page("domains.view", post="domains.create")
def index(request: WorkspaceRequest) -> HttpResponse:
    """POST adds a domain to verify."""
    form = DomainForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = domains.add(tenant=request.tenant, by=request.user, **form.cleaned_data)
        except (Invalid, TooManyDomains) as error:
            said: Any = getattr(error, "errors", {}).get("domain") or error.detail
            form.add_error("domain", said)
        else:
            messages.info(request, f"Publish the record below, then have {made} looked up.")
            return redirect("settings_domains")
    context = {
        "nav_active": "settings",
        "form": form,
        "domains": request.tenant.domains.all(),
        "most": domains.MOST,
    }
    return render(request, "workspace/domains.html", context, status=422 if form.errors else 200)


@require_POST
@workspace_page("domains.update")
def verify(request: WorkspaceRequest, pk: int) -> HttpResponse:
    domain = domains.find(tenant=request.tenant, pk=pk)
    try:
        domains.verify(domain=domain, by=request.user)
    except DomainNotVerified:
        messages.warning(request, "Not yet: see below what was found.")
    except (DomainTaken, DnsUnavailable) as error:
        messages.warning(request, error.detail)
    else:
        messages.success(request, f"{domain} leads here now.")
    return redirect("settings_domains")


@require_POST
@workspace_page("domains.update")
def make_main(request: WorkspaceRequest) -> HttpResponse:
    """`domain`: its id; empty for the workspace's own address."""
    pk = request.POST.get("domain", "")
    chosen = domains.find(tenant=request.tenant, pk=pk) if pk.isdecimal() else None
    tenant = domains.make_main(tenant=request.tenant, domain=chosen, by=request.user)
    messages.success(request, f"Links and mails lead to {tenant.host} from now on.")
    return redirect("settings_domains")


@require_POST
@workspace_page("domains.delete")
def remove(request: WorkspaceRequest, pk: int) -> HttpResponse:
    domain = domains.find(tenant=request.tenant, pk=pk)
    was_here = request.on_custom_domain and request.get_host().partition(":")[0] == domain.domain
    domains.remove(domain=domain, by=request.user)
    if was_here:
        return redirect(f"{request.tenant.own_url}/settings/domains/")
    messages.success(request, f"{domain} does not lead here any more.")
    return redirect("settings_domains")
