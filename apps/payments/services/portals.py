"""Stripe's Billing Portal, for what Stripe alone should see: cards and other means of payment."""

from __future__ import annotations

from typing import Any

from apps.payments import stripe_api
from apps.payments.models import Account
from apps.payments.services import accounts, pages, prices
from apps.tenants.access import require


def open_for(*, account: Account, by: Any) -> str:
    """The address of a page, good for minutes, where the customer changes how they pay. What else
    can be done in a portal is done here, where it is previewed. Raises `NotForSale`, `StripeError`.
    """
    require("billing.update", by=by, tenant=account.tenant)
    account = accounts.connect(account)
    return_url = pages.address(account, "settings_billing")
    wish = {
        "customer": account.customer_id,
        "configuration": prices.portal(),
        "return_url": return_url,
        "flow_data": {
            "type": "payment_method_update",
            "after_completion": {"type": "redirect", "redirect": {"return_url": return_url}},
        },
    }
    return str(stripe_api.call(lambda api: api.billing_portal.sessions.create(wish))["url"])
