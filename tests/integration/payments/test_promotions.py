"""Promotion codes with a change of plan: what they take off, from when on, and whose they are."""

from __future__ import annotations

import pytest

from apps.payments import catalogue
from apps.payments.catalogue import Chosen
from apps.payments.services import changes, previews
from apps.payments.subscription_errors import AttemptUnsure, PromotionCodeRefused
from tests.integration.payments.subscribers import SCHOOL, STARTER, paid, trial

__all__ = ["paid", "trial"]


def test_a_promotion_code_counts_from_the_next_period_on(shop, paid, owner, browse):
    api = shop.stripe.api
    coupon = api.coupons.create({"percent_off": 50, "duration": "once"})
    code = {"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "HALF"}
    api.promotion_codes.create({**code, "max_redemptions": 1})
    wish = {"account": shop.account, "chosen": SCHOOL, "promotion_code": "half", "by": owner}
    seen = previews.preview(**wish)
    assert (seen.now.discount, seen.later.discount, seen.offer) == (0, 7_450, "50 % off once")
    assert (seen.afterwards.discount, seen.afterwards.subtotal) == (0, 14_900)
    asked = {"plan": "school", "interval": "month", "seats": 0, "promotion_code": "half"}
    page = browse(owner).get("/settings/billing/plan/", asked).content.decode()
    assert "Your code HALF: 50 % off once. It counts from" in page
    assert "When the code is used up, every month" in page
    before = shop.taken
    changed = changes.apply(**wish, proration_date=seen.proration_date, total_now=seen.total_now)
    assert shop.taken - before == seen.total_now
    assert previews.of_renewal(changed.subscription).total == seen.later.total
    with pytest.raises(PromotionCodeRefused, match="as often as it can be"):
        previews.preview(**{**wish, "chosen": Chosen("school", "month", 1)})


@pytest.mark.parametrize("is_lost", [False, True])
def test_a_code_that_is_gone_in_the_middle_is_told_and_the_change_holds(
    shop, paid, owner, sandbox_process, monkeypatch, is_lost
):
    """Somebody else uses it up while the change is made, or before a lost answer is asked for."""
    api = shop.stripe.api
    coupon = api.coupons.create({"percent_off": 50, "duration": "once"})
    code = {"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "HALF"}
    held = api.promotion_codes.create(code)
    wish = {"account": shop.account, "chosen": SCHOOL, "promotion_code": "half", "by": owner}
    seen = previews.preview(**wish)
    given = {**wish, "proration_date": seen.proration_date, "total_now": seen.total_now}
    if is_lost:
        sandbox_process.faults(f"POST /v1/subscriptions/{paid.pk}", kind="drop", taken=True)
        with pytest.raises(AttemptUnsure):
            changes.apply(**given)
        api.promotion_codes.update(held.id, {"active": False})
    else:
        real = changes._change_items

        def slow(*args):
            real(*args)
            api.promotion_codes.update(held.id, {"active": False})

        monkeypatch.setattr(changes, "_change_items", slow)
    changed = changes.apply(**given)
    assert (changed.subscription.plan, bool(changed.code_refused)) == ("school", True)
    attempt = shop.account.attempts.first()
    assert (attempt.state, attempt.result["code_refused"]) == ("done", changed.code_refused)


def test_a_code_that_is_refused_before_anything_changed_changes_nothing(
    shop, paid, owner, monkeypatch
):
    coupon = shop.stripe.api.coupons.create({"percent_off": 50, "duration": "once"})
    code = {"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "HALF"}
    held = shop.stripe.api.promotion_codes.create(code)
    wish = {"account": shop.account, "chosen": SCHOOL, "promotion_code": "half", "by": owner}
    seen = previews.preview(**wish)
    real = changes._require_as_shown

    def used_up_after(*args):
        real(*args)
        shop.stripe.api.promotion_codes.update(held.id, {"active": False})

    monkeypatch.setattr(changes, "_require_as_shown", used_up_after)
    with pytest.raises(PromotionCodeRefused):
        changes.apply(**wish, proration_date=seen.proration_date, total_now=seen.total_now)
    subscription = shop.stripe.api.subscriptions.retrieve(paid.pk).to_dict()
    assert catalogue.from_items(subscription["items"]["data"]) == STARTER
    assert shop.account.attempts.get().state == "refused"


def test_a_code_of_several_customers_is_each_ones_own(shop, paid, owner):
    api = shop.stripe.api
    coupon = api.coupons.create({"percent_off": 50, "duration": "once"})
    about = {"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "OURS"}
    for customer in (shop.account.customer_id, shop.stripe.customer(card="").id):
        api.promotion_codes.create({**about, "customer": customer})
    seen = previews.preview(account=shop.account, chosen=SCHOOL, promotion_code="ours", by=owner)
    assert seen.later.discount == 7_450
