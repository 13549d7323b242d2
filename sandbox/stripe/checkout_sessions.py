"""Checkout sessions. https://docs.stripe.com/api/checkout/sessions. The page is in `pages`."""

from __future__ import annotations

from typing import Any

from sandbox.stripe import coupons, identifiers, prices
from sandbox.stripe.accounts import DAY, HOUR, settings
from sandbox.stripe.answers import Document
from sandbox.stripe.checkout_totals import line_items, totals
from sandbox.stripe.clocks import happening
from sandbox.stripe.documents import assign, merged, reading
from sandbox.stripe.endpoint import Call, Endpoint
from sandbox.stripe.errors import StripeError, required
from sandbox.stripe.listing import listing, page
from sandbox.stripe.store import Store

KIND = "checkout.session"
PLAIN = (
    "allow_promotion_codes", "billing_address_collection", "cancel_url", "client_reference_id",
    "consent_collection", "customer_creation", "customer_email", "locale",
    "payment_method_collection", "payment_method_options", "phone_number_collection",
    "submit_type", "success_url", "tax_id_collection",
)  # fmt: skip
TEXTS = ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")
SOONEST, LATEST = HOUR // 2, DAY


def create(call: Call) -> Document:
    params, store = call.params, call.store
    mode = params.get("mode", "payment")
    _check(store, params, mode)
    session_id = identifiers.new("cs_test", 58)
    now = store.now(params.get("customer"))
    session = {
        **_blank(session_id, mode, now),
        "customer": params.get("customer"),
        "custom_text": dict.fromkeys(TEXTS) | params.get("custom_text", {}),
        "expires_at": _expiry(params, now),
        "metadata": merged(None, params.get("metadata")),
        "payment_method_types": params.get("payment_method_types") or _types(store, mode),
        "url": f"{store.address}/c/pay/{session_id}",
        "_about": {
            name: params.get(name) or {}
            for name in ("subscription_data", "payment_intent_data", "setup_intent_data")
        },
        "_discounts": [],
        "_line_items": [],
    }
    assign(session, {name: params[name] for name in PLAIN if name in params}, *PLAIN)
    if session.get("tax_id_collection"):
        session["tax_id_collection"] = {"required": "never", **session["tax_id_collection"]}
    automatic = bool((params.get("automatic_tax") or {}).get("enabled"))
    session["automatic_tax"]["enabled"] = automatic
    session["_due"] = session["expires_at"]
    session["_items"] = [_item(store, one, mode) for one in params.get("line_items", [])]
    _set_discounts(store, session, params.get("discounts") or [])
    return count_up(store, store.insert(session))


def _blank(session_id: str, mode: str, now: int) -> Document:
    return {
        "id": session_id,
        "object": KIND,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "created": now,
        "currency": None,
        "custom_fields": [],
        "livemode": False,
        "mode": mode,
        "payment_method_collection": "always",
        "payment_status": "unpaid" if mode != "setup" else "no_payment_required",
        "shipping_options": [],
        "status": "open",
        "ui_mode": "hosted_page",
    }


def _check(store: Store, params: dict[str, Any], mode: str) -> None:
    if mode != "setup" and not params.get("line_items"):
        raise required("line_items")
    if params.get("ui_mode", "hosted_page") != "hosted_page":
        raise StripeError("Only hosted pages are kept here.", param="ui_mode")
    if not params.get("success_url"):
        raise required("success_url")
    if params.get("customer"):
        store.get(params["customer"], "customer", "customer")
        if params.get("customer_email"):
            raise StripeError("You may only specify one of these: customer, customer_email.")
    if params.get("discounts") and params.get("allow_promotion_codes"):
        raise StripeError("You may only specify one of these: allow_promotion_codes, discounts.")


def _expiry(params: dict[str, Any], now: int) -> int:
    expires = int(params.get("expires_at", now + LATEST))
    if not SOONEST <= expires - now <= LATEST:
        raise StripeError(
            "The `expires_at` timestamp must be between 30 minutes and 24 hours from now.",
            param="expires_at",
        )
    return expires


def _types(store: Store, mode: str) -> list[str]:
    kept = settings(store)["payment_methods"]
    return [one for one in kept if mode == "payment" or one != "customer_balance"]


def _item(store: Store, wish: dict[str, Any], mode: str) -> Document:
    if wish.get("price_data"):
        price = prices.add(store, wish["price_data"])
    else:
        price = store.get(wish.get("price", ""), "price", "line_items[0][price]")
    if mode == "payment" and price["type"] == "recurring":
        text = "You specified `payment` mode but passed a recurring price."
        raise StripeError(text, param="line_items")
    metered = (price["recurring"] or {}).get("usage_type") == "metered"
    adjustable = wish.get("adjustable_quantity") or {"enabled": False}
    return {
        "adjustable": adjustable,
        "id": identifiers.new("li"),
        "price": price,
        "quantity": None if metered else wish.get("quantity", 1),
        "tax_rates": wish.get("tax_rates") or [],
    }


def _set_discounts(store: Store, session: Document, wishes: list[dict[str, Any]]) -> None:
    """What will be redeemed when it is paid; only tried out until then."""
    with store.rehearsal():
        for wish in wishes:
            coupons.redeem(store, wish, customer=session["customer"])
    session["_discounts"] = wishes
    session["discounts"] = [
        {"coupon": one.get("coupon"), "promotion_code": one.get("promotion_code")} for one in wishes
    ]


def apply_code(store: Store, session: Document, code: str) -> Document:
    """A promotion code typed in on the page; an empty one takes it away."""
    from sandbox.stripe import promotion_codes

    promotion = promotion_codes.find(store, code, session["customer"]) if code else None
    if code and promotion is None:
        raise StripeError("This code is invalid.", code="promotion_code_invalid")
    _set_discounts(store, session, [{"promotion_code": promotion["id"]}] if promotion else [])
    return count_up(store, session)


def set_quantity(store: Store, session: Document, item_id: str, quantity: int) -> Document:
    for item in session["_items"]:
        limits = item["adjustable"]
        if item["id"] == item_id and limits.get("enabled"):
            least, most = limits.get("minimum", 0), limits.get("maximum", 99)
            if not max(least, 1) <= quantity <= most:
                raise StripeError(f"Choose between {max(least, 1)} and {most}.")
            item["quantity"] = quantity
    return count_up(store, session)


def count_up(store: Store, session: Document) -> Document:
    """What it comes to, worked out anew."""
    if session["mode"] == "setup":
        return store.save(session)
    invoice = totals(store, session)
    discount = sum(one["amount"] for one in invoice["total_discount_amounts"])
    taxes = sum(one["amount"] for one in invoice["total_taxes"])
    session |= {
        "amount_subtotal": invoice["subtotal"],
        "amount_total": invoice["total"],
        "currency": invoice["currency"],
        "total_details": {
            "amount_discount": discount,
            "amount_shipping": 0,
            "amount_tax": taxes,
        },
        "_line_items": line_items(session, invoice),
    }
    return store.save(session)


def hear_of(store: Store, intent: Document) -> None:
    """A payment that takes days came to something after Checkout was done."""
    if intent["status"] not in ("succeeded", "requires_payment_method"):
        return
    for session in store.select(KIND, _intent=intent["id"], payment_status="unpaid"):
        if session["status"] != "complete":
            continue
        if intent["status"] == "succeeded":
            session["payment_status"] = "paid"
            store.save(session, "checkout.session.async_payment_succeeded", always=True)
        else:
            store.save(session, "checkout.session.async_payment_failed", always=True)


@happening(KIND)
def expire_by_time(store: Store, session: Document) -> None:
    if session["status"] == "open":
        _expire(store, session)
    else:
        store.save(session)


def _expire(store: Store, session: Document) -> Document:
    session |= {"status": "expired", "url": None, "_due": None}
    return store.save(session, "checkout.session.expired", always=True)


def expire(call: Call) -> Document:
    session = call.store.get(call.id, KIND)
    if session["status"] != "open":
        raise StripeError(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout '
            f"Session has a status of `{session['status']}`."
        )
    return _expire(call.store, session)


def list_line_items(call: Call) -> Document:
    return page(call, call.store.get(call.id, KIND)["_line_items"])


def _narrow(call: Call, session: Document) -> bool:
    email = (call.params.get("customer_details") or {}).get("email")
    return email is None or (session["customer_details"] or {}).get("email") == email


PATH = "/v1/checkout/sessions"
ENDPOINTS = [
    Endpoint("POST", PATH, "checkout.SessionCreateParams", create),
    Endpoint("GET", PATH, "checkout.SessionListParams", listing(KIND, _narrow, "customer_details")),
    Endpoint("GET", f"{PATH}/{{id}}", "checkout.SessionRetrieveParams", reading(KIND)),
    Endpoint("POST", f"{PATH}/{{id}}/expire", "checkout.SessionExpireParams", expire),
    Endpoint(
        "GET", f"{PATH}/{{id}}/line_items", "checkout.SessionLineItemListParams", list_line_items
    ),
]
