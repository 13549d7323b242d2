"""Playing the acts, and holding what is left against Stripe's own numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Sum

from apps.payments import stripe_api
from apps.payments.models import Account, Invoice
from apps.payments.rehearsal.stage import Stage
from apps.payments.rehearsal.story import ACTS, Act
from apps.payments.services.ledger import balances, verification
from apps.payments.services.ledger.balances import Statement, TrialBalance


@dataclass(frozen=True)
class Scene:
    """How things stand after an act. `paid` is what came in since the act before, less what went
    back, in minor units.
    """

    act: Act
    stage: Stage
    state: str
    paid: int
    owed: int


def play(stage: Stage) -> Iterator[Scene]:
    """Raises what the product's services raise."""
    before = 0
    for act in ACTS:
        stage.go_to(act.day)
        if act.deed is not None:
            act.deed(stage)
            stage.catch_up()
        received = _received(stage.account)
        yield Scene(act, stage, _state(stage), received - before, _owed(stage.account))
        before = received


def statement(stage: Stage) -> Statement:
    """All of the customer's life in the ledger."""
    return balances.statement(stage.account, stage.start, stage.now)


def came_to_nothing(stage: Stage) -> list[str]:
    """Numbers of invoices that a statement leaves out, such as a trial's: none is missing."""
    return list(stage.account.invoices.final().filter(total=0).values_list("number", flat=True))


def trial_balance(stage: Stage) -> TrialBalance:
    """What the ledger says of the customer: where the money came from, and where it is."""
    return balances.trial_balance(account=stage.account)


def faults(stage: Stage) -> list[str]:
    """What does not add up, a sentence each; none is as it should be."""
    found = [
        f"{one.ledger_account}: the ledger has {one.ledger}, Stripe {one.stripe}"
        for one in verification.verify_account(stage.account)
    ]
    charges = [one for one in _charges(stage.account) if one["status"] == "succeeded"]
    kept = sum(one["amount_captured"] - one["amount_refunded"] for one in charges)
    if kept != _received(stage.account):
        found.append(f"Stripe kept {kept}, our payments say {_received(stage.account)}")
    paid = {one["payment_intent"] for one in charges}
    if len(paid) != len(charges):
        found.append("a payment was charged twice")
    undone = stage.account.refunds.exclude(state="done").count()
    if undone:
        found.append(f"{undone} refunds were not carried out")
    unpaid = Invoice.objects.filter(account=stage.account).owed().count()
    if unpaid:
        found.append(f"{unpaid} invoices are still open")
    deferred = balances.balance(of="deferred_revenue", account=stage.account)
    if deferred:
        found.append(f"{deferred} is deferred although all is over")
    if stage.account.plan != "free":
        found.append(f"the workspace still has the plan {stage.account.plan}")
    return found


def _charges(account: Account) -> list[dict[str, Any]]:
    return list(stripe_api.each("charge", customer=account.customer_id))


def _received(account: Account) -> int:
    rows = account.payments.filter(status="succeeded")
    return rows.aggregate(found=Sum(F("amount") - F("amount_refunded")))["found"] or 0


def _owed(account: Account) -> int:
    return sum(one.amount_remaining for one in account.invoices.owed())


def _state(stage: Stage) -> str:
    subscription = stage.account.subscription
    words = [stage.account.plan.title()]
    if subscription is not None:
        rests = subscription.rests(stage.now)
        words.append("paused" if rests else subscription.get_status_display().lower())
    if stage.tenant.is_read_only:
        words.append("read-only")
    if stage.tenant.state == stage.tenant.State.SUSPENDED:
        words.append("suspended")
    return ", ".join(words)
