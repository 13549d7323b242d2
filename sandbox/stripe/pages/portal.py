"""The Billing Portal: what a customer has, pays with, is called and was billed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from sandbox.management import is_from_elsewhere
from sandbox.stripe import payment_methods, portal_sessions, setup_intents, tax_ids
from sandbox.stripe.accounts import current
from sandbox.stripe.answers import Document
from sandbox.stripe.errors import StripeError
from sandbox.stripe.pages import rendering
from sandbox.stripe.pages.rendering import text
from sandbox.stripe.store import Store
from sandbox.stripe.subscriptions import ENDED

TYPES = ("card", "sepa_debit")


@dataclass(frozen=True)
class Visit:
    """Somebody's way through the portal."""

    request: Request
    store: Store
    session: Document
    form: FormData

    @property
    def home(self) -> str:
        return f"/p/session/{self.session['_token']}"

    @property
    def customer(self) -> Document:
        return self.store.get(self.session["customer"], "customer")

    @property
    def features(self) -> Document:
        configuration = self.store.get(self.session["configuration"], portal_sessions.CONFIGURATION)
        features: Document = configuration["features"]
        return features

    def render(self, name: str, status: int = 200, **context: Any) -> Response:
        about = {"session": self.session, "home": self.home, "features": self.features}
        account = current(self.store)
        return rendering.render(
            name, status, account=account, customer=self.customer, **about, **context
        )

    def leave(self) -> Response:
        """To where a flow says, or back to the portal."""
        after = (self.session["flow"] or {}).get("after_completion") or {}
        redirect = after.get("redirect") or {}
        return rendering.see(redirect.get("return_url") or self.home)


Page = Callable[[Visit], Response]


def _answer(visit: Visit, show: Page, act: Page | None) -> Response:
    try:
        if visit.request.method != "POST" or act is None:
            return show(visit)
        if is_from_elsewhere(visit.request):
            return rendering.not_found("form")
        with visit.store.database.transaction():
            return act(visit)
    except StripeError:
        return rendering.not_found("page")


def page(show: Page, act: Page | None = None) -> Callable[[Request], Awaitable[Response]]:
    """A page of a session; `act` carries out what is sent to it, in one transaction."""

    async def served(request: Request) -> Response:
        token = str(request.path_params["token"])
        found = rendering.find(request, portal_sessions.SESSION, _token=token)
        if found is None:
            return rendering.not_found("portal session")
        async with request.form() as form:
            answer = _answer(Visit(request, *found, form), show, act)
        await rendering.announce(request)
        return answer

    return served


def _overview(visit: Visit) -> Response:
    store, customer = visit.store, visit.customer
    flow = _flow_address(visit)
    if flow and "stay" not in visit.request.query_params:
        return rendering.see(flow)
    held = store.select("subscription", customer=customer["id"], newest_first=True)
    methods = store.select("payment_method", customer=customer["id"], newest_first=True)
    invoices = store.select("invoice", customer=customer["id"], newest_first=True)
    return visit.render(
        "portal.html",
        subscriptions=[one for one in held if one["status"] not in ENDED],
        names=_names(store, held),
        methods=methods,
        invoices=[one for one in invoices if one["number"]],
        tax_ids=tax_ids.of_customer(store, customer["id"]),
    )


def _flow_address(visit: Visit) -> str:
    flow = visit.session["flow"]
    if not flow:
        return ""
    kind = flow["type"]
    if kind == "payment_method_update":
        return f"{visit.home}/payment-methods"
    about = flow[kind]
    page = "cancel" if kind == "subscription_cancel" else "update"
    return f"{visit.home}/subscriptions/{about['subscription']}/{page}"


def _names(store: Store, subscriptions: list[Document]) -> dict[str, str]:
    products = {item["price"]["product"] for one in subscriptions for item in one["items"]["data"]}
    found = [store.find(product) for product in products]
    return {one["id"]: one["name"] for one in found if one}


def _customer(visit: Visit, problem: str = "") -> Response:
    found = tax_ids.of_customer(visit.store, visit.session["customer"])
    return visit.render(
        "portal_customer.html", 422 if problem else 200, problem=problem, tax_ids=found
    )


def _set_customer(visit: Visit) -> Response:
    store, customer, form = visit.store, visit.customer, visit.form
    allowed = visit.features["customer_update"]["allowed_updates"]
    customer |= {name: text(form, name) or None for name in ("name", "email") if name in allowed}
    if "address" in allowed:
        customer["address"] = rendering.address_wish(form)
    store.save(customer, "customer.updated")
    value = text(form, "tax_id")
    held = [one["value"] for one in tax_ids.of_customer(store, customer["id"])]
    if value and value not in held and "tax_id" in allowed:
        try:
            tax_ids.add(store, customer, {"type": "eu_vat", "value": value})
        except StripeError:
            return _customer(
                visit, "That is no VAT number. One begins with a country: DE123456789."
            )
    return rendering.see(visit.home)


def _method(visit: Visit, problem: str = "") -> Response:
    typed = {name: str(value) for name, value in visit.form.items() if name != "cvc"}
    return visit.render(
        "portal_method.html", 422 if problem else 200, problem=problem, typed=typed, types=TYPES
    )


def _add_method(visit: Visit) -> Response:
    store = visit.store
    try:
        method = payment_methods.make(store, rendering.method_wish(visit.form, TYPES))
        wish = {"customer": visit.session["customer"], "payment_method": method["id"]}
        intent = setup_intents.confirm_intent(store, setup_intents.add(store, wish))
    except StripeError as refusal:
        return _method(visit, str(refusal))
    if intent["last_setup_error"]:
        return _method(visit, intent["last_setup_error"]["message"])
    make_default(store, visit.customer, method["id"])
    if intent["status"] == "requires_action":
        return rendering.see(f"/3ds/{intent['id']}?back={visit.home}%3Fstay=1")
    return visit.leave()


def make_default(store: Store, customer: Document, method_id: str) -> None:
    customer["invoice_settings"]["default_payment_method"] = method_id
    store.save(customer, "customer.updated")
    for subscription in store.select("subscription", customer=customer["id"]):
        if subscription["default_payment_method"] and subscription["status"] not in ENDED:
            subscription["default_payment_method"] = method_id
            store.save(subscription, "customer.subscription.updated")


def _change_method(visit: Visit) -> Response:
    method = visit.store.get(str(visit.request.path_params["id"]), "payment_method")
    if method["customer"] != visit.session["customer"]:
        return rendering.not_found("payment method")
    if text(visit.form, "action") == "remove":
        payment_methods.detach_from_customer(visit.store, method)
    else:
        make_default(visit.store, visit.customer, method["id"])
    return rendering.see(visit.home)


overview = page(_overview)
customer = page(_customer, _set_customer)
add_method = page(_method, _add_method)
change_method = page(_method, _change_method)
