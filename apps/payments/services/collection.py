"""What dunning asks of Stripe: to try a payment again, to end a subscription. Killed and repeated,
each is done once, for Stripe remembers the step by its idempotency key.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction

from apps.payments import failures, stripe_api
from apps.payments.dunning import Deed
from apps.payments.errors import CardDeclined, StripeError
from apps.payments.models import Account, DunningCase, DunningStep, Invoice, Subscription
from apps.payments.services import accounts, dunning_steps, objects

COMMENT = "An invoice stayed unpaid."
WENT_THROUGH = "It went through"


def carry_out(*, step_id: str, run: str = "") -> str:
    """The step of a job; what came of it. `run` names the job, whose attempts are one deed to
    Stripe. Raises `StripeError` when the step is still to be done: it says so on its timeline, and
    `dunning.advance` has it taken up again.
    """
    step = DunningStep.objects.select_related("case__account", "case__invoice").get(pk=step_id)
    declared = step.declared
    if step.state != DunningStep.State.ASKED or declared is None:
        return "There was nothing to do any more"
    try:
        detail = _do(step, declared.deed, key=f"dunning-{step.pk}-{run}")
    except StripeError as error:
        dunning_steps.note_failure(step, error.detail)
        raise
    accounts.settle(step.case.account)
    return detail or "Done"


def _do(step: DunningStep, deed: Deed, *, key: str) -> str:
    if deed != Deed.RETRY:
        return _end_subscription(step.case, key=key)
    detail = pay(step.case.invoice, key=key)
    _finish(step, detail)
    return detail


def pay(invoice: Invoice, *, key: str) -> str:
    """Have Stripe charge the invoice now; why that failed, empty where it went through. The rows
    are as Stripe has them afterwards.
    """
    detail = ""
    try:
        wish = {"off_session": True}
        stripe_api.call(lambda api: api.invoices.pay(invoice.pk, wish, {"idempotency_key": key}))
    except CardDeclined as error:
        detail = failures.in_words(error.decline_code, error.stripe_code)
    except StripeError as error:
        if not error.permanent:
            raise
        detail = error.detail
    fetch(invoice)
    return detail


def write_off(invoice: Invoice, *, key: str) -> None:
    """It is not expected to be paid any more. Raises `StripeError`."""
    options = {"idempotency_key": key}
    stripe_api.call(lambda api: api.invoices.mark_uncollectible(invoice.pk, {}, options))
    fetch(invoice)


def fetch(invoice: Invoice) -> None:
    """The invoice, and what it is for, as they are now."""
    objects.fetch("invoice", invoice.pk, invoice.account)
    invoice.refresh_from_db()
    for payment in (invoice.data.get("payments") or {}).get("data") or []:
        intent: Any = (payment.get("payment") or {}).get("payment_intent")
        if isinstance(intent, str):
            objects.fetch("payment_intent", intent, invoice.account)
    if invoice.subscription_id:
        objects.fetch("subscription", invoice.subscription_id, invoice.account)


def _end_subscription(case: DunningCase, *, key: str) -> str:
    """The subscription first: its invoices are not collected any more from then on. Who has just
    paid, which nobody has told us of yet, keeps it.
    """
    invoice = case.invoice
    fetch(invoice)
    if invoice.status in {Invoice.Status.PAID, Invoice.Status.VOID}:
        return "It was settled before"
    subscription = Subscription.objects.filter(pk=invoice.subscription_id or "-").first()
    if subscription is not None and subscription.ended_at is None:
        wish = {"cancellation_details": {"comment": COMMENT}}
        options = {"idempotency_key": f"{key}-end"}
        stripe_api.call(lambda api: api.subscriptions.cancel(subscription.pk, wish, options))
    if invoice.is_owed:
        write_off(invoice, key=f"{key}-off")
    else:
        fetch(invoice)
    return ""


def _finish(step: DunningStep, detail: str) -> None:
    with transaction.atomic():
        Account.objects.lock(step.case.account_id)
        step.refresh_from_db(fields=["state"])
        if step.state == DunningStep.State.ASKED:
            dunning_steps.finish(step, detail or WENT_THROUGH)
