"""Who deletes a workspace is charged no more for it."""

from __future__ import annotations

import pytest

from apps.jobs.models import JobRun
from apps.payments.models import Account
from apps.payments.services import cancellations, closures
from apps.tenants.models import Tenant
from apps.tenants.services import lifecycle
from apps.tenants.signals import workspace_purged
from tests.factories.jobs import work_off


@pytest.fixture
def paid(billing):
    """The id of Alpha's subscription."""
    billing.connect()
    subscription = billing.subscribe()
    billing.sync()
    return subscription.id


def delete(alpha):
    lifecycle.delete(tenant=alpha, confirmation=alpha.slug, by=None)
    work_off()


def keep(alpha):
    lifecycle.keep(tenant=Tenant.objects.get(pk=alpha.pk), by=None)
    work_off()


def test_while_it_can_be_kept_the_subscription_is_not_renewed(billing, paid, alpha):
    delete(alpha)
    held = billing.stripe.api.subscriptions.retrieve(paid)
    assert (held.status, held.cancel_at_period_end) == ("active", True)
    assert held.cancellation_details.comment == "The workspace is deleted."
    assert billing.account.subscription.cancel_at_period_end
    keep(alpha)
    assert not billing.stripe.api.subscriptions.retrieve(paid).cancel_at_period_end
    assert not billing.account.subscription.cancel_at_period_end


def test_who_had_cancelled_before_has_cancelled_afterwards(billing, paid, alpha, owner):
    cancellations.cancel(account=billing.account, feedback="unused", by=owner)
    delete(alpha)
    keep(alpha)
    held = billing.stripe.api.subscriptions.retrieve(paid)
    assert (held.cancel_at_period_end, held.cancellation_details.feedback) == (True, "unused")


def test_once_it_is_gone_the_subscription_ends(billing, paid, alpha):
    account = billing.account
    workspace_purged.send(sender=Tenant, tenant=alpha, owners=[])
    assert JobRun.objects.get(name="payments.follow_workspace").arguments == {
        "account_id": str(account.pk)
    }
    Account.objects.update(tenant=None)
    about = {"account_id": str(account.pk)}
    assert (closures.follow(**about), closures.follow(**about)) == ("Ended", "Nothing to end")
    assert billing.stripe.api.subscriptions.retrieve(paid).status == "canceled"
    account.refresh_from_db()
    assert (account.plan, account.subscription.status) == ("free", "canceled")
