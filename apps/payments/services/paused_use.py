"""What was used beyond the plan before a pause.

Use is charged in arrears, with the invoice that the next period begins with; and while a
subscription is paused, Stripe makes that one void (`services.pauses`). So its lines about what was
used are put on an invoice of their own, with the same tax. In the pause itself nothing goes beyond
the plan, which is the free one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from apps.payments import stripe_api
from apps.payments.models import Account, Invoice, Subscription
from apps.payments.services import objects
from apps.payments.stripe_values import identity

Line = Mapping[str, Any]
MARK: Final = "toolboxai_use_of"  # metadata: the invoice that is void
ABOUT: Final = "What was used beyond the plan until the pause began."
NEAR: Final = timedelta(days=1)  # of the moment at which the pause begins
DAYS_UNTIL_DUE: Final = 30


def bill(account: Account) -> list[str]:
    """Charge it, where a pause has begun and that was not done; the ids of the invoices. Killed and
    repeated it charges nothing twice. Raises `StripeError`.
    """
    found = [
        (invoice, _lines_of(invoice))
        for subscription in account.subscriptions.paused()
        for invoice in _void_at_its_beginning(subscription)
    ]
    return [_charge(invoice, lines) for invoice, lines in found if lines and not _is_done(invoice)]


def _void_at_its_beginning(subscription: Subscription) -> Iterator[Invoice]:
    begins = (subscription.data.get("metadata") or {}).get(Subscription.PAUSED_FROM)
    if not begins:
        return iter(())
    moment = datetime.fromtimestamp(int(begins), UTC)
    rows = subscription.account.invoices.filter(
        subscription_id=subscription.pk, status=Invoice.Status.VOID,
        billing_reason="subscription_cycle",
        created_at__range=(moment - NEAR, moment + NEAR),
    )  # fmt: skip
    return rows.order_by("created_at", "id").iterator()


def _lines_of(invoice: Invoice) -> list[Line]:
    """Those in arrears: their period is over when the invoice is made."""
    made = invoice.data["created"]
    return [
        line
        for line in invoice.data["lines"]["data"]
        if line["amount"] > 0
        and line["period"]["end"] <= made
        and ((line.get("parent") or {}).get("subscription_item_details") or {}).get("proration")
        is False
    ]


def _made_for(invoice: Invoice) -> Invoice | None:
    return invoice.account.invoices.filter(**{f"data__metadata__{MARK}": invoice.pk}).first()


def _is_done(invoice: Invoice) -> bool:
    made = _made_for(invoice)
    return made is not None and made.status != Invoice.Status.DRAFT


def _charge(void: Invoice, lines: list[Line]) -> str:
    """A draft until all of its lines are on it."""
    account, key = void.account, f"use-{void.pk}"
    begun = _made_for(void)
    ident = begun.pk if begun is not None else _begin(void, key)
    for number, line in enumerate(lines):
        item = {
            "customer": account.customer_id, "invoice": ident, "currency": void.currency,
            "amount": line["amount"] - _discounted(line), "description": line["description"],
            "period": {name: line["period"][name] for name in ("start", "end")},
            "discountable": False,
        }  # fmt: skip
        _call("invoice_items", "create", item, key=f"{key}-{number}")
    _call("invoices", "finalize_invoice", ident, {"auto_advance": True}, key=f"{key}-final")
    objects.fetch("invoice", ident, account)
    return ident


def _begin(void: Invoice, key: str) -> str:
    wish: dict[str, Any] = {
        "customer": void.account.customer_id,
        "currency": void.currency,
        "collection_method": void.collection,
        "auto_advance": False,
        "pending_invoice_items_behavior": "exclude",
        "default_tax_rates": [identity(one) for one in void.data["default_tax_rates"] or ()],
        "description": ABOUT,
        "metadata": {MARK: void.pk},
    }
    if void.collection == Account.Collection.INVOICE:
        wish["days_until_due"] = DAYS_UNTIL_DUE
    return str(_call("invoices", "create", wish, key=key)["id"])


def _discounted(line: Line) -> int:
    return sum(one["amount"] for one in line.get("discount_amounts") or ())


def _call(kind: str, deed: str, *about: Any, key: str) -> Any:
    options = {"idempotency_key": key}
    return stripe_api.call(lambda api: getattr(getattr(api, kind), deed)(*about, options))
