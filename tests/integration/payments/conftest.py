from __future__ import annotations

import pytest

from apps.tenants.access import Operator
from tests.factories.accounts import UserFactory


def _operator(email):
    return Operator(UserFactory(email=email, is_staff=True, is_superuser=True))


@pytest.fixture
def olga(db):
    return _operator("olga@toolboxai.example")


@pytest.fixture
def otto(db):
    return _operator("otto@toolboxai.example")


@pytest.fixture
def paid(billing):
    """A payment of Alpha's for an invoice over EUR 149, VAT of 19 % in it: 177.31."""
    from apps.payments.models import Payment

    return lambda card="pm_card_visa", amount=14_900: _pay(billing, card, amount, Payment)


def _pay(billing, card, amount, payments):
    billing.connect(card=card)
    rate = billing.stripe.api.tax_rates.create(
        {"display_name": "VAT", "percentage": 19, "inclusive": False}
    )
    billing.subscribe(amount=amount, default_tax_rates=[rate.id])
    billing.sync("charge", "subscription", "invoice")
    return payments.objects.filter(account=billing.account).first()
