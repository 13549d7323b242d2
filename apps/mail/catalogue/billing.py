"""Mails about payments and plans."""

from __future__ import annotations

from typing import Any

from apps.core.money import Money
from apps.mail.catalogue.account import AT
from apps.mail.catalogue.kinds import Mail
from apps.mail.catalogue.workspace import LATER, NAME, URL, _mail

AMOUNT = Money(149_000, "eur")
BILLING = {**NAME, "billing_url": f"{URL}/settings/billing/"}
PLAN = {**BILLING, "plan.name": "School"}
PRICED = {**PLAN, "amount": AMOUNT}
OPEN = {**BILLING, "amount": AMOUNT, "invoice_number": "TBX-2026-0042"}
BEYOND = {
    "most": Money(50_00, "eur"), "begins_anew": LATER,
    "beyond_url": f"{URL}/settings/billing/beyond/",
}  # fmt: skip
FAILED = {
    **OPEN, "reason": "The bank declined the card.", "is_overdue": False, "next_attempt_at": AT,
    "read_only_at": LATER, "suspended_at": LATER, "ends_at": LATER,
}  # fmt: skip


def _billing(name: str, title: str, sample: dict[str, Any], *can_lack: str) -> Mail:
    return _mail(name, title, "billing", sample, can_lack=frozenset(can_lack))


def _failed(name: str, title: str) -> Mail:
    """`is_overdue`: it was to be paid by transfer, so nothing has failed but the day is over."""
    return _billing(name, title, FAILED, "next_attempt_at", "reason")


MAILS = (
    _billing("payment_confirmed", "Payment confirmation",
        {**PRICED, "invoice_number": "TBX-2026-0042", "paid_at": AT}),
    _failed("payment_failed", "Payment failed: first notice"),
    _failed("payment_failed_reminder", "Payment failed: reminder"),
    _failed("payment_failed_final", "Payment failed: final notice"),
    _failed("payment_suspended", "Payment failed: suspended"),
    _billing("payment_ended", "Payment failed: plan ended", {**OPEN, "plan.name": "School"}),
    _billing("payment_recovered", "Payment recovered", PRICED),
    _mail("payment_action_required", "Payment to be confirmed", "billing",
        {**OPEN, "confirm_url": "https://invoice.stripe.com/i/acct_x/live_y"},
        secret=frozenset({"confirm_url"})),
    _billing("card_expiring", "Card expires",
        {**BILLING, "card.brand": "Visa", "card.last4": "4242", "expires_at": LATER}),
    _billing("vat_number_unknown", "VAT number not known",
        {**BILLING, "vat_id": "FR12345678901", "tax": "VAT 20 %, FR",
         "details_url": f"{URL}/settings/billing/details/", "invoices": "TBX-2026-0042"},
        "invoices"),
    _billing("invoice_sent", "Invoice",
        {**OPEN, "due_date": LATER, "invoice_url": f"{URL}/settings/billing/invoices/",
         "purchase_order": "PO 2026-118"}, "purchase_order"),
    _billing("refund_issued", "Refund", {**BILLING, "amount": AMOUNT}),
    _billing("payment_disputed", "Payment disputed", {**BILLING, "amount": AMOUNT}),
    _mail("money_alert", "Money waits for operators", "operations", {
        "alert.kind": "approval", "alert.customer": "Lincoln High", "alert.amount": AMOUNT,
        "alert.detail": "Ticket 4711",
        "alert.url": "https://toolboxai.example/operator/payments/refund/",
    }),
    _billing("beyond_begun", "Use beyond the plan is charged",
        {**PLAN, "what": "deployments", "price": "€0.02 for each", "used": "2,012",
         "included": "2,000", "cost": Money(24, "eur"), **BEYOND}, "most"),
    _mail("beyond_limit", "Spending limit of a month, at 80 and 100 %", "usage",
        {**PLAN, "threshold": 80, "percent": 82, "spent": Money(41_00, "eur"), **BEYOND}),
    _billing("subscription_confirmed", "Subscription confirmation",
        {**PRICED, "interval": "month", "renews_at": LATER}),
    _billing("subscription_renewal", "Renewal of a yearly plan",
        {**PRICED, "renews_at": LATER}),
    _billing("subscription_cancelled", "Subscription cancelled", {**PLAN, "ends_at": LATER}),
    _billing("subscription_paused", "Subscription paused",
        {**PLAN, "resumes_at": LATER}, "resumes_at"),
    _billing("subscription_resumed", "Subscription goes on", PLAN),
    _billing("trial_started", "Trial", {**PLAN, "ends_at": LATER}),
    _mail("trial_ending", "Trial ending", "news",
        {**PRICED, "ends_at": LATER, "has_method": False}),
)  # fmt: skip
