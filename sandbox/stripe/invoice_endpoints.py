"""https://docs.stripe.com/api/invoices and ../invoice-payment."""

from __future__ import annotations

from sandbox.stripe import collection, confirmations, invoices, previews
from sandbox.stripe import invoice_totals as totals
from sandbox.stripe.accounts import HOUR
from sandbox.stripe.answers import Document
from sandbox.stripe.documents import assign, reading
from sandbox.stripe.endpoint import Call, Endpoint
from sandbox.stripe.errors import StripeError
from sandbox.stripe.listing import listing, page, searching

KIND = "invoice"
ALWAYS = ("auto_advance", "description", "footer", "default_payment_method", "due_date")


def create(call: Call) -> Document:
    invoice = invoices.create_for(call.store, call.params)
    if invoice["auto_advance"]:
        invoice["_due"] = invoice["automatically_finalizes_at"] = invoice["created"] + HOUR
        call.store.save(invoice)
    return invoice


def update(call: Call) -> Document:
    invoice, params = call.store.get(call.id, KIND), call.params
    if set(params) & {"default_tax_rates", "discounts", "automatic_tax"}:
        invoices.draft_of(call.store, call.id)
    assign(invoice, params, *ALWAYS)
    if "default_tax_rates" in params:
        rates = params["default_tax_rates"] or []
        invoice["default_tax_rates"] = [call.store.get(one, "tax_rate") for one in rates]
    if "automatic_tax" in params:
        invoice["automatic_tax"]["enabled"] = params["automatic_tax"]["enabled"]
    if invoice["status"] == "draft":
        totals.settle(call.store, invoice)
        advances = invoice["auto_advance"]
        invoice["_due"] = call.store.now(invoice) + HOUR if advances else None
    return call.store.save(invoice, "invoice.updated")


def delete(call: Call) -> Document:
    invoice = invoices.draft_of(call.store, call.id)
    for item in call.store.select("invoiceitem", invoice=invoice["id"]):
        item["invoice"] = None
        call.store.save(item)
    return call.store.delete(invoice, "invoice.deleted")


def finalize(call: Call) -> Document:
    invoice = invoices.draft_of(call.store, call.id)
    collection.finalize(call.store, invoice)
    advances = call.params.get("auto_advance", invoice["auto_advance"])
    charges = invoice["collection_method"] == "charge_automatically"
    if invoice["status"] == "open" and advances and charges:
        invoice["_due"] = call.store.now(invoice) + HOUR
        invoice["next_payment_attempt"] = invoice["_due"]
        call.store.save(invoice)
    return invoice


def pay(call: Call) -> Document:
    invoice, params, store = call.store.get(call.id, KIND), call.params, call.store
    if invoice["status"] == "draft":
        collection.finalize(store, invoice)
    elif invoice["status"] == "paid":
        raise StripeError("Invoice is already paid", code="invoice_already_paid")
    if invoice["status"] not in ("open", "uncollectible"):
        return invoice
    if params.get("paid_out_of_band"):
        return collection.mark_paid(store, invoice, out_of_band=True)
    method = params.get("payment_method")
    paid = collection.attempt(store, invoice, method, off_session=params.get("off_session", True))
    return _answer(call, paid)


def _answer(call: Call, invoice: Document) -> Document:
    intent = collection.intent_of(call.store, invoice)
    if invoice["status"] == "paid" or intent is None or intent["status"] == "processing":
        return invoice
    confirmations.raise_decline(intent)
    if intent["status"] == "requires_action":
        raise StripeError(
            "The payment needs the customer: " + intent["next_action"]["type"],
            status=402,
            code="invoice_payment_intent_requires_action",
            kind="card_error",
            keeps=True,
        )
    raise StripeError(
        "Cannot charge a customer that has no active payment method", code="missing_payment_method",
        keeps=True,
    )  # fmt: skip


def void(call: Call) -> Document:
    return collection.void(call.store, call.store.get(call.id, KIND))


def mark_uncollectible(call: Call) -> Document:
    return collection.write_off(call.store, call.store.get(call.id, KIND))


def send(call: Call) -> Document:
    invoice = call.store.get(call.id, KIND)
    if invoice["status"] == "draft":
        collection.finalize(call.store, invoice)
    return call.store.save(invoice, "invoice.sent", always=True)


def list_lines(call: Call) -> Document:
    invoice = call.store.get(call.id, KIND)
    return page(call, invoice["lines"]["data"])


def _narrow(call: Call, invoice: Document) -> bool:
    wanted = call.params.get("subscription")
    return wanted is None or invoice.get("_subscription") == wanted


def _narrow_payment(call: Call, payment: Document) -> bool:
    wanted = (call.params.get("payment") or {}).get("payment_intent")
    return wanted is None or payment["payment"].get("payment_intent") == wanted


def read(call: Call) -> Document:
    return call.store.get(call.id, KIND)


PATH = "/v1/invoices"
ENDPOINTS = [
    Endpoint("POST", PATH, "InvoiceCreateParams", create),
    Endpoint("GET", PATH, "InvoiceListParams", listing(KIND, _narrow, "subscription")),
    Endpoint("GET", f"{PATH}/search", "InvoiceSearchParams", searching(KIND)),
    Endpoint("POST", f"{PATH}/create_preview", "InvoiceCreatePreviewParams", previews.create),
    Endpoint("GET", f"{PATH}/{{id}}", "InvoiceRetrieveParams", read),
    Endpoint("POST", f"{PATH}/{{id}}", "InvoiceUpdateParams", update),
    Endpoint("DELETE", f"{PATH}/{{id}}", "InvoiceDeleteParams", delete),
    Endpoint("POST", f"{PATH}/{{id}}/finalize", "InvoiceFinalizeInvoiceParams", finalize),
    Endpoint("POST", f"{PATH}/{{id}}/pay", "InvoicePayParams", pay),
    Endpoint("POST", f"{PATH}/{{id}}/void", "InvoiceVoidInvoiceParams", void),
    Endpoint("POST", f"{PATH}/{{id}}/send", "InvoiceSendInvoiceParams", send),
    Endpoint(
        "POST",
        f"{PATH}/{{id}}/mark_uncollectible",
        "InvoiceMarkUncollectibleParams",
        mark_uncollectible,
    ),
    Endpoint("GET", f"{PATH}/{{id}}/lines", "InvoiceLineItemListParams", list_lines),
    Endpoint(
        "GET",
        "/v1/invoice_payments",
        "InvoicePaymentListParams",
        listing("invoice_payment", _narrow_payment, "payment"),
    ),
    Endpoint(
        "GET",
        "/v1/invoice_payments/{id}",
        "InvoicePaymentRetrieveParams",
        reading("invoice_payment"),
    ),
]
