"""To Stripe's own pages."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.payments.models import Account, Dispute, Invoice, Payment, Refund, Subscription

DASHBOARD: Final = "https://dashboard.stripe.com"
PARTS: Final[dict[Any, str]] = {
    Account: "customers",
    Dispute: "disputes",
    Invoice: "invoices",
    Payment: "payments",
    Refund: "refunds",
    Subscription: "subscriptions",
}


def address(row: Any) -> str:
    """Of a row on Stripe's dashboard; on the sandbox's page where the sandbox is Stripe; empty for
    what Stripe does not know.
    """
    ident = _ident(row)
    if not ident or type(row) not in PARTS:
        return ""
    if "stripe.com" not in settings.STRIPE_API_HOST:
        return f"{settings.STRIPE_API_HOST}/_sandbox/stripe"
    mode = "" if settings.STRIPE_LIVE_MODE else "/test"
    return f"{DASHBOARD}{mode}/{PARTS[type(row)]}/{ident}"


def at_stripe(row: Any) -> SafeString:
    url = address(row)
    if not url:
        return SafeString("")
    return format_html('<a class="underline" href="{}" rel="noopener">{}</a>', url, _ident(row))


def _ident(row: Any) -> str:
    if isinstance(row, Account):
        return row.customer_id or ""
    if isinstance(row, Payment):
        return "" if row.is_off_stripe else row.payment_intent_id or row.pk
    return getattr(row, "stripe_id", None) or (row.pk if isinstance(row.pk, str) else "")
