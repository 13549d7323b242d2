"""The portal's pages about a subscription: another plan, the end, and after all not."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from sandbox.stripe import invoice_lines, portal_sessions, previews, subscriptions
from sandbox.stripe import subscription_endpoints as endpoints
from sandbox.stripe.accounts import HOUR
from sandbox.stripe.answers import Document
from sandbox.stripe.errors import StripeError
from sandbox.stripe.pages import rendering
from sandbox.stripe.pages.portal import Visit, page
from sandbox.stripe.pages.rendering import text


def _own(visit: Visit) -> Document:
    """Raises `StripeError` for one of somebody else."""
    found = visit.store.get(str(visit.request.path_params["id"]), "subscription")
    if found["customer"] != visit.session["customer"] or found["status"] in subscriptions.ENDED:
        raise StripeError("There is no such subscription.", status=404)
    return found


def _cancel(visit: Visit) -> Response:
    feature = visit.features["subscription_cancel"]
    options = feature["cancellation_reason"]["options"]
    return visit.render(
        "portal_cancel.html",
        subscription=_own(visit),
        mode=feature["mode"],
        reasons={one: portal_sessions.REASONS[one] for one in options}
        if feature["cancellation_reason"]["enabled"]
        else {},
    )


def _do_cancel(visit: Visit) -> Response:
    subscription, feature = _own(visit), visit.features["subscription_cancel"]
    if not feature["enabled"]:
        return rendering.not_found("form")
    feedback = text(visit.form, "feedback")
    details = {
        "comment": text(visit.form, "comment") or None,
        "feedback": feedback if feedback in portal_sessions.REASONS else None,
    }
    if feature["mode"] == "immediately":
        subscriptions.end(visit.store, subscription, "cancellation_requested", **details)
        return visit.leave()
    wish = {"cancel_at_period_end": True, "cancellation_details": details}
    endpoints.change(visit.store, subscription, wish)
    return visit.leave()


def _resume(visit: Visit) -> Response:
    endpoints.change(visit.store, _own(visit), {"cancel_at_period_end": False})
    return rendering.see(visit.home)


def _choices(visit: Visit, subscription: Document) -> list[Document]:
    """The prices that the configuration lets a customer choose from."""
    found = []
    for entry in visit.features["subscription_update"]["products"]:
        product = visit.store.get(entry["product"], "product")
        for price_id in entry["prices"]:
            price = visit.store.get(price_id, "price")
            each = invoice_lines.priced(price).removeprefix("at ")
            found.append(
                {
                    "id": price_id,
                    "name": product["name"],
                    "about": product["description"],
                    "each": each,
                    "chosen": price_id == subscription["items"]["data"][0]["price"]["id"],
                }
            )
    return found


def _wish(visit: Visit, subscription: Document, given: Any) -> dict[str, Any]:
    """What was chosen, as far as the configuration allows it."""
    feature, item = visit.features["subscription_update"], subscription["items"]["data"][0]
    allowed = feature["default_allowed_updates"]
    known = [one["id"] for one in _choices(visit, subscription)]
    change: dict[str, Any] = {"id": item["id"], "price": item["price"]["id"]}
    if "price" in allowed and given.get("price") in known:
        change["price"] = str(given["price"])
    quantity = str(given.get("quantity") or "")
    if "quantity" in allowed and quantity.isdigit() and int(quantity):
        change["quantity"] = int(quantity)
    elif item.get("quantity"):
        change["quantity"] = item["quantity"]
    wish: dict[str, Any] = {"items": [change]}
    if subscription["status"] != "trialing":
        wish["proration_behavior"] = feature["proration_behavior"]
        wish |= _as_of(visit, subscription, str(given.get("proration_date") or ""))
    return wish


def _as_of(visit: Visit, subscription: Document, given: str) -> dict[str, Any]:
    """Charged is what was shown, also when somebody thought about it for some minutes."""
    now = visit.store.now(subscription)
    is_recent = given.isdigit() and now - HOUR < int(given) <= now
    return {"proration_date": int(given)} if is_recent else {}


def _update(visit: Visit, problem: str = "") -> Response:
    """The choice, and what it will cost once one was made."""
    store, subscription = visit.store, _own(visit)
    query = dict(visit.request.query_params)
    preview = None
    confirm = (visit.session["flow"] or {}).get("subscription_update_confirm")
    if confirm and not query:
        query = {key: str(one) for key, one in confirm["items"][0].items() if one}
    if query.get("price") or query.get("quantity"):
        wish = _wish(visit, subscription, query)
        with store.database.transaction(), store.rehearsal():
            preview = previews.of_change(store, subscription, wish)
    return visit.render(
        "portal_update.html",
        422 if problem else 200,
        subscription=_own(visit),
        choices=_choices(visit, _own(visit)),
        moment=store.now(subscription),
        allowed=visit.features["subscription_update"]["default_allowed_updates"],
        query=query,
        preview=preview,
        problem=problem,
    )


def _do_update(visit: Visit) -> Response:
    subscription = _own(visit)
    if not visit.features["subscription_update"]["enabled"]:
        return rendering.not_found("form")
    try:
        endpoints.change(visit.store, subscription, _wish(visit, subscription, visit.form))
    except StripeError as refusal:
        return _update(visit, str(refusal))
    return visit.leave()


cancel = page(_cancel, _do_cancel)
resume = page(_cancel, _resume)
update = page(_update, _do_update)
