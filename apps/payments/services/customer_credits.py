"""What customers' next invoices are lessened by: their balance at Stripe.

https://docs.stripe.com/billing/customer/balance
"""

from __future__ import annotations

from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from apps.payments import money, stripe_api
from apps.payments.errors import NotCreditable, StripeError
from apps.payments.models import Account, CustomerCredit, MoneyRequest
from apps.payments.services import approvals, objects
from apps.tenants.access import Operator

MARK: Final = "toolboxai_credit"
MOST: Final = 99_999_999  # https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts
State = MoneyRequest.State


def request(*, account: Account, amount: int, note: str, by: Operator) -> CustomerCredit:
    """Give a customer `amount` minor units towards the next invoices, or with a negative one take
    them. The customer reads the note. Over the limit it waits for another operator. Raises
    `NotCreditable`.
    """
    approvals.require_operator(by)
    if not account.customer_id:
        raise NotCreditable("Stripe does not know this customer yet: they have chosen no plan.")
    if not 0 < abs(amount) <= MOST:
        most = money.text(MOST, account.currency)
        raise NotCreditable(errors={"amount": [f"More than nothing, and {most} at most."]})
    with transaction.atomic():
        row = CustomerCredit(account=account, amount=amount, currency=account.currency, note=note)
        return approvals.begin(row, by=by)


def carry_out(*, credit_id: str) -> CustomerCredit:
    """Do at Stripe what was asked for and approved; it may be repeated at any point. Raises
    `StripeError` where trying again may help; a refusal ends it as failed.
    """
    with transaction.atomic():
        row: CustomerCredit = CustomerCredit.objects.select_for_update().get(pk=credit_id)
        if row.state not in (State.READY, State.SENT):
            return row
        row.state, row.sent_at = State.SENT, row.sent_at or timezone.now()
        row.attempts += 1
        row.save(update_fields=["state", "sent_at", "attempts"])
    try:
        objects.store(_done_before(row) or _do(row), row.account)
    except StripeError as error:
        if not error.permanent:
            if stripe_api.is_kept(error):
                row.take_another_key()
            raise
        CustomerCredit.objects.filter(pk=row.pk).update(
            state=State.FAILED, problem=error.detail[:500], done_at=timezone.now()
        )
    else:
        objects.fetch("customer", str(row.account.customer_id), row.account)
    row.refresh_from_db()
    return row


def sync(account: Account) -> int:
    """Keep every change of the customer's balance that Stripe knows; how many there are."""
    number = 0
    for found in _listed(account):
        objects.store(found, account)
        number += 1
    return number


def _listed(account: Account) -> Any:
    return stripe_api.pages(f"customers/{account.customer_id}/balance_transactions")


def _done_before(row: CustomerCredit) -> dict[str, Any] | None:
    if row.attempts <= 1:
        return None
    made = _listed(row.account)
    return next((one for one in made if (one["metadata"] or {}).get(MARK) == str(row.pk)), None)


def _do(row: CustomerCredit) -> dict[str, Any]:
    wish = {
        "amount": -row.amount,
        "currency": row.currency,
        "description": row.note[:350],
        "metadata": {MARK: str(row.pk)},
    }
    options = {"idempotency_key": row.idempotency_key}
    done: dict[str, Any] = stripe_api.call(
        lambda api: api.customers.balance_transactions.create(
            row.account.customer_id, wish, options
        )
    )
    return done
