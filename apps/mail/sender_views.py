"""Sender domains: the workspace's mail from domains of its own, set up step by step."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from apps.core import form_errors
from apps.core.errors import Conflict, Invalid, VendorError
from apps.mail import anymail_api
from apps.mail.errors import NothingFailed, SenderDomainNotReady, SenderDomainNotVerified
from apps.mail.forms import SenderDomainForm, SenderForm
from apps.mail.sender_records import Record, sender_address
from apps.mail.services import sender_domains, sender_setup, senders
from apps.tenants.pages import workspace_page
from apps.tenants.requests import WorkspaceRequest
from apps.usage.errors import LimitReached
from apps.usage.plans import SENDER_DOMAINS
from apps.usage.services import limits

WAIT: Final = "3"  # seconds after which a page that waits for SendGrid is shown again


@workspace_page("sender_domains.view", post="sender_domains.create")
def index(request: WorkspaceRequest) -> HttpResponse:
    """POST adds a domain and leads to its records."""
    form = SenderDomainForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = sender_domains.add(tenant=request.tenant, by=request.user, **form.cleaned_data)
        except (Invalid, Conflict, LimitReached) as error:
            form_errors.show(form, error)
        else:
            if made.is_prepared:
                messages.info(request, f"Publish the records below, then have {made} looked up.")
            return redirect("sender_domain", pk=made.pk)
    used = senders.of(request.tenant.schema_name)
    context = {
        "nav_active": "settings", "form": form, "used": used,
        "domains": request.tenant.sender_domains.all(), "product": sender_address(),
        "limit": limits.state(SENDER_DOMAINS, tenant=request.tenant),
    }  # fmt: skip
    status = 422 if form.errors else 200
    return render(request, "workspace/sender_domains.html", context, status=status)


@workspace_page("sender_domains.view", post="sender_domains.update")
def detail(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    """POST changes the address and the name."""
    domain = sender_domains.find(tenant=request.tenant, pk=pk)
    present = {"local_part": domain.local_part, "from_name": domain.from_name}
    form = SenderForm(request.POST or None, initial=present)
    if request.method == "POST" and form.is_valid():
        try:
            sender_domains.update(domain=domain, by=request.user, **form.cleaned_data)
        except Invalid as error:
            form_errors.show(form, error)
        else:
            messages.success(request, "Saved.")
            return redirect("sender_domain", pk=domain.pk)
    context = {
        "nav_active": "settings", "form": form, "domain": domain,
        "records": [Record.of(stored) for stored in domain.records],
        "product": sender_address(), "second": _second(domain.signer),
    }  # fmt: skip
    status = 422 if form.errors else 200
    page = render(request, "workspace/sender_domain.html", context, status=status)
    if domain.state == "preparing" and request.method == "GET":
        page["Refresh"] = WAIT
    return page


@require_POST
@workspace_page("sender_domains.update")
def verify(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    domain = sender_domains.find(tenant=request.tenant, pk=pk)
    try:
        sender_domains.verify(domain=domain, by=request.user)
    except SenderDomainNotVerified:
        messages.warning(request, "Not yet: see below what was found.")
    except (SenderDomainNotReady, VendorError) as error:
        messages.warning(request, error.detail)
    else:
        messages.success(request, f"{domain} is verified.")
    return redirect("sender_domain", pk=pk)


@require_POST
@workspace_page("sender_domains.update")
def retry(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    domain = sender_domains.find(tenant=request.tenant, pk=pk)
    try:
        sender_setup.try_again(domain=domain, by=request.user)
    except NothingFailed as error:
        messages.info(request, error.detail)
    return redirect("sender_domain", pk=pk)


@require_POST
@workspace_page("sender_domains.update")
def choose(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    domain = sender_domains.find(tenant=request.tenant, pk=pk)
    sender_domains.choose(domain=domain, by=request.user)
    messages.success(request, f"Mail comes from {domain} while it is verified.")
    return redirect("sender_domains")


@workspace_page("sender_domains.delete")
def remove(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    domain = sender_domains.find(tenant=request.tenant, pk=pk)
    if request.method != "POST":
        context = {"nav_active": "settings", "domain": domain}
        return render(request, "workspace/sender_domain_remove.html", context)
    sender_domains.remove(domain=domain, by=request.user)
    messages.success(request, f"Mail does not come from {domain} any more.")
    return redirect("sender_domains")


def _second(signer: str) -> str:
    """A service whose mail is not signed for the domain, so that it goes out from the product."""
    names = [provider.name for provider in anymail_api.providers()]
    others = [name for name in names if (name == "sendgrid") != (signer == "sendgrid")]
    return others[0] if others else ""
