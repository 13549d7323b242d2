"""A customer that was deleted at Stripe, where nothing brings one back.

The workspace stays what it is here, with its invoices and its books, and whoever buys again becomes
a new customer. Stripe ends a deleted customer's subscriptions at once
(https://docs.stripe.com/api/customers/delete).
"""

from __future__ import annotations

import structlog
from django.utils import timezone

from apps.audit.services import entries as audit
from apps.payments.models import Account, Checkout, FormerCustomer, Subscription

log = structlog.get_logger(__name__)


def detach(account: Account) -> None:
    """In the transaction that locks the account, once its subscriptions are as Stripe has them:
    one that Stripe knows no more, as when a test clock goes, is over as well.
    """
    ident = str(account.customer_id)
    now = timezone.now()
    FormerCustomer.objects.get_or_create(pk=ident, defaults={"account": account})
    account.subscriptions.live().update(status=Subscription.Status.CANCELED, ended_at=account.now)
    account.checkouts.open().update(state=Checkout.State.EXPIRED, finished_at=now)
    account.customer_id, account.clock_id, account.simulated_at = None, "", None
    account.balance, account.method, account.vat_state = 0, "", ""
    account.save(
        update_fields=[
            "customer_id", "clock_id", "simulated_at", "balance", "method", "vat_state",
        ]
    )  # fmt: skip
    audit.record(
        action="billing.customer_deleted", by=None, schema_name=account.schema_name,
        target=account, data={"customer": ident},
    )  # fmt: skip
    log.warning("stripe_customer_deleted", account=str(account.pk), customer=ident)
