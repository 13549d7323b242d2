"""The workspace's host: Settings > Billing, and what is done with the subscription there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.onward import lead
from apps.core import form_errors
from apps.core.errors import DomainError, Invalid
from apps.payments.forms import CancelForm, DetailsForm, PauseForm, PlanForm
from apps.payments.services import (
    accounts,
    billing_details,
    cancellations,
    changes,
    overviews,
    pauses,
    portals,
    retries,
    subscriptions,
    tax_rates,
)
from apps.tenants.pages import workspace_page
from apps.tenants.requests import WorkspaceRequest

HOME = "settings_billing"


@require_safe
@workspace_page("billing.view")
def show(request: WorkspaceRequest) -> HttpResponse:
    """A plan in the query, from the page of prices, leads on to what it costs."""
    if "plan" in request.GET:
        return redirect(f"{reverse('billing_plan')}?{request.GET.urlencode()}")
    overview = overviews.of(accounts.of(request.tenant), by=request.user)
    attempt = overview.attempt
    context = {
        "nav_active": "settings",
        "overview": overview,
        "waiting": retries.words(attempt) if attempt else "",
    }
    return render(request, "workspace/billing/overview.html", context)


@workspace_page("billing.view", post="billing.update")
def details(request: WorkspaceRequest) -> HttpResponse:
    """`next` in the query or form: the name of the step that the details are wanted for; "plan"
    with what was chosen there.
    """
    account = accounts.of(request.tenant)
    present = {name: getattr(account, name) for name in billing_details.FIELDS}
    form = DetailsForm(request.POST or None, initial=present)
    if request.method == "POST" and form.is_valid():
        try:
            billing_details.update(account=account, by=request.user, **form.cleaned_data)
        except Invalid as error:
            form_errors.show(form, error)
        except DomainError as error:
            form.add_error(None, error.detail)
        else:
            messages.success(request, "Saved. Invoices say so from now on.")
            return redirect(_after_details(request))
    context = {
        "nav_active": "settings", "form": form, "account": account,
        "tax": tax_rates.tax_of(account), "next": request.GET.get("next", ""),
    }  # fmt: skip
    status = 422 if request.method == "POST" else 200
    return render(request, "workspace/billing/details.html", context, status=status)


def _after_details(request: WorkspaceRequest) -> str:
    if request.POST.get("next", "") != "plan":
        return reverse(HOME)
    chosen = {name: request.GET[name] for name in PlanForm.base_fields if name in request.GET}
    return f"{reverse('billing_plan')}?{urlencode(chosen)}" if chosen else reverse("billing_plan")


@require_POST
@workspace_page("billing.update")
def method(request: WorkspaceRequest) -> HttpResponse:
    """To Stripe's portal, where the means of payment is changed."""

    def open_portal() -> HttpResponse:
        url = portals.open_for(account=accounts.of(request.tenant), by=request.user)
        return lead(request, redirect(url))

    return _do(request, open_portal)


@workspace_page("billing.view", post="billing.update")
def cancel(request: WorkspaceRequest) -> HttpResponse:
    account = accounts.of(request.tenant)
    subscription = subscriptions.live_of(account)
    if subscription is None:
        return _nothing_there(request)
    form = CancelForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _do(
            request,
            lambda: cancellations.cancel(account=account, by=request.user, **form.cleaned_data),
            "It is cancelled. All stays as it is until the last day that is paid for.",
        )
    context = {
        "nav_active": "settings", "form": form, "subscription": subscription,
        "offers": cancellations.offers(subscription),
    }  # fmt: skip
    status = 422 if request.method == "POST" else 200
    return render(request, "workspace/billing/cancel.html", context, status=status)


@require_POST
@workspace_page("billing.update")
def keep(request: WorkspaceRequest) -> HttpResponse:
    account = accounts.of(request.tenant)
    return _do(
        request, lambda: cancellations.keep(account=account, by=request.user),
        "Good to have you: the subscription goes on.",
    )  # fmt: skip


@require_POST
@workspace_page("billing.update")
def stay(request: WorkspaceRequest) -> HttpResponse:
    account = accounts.of(request.tenant)
    return _do(
        request, lambda: cancellations.stay(account=account, by=request.user),
        "Thank you for staying. The discount is on your next invoices.",
    )  # fmt: skip


@workspace_page("billing.view", post="billing.update")
def pause(request: WorkspaceRequest) -> HttpResponse:
    account = accounts.of(request.tenant)
    subscription = subscriptions.live_of(account)
    if subscription is None:
        return _nothing_there(request)
    obstacle = pauses.obstacle(subscription)
    choices = [
        (months, f"{months} month{'s' if months > 1 else ''}, until {end:%-d %B %Y}")
        for months, end in pauses.choices(subscription)
    ]
    form = PauseForm(request.POST or None, choices=choices)
    if request.method == "POST" and form.is_valid():
        return _do(
            request,
            lambda: pauses.pause(account=account, by=request.user, **form.cleaned_data),
            "The pause is set. You can end it at any time.",
        )
    context = {
        "nav_active": "settings", "form": form, "subscription": subscription,
        "obstacle": obstacle,
    }  # fmt: skip
    status = 422 if request.method == "POST" else 200
    return render(request, "workspace/billing/pause.html", context, status=status)


@require_POST
@workspace_page("billing.update")
def resume(request: WorkspaceRequest) -> HttpResponse:
    account = accounts.of(request.tenant)
    return _do(
        request, lambda: pauses.resume(account=account, by=request.user),
        "Welcome back: the pause is over.",
    )  # fmt: skip


@require_POST
@workspace_page("billing.update")
def unplan(request: WorkspaceRequest) -> HttpResponse:
    account = accounts.of(request.tenant)
    return _do(
        request, lambda: changes.drop_planned(account=account, by=request.user),
        "The planned change is dropped: all stays as it is.",
    )  # fmt: skip


@require_POST
@workspace_page("billing.update")
def retry(request: WorkspaceRequest) -> HttpResponse:
    """Ask again for what was not confirmed; a page to pay on is gone to at once."""
    account = accounts.of(request.tenant)

    def ask() -> HttpResponse | None:
        attempt = retries.retry(account=account, by=request.user)
        session = attempt.result.get("session")
        found = account.checkouts.open().filter(pk=session).first() if session else None
        return lead(request, redirect(found.url)) if found else None

    return _do(request, ask, "Confirmed: it is done now, once.")


@require_POST
@workspace_page("billing.update")
def drop(request: WorkspaceRequest) -> HttpResponse:
    account = accounts.of(request.tenant)
    return _do(
        request, lambda: retries.drop(account=account, by=request.user),
        "Dropped. What you see here is what Stripe says now.",
    )  # fmt: skip


def _nothing_there(request: WorkspaceRequest) -> HttpResponse:
    messages.info(request, "There is no subscription. Choose a plan first.")
    return redirect(HOME)


def _do(
    request: WorkspaceRequest, deed: Callable[[], Any], done: str = "", back: str = HOME
) -> HttpResponse:
    """One deed, and back to where it shows. A deed may answer itself, with a page."""
    try:
        answer = deed()
    except DomainError as error:
        messages.error(request, error.detail)
        return redirect(back)
    if isinstance(answer, HttpResponse):
        return answer
    messages.success(request, done)
    return redirect(back)
