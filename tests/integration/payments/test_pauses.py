"""A subscription rests over the holidays."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.payments.models import Account
from apps.payments.services import accounts, pauses
from apps.payments.subscription_errors import CannotPause
from apps.usage.models import WorkspacePlan
from apps.usage.services import entitlements, limits, terms
from tests.integration.payments.subscribers import paid

__all__ = ["paid"]


def test_a_pause_charges_nothing_and_ends_by_itself(shop, paid, owner, alpha):
    before, start = shop.taken, paid.period_end
    paused = pauses.pause(account=shop.account, months=2, by=owner)
    assert (paused.is_paused, paused.rests(shop.account.now)) == (True, False)
    assert limits.plan_of(alpha).slug == "starter"
    account = shop.go(start)
    assert account.subscription.rests(account.now)
    shop.go(pauses.later(start, 1))
    assert limits.plan_of(alpha).slug == "free"
    assert shop.taken == before
    account = shop.go(pauses.later(start, 2))
    assert not account.subscription.is_paused
    assert limits.plan_of(alpha).slug == "starter"
    assert shop.taken - before == 2900 * 119 // 100
    with pytest.raises(CannotPause, match="once in a school year"):
        pauses.pause(account=account, months=1, by=owner)


def test_a_pause_begins_and_ends_here_without_a_word_of_stripes(shop, paid, owner, alpha):
    """The hour does it; features stay as after any change to a smaller plan."""
    WorkspacePlan.objects.filter(tenant_id=alpha.pk).update(former="", former_until=None)
    paused = pauses.pause(account=shop.account, months=1, by=owner)

    def at(moment):
        Account.objects.filter(pk=shop.account.pk).update(simulated_at=moment)
        assert accounts.settle_all() == 1
        return terms.of(alpha)

    assert at(paused.period_end - timedelta(hours=2)).plan.slug == "starter"
    resting = at(paused.period_end)
    assert (resting.plan.slug, resting.former.slug) == ("free", "starter")
    assert resting.former_until == paused.period_end + entitlements.GRACE
    again = at(paused.resumes_at)
    assert (again.plan.slug, again.former) == ("starter", None)


def test_who_goes_on_early_has_the_plan_at_once(shop, paid, owner, alpha):
    pauses.pause(account=shop.account, months=2, by=owner)
    shop.go(paid.period_end)
    assert limits.plan_of(alpha).slug == "free"
    before = shop.taken
    pauses.resume(account=shop.account, by=owner)
    assert limits.plan_of(alpha).slug == "starter"
    assert shop.taken - before == 2900 * 119 // 100


def test_a_pause_taken_back_before_it_began_was_none(shop, paid, owner):
    pauses.pause(account=shop.account, months=1, by=owner)
    pauses.resume(account=shop.account, by=owner)
    assert pauses.pause(account=shop.account, months=2, by=owner).is_paused
