"""The page of a bank that asks whether it is really you: 3-D Secure, as Stripe's test page."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from sandbox.management import is_from_elsewhere
from sandbox.stripe import confirmations, setup_intents
from sandbox.stripe.answers import Document
from sandbox.stripe.pages import rendering
from sandbox.stripe.store import Store


async def serve(request: Request) -> Response:
    intent_id = str(request.path_params["id"])
    kind = "setup_intent" if intent_id.startswith("seti_") else "payment_intent"
    found = rendering.find(request, kind, id=intent_id)
    if found is None:
        return rendering.not_found("payment")
    store, intent = found
    back = _back(request, intent)
    if intent["status"] != "requires_action":
        return rendering.see(back) if back else _nothing_to_do()
    if request.method == "POST" and not is_from_elsewhere(request):
        async with request.form() as form:
            passed = rendering.text(form, "answer") == "complete"
        with store.database.transaction():
            authenticate(store, intent, passed=passed)
        await rendering.announce(request)
        return rendering.see(back) if back else _nothing_to_do()
    return rendering.render("authentication.html", intent=intent, kind=kind)


def authenticate(store: Store, intent: Document, *, passed: bool) -> Document:
    if intent["object"] == "setup_intent":
        return setup_intents.authenticate(store, intent, passed=passed)
    return confirmations.authenticate(store, intent, passed=passed)


def _back(request: Request, intent: Document) -> str:
    """Only to a page of ours, or to where the shop said itself."""
    given = request.query_params.get("back", "")
    if given.startswith("/") and not given.startswith("//"):
        return given
    url = intent.get("_return_url") or ""
    if not url:
        return ""
    joint = "&" if "?" in url else "?"
    name = intent["object"]
    return f"{url}{joint}{name}={intent['id']}&redirect_status={intent['status']}"


def _nothing_to_do() -> Response:
    return rendering.render(
        "message.html", title="You can close this page", text="The bank has its answer."
    )
