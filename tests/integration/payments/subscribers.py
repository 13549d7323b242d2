"""Customers who try or pay, and the changes they make."""

from __future__ import annotations

import pytest

from apps.payments.catalogue import Chosen
from apps.payments.services import beginnings, changes, previews, prices, tax_rates

SCHOOL, STARTER = Chosen("school", "month", 0), Chosen("starter", "month", 0)


@pytest.fixture
def trial(shop, owner):
    return beginnings.start_trial(account=shop.account, chosen=STARTER, by=owner)


@pytest.fixture
def paid(shop, owner):
    """Starter by the month, paid by card, by a test clock."""
    account = shop.connect(clock=True)
    return start(shop, account, STARTER)


def start(shop, account, chosen):
    wish = {
        "customer": account.customer_id, "items": prices.items(*chosen),
        "default_tax_rates": tax_rates.ids_of(account),
    }  # fmt: skip
    shop.stripe.api.subscriptions.create(wish)
    shop.sync()
    return account.subscriptions.get()


def change(shop, chosen, by, **about):
    seen = previews.preview(account=shop.account, chosen=chosen, by=by)
    about = {"proration_date": seen.proration_date, "total_now": seen.total_now, **about}
    return seen, changes.apply(account=shop.account, chosen=chosen, by=by, **about)
