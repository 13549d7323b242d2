"""An invoice's own page, where it can be paid, and its PDF."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.management import is_from_elsewhere
from sandbox.stripe import collection, payment_methods
from sandbox.stripe.accounts import current, settings
from sandbox.stripe.answers import Document
from sandbox.stripe.errors import StripeError
from sandbox.stripe.pages import rendering
from sandbox.stripe.pages.pdf import of_lines
from sandbox.stripe.periods import shown
from sandbox.stripe.store import Store


async def serve(request: Request) -> Response:
    found = rendering.find(request, "invoice", _token=str(request.path_params["token"]))
    if found is None:
        return rendering.not_found("invoice")
    store, invoice = found
    if request.method != "POST" or is_from_elsewhere(request):
        return _page(store, invoice, {})
    async with request.form() as form:
        wish = rendering.method_wish(form, settings(store)["payment_methods"])
        typed = {name: str(value) for name, value in form.items() if name != "cvc"}
    return await _pay(request, store, invoice, {"wish": wish, "typed": typed})


async def _pay(
    request: Request, store: Store, invoice: Document, about: dict[str, Any]
) -> Response:
    try:
        with store.database.transaction():
            method = payment_methods.make(store, about["wish"])
            payment_methods.attach_to(store, method["id"], invoice["customer"])
            paid = collection.attempt(store, invoice, method["id"], off_session=False)
            intent = collection.intent_of(store, paid) or {}
    except StripeError as refusal:
        return _page(store, invoice, about["typed"], str(refusal), 422)
    await rendering.announce(request)
    here = f"/i/{store.account}/{invoice['_token']}"
    if intent.get("status") == "requires_action" and method["type"] == "card":
        return rendering.see(f"/3ds/{intent['id']}?back={here}")
    if intent.get("last_payment_error"):
        return _page(store, paid, about["typed"], intent["last_payment_error"]["message"], 422)
    return rendering.see(here)


def _page(
    store: Store, invoice: Document, typed: dict[str, str], problem: str = "", status: int = 200
) -> Response:
    intent = collection.intent_of(store, invoice) or {}
    action = intent.get("next_action") or {}
    return rendering.render(
        "invoice.html",
        status,
        invoice=invoice,
        account=current(store),
        typed=typed,
        problem=problem,
        transfer=action.get("display_bank_transfer_instructions"),
        processing=intent.get("status") == "processing",
        types=settings(store)["payment_methods"],
        action=f"/i/{store.account}/{invoice['_token']}",
    )


async def pdf(request: Request) -> Response:
    found = rendering.find(request, "invoice", _token=str(request.path_params["token"]))
    if found is None:
        return rendering.not_found("invoice")
    invoice = found[1]
    headers = {"content-disposition": f'inline; filename="Invoice-{invoice["number"]}.pdf"'}
    return Response(of_lines(lines_of(invoice)), media_type="application/pdf", headers=headers)


def lines_of(invoice: Document) -> list[str]:
    def money(value: int) -> str:
        return f"{invoice['currency'].upper()} {value / 100:,.2f}"

    return [
        f"Invoice {invoice['number']}",
        "",
        f"Date of issue   {shown(invoice['effective_at'])}",
        f"Date due        {shown(invoice['due_date'] or invoice['effective_at'])}",
        f"From            {invoice['account_name']}",
        f"Bill to         {invoice['customer_name'] or invoice['customer_email'] or ''}",
        *(f"                {one['value']}" for one in invoice["customer_tax_ids"]),
        "",
        *(f"{one['description'] or '':<64.64} {money(one['amount'])}" for one in _lines(invoice)),
        "",
        f"{'Subtotal':<64} {money(invoice['subtotal'])}",
        *(f"{'Discount':<64} {money(-x['amount'])}" for x in invoice["total_discount_amounts"]),
        *(f"{'Tax':<64} {money(x['amount'])}" for x in invoice["total_taxes"]),
        f"{'Total':<64} {money(invoice['total'])}",
        f"{'Amount due':<64} {money(invoice['amount_due'])}",
        "",
        "A sandbox made this. No money has moved.",
    ]


def _lines(invoice: Document) -> list[Document]:
    found: list[Document] = invoice["lines"]["data"]
    return found
