"""The workspace's host: choosing a plan, seeing what it costs, and paying for it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.onward import lead
from apps.core import form_errors
from apps.core.errors import DomainError, Invalid
from apps.payments import catalogue
from apps.payments.forms import ConfirmForm, PlanForm
from apps.payments.models import Account, Subscription
from apps.payments.services import (
    accounts,
    beginnings,
    changes,
    checkouts,
    previews,
    subscriptions,
    tax_rates,
)
from apps.payments.services.previews import Preview
from apps.tenants.pages import workspace_page
from apps.tenants.requests import WorkspaceRequest

HOME = "settings_billing"


@require_safe
@workspace_page("billing.view")
def choose(request: WorkspaceRequest) -> HttpResponse:
    """With a choice in the query also what it would cost."""
    account = accounts.of(request.tenant)
    subscription = subscriptions.live_of(account)
    initial = _present(account, subscription)
    if "plan" not in request.GET:
        return _page(request, account, PlanForm(initial=initial))
    form = PlanForm({**initial, **request.GET.dict()})
    return _page(request, account, form, _preview(request, account, form))


@require_POST
@workspace_page("billing.update")
def change(request: WorkspaceRequest) -> HttpResponse:
    """Confirm what was shown. Where the bank asks, on to Stripe's page."""
    account, form = accounts.of(request.tenant), ConfirmForm(request.POST)
    if not form.is_valid():
        return _page(request, account, form, status=422)
    given = form.cleaned_data
    try:
        changed = changes.apply(
            account=account, chosen=form.chosen, promotion_code=given["promotion_code"],
            proration_date=given["proration_date"], total_now=given["total_now"], by=request.user,
        )  # fmt: skip
    except DomainError as error:
        return _refused(request, account, form, error)
    if changed.code_refused:
        text = f"Your plan is changed, but the code was not taken: {changed.code_refused}"
        messages.warning(request, text)
    if changed.confirm_url:
        return lead(request, redirect(changed.confirm_url))
    text = "It is changed." if not changed.at_end else "It changes when the period ends."
    messages.success(request, text)
    return redirect(HOME)


@require_POST
@workspace_page("billing.update")
def trial(request: WorkspaceRequest) -> HttpResponse:
    account, form = accounts.of(request.tenant), PlanForm(request.POST)
    if not form.is_valid():
        return _page(request, account, form, status=422)
    try:
        found = beginnings.start_trial(account=account, chosen=form.chosen, by=request.user)
    except DomainError as error:
        return _refused(request, account, form, error)
    messages.success(request, f"Your trial runs until {found.trial_end:%-d %B %Y}. Enjoy it.")
    return redirect(HOME)


@require_POST
@workspace_page("billing.update")
def checkout(request: WorkspaceRequest) -> HttpResponse:
    """On to Stripe's page, where it is paid."""
    account, form = accounts.of(request.tenant), PlanForm(request.POST)
    if not form.is_valid():
        return _page(request, account, form, status=422)
    code = form.cleaned_data["promotion_code"]
    try:
        begun = checkouts.begin(
            account=account, chosen=form.chosen, promotion_code=code, by=request.user
        )
    except DomainError as error:
        return _refused(request, account, form, error)
    return lead(request, redirect(begun.url))


@require_POST
@workspace_page("billing.update")
def setup(request: WorkspaceRequest) -> HttpResponse:
    """On to Stripe's page, where a means of payment is left for later."""
    try:
        begun = checkouts.begin_setup(account=accounts.of(request.tenant), by=request.user)
    except DomainError as error:
        messages.error(request, error.detail)
        return redirect(HOME)
    return lead(request, redirect(begun.url))


@require_POST
@workspace_page("billing.update")
def order(request: WorkspaceRequest) -> HttpResponse:
    """Subscribe against an invoice."""
    account, form = accounts.of(request.tenant), ConfirmForm(request.POST)
    if not form.is_valid():
        return _page(request, account, form, status=422)
    given = form.cleaned_data
    try:
        beginnings.order(
            account=account, chosen=form.chosen, promotion_code=given["promotion_code"],
            total_now=given["total_now"], by=request.user,
        )  # fmt: skip
    except DomainError as error:
        return _refused(request, account, form, error)
    messages.success(request, "Ordered. The invoice is below and on its way to you by mail.")
    return redirect(HOME)


@require_safe
@workspace_page("billing.view")
def done(request: WorkspaceRequest) -> HttpResponse:
    """Back from Stripe's page: what became of it, as Stripe says."""
    account = accounts.of(request.tenant)
    session = request.GET.get("session", "")
    try:
        outcome = checkouts.conclude(account=account, session_id=session, by=request.user)
    except DomainError as error:
        context = {"nav_active": "settings", "problem": error.detail, "session": session}
        return render(
            request, "workspace/billing/checkout_waits.html", context, status=error.status
        )
    if not outcome.is_complete:
        return redirect("billing_checkout_left")
    shown = {"nav_active": "settings", "outcome": outcome, "account": account}
    return render(request, "workspace/billing/checkout_done.html", shown)


@require_safe
@workspace_page("billing.view")
def left(request: WorkspaceRequest) -> HttpResponse:
    """Back without having paid: nothing is lost."""
    begun = checkouts.unfinished(accounts.of(request.tenant))
    context = {"nav_active": "settings", "checkout": begun}
    return render(request, "workspace/billing/checkout_left.html", context)


def _present(account: Account, subscription: Subscription | None) -> dict[str, Any]:
    """What the form begins with."""
    begun = checkouts.unfinished(account)
    if subscription is not None:
        plan, interval, seats = subscription.plan, subscription.interval, subscription.seats
    elif begun is not None and begun.plan:
        plan, interval, seats = begun.plan, begun.interval, begun.seats
    else:
        plan, interval, seats = "school", "year", 0
    if plan not in catalogue.PRICED:
        plan = "school"
    return {"plan": plan, "interval": interval, "seats": seats, "promotion_code": ""}


def _preview(request: WorkspaceRequest, account: Account, form: PlanForm) -> Preview | None:
    """None where there is nothing to preview; the form then says why."""
    if not form.is_valid():
        return None
    code, by = form.cleaned_data["promotion_code"], request.user
    try:
        return previews.preview(account=account, chosen=form.chosen, promotion_code=code, by=by)
    except Invalid as error:
        form_errors.show(form, error)
    except DomainError as error:
        form.add_error(None, error.detail)
    return None


def _refused(
    request: WorkspaceRequest, account: Account, form: PlanForm, error: DomainError
) -> HttpResponse:
    """The page again with the reason, and what it would cost now."""
    account.refresh_from_db()
    found = _preview(request, account, form)
    if isinstance(error, Invalid):
        form_errors.show(form, error)
    elif error.detail not in form.non_field_errors():
        form.add_error(None, error.detail)
    return _page(request, account, form, found, status=error.status)


def _page(
    request: WorkspaceRequest,
    account: Account,
    form: PlanForm,
    preview: Preview | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "nav_active": "settings",
        "form": form,
        "account": account,
        "preview": preview,
        "priced": catalogue.PRICED.values(),
        "currency": catalogue.CURRENCY,
        "subscription": subscriptions.live_of(account),
        "may_try": beginnings.may_try(account),
        "tax": tax_rates.tax_of(account),
    }
    return render(request, "workspace/billing/plan.html", context, status=status)
