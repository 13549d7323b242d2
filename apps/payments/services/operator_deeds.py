"""What operators ask of Stripe about one invoice or dispute, written down before it is asked.

As customers' deeds are (`services.attempts`), with one attempt open of each object. Each of these
deeds sets a state, so an operator who wants something else than what was not confirmed does not
wait for it: what is at Stripe is fetched, and the newer wish is checked against that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from apps.payments.models import Attempt, Dispute, Invoice
from apps.payments.services import approvals, attempts, objects
from apps.payments.services.attempts import Deed
from apps.tenants.access import Operator


def carry_out(
    deed: Deed,
    *,
    about: Invoice | Dispute,
    params: Mapping[str, Any],
    by: Operator,
    check: Callable[[], None],
) -> Attempt:
    """Do it, or go on with the same that was not confirmed; `about` is as Stripe has it then.
    `check` raises what speaks against it, with the account locked. Raises `NotAllowed`,
    `AttemptUnsure` where Stripe did not answer, and its refusals (`StripeError`, permanent).
    """
    approvals.require_operator(by)
    _give_up_another(deed, about, params, by)
    attempt = attempts.carry_out(
        deed, account=about.account, subject=about.pk, params=params, by=by, check=check
    )
    about.refresh_from_db()
    return attempt


def _give_up_another(
    deed: Deed, about: Invoice | Dispute, params: Mapping[str, Any], by: Operator
) -> None:
    found = attempts.open_of(about.account, about.pk)
    if found is None or (found.deed, found.params) == (deed.name, params):
        return
    objects.fetch(about._meta.model_name or "", about.pk, about.account)
    attempts.drop(attempt=found, by=by)
