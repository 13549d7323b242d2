"""What operators have to act on, and what a customer hears when the bank takes a payment back."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from apps.accounts.models import User
from apps.core.money import Money
from apps.mail.services import messages
from apps.payments.models import Dispute, MoneyRequest, Refund
from apps.payments.services import notices
from apps.payments.services.missing_vat import MissingVat


def tell_of_request(row: MoneyRequest) -> None:
    """Everybody but who asked for it."""
    name = "refund" if isinstance(row, Refund) else "customercredit"
    others = User.objects.all()
    if row.asked_by_id is not None:
        others = others.exclude(pk=row.asked_by_id)
    _tell("approval", row, f"payments/{name}/{row.pk}/change/", row.note, among=others)


def tell_of_failed_refund(row: Refund) -> None:
    _tell("refund_failed", row, f"payments/refund/{row.pk}/change/", row.problem)


def tell_of_dispute(dispute: Dispute) -> None:
    """The operators, who answer it, and the customer, whose bank it is."""
    _tell("dispute", dispute, f"payments/dispute/{dispute.pk}/change/", dispute.reason_text)

    def context() -> dict[str, Any]:
        return {"amount": Money(dispute.amount, dispute.currency)}

    notices.tell(
        account=dispute.account, template="mail/payment_disputed", key=dispute.pk, context=context
    )


def tell_of_missing_vat(found: MissingVat) -> None:
    path = f"payments/account/{found.account.pk}/change/"
    _tell("vat", found, path, f"{found.account.vat_id}: {found.numbers}")


def _tell(kind: str, row: Any, path: str, detail: str, *, among: Any = None) -> None:
    people = User.objects.all() if among is None else among
    about = {
        "kind": kind,
        "customer": row.account.name,
        "amount": Money(row.amount, row.currency),
        "detail": detail or "-",
        "url": f"{settings.PUBLIC_URL}/operator/{path}",
    }
    for address in people.filter(is_staff=True, is_active=True).values_list("email", flat=True):
        messages.send(
            template="mail/money_alert", to=address, context={"alert": about}, schema_name="public",
            idempotency_key=f"money-alert-{kind}-{row.pk}-{address}"[:200],
        )  # fmt: skip
