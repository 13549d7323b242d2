"""The account that a key belongs to, and how its billing is set up.

Settings that Stripe has on its dashboard only (retries, what becomes of a subscription whose
payment failed for good, days before a renewal) stand here and are changed over /_sandbox.
"""

from __future__ import annotations

from typing import Any

from sandbox.database import Database
from sandbox.stripe.answers import Document
from sandbox.stripe.endpoint import Call, Endpoint
from sandbox.stripe.errors import StripeError
from sandbox.stripe.store import Store

DAY = 86_400
HOUR = 3_600
# https://docs.stripe.com/billing/revenue-recovery/smart-retries: eight tries in two weeks. Here
# they have declared days, so that two runs come to the same.
SMART_RETRIES = (1, 2, 3, 5, 7, 10, 14)
AFTER_LAST_RETRY = ("cancel", "unpaid", "past_due")
DEFAULT_SETTINGS: dict[str, Any] = {
    "retry_days": list(SMART_RETRIES),
    "after_last_retry": "cancel",
    "upcoming_days": 7,
    "draft_seconds": HOUR,
    "payment_methods": ["card", "sepa_debit", "customer_balance"],
}


def current(store: Store) -> Document:
    """The account's document, made when it is first asked for."""
    found = store.find(store.account)
    if found:
        return found
    return store.insert(
        {
            "id": store.account,
            "object": "account",
            "business_profile": {"name": "ToolBoxAI", "url": "https://toolboxai.example"},
            "business_type": "company",
            "capabilities": dict.fromkeys(("card_payments", "transfers"), "active"),
            "charges_enabled": True,
            "country": "DE",
            "created": store.now(),
            "default_currency": "eur",
            "details_submitted": True,
            "email": "billing@toolboxai.example",
            "metadata": {},
            "payouts_enabled": True,
            "settings": _settings(),
            "type": "standard",
            "_settings": dict(DEFAULT_SETTINGS),
        }
    )


def _settings() -> Document:
    return {
        "branding": {"icon": None, "logo": None, "primary_color": None, "secondary_color": None},
        "card_payments": {"statement_descriptor_prefix": "TOOLBOXAI"},
        "dashboard": {"display_name": "ToolBoxAI", "timezone": "Etc/UTC"},
        "payments": {"statement_descriptor": "TOOLBOXAI"},
    }


def settings(store: Store) -> dict[str, Any]:
    return {**DEFAULT_SETTINGS, **current(store)["_settings"]}


def change_settings(store: Store, wishes: dict[str, Any]) -> dict[str, Any]:
    """Raises `ValueError` for a setting that does not exist or a value it cannot take."""
    for name, value in wishes.items():
        if name not in DEFAULT_SETTINGS:
            raise ValueError(f"There is no setting {name!r}; there are {list(DEFAULT_SETTINGS)}.")
        if type(value) is not type(DEFAULT_SETTINGS[name]):
            raise ValueError(f"{name} cannot be {value!r}.")
    if wishes.get("after_last_retry", "cancel") not in AFTER_LAST_RETRY:
        raise ValueError(f"after_last_retry is one of {', '.join(AFTER_LAST_RETRY)}.")
    account = current(store)
    account["_settings"] |= wishes
    store.save(account)
    return settings(store)


def copy(database: Database, source: str, target: str) -> int:
    """Give an account all objects of another; how many. Its own document and settings stay."""
    copied = (
        "INSERT INTO stripe_objects (id, account, kind, customer, clock, due, created, body) "
        "SELECT id, ?, kind, customer, clock, due, created, body FROM stripe_objects "
        "WHERE account = ? AND kind <> 'account' ORDER BY sequence"
    )
    database.run(copied, target, source)
    counted = "SELECT count(*) FROM stripe_objects WHERE account = ? AND kind <> 'account'"
    return int(database.value(counted, source))


def read_own(call: Call) -> Document:
    return current(call.store)


def read(call: Call) -> Document:
    if call.id != call.store.account:
        text = f"The provided key does not have access to account '{call.id}'."
        raise StripeError(text, status=403, code="account_invalid")
    return current(call.store)


ENDPOINTS = [
    Endpoint("GET", "/v1/account", "AccountRetrieveCurrentParams", read_own),
    Endpoint("GET", "/v1/accounts/{id}", "AccountRetrieveParams", read),
]
