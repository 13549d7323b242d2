"""Finding a customer by whatever somebody has in their hand."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from apps.payments.models import (
    Account,
    CreditNote,
    Dispute,
    Invoice,
    Payment,
    Refund,
    Subscription,
)

CARD = re.compile(r"^(?P<last4>\d{4})(?:\s+(?P<day>\d{4}-\d\d-\d\d))?$")
NEAR = timedelta(days=1)  # a bank books on another day than the customer paid
# Which rows a Stripe id is of, by how it begins: https://docs.stripe.com/api.
PREFIXES: dict[str, tuple[Any, str]] = {
    "sub_": (Subscription, "id"),
    "in_": (Invoice, "id"),
    "cn_": (CreditNote, "id"),
    "ch_": (Payment, "id"),
    "py_": (Payment, "id"),
    "pi_": (Payment, "payment_intent_id"),
    "re_": (Refund, "stripe_id"),
    "du_": (Dispute, "id"),
    "dp_": (Dispute, "id"),
}


def find(words: str, *, among: QuerySet[Account]) -> QuerySet[Account]:
    """Those of a name, address, mail of theirs or of an owner, VAT or purchase order number; of an
    invoice's or credit note's number; of any Stripe id; of a card's last four digits, perhaps with
    the day of the payment (`4242 2026-11-27`).
    """
    words = words.strip()
    if words.startswith("cus_"):
        return among.filter(Q(customer_id=words) | Q(former_customers=words))
    for prefix, (model, field) in PREFIXES.items():
        if words.startswith(prefix):
            return among.filter(pk__in=model.objects.filter(**{field: words}).values("account"))
    wanted = _by_words(words)
    if card := CARD.match(words):
        wanted |= Q(pk__in=_payments(card["last4"], card["day"]).values("account"))
    return among.filter(wanted)


def _by_words(words: str) -> Q:
    numbered = Invoice.objects.filter(number__iexact=words)
    noted = CreditNote.objects.filter(number__iexact=words)
    return (
        Q(name__icontains=words)
        | Q(legal_name__icontains=words)
        | Q(schema_name__iexact=words)
        | Q(tenant__slug__icontains=words)
        | Q(billing_email__icontains=words)
        | Q(vat_id__iexact=words)
        | Q(purchase_order__iexact=words)
        | Q(tenant__memberships__role="owner", tenant__memberships__user__email__icontains=words)
        | Q(pk__in=numbered.values("account"))
        | Q(pk__in=noted.values("account"))
    )


def _payments(last4: str, day: str | None) -> QuerySet[Payment]:
    found = Payment.objects.filter(last4=last4)
    if not day:
        return found
    try:
        on = date.fromisoformat(day)
    except ValueError:
        return found.none()
    return found.filter(created_at__date__range=(on - NEAR, on + NEAR))
