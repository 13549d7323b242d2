"""From a trial to a plan, another one and the end: charged as it was shown, and once."""

from __future__ import annotations

import pytest

from apps.payments import catalogue
from apps.payments.catalogue import Chosen
from apps.payments.errors import CardDeclined, NotForSale, StripeError
from apps.payments.models import Attempt
from apps.payments.services import (
    attempts,
    beginnings,
    billing_details,
    cancellations,
    changes,
    checkouts,
    duplicates,
    pauses,
    previews,
    prices,
    retries,
    sync,
    tax_rates,
)
from apps.payments.subscription_errors import (
    AlreadySubscribed,
    AttemptUnsure,
    ChangeBlocked,
    NothingToChange,
    OfferTaken,
    PreviewOutdated,
    TrialUsed,
)
from apps.usage.services import limits
from tests.integration.payments.subscribers import SCHOOL, STARTER, change, paid, trial

__all__ = ["paid", "trial"]


def test_a_trial_gives_the_plan_at_once_and_once(shop, trial, owner, alpha):
    assert (trial.status, trial.plan) == ("trialing", "starter")
    assert limits.plan_of(alpha).slug == "starter"
    assert (trial.trial_end - trial.trial_start).days == 30
    with pytest.raises(AlreadySubscribed):
        beginnings.start_trial(account=shop.account, chosen=SCHOOL, by=owner)
    shop.stripe.api.subscriptions.cancel(trial.pk)
    shop.sync()
    assert limits.plan_of(alpha).slug == "free"
    with pytest.raises(TrialUsed):
        beginnings.start_trial(account=shop.account, chosen=SCHOOL, by=owner)


def test_more_is_charged_as_it_was_shown(shop, paid, owner, alpha):
    before = shop.taken
    seen, changed = change(shop, Chosen("school", "month", 4), owner)
    assert seen.total_now > 0
    assert shop.taken - before == seen.total_now
    assert (changed.subscription.plan, changed.subscription.seats) == ("school", 4)
    assert limits.plan_of(alpha).slug == "school"
    assert seen.later.subtotal == 14_900 + 4 * 500
    shop.go(changed.subscription.period_end)
    assert shop.taken - before - seen.total_now == seen.later.total


def test_what_was_not_shown_is_not_charged(shop, paid, owner):
    before = shop.taken
    with pytest.raises(PreviewOutdated):
        change(shop, SCHOOL, owner, total_now=1)
    with pytest.raises(PreviewOutdated):
        change(shop, SCHOOL, owner, proration_date=int(shop.account.now.timestamp()) - 7200)
    with pytest.raises(NothingToChange):
        change(shop, STARTER, owner)
    assert shop.taken == before


def test_less_waits_for_the_end_of_what_is_paid(shop, paid, owner, alpha):
    change(shop, Chosen("school", "month", 4), owner)
    before = shop.taken
    seen, changed = change(shop, STARTER, owner)
    assert (seen.now, seen.starts_at) == (None, changed.subscription.period_end)
    assert (changed.at_end, changed.subscription.plan) == (True, "school")
    assert changes.planned(changed.subscription) == STARTER
    assert shop.taken == before
    shop.go(seen.starts_at)
    assert limits.plan_of(alpha).slug == "starter"
    assert shop.taken - before == seen.later.total == 2900 * 119 // 100


def test_a_planned_change_can_be_dropped(shop, paid, owner):
    change(shop, SCHOOL, owner)
    change(shop, STARTER, owner)
    kept = changes.drop_planned(account=shop.account, by=owner)
    assert changes.planned(kept) is None
    with pytest.raises(NothingToChange):
        changes.drop_planned(account=shop.account, by=owner)


@pytest.mark.parametrize("taken", [True, False])
def test_no_answer_in_the_middle_of_a_change_charges_once(
    shop, paid, owner, sandbox_process, taken
):
    before = shop.taken
    seen = previews.preview(account=shop.account, chosen=SCHOOL, by=owner)
    wish = {
        "account": shop.account, "chosen": SCHOOL, "proration_date": seen.proration_date,
        "total_now": seen.total_now, "by": owner,
    }  # fmt: skip
    sandbox_process.faults(f"POST /v1/subscriptions/{paid.pk}", kind="drop", taken=taken)
    with pytest.raises(AttemptUnsure, match="nothing is charged twice"):
        changes.apply(**wish)
    assert shop.account.attempts.open().count() == 1
    retries.retry(account=shop.account, by=owner)
    assert shop.taken - before == seen.total_now
    assert shop.account.subscription.plan == "school"
    with pytest.raises(NothingToChange):
        changes.apply(**wish)


def use(shop, card):
    """The customer pays with another of Stripe's cards from now on."""
    api, account = shop.stripe.api, shop.account
    method = api.payment_methods.attach(card, {"customer": account.customer_id})
    api.customers.update(
        account.customer_id, {"invoice_settings": {"default_payment_method": method.id}}
    )


def test_a_declined_card_changes_nothing(shop, paid, owner):
    before = shop.taken
    use(shop, "pm_card_chargeCustomerFail")
    with pytest.raises(CardDeclined):
        change(shop, SCHOOL, owner)
    held = shop.stripe.api.subscriptions.retrieve(paid.pk)
    assert catalogue.from_items(held.to_dict()["items"]["data"]) == STARTER
    assert shop.account.attempts.get().state == "refused"
    assert shop.taken == before


def test_a_bank_that_asks_is_answered_on_stripes_page(shop, paid, owner):
    before = shop.taken
    use(shop, "pm_card_authenticationRequired")
    seen, changed = change(shop, SCHOOL, owner)
    assert changed.confirm_url.startswith("http")
    assert shop.taken == before
    assert shop.account.invoices.owed().get().total == seen.total_now


def test_who_wants_to_leave_is_offered_a_discount_once(shop, paid, owner):
    cancellations.cancel(account=shop.account, feedback="too_expensive", by=owner)
    kept = cancellations.stay(account=shop.account, by=owner)
    assert not kept.cancel_at_period_end
    assert previews.of_renewal(kept).discount == 725
    assert cancellations.offers(kept).coupon == ""
    with pytest.raises(OfferTaken):
        cancellations.stay(account=shop.account, by=owner)


def test_an_offer_that_stripe_lacks_is_refused_and_nothing_stays_open(shop, paid, owner):
    shop.stripe.api.coupons.delete(catalogue.RETENTION["month"].id)
    with pytest.raises(NotForSale, match="toolboxai_retention"):
        cancellations.stay(account=shop.account, by=owner)
    assert not shop.account.attempts.open().exists()
    assert "25 % off for 3 months" in cancellations.offers(paid).coupon


def test_what_is_planned_has_the_tax_the_discount_and_the_way_to_pay_of_now(shop, paid, owner):
    """A phase of a schedule that names them not takes them away from the subscription."""
    change(shop, SCHOOL, owner)
    cancellations.cancel(account=shop.account, feedback="unused", by=owner)
    cancellations.stay(account=shop.account, by=owner)
    [rate] = tax_rates.ids_of(shop.account)
    seen, _ = change(shop, STARTER, owner)
    held = shop.stripe.api.subscriptions.retrieve(paid.pk)
    assert ([one.id for one in held.default_tax_rates], len(held.discounts)) == ([rate], 1)
    about = {"legal_name": "Alpha", "line1": "1", "postal_code": "2", "city": "Vienna",
             "country": "AT"}  # fmt: skip
    billing_details.update(account=shop.account, by=owner, **about)
    shop.go(seen.starts_at)
    first = shop.account.invoices.filter(subscription_id=paid.pk).latest("created_at")
    assert (first.subtotal, first.tax, first.total) == (2_900, 435, 2_610)  # 25 % off, then 20 %
    assert first.status == "paid"


def test_a_planned_change_that_has_come_stands_in_the_way_of_nothing(shop, paid, owner):
    change(shop, SCHOOL, owner)
    seen, _ = change(shop, STARTER, owner)
    shop.go(seen.starts_at)
    assert "planned" in pauses.obstacle(shop.account.subscription)
    sync.sync(customer_id=shop.account.customer_id)
    assert pauses.obstacle(shop.account.subscription) == ""
    assert limits.plan_of(shop.tenant).slug == "starter"


def test_a_declined_card_leaves_what_was_planned(shop, paid, owner):
    change(shop, SCHOOL, owner)
    change(shop, STARTER, owner)
    use(shop, "pm_card_chargeCustomerFail")
    with pytest.raises(CardDeclined):
        change(shop, Chosen("school", "month", 3), owner)
    assert changes.planned(shop.account.subscription) == STARTER
    use(shop, "pm_card_visa")
    _, changed = change(shop, Chosen("school", "month", 3), owner)
    assert changes.planned(changed.subscription) is None


def test_asked_for_twice_at_once_it_is_done_once_and_so_told(shop, owner):
    """One is slower, and Stripe refuses it the key that the other one uses."""
    done = attempts.Deed("test", "billing.details_changed", "a test", lambda _: attempts.Answer())

    def ask(attempt):
        attempts.go_on(Attempt.objects.get(pk=attempt.pk), done, by=owner)
        raise StripeError("in use", permanent=permanent)

    slower = attempts.Deed("test", done.action, done.words, ask)
    for permanent in (True, False):
        params = {"permanent": permanent}
        attempt = attempts.carry_out(slower, account=shop.account, params=params, by=owner)
        attempt.refresh_from_db()
        assert (attempt.state, attempt.tries) == ("done", 1)


def test_after_stripe_broke_a_customer_is_made_all_the_same(shop, owner, sandbox_process):
    """Stripe repeats an answer to a key for a day, also that it broke."""
    sandbox_process.faults("POST /v1/customers", status=500, taken=True)
    with pytest.raises(AttemptUnsure):
        beginnings.start_trial(account=shop.account, chosen=STARTER, by=owner)
    assert retries.retry(account=shop.account, by=owner).state == "done"
    assert shop.account.subscription.status == "trialing"


def test_what_was_made_by_hand_is_not_changed_here(shop, owner):
    account = shop.connect()
    price = shop.stripe.price()
    shop.stripe.api.subscriptions.create(
        {"customer": account.customer_id, "items": [{"price": price.id}]}
    )
    shop.sync()
    with pytest.raises(ChangeBlocked, match="by hand"):
        previews.preview(account=account, chosen=SCHOOL, by=owner)


def test_who_begins_another_way_pays_no_more_on_the_page_that_was_open(shop, owner):
    wish = {"account": shop.account, "chosen": SCHOOL, "by": owner}
    page = checkouts.begin(**wish)
    billing_details.update(account=shop.account, by=owner, country="AT")
    assert shop.stripe.api.checkout.sessions.retrieve(page.pk).status == "expired"
    other = checkouts.begin(**wish)
    assert other.pk != page.pk  # the tax is another
    beginnings.start_trial(**wish)
    assert shop.stripe.api.checkout.sessions.retrieve(other.pk).status == "expired"


def test_a_second_subscription_gives_back_credit_and_is_owed_nothing(shop, paid, owner):
    api, customer = shop.stripe.api, shop.account.customer_id
    about = {"customer": customer, "items": prices.items(*SCHOOL)}
    before = shop.taken
    api.customers.update(customer, {"balance": -5_000})
    shop.stripe.advance(shop.account.clock_id, int(shop.account.now.timestamp()) + 3_600)
    api.subscriptions.create(about)
    api.subscriptions.create({**about, "collection_method": "send_invoice", "days_until_due": 30})
    for draft in api.invoices.list({"customer": customer, "status": "draft"}).data:
        api.invoices.finalize_invoice(draft.id)
    shop.sync()
    assert len(duplicates.resolve(shop.account)) == 2
    assert [one.id for one in api.subscriptions.list().data] == [paid.pk]
    assert shop.taken == before
    assert api.customers.retrieve(customer).balance == -5_000
    assert not shop.account.invoices.owed().exists()


def test_who_looks_what_became_of_a_deed_fetches_the_last_invoices_alone(shop, monkeypatch):
    account = shop.connect()
    monkeypatch.setattr(retries, "LAST_INVOICES", 2)
    for _ in range(3):
        shop.stripe.api.invoices.create({"customer": account.customer_id})
    retries.look(account)
    assert account.invoices.count() == 2
