"""What became of an operator's deed that Stripe did not confirm: as `services.retries` of
customers' own.
"""

from __future__ import annotations

from typing import Final

from apps.payments.models import Attempt
from apps.payments.services import (
    approvals,
    attempts,
    disputes,
    dunning_cases,
    invoice_deeds,
    objects,
)
from apps.payments.services.attempts import Deed
from apps.payments.subscription_errors import NothingToChange
from apps.tenants.access import Operator

ABOUT_DISPUTES: Final = {
    deed.name: deed for deed in (disputes.SAVE, disputes.SUBMIT, disputes.ACCEPT)
}
ABOUT_INVOICES: Final = {
    deed.name: deed
    for deed in (dunning_cases.RETRY, invoice_deeds.PAID, invoice_deeds.WRITE_OFF,
                 invoice_deeds.VOID)
}  # fmt: skip
DEEDS: Final[dict[str, Deed]] = ABOUT_DISPUTES | ABOUT_INVOICES


def retry(*, attempt: Attempt, by: Operator) -> Attempt:
    """Ask again with the same idempotency key. Raises `NothingToChange` where nothing is open,
    `NotAllowed`, and as `attempts.carry_out`.
    """
    approvals.require_operator(by)
    _require_open(attempt)
    return attempts.go_on(attempt, DEEDS[attempt.deed], by=by)


def drop(*, attempt: Attempt, by: Operator) -> None:
    """Take in what Stripe says of it now, and do not ask again. Raises as `retry`, and
    `StripeError`.
    """
    approvals.require_operator(by)
    _require_open(attempt)
    kind = "dispute" if attempt.deed in ABOUT_DISPUTES else "invoice"
    objects.fetch(kind, attempt.subject, attempt.account)
    attempts.drop(attempt=attempt, by=by)


def _require_open(attempt: Attempt) -> None:
    attempt.refresh_from_db()
    if attempt.state != Attempt.State.OPEN:
        raise NothingToChange(f"It is {attempt.get_state_display().lower()}.")
    if attempt.deed not in DEEDS:
        raise NothingToChange("A customer asked for it: they have it tried again on Billing.")
