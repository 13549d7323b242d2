"""Mails about plans and money: each once for its fact, however and whenever it is heard of."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.mail.models import Message, Wishes
from apps.payments.models import Account, Subscription
from apps.payments.services import accounts, billing_mails
from apps.payments.signals import subscription_stored
from tests.factories.unpaid import START, Debtor

DAY = timedelta(days=1)
VISA = {"card": {"brand": "visa", "last4": "4242", "exp_year": 2027, "exp_month": 3}}


@pytest.fixture
def payer(alpha, owner):
    """Somebody who has paid long ago, and of whom nothing is to be told."""
    found = Debtor(alpha)
    found.invoice.delete()
    Subscription.objects.update(status="active", period_end=START + 28 * DAY)
    return found


def told(payer, day, **values):
    """What is told when a subscription is so on that day, looked at three times."""
    Subscription.objects.update(**values)
    for _ in range(3):
        payer.at(day)
    found = Message.objects.order_by("created_at", "id").values_list("template", flat=True)
    return [name.removeprefix("mail/") for name in found]


def test_nothing_is_told_of_what_is_old(payer):
    assert told(payer, 5) == []


@pytest.mark.parametrize(
    ("values", "mail"),
    [
        ({"status": "active", "created_at": START}, "subscription_confirmed"),
        ({"status": "active", "trial_end": START}, "subscription_confirmed"),
        ({"interval": "year", "period_end": START + 20 * DAY}, "subscription_renewal"),
        ({"status": "trialing", "created_at": START, "trial_end": START + 30 * DAY},
         "trial_started"),
        ({"status": "trialing", "trial_end": START + 5 * DAY}, "trial_ending"),
        ({"cancel_at_period_end": True, "canceled_at": START}, "subscription_cancelled"),
        ({"status": "canceled", "ended_at": START, "canceled_at": START},
         "subscription_cancelled"),
        ({"data": {"default_payment_method": {**VISA}}}, "card_expiring"),
    ],
)  # fmt: skip
def test_of_a_subscription(payer, values, mail):
    day = 35 if mail == "card_expiring" else 1
    assert told(payer, day, **values) == [mail]


@pytest.mark.parametrize(
    ("method", "words"), [("", "Add a card or account"), ("Visa 4242", "From then on it costs")]
)
def test_before_a_trial_ends_it_says_what_follows(payer, method, words):
    """Also with a card that is the customer's and not yet the subscription's."""
    Account.objects.update(method=method)
    payer.account.refresh_from_db()
    Subscription.objects.update(method="")
    assert told(payer, 1, status="trialing", trial_end=START + 5 * DAY) == ["trial_ending"]
    assert words in Message.objects.get().text


def test_an_end_that_nobody_wished_is_told_elsewhere(payer):
    about = {"ended_at": START, "canceled_at": START, "cancel_reason": "payment_failed"}
    assert told(payer, 1, status="canceled", **about) == []


def test_a_second_cancellation_is_another_fact(payer):
    told(payer, 1, cancel_at_period_end=True, canceled_at=START)
    told(payer, 2, cancel_at_period_end=False, canceled_at=None)
    again = told(payer, 3, cancel_at_period_end=True, canceled_at=START + 2 * DAY)
    assert again == ["subscription_cancelled", "subscription_cancelled"]


def test_a_pause_and_its_end(payer):
    row = Subscription.objects.get()
    before = {"is_paused": False, "plan": row.plan, "interval": row.interval}
    row.is_paused, row.resumes_at = True, START + 60 * DAY
    subscription_stored.send(sender=Subscription, subscription=row, before=before)
    row.is_paused = False
    subscription_stored.send(
        sender=Subscription, subscription=row, before={**before, "is_paused": True}
    )
    assert told(payer, 9) == ["subscription_paused", "subscription_resumed"]


def test_another_plan(payer):
    row = Subscription.objects.get()
    before = {"is_paused": False, "plan": "starter", "interval": "month"}
    for _ in range(2):
        subscription_stored.send(sender=Subscription, subscription=row, before=before)
    assert told(payer, 9) == ["subscription_confirmed"]


def test_a_payment(payer):
    payer.owe("TBX-9", status="paid", amount_paid=14_900, amount_remaining=0, paid_at=START)
    assert told(payer, 1) == ["payment_confirmed"]
    mail = Message.objects.get()
    assert ("€149.00" in mail.text, "TBX-9" in mail.text) == (True, True)


def test_a_bill(payer):
    Account.objects.update(purchase_order="PO 118", billing_email="accounts@alpha.example")
    payer.account.refresh_from_db()
    payer.owe(
        "TBX-9", collection="send_invoice", attempted=False, attempt_count=0,
        due_at=START + 30 * DAY,
    )  # fmt: skip
    assert told(payer, 1) == ["invoice_sent", "invoice_sent"]
    mail = Message.objects.get(to="accounts@alpha.example")
    for words in ("PO 118", "3 March 2027", "/settings/billing/invoices/in_TBX-9/pdf/"):
        assert words in mail.text


def test_a_payment_that_the_bank_wants_confirmed(payer):
    payer.invoice = payer.owe("TBX-9", billing_reason="subscription_update")
    Subscription.objects.update(status="incomplete")
    payer.intent(status="requires_action")
    payer.invoice.billing_reason = "subscription_create"  # the payer is at the bank's page
    payer.invoice.save()
    assert told(payer, 1) == []
    payer.invoice.billing_reason = "subscription_update"
    payer.invoice.save()
    assert told(payer, 1) == ["payment_action_required"]
    assert "https://invoice.example/i/1" in Message.objects.get().text


def test_a_refund(payer):
    payer.at(1)
    data = {"id": "re_1", "status": "succeeded", "amount": 5_000, "currency": "eur"}
    for _ in range(2):
        billing_mails.refund({**data, "created": START.timestamp()}, payer.account)
    billing_mails.refund({**data, "id": "re_2", "status": "failed"}, payer.account)
    billing_mails.refund({**data, "id": "re_3", "created": 1}, payer.account)
    assert [m.template for m in Message.objects.all()] == ["mail/refund_issued"]
    assert "€50.00" in Message.objects.get().text


def test_time_alone_makes_something_to_be_told(payer):
    Subscription.objects.update(status="trialing", trial_end=START + 5 * DAY)
    Account.objects.update(simulated_at=START)
    assert accounts.settle_all() == 1
    assert Message.objects.get().template == "mail/trial_ending"


def test_a_workspace_that_never_came_to_stripe_is_told_nothing(alpha, owner):
    accounts.settle(accounts.of(alpha))
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("€1,490.50", "2 February 2027")),
        ("de", ("1.490,50\N{NO-BREAK SPACE}€", "2. Februar 2027")),
        ("es", ("1.490,50\N{NO-BREAK SPACE}€", "2 de febrero de 2027")),
    ],
)
def test_amounts_and_days_are_written_as_the_reader_does(payer, owner, language, words):
    Wishes.objects.create(user=owner, language=language)
    paid = {"amount_paid": 149_050, "paid_at": START + DAY, "amount_remaining": 0}
    payer.owe("TBX-9", status="paid", **paid)
    told(payer, 2)
    mail = Message.objects.get()
    assert [one for one in words if one not in mail.text] == []
    assert words[0].replace("\N{NO-BREAK SPACE}", " ") in mail.subject


def test_why_a_payment_failed_is_said_in_the_readers_language(alpha, owner):
    Wishes.objects.create(user=owner, language="de")
    debtor = Debtor(alpha)
    debtor.intent(failure_code="expired_card")
    debtor.at(0)
    assert "nicht einziehen: Die Karte ist abgelaufen." in Message.objects.get().text


@pytest.mark.parametrize(
    ("country", "words"), [("AT", "149,00\N{NO-BREAK SPACE}€"), ("IE", "€149.00")]
)
def test_an_office_gets_mails_in_the_language_of_its_invoices(payer, owner, country, words):
    Account.objects.update(billing_email="accounts@alpha.example", country=country)
    payer.account.refresh_from_db()
    payer.owe("TBX-9", status="paid", amount_paid=14_900, amount_remaining=0, paid_at=START)
    told(payer, 1)
    assert words in Message.objects.get(to="accounts@alpha.example").text
    assert "€149.00" in Message.objects.get(to=owner.email).text
