"""Where money goes: payments, refusals, refunds, disputes, credit, taxes, discounts."""

from __future__ import annotations

import io

import httpx
import pytest
import stripe

from tests.integration.sandbox.stripe.test_lives import NEW_YEAR, subscribe


def pay(account, card="pm_card_visa", amount=10_000, **about):
    wish = {
        "amount": amount,
        "currency": "eur",
        "payment_method": card,
        "confirm": True,
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        **about,
    }
    return account.api.payment_intents.create(wish)


@pytest.mark.parametrize(
    ("card", "code", "reason"),
    [
        ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", None),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", None),
        ("pm_card_chargeDeclinedProcessingError", "processing_error", None),
    ],
)
def test_a_refused_card_says_why(stripe_account, card, code, reason):
    with pytest.raises(stripe.CardError) as refused:
        pay(stripe_account, card)
    error = refused.value.error
    assert (error.code, error.decline_code, refused.value.http_status) == (code, reason, 402)
    intent = stripe_account.api.payment_intents.retrieve(error.payment_intent.id)
    assert intent.status == "requires_payment_method"
    assert stripe_account.events()[-2:] == ["charge.failed", "payment_intent.payment_failed"]


def test_who_must_authenticate_goes_to_the_bank_and_comes_back(stripe_account):
    intent = pay(
        stripe_account,
        "pm_card_authenticationRequired",
        return_url="https://school.example/back",
        automatic_payment_methods={"enabled": True},
    )
    assert intent.status == "requires_action"
    back = httpx.post(intent.next_action.redirect_to_url.url, data={"answer": "complete"})
    assert back.headers["location"].startswith("https://school.example/back?payment_intent=")
    assert stripe_account.api.payment_intents.retrieve(intent.id).status == "succeeded"


def test_a_refund_in_part_and_the_rest_and_not_a_cent_more(stripe_account):
    intent = pay(stripe_account, amount=10_000)
    refund = stripe_account.api.refunds.create
    part = refund({"payment_intent": intent.id, "amount": 2_500, "reason": "duplicate"})
    assert (part.amount, part.status) == (2_500, "succeeded")
    with pytest.raises(stripe.InvalidRequestError):
        refund({"payment_intent": intent.id, "amount": 7_501})
    assert refund({"payment_intent": intent.id}).amount == 7_500
    with pytest.raises(stripe.InvalidRequestError) as again:
        refund({"payment_intent": intent.id})
    assert again.value.code == "charge_already_refunded"
    charge = stripe_account.api.charges.retrieve(intent.latest_charge, {"expand": ["refunds"]})
    assert (charge.refunded, len(charge.refunds.data)) == (True, 2)


def test_a_dispute_takes_the_money_and_winning_it_brings_it_back(stripe_account):
    pay(stripe_account, "pm_card_createDispute", amount=5_000)
    [dispute] = stripe_account.api.disputes.list().data
    assert (dispute.status, dispute.amount) == ("needs_response", 5_000)
    won = stripe_account.api.disputes.update(
        dispute.id, {"evidence": {"uncategorized_text": "winning_evidence"}}
    )
    assert won.status == "won"
    moves = [one.amount for one in stripe_account.api.balance_transactions.list().data]
    assert moves == [5_000, -5_000, 5_000]
    balance = stripe_account.api.balance.retrieve()
    together = sum(one.amount for one in [*balance.available, *balance.pending])
    fees = sum(one.fee for one in stripe_account.api.balance_transactions.list().data)
    assert together == 5_000 - fees


def test_evidence_may_be_a_file(stripe_account):
    pay(stripe_account, "pm_card_createDispute", amount=5_000)
    [dispute] = stripe_account.api.disputes.list().data
    receipt = io.BytesIO(b"%PDF-1.7 a receipt \xff")
    receipt.name = "receipt.pdf"
    wish = {"file": receipt, "purpose": "dispute_evidence"}
    file = stripe_account.api.files.create(wish)
    assert (file.filename, file.size, file.type) == ("receipt.pdf", 20, "pdf")
    seen = stripe_account.api.disputes.update(
        dispute.id, {"evidence": {"receipt": file.id}, "submit": False}
    )
    assert (seen.status, seen.evidence.receipt) == ("needs_response", file.id)
    with pytest.raises(stripe.InvalidRequestError, match="No such file"):
        stripe_account.api.disputes.update(dispute.id, {"evidence": {"receipt": "file_1"}})
    with pytest.raises(stripe.InvalidRequestError, match="PDF"):
        stripe_account.api.files.create({**wish, "file": io.BytesIO(b"MZ")})


def test_a_bank_transfer_pays_an_invoice_when_it_arrives(stripe_account):
    customer = stripe_account.customer("")
    stripe_account.api.invoice_items.create(
        {"customer": customer.id, "amount": 80_000, "currency": "eur", "description": "A year"}
    )
    invoice = stripe_account.api.invoices.create(
        {
            "customer": customer.id,
            "collection_method": "send_invoice",
            "days_until_due": 14,
            "pending_invoice_items_behavior": "include",
        }
    )
    sent = stripe_account.api.invoices.send_invoice(invoice.id)
    form = {"method": "customer_balance"}
    page = httpx.post(sent.hosted_invoice_url, data=form, follow_redirects=True).text
    assert "IBAN" in page
    stripe_account.api.test_helpers.customers.fund_cash_balance(
        customer.id, {"amount": 80_000, "currency": "eur"}
    )
    assert stripe_account.api.invoices.retrieve(invoice.id).status == "paid"


def test_lines_less_discounts_plus_tax_are_the_total(stripe_account):
    vat = stripe_account.api.tax_rates.create(
        {"display_name": "VAT", "percentage": 19, "inclusive": False, "country": "DE"}
    )
    coupon = stripe_account.api.coupons.create({"amount_off": 333, "currency": "eur"})
    customer = stripe_account.customer()
    items = [
        {"price": stripe_account.price(amount).id, "quantity": count}
        for amount, count in ((999, 3), (1_249, 1))
    ]
    made = stripe_account.api.subscriptions.create(
        {
            "customer": customer.id,
            "items": items,
            "default_tax_rates": [vat.id],
            "discounts": [{"coupon": coupon.id}],
            "expand": ["latest_invoice"],
        }
    )
    invoice = made.latest_invoice
    discount = sum(one.amount for one in invoice.total_discount_amounts)
    tax = sum(one.amount for one in invoice.total_taxes)
    assert (invoice.subtotal, discount) == (4_246, 333)
    assert invoice.total == invoice.subtotal - discount + tax == invoice.amount_paid
    assert tax == sum(one.amount for line in invoice.lines.data for one in line.taxes)


def test_a_school_elsewhere_with_a_vat_number_pays_its_own_tax(stripe_account):
    customer = stripe_account.customer(
        address={"country": "FR"}, tax_id_data=[{"type": "eu_vat", "value": "FR12345678901"}]
    )
    made = subscribe(
        stripe_account,
        customer,
        stripe_account.price(1000),
        automatic_tax={"enabled": True},
        expand=["latest_invoice"],
    )
    [tax] = made.latest_invoice.total_taxes
    assert (tax.amount, tax.taxability_reason) == (0, "reverse_charge")
    assert made.latest_invoice.customer_tax_ids[0].value == "FR12345678901"


def test_a_credit_note_gives_back_to_card_and_balance(stripe_account):
    customer = stripe_account.customer()
    made = subscribe(stripe_account, customer, stripe_account.price(5_000))
    note = stripe_account.api.credit_notes.create(
        {
            "invoice": made.latest_invoice,
            "amount": 3_000,
            "refund_amount": 1_000,
            "credit_amount": 2_000,
            "reason": "order_change",
        }
    )
    assert (note.total, note.number.endswith("-CN-01")) == (3_000, True)
    assert stripe_account.api.customers.retrieve(customer.id).balance == -2_000
    assert stripe_account.api.refunds.list().data[0].amount == 1_000


def test_a_part_credited_has_the_taxable_amount_of_that_part(stripe_account):
    rate = stripe_account.api.tax_rates.create(
        {"display_name": "VAT", "percentage": 19, "inclusive": False}
    )
    customer = stripe_account.customer()
    price = stripe_account.price(10_000)
    made = subscribe(stripe_account, customer, price, default_tax_rates=[rate.id])
    wish = {"invoice": made.latest_invoice, "amount": 5_950, "credit_amount": 5_950}
    [tax] = stripe_account.api.credit_notes.create(wish).total_taxes
    assert (tax.amount, tax.taxable_amount) == (950, 5_000)
    included = stripe_account.api.tax_rates.create(
        {"display_name": "VAT", "percentage": 19, "inclusive": True}
    )
    line = {"type": "custom_line_item", "description": "x", "quantity": 1, "unit_amount": 1_190}
    lines = [{**line, "tax_rates": [included.id]}]
    wish = {"invoice": made.latest_invoice, "lines": lines, "credit_amount": 1_190}
    [tax] = stripe_account.api.credit_notes.create(wish).total_taxes
    assert (tax.amount, tax.taxable_amount) == (190, 1_000)


def test_a_credit_pays_the_next_invoices_first(stripe_account):
    clock = stripe_account.clock()
    customer = stripe_account.customer(test_clock=clock)
    stripe_account.api.customers.balance_transactions.create(
        customer.id, {"amount": -2_500, "currency": "eur"}
    )
    made = subscribe(stripe_account, customer, stripe_account.price(1_000))
    stripe_account.advance(clock, NEW_YEAR + 65 * 86_400)
    invoices = stripe_account.api.invoices.list({"subscription": made.id}).data[::-1]
    assert [(one.total, one.amount_paid) for one in invoices] == [
        (1_000, 0),
        (1_000, 0),
        (1_000, 500),
    ]
    assert stripe_account.api.customers.retrieve(customer.id).balance == 0


def test_tiers_and_meters_charge_what_was_used(stripe_account):
    clock = stripe_account.clock()
    customer = stripe_account.customer(test_clock=clock)
    meter = stripe_account.api.billing.meters.create(
        {
            "display_name": "Deployments",
            "event_name": "deployments",
            "default_aggregation": {"formula": "sum"},
        }
    )
    price = stripe_account.price(
        unit_amount=None,
        recurring={"interval": "month", "usage_type": "metered", "meter": meter.id},
        billing_scheme="tiered",
        tiers_mode="graduated",
        tiers=[{"up_to": 10, "unit_amount": 0}, {"up_to": "inf", "unit_amount_decimal": "2.5"}],
    )
    made = stripe_account.api.subscriptions.create(
        {"customer": customer.id, "items": [{"price": price.id}]}
    )
    for count in (5, 8):
        stripe_account.api.billing.meter_events.create(
            {
                "event_name": "deployments",
                "payload": {"stripe_customer_id": customer.id, "value": str(count)},
                "identifier": f"run-{count}",
            }
        )
    for moment in (NEW_YEAR - 36 * 86_400, NEW_YEAR + 3_600):
        with pytest.raises(stripe.InvalidRequestError, match="within the past 35 days"):
            stripe_account.api.billing.meter_events.create(
                {
                    "event_name": "deployments",
                    "payload": {"stripe_customer_id": customer.id, "value": "1"},
                    "timestamp": moment,
                }
            )
    stripe_account.advance(clock, NEW_YEAR + 32 * 86_400)
    renewed = stripe_account.api.subscriptions.retrieve(made.id, {"expand": ["latest_invoice"]})
    [line] = renewed.latest_invoice.lines.data
    assert (line.quantity, line.amount) == (13, 8)


def test_a_planned_change_happens_when_it_was_planned(stripe_account):
    clock = stripe_account.clock()
    customer = stripe_account.customer(test_clock=clock)
    small, large = stripe_account.price(1_000), stripe_account.price(2_000)
    made = subscribe(stripe_account, customer, small)
    schedule = stripe_account.api.subscription_schedules.create({"from_subscription": made.id})
    first = schedule.phases[0]
    stripe_account.api.subscription_schedules.update(
        schedule.id,
        {
            "phases": [
                {
                    "items": [{"price": small.id, "quantity": 1}],
                    "start_date": first.start_date,
                    "end_date": first.end_date,
                },
                {
                    "items": [{"price": large.id, "quantity": 1}],
                    "duration": {"interval": "month", "interval_count": 1},
                    "proration_behavior": "none",
                },
            ]
        },
    )
    stripe_account.advance(clock, NEW_YEAR + 33 * 86_400)
    now = stripe_account.api.subscriptions.retrieve(made.id, {"expand": ["latest_invoice"]})
    assert now["items"].data[0].price.id == large.id
    assert now.latest_invoice.total == 2_000
    stripe_account.advance(clock, NEW_YEAR + 62 * 86_400)
    assert stripe_account.api.subscription_schedules.retrieve(schedule.id).status == "released"
