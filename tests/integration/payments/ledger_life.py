"""A customer's life at the sandbox's Stripe, as chance or a test has it; after each step the ledger
balances, and its sums are Stripe's own.
"""

from __future__ import annotations

import random
import secrets
from datetime import date

import httpx
import stripe
from django.db import connection, transaction
from django.db.models import Sum
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
)

from apps.payments import stripe_api
from apps.payments.models import Account, LedgerEntry, RevenueSchedule
from apps.payments.services import accounts, ledger, objects
from tests.fixtures.stripe import CheckingClient, Stripe

DAY = 86_400


KINDS = (
    "customer", "subscription", "invoice", "credit_note", "charge", "refund", "dispute", "payout",
)  # fmt: skip


AMOUNTS = st.integers(min_value=60, max_value=99_999)


REFUSED = (stripe.InvalidRequestError, stripe.CardError)


class Life(RuleBasedStateMachine):
    """One customer. What Stripe refuses (to void a paid invoice, say) is no step at all."""

    sandbox: object
    configuration: object

    @initialize(
        seed=st.integers(0, 2**32), rate=st.sampled_from([0, 7, 19]), inclusive=st.booleans()
    )
    def begin(self, seed, rate, inclusive):
        self.random = random.Random(seed)  # noqa: S311 -- an order to be repeated
        self.block = transaction.atomic()
        self.block.__enter__()
        key = f"sk_test_{secrets.token_hex(16)}"
        self.configuration.STRIPE_SECRET_KEY = key
        http = CheckingClient(self.sandbox.client)
        client = stripe.StripeClient(
            key, base_addresses={"api": self.sandbox.url}, http_client=http, max_network_retries=0
        )
        self.stripe = Stripe(client, self.sandbox.url, key)
        self.api = self.stripe.api
        self.clock = self.stripe.clock()
        made = Account.objects.create(schema_name="w_any", name="Any")
        self.account = accounts.connect(made, clock_id=self.clock)
        self.method("pm_card_visa")
        self.rates = []
        if rate:
            wish = {"display_name": "VAT", "percentage": rate, "inclusive": inclusive}
            self.rates = [self.api.tax_rates.create(wish).id]

    def method(self, card):
        customer = self.account.customer_id
        found = self.api.payment_methods.attach(card, {"customer": customer})
        chosen = {"default_payment_method": found.id}
        self.api.customers.update(customer, {"invoice_settings": chosen})
        return found.id

    def tried(self, deed):
        try:
            return deed()
        except REFUSED:
            return None

    def invoices(self, **wanted):
        return self.api.invoices.list({"customer": self.account.customer_id, **wanted}).data

    def chosen(self, found):
        return self.random.choice(found) if found else None

    @rule(
        amount=AMOUNTS,
        quantity=st.integers(1, 3),
        interval=st.sampled_from(["month", "year"]),
        by_invoice=st.booleans(),
        off=st.sampled_from([0, 15]),
    )
    def subscribe(self, amount, quantity, interval, by_invoice, off):
        price = self.stripe.price(amount, interval)
        wish = {
            "customer": self.account.customer_id,
            "items": [{"price": price.id, "quantity": quantity}],
            "default_tax_rates": self.rates,
        }
        if off:
            coupon = self.api.coupons.create({"percent_off": off, "duration": "forever"})
            wish["discounts"] = [{"coupon": coupon.id}]
        if by_invoice:
            wish |= {"collection_method": "send_invoice", "days_until_due": 14}
        self.tried(lambda: self.api.subscriptions.create(wish))

    def subscription(self):
        return self.chosen(self.api.subscriptions.list({"customer": self.account.customer_id}).data)

    @rule(
        amount=AMOUNTS,
        quantity=st.integers(1, 4),
        behavior=st.sampled_from(["always_invoice", "create_prorations", "none"]),
    )
    def change(self, amount, quantity, behavior):
        found = self.subscription()
        if not found:
            return
        item = found["items"].data[0]
        price = self.stripe.price(amount, item.price.recurring.interval)
        items = [{"id": item.id, "price": price.id, "quantity": quantity}]
        wish = {"items": items, "proration_behavior": behavior}
        self.tried(lambda: self.api.subscriptions.update(found.id, wish))

    @rule(gives_back=st.booleans())
    def cancel(self, gives_back):
        found = self.subscription()
        wish = {"prorate": gives_back, "invoice_now": gives_back}
        if found:
            self.tried(lambda: self.api.subscriptions.cancel(found.id, wish))

    @rule(days=st.integers(1, 75))
    def wait(self, days):
        now = self.api.test_helpers.test_clocks.retrieve(self.clock).frozen_time
        self.stripe.advance(self.clock, now + days * DAY)

    @rule(
        card=st.sampled_from(["pm_card_visa", "pm_card_chargeCustomerFail", "pm_card_refundFail"])
    )
    def another_card(self, card):
        self.method(card)

    @rule(
        amount=AMOUNTS,
        card=st.sampled_from(["pm_card_visa", "pm_card_createDispute", "pm_card_refundFail"]),
        pays=st.booleans(),
    )
    def bill(self, amount, card, pays):
        self.billed(amount, card if pays else None)

    def billed(self, amount, card=None):
        """An invoice of its own for a week to come, paid where there is a card for it; its id."""
        now = self.api.test_helpers.test_clocks.retrieve(self.clock).frozen_time
        self.api.invoice_items.create(
            {
                "customer": self.account.customer_id,
                "amount": amount,
                "currency": "eur",
                "tax_rates": self.rates,
                "period": {"start": now, "end": now + 7 * DAY},
            }
        )
        made = self.api.invoices.create(
            {
                "customer": self.account.customer_id,
                "pending_invoice_items_behavior": "include",
                "collection_method": "charge_automatically",
            }
        )
        self.api.invoices.finalize_invoice(made.id)
        if card:
            method = self.method(card)
            self.tried(lambda: self.api.invoices.pay(made.id, {"payment_method": method}))
        return made.id

    @rule(deed=st.sampled_from(["void", "write_off", "pay", "pay_off_stripe"]))
    def settle(self, deed):
        found = self.chosen(self.invoices(status="open") + self.invoices(status="uncollectible"))
        deeds = {
            "void": lambda: self.api.invoices.void_invoice(found.id),
            "write_off": lambda: self.api.invoices.mark_uncollectible(found.id),
            "pay": lambda: self.api.invoices.pay(found.id),
            "pay_off_stripe": lambda: self.api.invoices.pay(found.id, {"paid_out_of_band": True}),
        }
        if found:
            self.tried(deeds[deed])

    @rule(share=st.integers(1, 100), splits=st.booleans(), whole=st.booleans())
    def credit(self, share, splits, whole):
        found = self.chosen(self.invoices(status="open") + self.invoices(status="paid"))
        if not found:
            return
        wish = {"invoice": found.id}
        if not whole:
            wish["amount"] = max(found.total * share // 100, 1)
        if splits and not whole and found.status == "paid":
            wish |= split(wish["amount"])
        self.tried(lambda: self.api.credit_notes.create(wish))

    @rule()
    def take_credit_back(self):
        found = self.chosen(self.api.credit_notes.list({"customer": self.account.customer_id}).data)
        if found:
            self.tried(lambda: self.api.credit_notes.void_credit_note(found.id))

    @rule(share=st.integers(1, 100))
    def refund(self, share):
        found = self.chosen([one for one in self.api.charges.list().data if one.paid])
        if found:
            amount = max(found.amount * share // 100, 1)
            self.tried(lambda: self.api.refunds.create({"charge": found.id, "amount": amount}))

    @rule(wins=st.booleans())
    def answer_dispute(self, wins):
        found = self.chosen(self.api.disputes.list().data)
        text = "winning_evidence" if wins else "losing_evidence"
        wish = {"evidence": {"uncategorized_text": text}}
        if found:
            self.tried(lambda: self.api.disputes.update(found.id, wish))

    @rule(amount=st.integers(-50_000, 50_000).filter(bool))
    def adjust_balance(self, amount):
        wish = {"amount": amount, "currency": "eur"}
        self.api.customers.balance_transactions.create(self.account.customer_id, wish)

    @rule(amount=AMOUNTS)
    def send_money(self, amount):
        wish = {"amount": amount, "currency": "eur"}
        customer = self.account.customer_id
        self.api.test_helpers.customers.fund_cash_balance(customer, wish)

    @rule()
    def pay_by_transfer(self):
        found = self.chosen(self.invoices(status="open"))
        if found and found.hosted_invoice_url:
            httpx.post(found.hosted_invoice_url, data={"method": "customer_balance"})

    @rule(amount=AMOUNTS)
    def pay_out(self, amount):
        self.tried(lambda: self.api.payouts.create({"amount": amount, "currency": "eur"}))

    @rule(kinds=st.lists(st.sampled_from(KINDS), min_size=1, max_size=3))
    def look(self, kinds):
        """Some objects are stored as they are in between."""
        for kind in kinds:
            for found in self.fetched(kind):
                objects.store(found)

    @rule()
    def close_day(self):
        ledger.recognise()

    def fetched(self, kind):
        if kind == "customer":
            return [stripe_api.retrieve(kind, self.account.customer_id)]
        wish = {"status": "all"} if kind == "subscription" else {}
        return list(stripe_api.each(kind, **wish))

    def store_all(self):
        found = [one for kind in KINDS for one in self.fetched(kind)]
        self.random.shuffle(found)
        for one in found + found[: len(found) // 3]:
            objects.store(one)

    def teardown(self):
        if not hasattr(self, "block"):
            return
        try:
            self.check()
        finally:
            transaction.set_rollback(True)
            self.block.__exit__(None, None, None)

    def check(self):
        self.store_all()
        assert ledger.verify([self.account]) == []
        self.check_balanced()
        entries = LedgerEntry.objects.count()
        self.store_all()
        assert LedgerEntry.objects.count() == entries, "storing again posted something"
        self.check_stripe_sums()
        self.check_revenue()

    def check_balanced(self):
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        sums = LedgerEntry.objects.values("transaction").annotate(found=Sum("amount"))
        assert not sums.exclude(found=0).exists()

    def check_stripe_sums(self):
        """Every account that is a sum of something of Stripe's."""
        moves = list(stripe_api.each("balance_transaction"))
        found, notes = self.fetched("invoice"), self.notes()
        final = [one for one in found if one["status"] not in ("draft", "void")]
        losses = [one for one in self.fetched("dispute") if one["status"] == "lost"]
        off = sum(one.get("amount_paid_off_stripe") or 0 for one in final)
        expected = {
            "stripe_fees": total(moves, "fee") - total(disputes(moves), "fee"),
            "dispute_fees": total(disputes(moves), "fee"),
            "stripe_balance": total(moves, "net"),
            "bank": -total(moves, "amount", "payout"),
            "unapplied": total(moves, "amount", "charge", "payment")
            - total(final, "amount_paid")
            + off,
            "refunds": total(moves, "amount", "refund", "refund_failure")
            + sum(total(one["refunds"], "amount_refunded") for one in notes),
            "off_stripe": off - sum(one.get("out_of_band_amount") or 0 for one in notes),
            "disputed": -total(disputes(moves), "amount") - total(losses, "amount"),
            "dispute_losses": total(losses, "amount"),
            "tax_payable": sum(tax_of(one) for one in final) - sum(tax_of(one) for one in notes),
            "bad_debt": sum(
                one["amount_remaining"] for one in final if one["status"] == "uncollectible"
            ),
        }
        assert {code: ledger.balance(of=code) for code in expected} == expected

    def notes(self):
        """Those in force."""
        void = {one["id"] for one in self.fetched("invoice") if one["status"] == "void"}
        notes = self.fetched("credit_note")
        return [one for one in notes if one["status"] == "issued" and one["invoice"] not in void]

    def check_revenue(self):
        """What is billed without tax is earned or deferred; in the end all of it is earned."""
        final = [one for one in self.fetched("invoice") if one["status"] not in ("draft", "void")]
        billed = sum(one["total"] - tax_of(one) for one in final)
        billed -= sum(one["total"] - tax_of(one) for one in self.notes())
        self.account.refresh_from_db()
        for until in (None, date(2040, 1, 1), date(2040, 1, 1)):
            ledger.recognise(until)
            earned = ledger.balance(of="revenue") + ledger.balance(of="credit_notes")
            assert earned + ledger.balance(of="deferred_revenue") == billed
        assert ledger.balance(of="deferred_revenue") == 0
        assert not RevenueSchedule.objects.unsettled().exists()
        self.check_balanced()


def split(amount):
    """Three ways back for a credit note, none as large as another."""
    refunded, elsewhere = amount // 2, amount // 3
    return {
        "refund_amount": refunded,
        "out_of_band_amount": elsewhere,
        "credit_amount": amount - refunded - elsewhere,
    }


def total(found, name, *kinds):
    return sum(one[name] for one in found if not kinds or one["type"] in kinds)


def disputes(moves):
    return [one for one in moves if one["type"] == "adjustment"]


def tax_of(document):
    return sum(tax["amount"] for tax in document["total_taxes"])
