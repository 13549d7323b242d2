"""Which events Stripe is to send: all that tell of something the product keeps a row of.

https://docs.stripe.com/api/events/types
"""

from __future__ import annotations

from typing import Final

_OF: Final[dict[str, tuple[str, ...]]] = {
    "product": ("created", "updated", "deleted"),
    "price": ("created", "updated", "deleted"),
    "coupon": ("created", "updated", "deleted"),
    "promotion_code": ("created", "updated"),
    "tax_rate": ("created", "updated"),
    "customer": ("created", "updated", "deleted"),
    "customer.discount": ("created", "updated", "deleted"),
    "customer.tax_id": ("created", "updated", "deleted"),
    "customer.subscription": (
        "created", "updated", "deleted", "paused", "resumed", "trial_will_end",
        "pending_update_applied", "pending_update_expired",
    ),
    "subscription_schedule": (
        "created", "updated", "canceled", "completed", "expiring", "released", "aborted",
    ),
    "payment_method": ("attached", "updated", "automatically_updated", "detached"),
    "checkout.session": (
        "completed", "expired", "async_payment_succeeded", "async_payment_failed",
    ),
    "invoice": (
        "created", "updated", "deleted", "finalized", "finalization_failed", "sent", "paid",
        "payment_failed", "payment_action_required", "voided", "marked_uncollectible", "overdue",
    ),
    "invoice_payment": ("paid",),
    "credit_note": ("created", "updated", "voided"),
    "payment_intent": (
        "succeeded", "payment_failed", "canceled", "requires_action", "processing",
    ),
    "charge": ("succeeded", "failed", "pending", "captured", "refunded", "updated", "expired"),
    "charge.dispute": ("created", "updated", "closed", "funds_withdrawn", "funds_reinstated"),
    "refund": ("created", "updated", "failed"),
    "payout": ("created", "updated", "paid", "failed", "canceled", "reconciliation_completed"),
    "cash_balance": ("funds_available",),
    "customer_cash_balance_transaction": ("created",),
    "test_helpers.test_clock": ("created", "advancing", "ready", "deleted"),
}  # fmt: skip

EVENT_TYPES: Final = tuple(f"{noun}.{verb}" for noun, verbs in _OF.items() for verb in verbs)
