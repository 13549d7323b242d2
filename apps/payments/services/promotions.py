"""Promotion codes: what a customer types in, and what it takes off."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal

from apps.payments import stripe_api
from apps.payments.models import Account
from apps.payments.money import text
from apps.payments.subscription_errors import PromotionCodeRefused

FIELD: Final = "promotion_code"


@dataclass(frozen=True)
class Promotion:
    """A code that can be used. `offer` says what it takes off: "25 % off for 3 months"."""

    id: str
    code: str
    offer: str
    duration: Literal["once", "repeating", "forever"]

    @property
    def discounts(self) -> list[dict[str, str]]:
        """The parameter `discounts` of Stripe's."""
        return [{"promotion_code": self.id}]


def find(code: str, *, account: Account) -> Promotion:
    """Raises `PromotionCodeRefused` with the reason, and `StripeError`."""
    code = code.strip()
    params = {"code": code, "active": True, "expand": ["data.promotion.coupon"], "limit": 100}
    found = stripe_api.call(lambda api: api.promotion_codes.list(params))["data"] if code else []
    if not found:
        raise refused(f"There is no code “{code}”. Look whether it is typed as it was given.")
    # Several may be called so: one for everybody, others each for one customer.
    rank = {account.customer_id: 0, None: 1}
    promotion = min(found, key=lambda one: rank.get(one["customer"], 2))
    coupon = promotion["promotion"]["coupon"]
    if not isinstance(coupon, dict):
        coupon = stripe_api.retrieve("coupon", coupon)
    _require_usable(promotion, coupon, account)
    return Promotion(promotion["id"], promotion["code"], offer(coupon), coupon["duration"])


def discounts(code: str, *, account: Account) -> list[dict[str, str]]:
    """The parameter `discounts` for a code; empty for none. Raises as `find`."""
    found = typed(code, account=account)
    return found.discounts if found else []


def typed(code: str, *, account: Account) -> Promotion | None:
    """As `find`; None for none."""
    return find(code, account=account) if code else None


def offer(coupon: dict[str, Any]) -> str:
    """What a coupon takes off, in words."""
    if coupon.get("percent_off"):
        share = Decimal(str(coupon["percent_off"])).normalize()
        what = f"{share:f} % off"
    else:
        what = f"{text(coupon['amount_off'], coupon['currency'])} off"
    months = coupon.get("duration_in_months")
    spans = {
        "once": "once",
        "forever": "for as long as you stay",
        "repeating": f"for {months} months",
    }
    return f"{what} {spans[coupon['duration']]}"


def _require_usable(promotion: dict[str, Any], coupon: dict[str, Any], account: Account) -> None:
    used_up = promotion["max_redemptions"] and (
        promotion["times_redeemed"] >= promotion["max_redemptions"]
    )
    expires = promotion["expires_at"]
    if used_up or not coupon["valid"]:
        raise refused("This code has been used as often as it can be.")
    if expires and expires <= account.now.timestamp():
        raise refused("This code has expired.")
    if promotion["customer"] not in (None, account.customer_id):
        raise refused("This code is for another customer.")
    first_only = (promotion["restrictions"] or {}).get("first_time_transaction")
    if first_only and account.invoices.filter(status="paid", total__gt=0).exists():
        raise refused("This code is for new customers.")


def refused(why: str) -> PromotionCodeRefused:
    """The refusal of a code, beside its field."""
    return PromotionCodeRefused(why, errors={FIELD: [why]})
