"""Settings > Billing, clicked through; Stripe's own pages are filled in as a browser does."""

from __future__ import annotations

import html
import re

import httpx
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.payments.models import Attempt, Subscription
from apps.usage.services import plan_changes
from tests.factories import payments

HERE = "/settings/billing/"
CHOICE = {"plan": "school", "interval": "month", "seats": "2", "promotion_code": ""}
CARD = {"method": "card", "expiry": "12 / 34", "cvc": "123", "name": "B. Ursar", "country": "DE",
        "email": "bursar@alpha.example", "number": "4242424242424242", "action": "pay"}  # fmt: skip
ADDRESS = {
    "legal_name": "Alpha School", "billing_email": "bursar@alpha.example", "line1": "Street 1",
    "line2": "", "postal_code": "75001", "city": "Paris", "state": "", "country": "FR",
    "vat_id": "FR 12 345678901", "purchase_order": "PO-4711",
}  # fmt: skip


@pytest.fixture
def page(shop, browse, owner):
    return browse(owner)


def text_of(answer):
    return re.sub(r"\s+", " ", answer.content.decode())


def hidden(answer):
    """What the confirmation sends along."""
    found = answer.content.decode()
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', found))


def pay(answer, **about):
    """Fill in the page of Stripe's that an answer leads to; the way back, without the host."""
    url = answer["Refresh"].partition("url=")[2]
    back = httpx.post(url, data=CARD | about, timeout=30)
    assert back.status_code == 303, back.text
    return back.headers["location"].partition("/settings/")[2]


def test_from_nothing_to_paid(shop, page):
    assert "nothing is charged" in text_of(page.get(HERE))
    seen = page.get(f"{HERE}plan/", CHOICE)
    assert "€189.21" in text_of(seen)  # 159.00 and 19 %
    assert "€30.21" in text_of(seen)
    going = page.post(f"{HERE}checkout/", hidden(seen))
    assert "Going to" in text_of(going)
    again = page.post(f"{HERE}checkout/", hidden(seen))
    assert again["Refresh"] == going["Refresh"]
    assert "Go on where you were" in text_of(page.get(f"{HERE}checkout/left/"))
    done = page.get(f"/settings/{pay(going)}")
    assert "School is yours" in text_of(done)
    assert shop.taken == 18_921
    shown = text_of(page.get(HERE))
    assert "Visa 4242" in shown
    assert "€189.21" in shown
    refused = page.post(f"{HERE}checkout/", hidden(seen))
    assert (refused.status_code, "has a subscription" in text_of(refused)) == (409, True)


def test_without_a_subscription_there_is_nothing_to_leave(page):
    for part in ("cancel/", "pause/"):
        answer = page.get(f"{HERE}{part}", follow=True)
        assert answer.redirect_chain == [(HERE, 302)]
        assert "Choose a plan first" in text_of(answer)


def test_a_plan_that_was_given_is_named(page, alpha):
    plan_changes.change(tenant=alpha, plan="school", by=None)
    assert "You were given School: nothing is charged for it" in text_of(page.get(HERE))


def test_a_purchase_that_was_left_at_the_bank_is_not_owed(page, alpha):
    account = payments.make_account(alpha)
    owed = {"status": "open", "amount_paid": 0, "amount_remaining": 14_900, "attempted": True}
    payments.make_invoice(account, "A-1", subscription_id="sub_1", paid_at=None, **owed)
    assert "€149.00 could not be charged" in text_of(page.get(HERE))
    Subscription.objects.create(
        pk="sub_1", account=account, status="incomplete", plan="school", interval="month",
        collection="charge_automatically", created_at=account.now,
    )  # fmt: skip
    assert "could not be charged" not in text_of(page.get(HERE))


def test_two_windows_pay_once(shop, page):
    """The second was opened before anybody knew of the first: its money goes back."""
    from apps.payments.models import Checkout

    seen = hidden(page.get(f"{HERE}plan/", CHOICE))
    going = page.post(f"{HERE}checkout/", seen)
    Checkout.objects.update(state="expired")  # as if another process had not seen it yet
    Attempt.objects.update(key="other")
    second = page.post(f"{HERE}checkout/", seen)
    assert second["Refresh"] != going["Refresh"]
    back = pay(second)
    assert "School is yours" in text_of(page.get(f"/settings/{pay(going)}"))
    doubled = text_of(page.get(f"/settings/{back}"))
    live = shop.stripe.api.subscriptions.list().data
    assert (len(live), shop.taken) == (1, 18_921)
    assert ("Paid once, not twice" in doubled) != (
        live[0].id == Checkout.objects.get(pk=back.partition("session=")[2]).subscription_id
    )


def test_what_is_wrong_is_said_and_nothing_lost(page):
    wrong = page.get(f"{HERE}plan/", {**CHOICE, "promotion_code": "NOPE"})
    assert "There is no code “NOPE”" in text_of(wrong)
    assert 'value="2"' in text_of(wrong)
    page.get(HERE)
    refused = page.post(f"{HERE}details/", {**ADDRESS, "vat_id": "FR1"})
    assert refused.status_code == 422
    assert "One looks like FR12345678901" in text_of(refused)
    assert "PO-4711" in text_of(refused)


def test_a_card_number_among_the_words_is_refused_and_asked_for_at_stripe(shop, page):
    about = {**ADDRESS, "purchase_order": "4242 4242 4242 4242"}
    refused = page.post(f"{HERE}details/", about)
    assert refused.status_code == 422
    assert "cards are entered on Stripe" in text_of(refused)
    assert shop.account.purchase_order == ""


def test_the_page_asks_the_database_as_often_whatever_there_is(shop, page, owner):
    account = shop.connect()
    shop.subscribe(default_tax_rates=[])
    shop.sync()

    def queries():
        with CaptureQueriesContext(connection) as found:
            assert page.get(HERE).status_code == 200
        return len(found)

    queries()  # what is kept for a while is read once
    before = queries()
    for number in range(8):
        invoice, ended = (
            account.invoices.latest("created_at"),
            account.subscriptions.get(ended_at=None),
        )
        invoice.pk, invoice.status, invoice.amount_remaining = f"in_{number}", "open", 500
        invoice.number = f"TBX-{number}"
        invoice.save(force_insert=True)
        ended.pk, ended.status, ended.ended_at = f"sub_{number}", "canceled", ended.created_at
        ended.save(force_insert=True)
        Attempt.objects.create(account=account, deed="pause", key=f"k{number}", state="done")
    assert page.get(HERE).content.decode().count("could not be charged") == 8
    assert queries() == before


def test_a_pause_says_what_it_takes_and_when_it_is_over(shop, page):
    shop.connect(clock=True)
    shop.subscribe()
    shop.sync()
    assert "limits are those of the Free plan" in text_of(page.get(f"{HERE}pause/"))
    assert page.post(f"{HERE}pause/", {"months": "4"}).status_code == 422
    assert page.post(f"{HERE}pause/", {"months": "1"}).status_code == 302
    assert "A pause begins on 1 February 2027" in text_of(page.get(HERE))
    shop.go(shop.account.subscription.period_end)
    shown = text_of(page.get(HERE))
    assert "Until the pause is over: Free." in shown
    assert "Pause…" not in shown
    assert page.post(f"{HERE}resume/").status_code == 302
    assert "Until the pause is over" not in text_of(page.get(HERE))


def test_a_school_orders_against_an_invoice(shop, page):
    asked = text_of(page.get(f"{HERE}plan/", CHOICE))
    way = html.unescape(re.search(r'href="([^"]*details/[?][^"]*seats=2[^"]*)"', asked)[1])
    saved = page.post(way, {**ADDRESS, "next": "plan"}, follow=True)
    assert "€159.00" in text_of(saved)  # what was chosen is chosen still
    seen = page.get(f"{HERE}plan/", CHOICE)
    assert "Reverse charge" in text_of(seen)
    assert page.post(f"{HERE}order/", hidden(seen)).status_code == 302
    shown = text_of(page.get(HERE))
    assert "is open" in shown
    assert "IBAN" in shown
    assert "By invoice, within 30 days" in shown
    assert "Next invoice</dt>" in shown
    assert "Amount</dt><dd>€159.00</dd>" in shown
    [invoice] = shop.stripe.api.invoices.list().data
    assert (invoice.status, invoice.total, invoice.collection_method) == (
        "open", 15_900, "send_invoice",
    )  # fmt: skip
    assert invoice.custom_fields[0].value == "PO-4711"
    assert shop.account.vat_state == "verified"


def test_a_trial_a_card_and_the_portal(shop, page):
    seen = hidden(page.get(f"{HERE}plan/", CHOICE))
    assert page.post(f"{HERE}trial/", seen).status_code == 302
    shown = text_of(page.get(HERE))
    assert "Trial: 30 days left" in shown
    assert "None, unless you add a card or account: then €189.21 on" in shown
    back = pay(page.post(f"{HERE}method/new/"))
    assert "It is noted" in text_of(page.get(f"/settings/{back}"))
    shown = text_of(page.get(HERE))
    assert "Visa 4242" in shown
    assert "<strong>€189.21</strong> on" in shown
    portal = page.post(f"{HERE}method/")["Refresh"].partition("url=")[2]
    assert httpx.get(portal, follow_redirects=True).status_code == 200


def test_leaving_with_a_reason_and_coming_back(shop, page):
    page.post(f"{HERE}trial/", hidden(page.get(f"{HERE}plan/", CHOICE)))
    assert "Why do you leave?" in text_of(page.get(f"{HERE}cancel/"))
    assert page.post(f"{HERE}cancel/", {"feedback": ""}).status_code == 422
    page.post(f"{HERE}cancel/", {"feedback": "unused", "comment": "Too few lessons"})
    [held] = shop.stripe.api.subscriptions.list().data
    assert (held.cancel_at_period_end, held.cancellation_details.feedback) == (True, "unused")
    assert "The subscription ends on" in text_of(page.get(HERE))
    page.post(f"{HERE}keep/")
    assert not shop.stripe.api.subscriptions.list().data[0].cancel_at_period_end


def test_after_a_trial_the_way_back_leads_to_the_same_plan(page, alpha):
    account = payments.make_account(alpha)
    now = account.now
    ended = Subscription.objects.create(
        pk="sub_1", account=account, status="canceled", plan="school", interval="year",
        amount=149_000, created_at=now, ended_at=now, trial_end=now, data={},
    )  # fmt: skip
    assert "Your trial of School ended on" in text_of(page.get(HERE))
    assert "?plan=school&amp;interval=year&amp;seats=0" in text_of(page.get(HERE))
    ended.trial_end = None
    ended.save()
    assert "Your subscription of School ended on" in text_of(page.get(HERE))


def test_an_outage_in_the_middle_of_checkout(shop, page, sandbox_process):
    seen = hidden(page.get(f"{HERE}plan/", CHOICE))
    sandbox_process.faults("POST /v1/checkout/sessions", kind="drop")
    down = page.post(f"{HERE}checkout/", seen)
    assert (down.status_code, "nothing is charged twice" in text_of(down)) == (503, True)
    assert "a page to pay on" in text_of(page.get(HERE))
    going = page.post(f"{HERE}unconfirmed/retry/")
    back = pay(going)
    sandbox_process.faults("GET /v1/checkout/sessions/*", status=500)
    assert "We do not know yet" in text_of(page.get(f"/settings/{back}"))
    assert "School is yours" in text_of(page.get(f"/settings/{back}"))
    assert (shop.taken, len(shop.stripe.api.checkout.sessions.list().data)) == (18_921, 1)


@pytest.mark.parametrize("name", ["", "plan/", "details/", "checkout/left/"])
def test_owners_alone(browse, shop, owner, admin, outsider, name):
    assert browse(owner).get(HERE + name).status_code == 200
    assert browse(admin).get(HERE + name).status_code == 403
    assert browse(outsider).get(HERE + name).status_code == 403
    assert browse().get(HERE + name).status_code == 302
