"""What a VAT number does to the tax, once the tax office has answered."""

from __future__ import annotations

import pytest

from apps.mail.models import Message
from apps.payments.catalogue import Chosen
from apps.payments.models import StripeEvent
from apps.payments.services import beginnings, billing_details, missing_vat, sync, tax_rates
from apps.payments.subscription_errors import VatNumberRefused
from tests.integration.payments.test_billing_pages import ADDRESS

PENDING = "EE222222222"  # https://docs.stripe.com/billing/customer/tax-ids#test


@pytest.fixture
def trial(shop, owner):
    """A school in Estonia that tries the plan, with a number that is being looked up."""
    about = {**ADDRESS, "country": "EE", "vat_id": PENDING}
    billing_details.update(account=shop.account, by=owner, **about)
    return beginnings.start_trial(
        account=shop.account, chosen=Chosen("school", "month", 0), by=owner
    )


def answer(shop, sandbox, status):
    """The tax office answers, and Stripe tells of it by its event."""
    about = {"key": shop.stripe.key, "customer": shop.account.customer_id, "status": status}
    assert sandbox.call("POST", "stripe/tax-ids", about) == {"answered": 1}
    [told] = shop.stripe.api.events.list({"type": "customer.tax_id.updated"}).data
    assert StripeEvent.objects.insert_once(StripeEvent.of(told.to_dict()))
    assert sync.sync(customer_id=shop.account.customer_id) == {"stored": 1, "failed": 0}


def rate_at_stripe(shop, trial):
    [rate] = shop.stripe.api.subscriptions.retrieve(trial.pk).default_tax_rates
    return rate.metadata["toolboxai"]


def mails():
    return Message.objects.filter(template="mail/vat_number_unknown")


def test_a_number_counts_while_it_is_looked_up_and_when_it_is_known(shop, trial, sandbox_process):
    assert (shop.account.vat_state, rate_at_stripe(shop, trial)) == (
        "pending",
        "reverse_charge_eu_0",
    )
    answer(shop, sandbox_process, "verified")
    assert shop.account.vat_state == "verified"
    assert rate_at_stripe(shop, trial) == "reverse_charge_eu_0"
    assert not mails().exists()


def test_a_number_that_nobody_knows_brings_the_tax_back_and_a_mail(
    shop, trial, sandbox_process, owner, browse
):
    answer(shop, sandbox_process, "unverified")
    assert shop.account.vat_state == "unverified"
    assert rate_at_stripe(shop, trial) == "destination_ee_24"
    stored = shop.account.subscription.data["default_tax_rates"]
    assert [one["id"] for one in stored] == tax_rates.ids_of(shop.account)
    [first, *others] = mails()
    assert PENDING in first.text
    assert "VAT of 24 % (Estonia)" in first.text
    sync.sync(customer_id=shop.account.customer_id)
    assert mails().count() == 1 + len(others)
    page = browse(owner).get("/settings/billing/").content.decode()
    assert f"The tax office does not know {PENDING}" in page


def test_while_stripe_does_not_answer_the_tax_waits_for_the_next_time(shop, trial, sandbox_process):
    sandbox_process.faults(f"POST /v1/subscriptions/{trial.pk}", kind="status", status=500)
    answer(shop, sandbox_process, "unverified")
    assert rate_at_stripe(shop, trial) == "reverse_charge_eu_0"
    sync.sync(customer_id=shop.account.customer_id)
    assert rate_at_stripe(shop, trial) == "destination_ee_24"


def test_what_was_invoiced_without_the_tax_is_told_to_operators_until_it_is_credited(
    shop, sandbox_process, owner, operator, console
):
    about = {**ADDRESS, "country": "EE", "vat_id": PENDING}
    billing_details.update(account=shop.account, by=owner, **about)
    beginnings.order(
        account=shop.account, chosen=Chosen("school", "month", 0), total_now=14_900, by=owner
    )
    answer(shop, sandbox_process, "unverified")
    [invoice] = shop.account.invoices.all()
    found = missing_vat.of(shop.account)
    assert (found.numbers, found.amount) == (invoice.number, 3_576)  # 24 % of 149.00
    told = Message.objects.get(template="mail/money_alert", to=operator.email)
    assert "VAT of €35.76 is missing on invoices of" in told.subject
    assert f"{PENDING}: {invoice.number}" in told.text
    assert f"without VAT for this number: {invoice.number}" in mails().first().text
    url = f"/operator/payments/account/{shop.account.pk}/change/"
    assert "VAT of €35.76 is missing" in console.get(url).content.decode()
    shop.stripe.api.credit_notes.create({"invoice": invoice.pk, "amount": 14_900})
    shop.sync()
    assert missing_vat.of(shop.account) is None


def test_a_number_that_stripe_refuses_leaves_the_one_there_is(shop, owner):
    held = {"country": "RO", "vat_id": "RO1234567890"}
    billing_details.update(account=shop.account, by=owner, **held)
    with pytest.raises(VatNumberRefused):
        billing_details.update(account=shop.account, by=owner, vat_id="RO12")
    [kept] = shop.stripe.api.customers.tax_ids.list(shop.account.customer_id).data
    assert (kept.value, shop.account.vat_id) == (held["vat_id"], held["vat_id"])
    billing_details.update(account=shop.account, by=owner, vat_id="RO0987654321")
    [kept] = shop.stripe.api.customers.tax_ids.list(shop.account.customer_id).data
    assert kept.value == shop.account.vat_id == "RO0987654321"
