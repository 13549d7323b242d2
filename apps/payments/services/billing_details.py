"""Who invoices are made out to, and what they say."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final
from uuid import uuid4

from apps.payments import stripe_api, taxes
from apps.payments.catalogue import MARK
from apps.payments.errors import StripeError
from apps.payments.models import Account, Attempt, Subscription
from apps.payments.services import (
    accounts,
    attempts,
    changes,
    checkouts,
    objects,
    records,
    subscriptions,
    tax_rates,
)
from apps.payments.services.attempts import Answer, Deed
from apps.payments.stripe_values import identity
from apps.payments.subscription_errors import (
    AlreadySubscribed,
    DetailsMissing,
    VatNumberRefused,
)
from apps.tenants.access import require

FIELDS: Final = (
    "legal_name", "billing_email", "line1", "line2", "postal_code", "city", "state", "country",
    "vat_id", "purchase_order",
)  # fmt: skip
WRITTEN_FREELY: Final = (
    "legal_name", "line1", "line2", "postal_code", "city", "state", "purchase_order",
)  # fmt: skip
INVALID: Final = "tax_id_invalid"


def require_complete(account: Account) -> None:
    """Raises `DetailsMissing` for what an invoice must say."""
    if missing := account.missing_details:
        raise DetailsMissing(
            "An invoice needs a name, an e-mail address and a full address. Fill them in first.",
            missing=missing,
        )


def update(*, account: Account, by: Any, **details: str) -> Account:
    """Change what `FIELDS` names; what is left out stays. The subscription's tax follows.

    Raises `VatNumberRefused` for a number that cannot be one of the address's country, and as
    `attempts.carry_out`.
    """
    require("billing.update", by=by, tenant=account.tenant)
    present = {name: getattr(account, name) for name in FIELDS}
    wished = present | {name: details[name].strip() for name in FIELDS if name in details}
    wished["country"] = wished["country"].upper()
    wished["vat_id"] = taxes.normalised(wished["vat_id"])
    if wished["vat_id"]:
        _check_vat(wished["vat_id"], wished["country"])
    attempts.carry_out(DETAILS, account=account, params=wished, by=by)
    account.refresh_from_db()
    return account


def follow_tax(account: Account) -> None:
    """After the tax office has answered: the subscription has the tax that the VAT number and the
    address stand for, from its next invoice on. Asks Stripe only where that is another than it
    has; leaves alone a rate that is none of the catalogue's. Raises `StripeError`.
    """
    subscription = subscriptions.live_of(account)
    if subscription is None:
        return
    held = {_rate_of(one) for one in subscription.data.get("default_tax_rates") or ()}
    if not held or None in held or held == {tax_rates.tax_of(account).key}:
        return
    wanted = tax_rates.ids_of(account)
    _set_rates(subscription, wanted, f"follow-{subscription.pk}-{uuid4()}")
    objects.fetch("subscription", subscription.pk, account)


def _rate_of(rate: Any) -> str | None:
    """The key of a rate of ours (`taxes.Tax.key`)."""
    return rate["metadata"].get(MARK) if isinstance(rate, Mapping) else None


def _check_vat(number: str, country: str) -> None:
    found = taxes.problem(number, country=country) if country else "Choose the country first."
    if found:
        raise VatNumberRefused(found, errors={"vat_id": [found]})


def _ask(attempt: Attempt) -> Answer:
    """Stripe first, so that what stands here is what invoices say."""
    account = accounts.connect(attempt.account, key=attempt.key)
    before = tax_rates.tax_of(account)
    for name in FIELDS:
        setattr(account, name, attempt.params[name])
    account.vat_state = _set_vat(account, attempt.key)
    _tell(account, attempt.key)
    if tax_rates.tax_of(account) != before:
        # What is about to be bought on a page of Stripe's would have the tax of before.
        with suppress(AlreadySubscribed):
            checkouts.close(account, attempt.key)
    account.save(update_fields=[*FIELDS, "vat_state"])
    return Answer((("customer", str(account.customer_id)), *_tax_changed(account, attempt.key)))


def _tell(account: Account, key: str) -> None:
    order = [{"name": accounts.PURCHASE_ORDER, "value": account.purchase_order}]
    wish = accounts.details(account)
    wish["invoice_settings"] = {"custom_fields": order if account.purchase_order else ""}
    options = {"idempotency_key": f"{key}-customer"}
    ident = str(account.customer_id)
    stripe_api.call(lambda api: api.customers.update(ident, wish, options))


def _set_vat(account: Account, key: str) -> str:
    """Have Stripe hold this number and no other; returns how far it is verified. The one before
    goes last: it stays where Stripe refuses this one.
    """
    held = _held(account)
    kept = [one for one in held if taxes.normalised(one["value"]) == account.vat_id]
    if account.vat_id and not kept:
        kept = [_add(account, key)]
    for one in held:
        if one not in kept:
            _delete(account, one["id"])
    return records.vat_state(kept, account)


def _held(account: Account) -> list[dict[str, Any]]:
    return list(stripe_api.pages(f"customers/{account.customer_id}/tax_ids"))


def _delete(account: Account, tax_id: str) -> None:
    ident = str(account.customer_id)
    stripe_api.call(lambda api: api.customers.tax_ids.delete(ident, tax_id))


def _add(account: Account, key: str) -> dict[str, Any]:
    value = taxes.stripe_value(account.vat_id, country=account.country)
    wish = {"type": taxes.stripe_type(account.country), "value": value}
    options = {"idempotency_key": f"{key}-vat"}
    ident = str(account.customer_id)
    try:
        made: dict[str, Any] = stripe_api.call(
            lambda api: api.customers.tax_ids.create(ident, wish, options)
        )
    except StripeError as error:
        if error.stripe_code != INVALID:
            raise
        text = "Stripe says that this is no valid VAT number. Look at it again."
        raise VatNumberRefused(text, errors={"vat_id": [text]}) from error
    return made


def _tax_changed(account: Account, key: str) -> tuple[tuple[str, str], ...]:
    """The subscription's rate follows the address, from its next invoice on."""
    subscription = subscriptions.live_of(account)
    if subscription is None:
        return ()
    held = [identity(one) for one in subscription.data.get("default_tax_rates") or ()]
    wanted = tax_rates.ids_of(account)
    if held == wanted:
        return ()
    _set_rates(subscription, wanted, f"{key}-tax")
    return (("subscription", subscription.pk),)


def _set_rates(subscription: Subscription, wanted: list[str], key: str) -> None:
    """A change that is planned for the period's end keeps them as well."""
    options, ident = {"idempotency_key": key}, subscription.pk
    wish = {"default_tax_rates": wanted}
    stripe_api.call(lambda api: api.subscriptions.update(ident, wish, options))
    changes.plan_anew(subscription, key)


DETAILS: Final = Deed("details", "billing.details_changed", "other billing details", _ask)
