"""The Billing Portal, clicked through."""

from __future__ import annotations

import re

import httpx
import pytest


@pytest.fixture
def portal(stripe_account):
    return Portal(stripe_account)


class Portal:
    """A customer with a plan, and a session of theirs."""

    def __init__(self, account):
        self.account = account
        self.small = account.price(1000)
        self.large = account.price(3000, product_data={"name": "District"})
        self.customer = account.customer()
        wish = {"customer": self.customer.id, "items": [{"price": self.small.id, "quantity": 2}]}
        self.subscription = account.api.subscriptions.create(wish)
        products = [
            {"product": price.product, "prices": [price.id]} for price in (self.small, self.large)
        ]
        self.configuration = account.api.billing_portal.configurations.create(
            {
                "features": {
                    "customer_update": {
                        "enabled": True,
                        "allowed_updates": ["name", "address", "tax_id"],
                    },
                    "invoice_history": {"enabled": True},
                    "payment_method_update": {"enabled": True},
                    "subscription_cancel": {
                        "enabled": True,
                        "mode": "at_period_end",
                        "cancellation_reason": {
                            "enabled": True,
                            "options": ["too_expensive", "unused"],
                        },
                    },
                    "subscription_update": {
                        "enabled": True,
                        "default_allowed_updates": ["price", "quantity"],
                        "products": products,
                        "proration_behavior": "always_invoice",
                    },
                }
            }
        )
        session = account.api.billing_portal.sessions.create(
            {
                "customer": self.customer.id,
                "configuration": self.configuration.id,
                "return_url": "https://school.example/billing",
            }
        )
        self.url = session.url

    def get(self, path="", **query):
        return httpx.get(f"{self.url}{path}", params=query, timeout=30)

    def post(self, path, **form):
        return httpx.post(f"{self.url}{path}", data=form, timeout=30)

    def now(self):
        return self.account.api.subscriptions.retrieve(self.subscription.id)


def test_it_shows_what_a_customer_has(portal):
    page = portal.get().text
    for shown in ("School", "2 seats", "Visa ending in 4242", "€20.00", "Cancel plan"):
        assert shown in page
    assert httpx.get(f"{portal.url}x").status_code == 404


def test_a_plan_is_cancelled_with_a_reason_and_taken_up_again(portal):
    path = f"/subscriptions/{portal.subscription.id}"
    assert "too expensive" in portal.get(f"{path}/cancel").text
    portal.post(f"{path}/cancel", feedback="too_expensive", comment="No budget.")
    leaving = portal.now()
    assert leaving.cancel_at_period_end
    assert leaving.cancellation_details.feedback == "too_expensive"
    portal.post(f"{path}/resume")
    assert not portal.now().cancel_at_period_end


def test_another_plan_costs_what_the_page_said(portal):
    path = f"/subscriptions/{portal.subscription.id}/update"
    choice = {"price": portal.large.id, "quantity": "3"}
    page = portal.get(path, **choice).text
    assert "Due today" in page
    moment = re.search(r'name="proration_date" value="(\d+)"', page)[1]
    portal.post(path, **choice, proration_date=moment)
    changed = portal.now()
    item = changed["items"].data[0]
    assert (item.price.id, item.quantity) == (portal.large.id, 3)
    paid = portal.account.api.invoices.retrieve(changed.latest_invoice)
    assert f"€{paid.total // 100}.{paid.total % 100:02}" in page
    assert paid.status == "paid"


def test_a_price_that_is_not_on_offer_is_not_taken(portal):
    secret = portal.account.price(1)
    portal.post(f"/subscriptions/{portal.subscription.id}/update", price=secret.id)
    assert portal.now()["items"].data[0].price.id == portal.small.id


def test_another_card_pays_from_now_on(portal):
    card = {"method": "card", "number": "5555555555554444", "expiry": "12/34", "cvc": "123"}
    assert portal.post("/payment-methods", **card).headers["location"] in portal.url
    customer = portal.account.api.customers.retrieve(
        portal.customer.id, {"expand": ["invoice_settings.default_payment_method"]}
    )
    assert customer.invoice_settings.default_payment_method.card.last4 == "4444"
    declined = portal.post("/payment-methods", **card | {"number": "4000000000000002"})
    assert "Your card was declined." in declined.text


def test_who_is_billed_can_be_changed(portal):
    portal.post("/customer", name="Lincoln Trust", country="FR", tax_id="FR12345678901")
    customer = portal.account.api.customers.retrieve(portal.customer.id, {"expand": ["tax_ids"]})
    assert (customer.name, customer.address.country) == ("Lincoln Trust", "FR")
    assert customer.tax_ids.data[0].value == "FR12345678901"
    assert portal.post("/customer", name="X", tax_id="nonsense").status_code == 422


def test_an_invoice_has_a_page_and_a_pdf(portal):
    [invoice] = portal.account.api.invoices.list({"customer": portal.customer.id}).data
    assert invoice.number in httpx.get(invoice.hosted_invoice_url).text
    pdf = httpx.get(invoice.invoice_pdf)
    assert pdf.content.startswith(b"%PDF-")
    assert invoice.number.encode() in pdf.content
