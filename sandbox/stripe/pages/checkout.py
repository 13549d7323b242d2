"""Checkout, as a person clicks through it; whole without JavaScript."""

from __future__ import annotations

from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from sandbox.management import is_from_elsewhere
from sandbox.stripe import checkout_completion, checkout_sessions, invoice_lines
from sandbox.stripe.answers import Document
from sandbox.stripe.errors import StripeError
from sandbox.stripe.pages import rendering
from sandbox.stripe.pages.rendering import text
from sandbox.stripe.store import Store

KIND = checkout_sessions.KIND
PLACE = {**dict.fromkeys(("city", "line1", "line2", "postal_code", "state")), "country": "DE"}


async def serve(request: Request) -> Response:
    found = rendering.find(request, KIND, id=str(request.path_params["id"]))
    if found is None:
        return rendering.not_found("checkout page")
    store, session = found
    if request.method == "POST" and not is_from_elsewhere(request):
        async with request.form() as form:
            answer = _submitted(store, session, form)
        await rendering.announce(request)
        return answer
    with store.database.transaction():
        session = checkout_completion.go_on(store, session)
        if session["automatic_tax"]["enabled"] and "_address" not in session:
            session["_address"] = PLACE  # as the page shows it before somebody chooses
            session = checkout_sessions.count_up(store, session)
    await rendering.announce(request)
    return _where_it_stands(session) or _page(store, session, {})


def _where_it_stands(session: Document) -> Response | None:
    """On to the shop, or to the bank; None while there is something to fill in."""
    if session["status"] == "complete":
        return rendering.see(session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"]))
    if session["status"] == "expired":
        back = session["cancel_url"]
        about = "Nothing was charged. Go back to the shop to begin again."
        return rendering.render(
            "message.html", title="This page has expired", text=about, back=back
        )
    if session.get("_waits_for"):
        return rendering.see(f"/3ds/{session['_waits_for']}?back=/c/pay/{session['id']}")
    return None


def _submitted(store: Store, session: Document, form: FormData) -> Response:
    typed = {name: str(value) for name, value in form.items() if name != "cvc"}
    try:
        with store.database.transaction():
            session = _act(store, session, form)
    except StripeError as refusal:
        held = store.get(session["id"], KIND)
        if refusal.body["type"] == "card_error":
            with store.database.transaction():
                checkout_completion.record_decline(store, held, _method(held, form))
        return _page(store, held, typed, problem=refusal, status=422)
    return _where_it_stands(session) or _page(store, session, typed)


def _act(store: Store, session: Document, form: FormData) -> Document:
    action = text(form, "action")
    if action == "apply":
        return checkout_sessions.apply_code(store, session, text(form, "code"))
    if action == "remove":
        return checkout_sessions.apply_code(store, session, "")
    if action == "update":
        session = _set_quantities(store, session, form)
        session["_address"] = rendering.address_wish(form)
        return checkout_sessions.count_up(store, session)
    shown = session["amount_total"]
    session |= {"_address": rendering.address_wish(form), "_tax_id": text(form, "tax_id")}
    session = checkout_sessions.count_up(store, _set_quantities(store, session, form))
    if session["automatic_tax"]["enabled"] and session["amount_total"] != shown:
        session["_problem"] = "With your details the total has changed. Look at it, then go on."
        return session
    about: dict[str, Any] = {
        "address": session["_address"],
        "email": text(form, "email"),
        "name": text(form, "name"),
        "tax_id": text(form, "tax_id"),
        "payment_method": _method(session, form),
    }
    return checkout_completion.submit(store, session, about)


def _method(session: Document, form: FormData) -> dict[str, Any]:
    return rendering.method_wish(form, session["payment_method_types"])


def _set_quantities(store: Store, session: Document, form: FormData) -> Document:
    for item in session["_items"]:
        given = text(form, f"quantity-{item['id']}")
        if given and item["adjustable"].get("enabled"):
            if not given.isdigit():
                raise StripeError("A quantity is a whole number.", param="quantity")
            checkout_sessions.set_quantity(store, session, item["id"], int(given))
    return session


def _page(
    store: Store,
    session: Document,
    typed: dict[str, str],
    problem: StripeError | None = None,
    status: int = 200,
) -> Response:
    customer = store.find(session["customer"] or "") or {}
    told = str(problem) if problem else session.pop("_problem", "")
    return rendering.render(
        "checkout.html",
        status,
        session=session,
        customer=customer,
        lines=[_shown(store, session, line) for line in session["_line_items"]],
        typed=typed,
        problem=told,
        code=_code(store, session),
        verb=_verb(session),
        recurring=_recurring(session),
        trial=session["_about"]["subscription_data"].get("trial_period_days"),
        needs_method=bool(
            session["amount_total"]
            or session["mode"] == "setup"
            or session["payment_method_collection"] == "always"
        ),
    )


def _shown(store: Store, session: Document, line: Document) -> Document:
    item = next(one for one in session["_items"] if one["id"] == line["id"])
    metered = (item["price"]["recurring"] or {}).get("usage_type") == "metered"
    priced = invoice_lines.priced_by_use if metered else invoice_lines.priced
    return line | {
        "adjustable": item["adjustable"],
        "each": priced(item["price"]),
        "name": invoice_lines.name_of(store, item["price"]),
    }


def _code(store: Store, session: Document) -> str:
    for wish in session["_discounts"]:
        promotion = store.find(wish.get("promotion_code") or "")
        if promotion:
            return str(promotion["code"])
    return ""


def _recurring(session: Document) -> Document | None:
    found = [item["price"] for item in session["_items"] if item["price"]["type"] == "recurring"]
    return found[0]["recurring"] if found else None


def _verb(session: Document) -> str:
    if session["mode"] == "setup":
        return "Save"
    if session["mode"] == "payment":
        return f"Pay {rendering.amount(session['amount_total'], session['currency'])}"
    about = session["_about"]["subscription_data"]
    return (
        "Start trial" if about.get("trial_period_days") or about.get("trial_end") else "Subscribe"
    )


async def done(request: Request) -> Response:
    """For shops that have no page of their own to come back to."""
    found = rendering.find(request, KIND, id=str(request.path_params["id"]))
    if found is None:
        return rendering.not_found("checkout page")
    return rendering.render("message.html", title="Thank you", text="You may close this page.")
