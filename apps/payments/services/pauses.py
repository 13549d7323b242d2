"""A pause over the holidays: nothing is charged, everything can be read, nothing is lost.

It begins when what is paid for is over, lasts whole months and ends by itself, so that the period
after it is charged as any other. Between, the workspace is on the free plan, with the grace of any
change to a smaller one (`accounts.settle`). Invoices of that time are void
(https://docs.stripe.com/billing/subscriptions/pause-payment), and what was used beyond the plan
until it began is charged by itself (`paused_use`).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from apps.payments import stripe_api
from apps.payments.models import Account, Attempt, Subscription
from apps.payments.services import attempts
from apps.payments.services.attempts import Answer, Deed
from apps.payments.services.periods import later
from apps.payments.services.subscriptions import require_live
from apps.payments.stripe_values import identity
from apps.payments.subscription_errors import CannotPause, NothingToChange
from apps.tenants.access import require

MONTHS: Final = (1, 2, 3)
BEFORE: Final = timedelta(hours=1)  # it ends so long before the invoice that is charged again
BETWEEN: Final = timedelta(days=300)
FROM: Final = Subscription.PAUSED_FROM


def obstacle(subscription: Subscription) -> str:
    """Why it cannot be paused, in a sentence; "" where it can."""
    if subscription.is_paused:
        return "It is paused already."
    if subscription.status != Subscription.Status.ACTIVE or subscription.cancel_at_period_end:
        return "Only a subscription that is paid and goes on can be paused."
    if subscription.interval == "year":
        return "A year is paid at once and has the holidays in it: there is nothing to save."
    if subscription.schedule_id:
        return "A change is planned for the end of the period. Drop it first."
    if _last(subscription.account) is not None:
        return "A subscription can be paused once in a school year."
    return ""


def choices(subscription: Subscription) -> list[tuple[int, datetime]]:
    """How many months it may last, each with when it goes on."""
    end = subscription.period_end or subscription.account.now
    return [(months, later(end, months)) for months in MONTHS]


def pause(*, account: Account, months: int, by: Any) -> Subscription:
    """From the end of the paid period, for one of `MONTHS`. Raises `CannotPause`, `NotSubscribed`,
    and as `attempts.carry_out`.
    """
    require("billing.update", by=by, tenant=account.tenant)
    subscription = require_live(account)
    start = subscription.period_end or account.now
    params = {
        "subscription": subscription.pk, "from": int(start.timestamp()),
        "until": int((later(start, months) - BEFORE).timestamp()),
    }  # fmt: skip

    def check() -> None:
        problem = obstacle(subscription)
        if months not in MONTHS:
            problem = f"A pause lasts {MONTHS[0]} to {MONTHS[-1]} months."
        if problem:
            raise CannotPause(problem)

    attempts.carry_out(PAUSE, account=account, params=params, by=by, check=check)
    return require_live(account)


def resume(*, account: Account, by: Any) -> Subscription:
    """Go on now; where the pause has begun, a new period begins and is charged. Raises
    `NothingToChange`, `NotSubscribed`, and as `attempts.carry_out`.
    """
    require("billing.update", by=by, tenant=account.tenant)
    subscription = require_live(account)

    def check() -> None:
        if not subscription.is_paused:
            raise NothingToChange("It is not paused.")

    params = {"subscription": subscription.pk, "anew": subscription.rests(account.now)}
    attempts.carry_out(RESUME, account=account, params=params, by=by, check=check)
    return require_live(account)


def _last(account: Account) -> Attempt | None:
    """A pause of late, which was not taken back before it began."""
    done = account.attempts.filter(state=Attempt.State.DONE)
    since = (account.now - BETWEEN).timestamp()
    back = done.filter(deed=RESUME.name, params__anew=False)
    for one in done.filter(deed=PAUSE.name, params__until__gt=since):
        if not back.filter(created_at__gt=one.created_at).exists():
            return one
    return None


def _ask_pause(attempt: Attempt) -> Answer:
    params = attempt.params
    wish = {
        "pause_collection": {"behavior": "void", "resumes_at": params["until"]},
        "metadata": {FROM: str(params["from"])},
    }
    return _update(attempt, wish)


def _ask_resume(attempt: Attempt) -> Answer:
    wish: dict[str, Any] = {"pause_collection": "", "metadata": {FROM: ""}}
    if attempt.params["anew"]:
        wish |= {"billing_cycle_anchor": "now", "proration_behavior": "none"}
    return _update(attempt, wish)


def _update(attempt: Attempt, wish: dict[str, Any]) -> Answer:
    ident, options = attempt.params["subscription"], {"idempotency_key": attempt.key}
    stripe_api.call(lambda api: api.subscriptions.update(ident, wish, options))
    changed = stripe_api.retrieve("subscription", ident)
    invoice = identity(changed["latest_invoice"])
    return Answer((("subscription", ident), *([("invoice", invoice)] if invoice else [])))


PAUSE: Final = Deed("pause", "subscription.paused", "a pause", _ask_pause)
RESUME: Final = Deed("resume", "subscription.resumed", "an end of the pause", _ask_resume)
