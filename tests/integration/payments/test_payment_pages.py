"""Settings > Billing > Payments, and the same over the API."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.payments.models import Payment, Refund
from tests.factories.gateway import make_key
from tests.factories.payments import make_account, make_invoice, make_payment

pytestmark = pytest.mark.django_db
HOME = "/settings/billing/payments/"
API = "/api/v1/payments/"


@pytest.fixture
def program(alpha):
    _, secret = make_key(alpha, scopes=["billing.view"])
    return Client(SERVER_NAME=alpha.host, headers={"Authorization": f"Bearer {secret}"})


def pay(tenant, number=1):
    """Payments of an invoice each, and refunds of which the customer hears of one."""
    account = make_account(tenant, customer_id=f"cus_{tenant.pk}")
    for index in range(number):
        ident = f"{tenant.slug}{index}"
        invoice = make_invoice(account, ident.upper())
        payment = make_payment(account, ident, invoice=invoice, amount_refunded=500)
        about = {"account": account, "payment": payment, "asked_by_label": "x", "note": "Ticket 9"}
        Refund.objects.create(amount=500, state="done", **about)
        Refund.objects.create(amount=700, state="rejected", needs_approval=True, **about)
    return payment


def test_what_was_paid_failed_and_given_back(alpha, browse, owner):
    browser = browse(owner)
    assert "No payment yet" in browser.get(HOME).content.decode()
    payment = pay(alpha)
    make_payment(
        payment.account, "bad", status="failed", amount_captured=0,
        decline_code="insufficient_funds", failure_code="card_declined",
    )  # fmt: skip
    page = browser.get(HOME).content.decode()
    for words in ("ALPHA0", "€149.00", "€5.00", "not enough money"):
        assert words in page
    assert "Ticket 9" not in page
    assert "€7.00" not in page
    assert "ALPHA0" not in browser.get(HOME, {"state": "failed"}).content.decode()
    assert "ALPHA0" in browser.get(HOME, {"state": "x"}).content.decode()


def test_the_api_gives_the_same_to_a_key_that_may(alpha, program):
    payment = pay(alpha)
    (listed,) = program.get(API, {"invoice": payment.invoice_id}).json()["results"]
    assert (listed["amount"], listed["invoice_number"], listed["failure"]) == (14_900, "ALPHA0", "")
    assert [one["amount"] for one in listed["refunds"]] == [500]
    assert program.get(f"{API}{payment.pk}/").json()["method"] == "Visa 4242"
    assert program.get(API, {"status": "failed"}).json()["results"] == []


def test_nobody_else_sees_them(alpha, beta, browse, admin, teacher, outsider, program):
    pay(alpha)
    theirs = pay(beta)
    for person in (admin, teacher):
        assert browse(person).get(HOME).status_code == 403
        assert browse(person).get(API).status_code == 403
    assert browse(outsider).get(HOME).status_code == 403
    mine = browse(outsider, tenant=beta).get(HOME).content.decode()
    assert "BETA0" in mine
    assert "ALPHA0" not in mine
    assert program.get(f"{API}{theirs.pk}/").status_code == 404
    assert "BETA0" not in str(program.get(API).json())


def test_its_queries_do_not_grow(alpha, browse, owner, program):
    browser = browse(owner)
    pay(alpha)
    counts = []
    for number in (0, 20):
        if number:
            Refund.objects.all().delete()
            Payment.objects.all().delete()
            alpha.payments_account.invoices.all().delete()
            pay(alpha, number)
        browser.get(HOME)
        program.get(API)
        for client, address in ((browser, HOME), (program, API)):
            with CaptureQueriesContext(connection) as found:
                client.get(address)
            counts.append(len(found))
    assert counts[:2] == counts[2:]
