"""Mails about what happened to somebody's plan and money, besides what is unpaid (`dunning`).

They follow from the stored rows and the account's clock: whoever looks finds what is to be told,
and what was told is told once (`notices`). So a thing that is heard of twice, late or out of order
is one mail; what happened long ago, before anybody looked, is none.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db.models import Q

from apps.core.money import Money
from apps.payments.models import Account, Invoice, Subscription
from apps.payments.services import (
    dunning_mails,
    intents,
    missing_vat,
    money_alerts,
    notices,
    pages,
    tax_rates,
)
from apps.payments.stripe_values import moment
from apps.usage.plans import PLANS

RECENT: Final = timedelta(days=3)
TRIAL_WARNING: Final = timedelta(days=7)
RENEWAL_WARNING: Final = timedelta(days=30)
CARD_WARNING: Final = timedelta(days=30)
FIRST: Final = "subscription_create"
Status = Subscription.Status


def tell(account: Account) -> None:
    """All that is to be told of the account now."""
    if account.customer_id is None or account.tenant_id is None:
        return
    since = account.now - RECENT
    for invoice in account.invoices.final().filter(
        Q(paid_at__gte=since) | Q(finalized_at__gte=since) | Q(status=Invoice.Status.OPEN)
    ):
        _tell_of_invoice(account, invoice, since)
    ended = Q(canceled_at__gte=since) | Q(ended_at__gte=since)
    for subscription in account.subscriptions.filter(Q(ended_at__isnull=True) | ended):
        _tell_of_subscription(account, subscription, since)
    if account.vat_state == "unverified":
        _tell_of_vat_number(account)


def tell_of_change(subscription: Subscription, before: Mapping[str, Any]) -> None:
    """A stored subscription says something else than before."""
    account = subscription.account
    if subscription.ended_at is not None:
        return
    if before["is_paused"] != subscription.is_paused:
        mail = "mail/subscription_paused" if subscription.is_paused else "mail/subscription_resumed"
        count = account.notices.filter(template=mail).count()
        _tell(account, subscription, mail, f":{count}", resumes_at=subscription.resumes_at)
    is_other = (before["plan"], before["interval"]) != (subscription.plan, subscription.interval)
    if is_other and subscription.status in {Status.ACTIVE, Status.PAST_DUE}:
        _confirm(account, subscription)


def refund(data: Mapping[str, Any], account: Account | None) -> None:
    """A projection (`services.objects`): money is on its way back."""
    if account is None or data["status"] not in {"succeeded", "pending"}:
        return
    created = moment(data["created"])
    if created is not None and created >= account.now - RECENT:
        notices.tell(
            account=account, template="mail/refund_issued", key=str(data["id"]),
            context=lambda: {"amount": Money(data["amount"], data["currency"])},
        )  # fmt: skip


def _tell_of_invoice(account: Account, invoice: Invoice, since: datetime) -> None:
    def about() -> dict[str, Any]:
        return dunning_mails.about(invoice)

    is_sent = invoice.collection == Account.Collection.INVOICE
    if invoice.status == Invoice.Status.PAID:
        was_chased = hasattr(invoice, "dunning_case")  # then payment_recovered says so
        if invoice.amount_paid and (invoice.paid_at or since) > since and not was_chased:
            notices.tell(
                account=account, template="mail/payment_confirmed", key=invoice.pk,
                context=lambda: {**about(), "paid_at": invoice.paid_at},
            )  # fmt: skip
    elif is_sent and invoice.is_owed and (invoice.finalized_at or since) > since:
        notices.tell(
            account=account, template="mail/invoice_sent", key=invoice.pk,
            context=lambda: {**about(), **_to_be_paid(account, invoice)},
        )  # fmt: skip
    elif invoice.is_owed and not is_sent and _waits_for_bank(invoice):
        notices.tell(
            account=account, template="mail/payment_action_required", key=invoice.pk,
            context=lambda: {**about(), "confirm_url": invoice.hosted_url},
        )  # fmt: skip


def _waits_for_bank(invoice: Invoice) -> bool:
    """Of a first invoice the bank asks while its payer is at Stripe's page."""
    return invoice.billing_reason != FIRST and intents.wants_confirmation(invoice)


def _to_be_paid(account: Account, invoice: Invoice) -> dict[str, Any]:
    return {
        "due_date": invoice.due_at or invoice.finalized_at,
        "invoice_url": pages.address(account, "billing_invoice_pdf", invoice.pk),
        "purchase_order": account.purchase_order or None,
    }


def _tell_of_vat_number(account: Account) -> None:
    """The tax office does not know it: once for each number. Operators hear of what was invoiced
    without VAT for it.
    """
    missing = missing_vat.of(account)
    told = notices.tell(
        account=account, template="mail/vat_number_unknown", key=account.vat_id,
        context=lambda: {
            "vat_id": account.vat_id, "tax": tax_rates.in_words(tax_rates.tax_of(account)),
            "details_url": pages.address(account, "billing_details"),
            "invoices": missing.numbers if missing else None,
        },
    )  # fmt: skip
    if told and missing is not None:
        money_alerts.tell_of_missing_vat(missing)


def _tell_of_subscription(account: Account, one: Subscription, since: datetime) -> None:
    now, end = account.now, one.period_end
    if one.ended_at is not None or one.cancel_at or one.cancel_at_period_end:
        _tell_of_end(account, one, since)
    elif one.status == Status.TRIALING and one.trial_end:
        if one.created_at > since:
            _tell(account, one, "mail/trial_started", ends_at=one.trial_end)
        if one.trial_end - now <= TRIAL_WARNING and one.trial_end > now:
            about: dict[str, Any] = {
                "has_method": bool(one.method or account.method),
                **_price(one),
            }
            _tell(account, one, "mail/trial_ending", ends_at=one.trial_end, **about)
    elif one.status == Status.ACTIVE:
        if max(one.created_at, one.trial_end or one.created_at) > since:
            _confirm(account, one)
        if one.interval == "year" and end and timedelta() < end - now <= RENEWAL_WARNING:
            _tell(
                account,
                one,
                "mail/subscription_renewal",
                f":{end:%F}",
                renews_at=end,
                **_price(one),
            )
    if one.grants and one.collection == Account.Collection.CHARGE:
        _tell_of_card(account, one)


def _tell_of_end(account: Account, one: Subscription, since: datetime) -> None:
    """Unless nobody wished it: then the mails about the unpaid invoice say so."""
    wished_at = one.canceled_at or one.ended_at
    never = one.status in {Status.INCOMPLETE, Status.INCOMPLETE_EXPIRED}
    unpaid = (
        one.cancel_reason == "payment_failed"
        or account.dunning_cases.filter(
            invoice__subscription_id=one.pk, steps__key="end", steps__state__in=["asked", "done"]
        ).exists()
    )
    if wished_at and wished_at > since and not never and not unpaid:
        ends_at = one.ended_at or one.cancel_at or one.period_end
        _tell(account, one, "mail/subscription_cancelled", f":{wished_at:%FT%T}", ends_at=ends_at)


def _confirm(account: Account, one: Subscription) -> None:
    _tell(
        account, one, "mail/subscription_confirmed", f":{one.plan}:{one.interval}",
        interval=one.interval, renews_at=one.period_end, **_price(one),
    )  # fmt: skip


def _tell_of_card(account: Account, one: Subscription) -> None:
    card = (one.data.get("default_payment_method") or {}).get("card") or {}
    if not card.get("exp_year"):
        return
    year, month = int(card["exp_year"]), int(card["exp_month"])
    last = datetime(year, month, calendar.monthrange(year, month)[1], 23, 59, tzinfo=UTC)
    if timedelta() < last - account.now <= CARD_WARNING:
        about = {"brand": str(card["brand"]).capitalize(), "last4": str(card["last4"])}
        _tell(
            account, one, "mail/card_expiring", f":{about['last4']}:{last:%F}", card=about,
            expires_at=last,
        )  # fmt: skip


def _price(one: Subscription) -> dict[str, Money]:
    return {"amount": Money(one.amount, one.currency)}


def _tell(
    account: Account, one: Subscription, template: str, key: str = "", /, **context: Any
) -> bool:
    plan = PLANS.get(one.plan, PLANS["free"])
    return notices.tell(
        account=account, template=template, key=f"{one.pk}{key}",
        context=lambda: {"plan": plan, **context},
    )  # fmt: skip
