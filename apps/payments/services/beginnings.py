"""Subscriptions that begin without a Checkout page: a trial, and an order that is invoiced."""

from __future__ import annotations

from typing import Any, Final

from apps.payments import catalogue, stripe_api
from apps.payments.catalogue import Chosen
from apps.payments.models import Account, Attempt, Subscription
from apps.payments.services import (
    accounts,
    attempts,
    billing_details,
    checkouts,
    previews,
    prices,
    promotions,
    subscriptions,
    tax_rates,
)
from apps.payments.services.attempts import Answer, Deed
from apps.payments.stripe_values import identity
from apps.payments.subscription_errors import PreviewOutdated, TrialUsed
from apps.tenants.access import require

DAYS_UNTIL_DUE: Final = 30
MARK: Final = "toolboxai_attempt"


def may_try(account: Account) -> bool:
    """Whether the free trial is still to be had."""
    return account.trial_used_at is None and not account.subscriptions.exists()


def start_trial(*, account: Account, chosen: Chosen, by: Any) -> Subscription:
    """Thirty days of a plan, without a means of payment; it ends by itself when none is left until
    then. Raises `TrialUsed`, `AlreadySubscribed`, and as `attempts.carry_out`.
    """
    require("billing.update", by=by, tenant=account.tenant)

    def check() -> None:
        subscriptions.require_none(account)
        if not may_try(Account.objects.get(pk=account.pk)):
            raise TrialUsed("Each workspace can try a plan once. Choose a plan to go on with.")

    attempts.carry_out(TRIAL, account=account, params=chosen._asdict(), by=by, check=check)
    return subscriptions.require_live(account)


def order(
    *, account: Account, chosen: Chosen, promotion_code: str = "", total_now: int, by: Any
) -> Subscription:
    """Subscribe against an invoice that is due in thirty days, by bank transfer. `total_now` is
    the preview's. Raises `DetailsMissing`, `AlreadySubscribed`, `PreviewOutdated`, and as
    `attempts.carry_out`.
    """
    require("billing.update", by=by, tenant=account.tenant)
    params = chosen._asdict() | {"promotion_code": promotion_code}

    def check() -> None:
        subscriptions.require_none(account)
        billing_details.require_complete(account)
        found = previews.of_new(account, chosen, promotion_code=promotion_code)
        if found.total_now != total_now:
            raise PreviewOutdated("The amounts have changed since you looked. Look at them again.")

    attempts.carry_out(ORDER, account=account, params=params, by=by, check=check)
    return subscriptions.require_live(account)


def _ask_trial(attempt: Attempt) -> Answer:
    missing = {"missing_payment_method": "cancel"}
    about = {
        "trial_period_days": catalogue.TRIAL_DAYS,
        "trial_settings": {"end_behavior": missing},
        "payment_settings": {"save_default_payment_method": "on_subscription"},
    }
    return _create(attempt, about)


def _ask_order(attempt: Attempt) -> Answer:
    code = attempt.params["promotion_code"]
    about: dict[str, Any] = {
        "collection_method": "send_invoice",
        "days_until_due": DAYS_UNTIL_DUE,
        "payment_settings": {"payment_method_types": ["card", "customer_balance"]},
    }
    if code:
        about["discounts"] = promotions.discounts(code, account=attempt.account)
    answer = _create(attempt, about)
    invoice = dict(answer.touched)["invoice"]
    if stripe_api.retrieve("invoice", invoice)["status"] == "draft":
        options = {"idempotency_key": f"{attempt.key}-finalize"}
        stripe_api.call(lambda api: api.invoices.finalize_invoice(invoice, {}, options))
    return answer


def _create(attempt: Attempt, about: dict[str, Any]) -> Answer:
    account = accounts.connect(attempt.account, key=attempt.key)
    made = _found(attempt, account) if attempt.tries else None
    if made is None:
        checkouts.close(account, attempt.key)
        wish = {
            "customer": account.customer_id,
            "items": prices.items(*Chosen.of(attempt.params)),
            "default_tax_rates": tax_rates.ids_of(account),
            "metadata": {"toolboxai_account": str(account.pk), MARK: str(attempt.pk)},
            **about,
        }
        options = {"idempotency_key": attempt.key}
        made = stripe_api.call(lambda api: api.subscriptions.create(wish, options))
    invoice = identity(made["latest_invoice"])
    touched = [("customer", str(account.customer_id)), ("subscription", made["id"])]
    return Answer((*touched, *([("invoice", invoice)] if invoice else [])), {"id": made["id"]})


def _found(attempt: Attempt, account: Account) -> dict[str, Any] | None:
    """What an earlier try made, where Stripe broke after having made it."""
    wish = {"customer": account.customer_id, "status": "all"}
    every = stripe_api.each("subscription", **wish)
    return next((one for one in every if one["metadata"].get(MARK) == str(attempt.pk)), None)


TRIAL: Final = Deed("trial", "subscription.trial_started", "a trial", _ask_trial)
ORDER: Final = Deed("order", "subscription.ordered", "a subscription by invoice", _ask_order)
