"""Credit notes: an invoice is made less, before it is paid or after.

https://docs.stripe.com/api/credit_notes.
"""

from __future__ import annotations

from typing import Any

from sandbox.stripe import collection, customer_balance, identifiers, money, refunds
from sandbox.stripe.answers import Document, complete, list_of
from sandbox.stripe.documents import changing, merged, reading
from sandbox.stripe.endpoint import Call, Endpoint
from sandbox.stripe.errors import StripeError
from sandbox.stripe.invoice_totals import line_tax, net
from sandbox.stripe.listing import listing, page
from sandbox.stripe.store import Store

KIND = "credit_note"


def _draw_up(store: Store, params: dict[str, Any]) -> Document:
    """The whole note, of lines, of an amount, or of everything; nothing is moved yet."""
    invoice = store.get(params["invoice"], "invoice", "invoice")
    if invoice["status"] not in ("open", "paid"):
        raise StripeError("You can only credit open or paid invoices.", param="invoice")
    lines = _lines(store, invoice, params)
    subtotal = sum(line["amount"] for line in lines)
    discount = sum(line["discount_amount"] for line in lines)
    taxes = [tax for line in lines for tax in line["taxes"]]
    added = sum(tax["amount"] for tax in taxes if tax["tax_behavior"] == "exclusive")
    total = subtotal - discount + added
    _require_room(store, invoice, total)
    note_id = identifiers.new("cn")
    open_invoice = invoice["status"] == "open"
    number = len(store.select(KIND, invoice=invoice["id"])) + 1
    return {
        "id": note_id,
        "object": KIND,
        "amount": total,
        "amount_shipping": 0,
        "created": store.now(invoice),
        "currency": invoice["currency"],
        "customer": invoice["customer"],
        "discount_amount": discount,
        "discount_amounts": [one for line in lines for one in line["discount_amounts"]],
        "effective_at": store.now(invoice),
        "invoice": invoice["id"],
        "lines": list_of(lines, f"/v1/credit_notes/{note_id}/lines"),
        "livemode": False,
        "memo": params.get("memo"),
        "metadata": merged(None, params.get("metadata")),
        "number": f"{invoice['number']}-CN-{number:02}",
        "pdf": f"{invoice['invoice_pdf']}?credit_note={note_id}",
        "post_payment_amount": 0 if open_invoice else total,
        "pre_payment_amount": total if open_invoice else 0,
        "pretax_credit_amounts": [],
        "reason": params.get("reason"),
        "refunds": [],
        "status": "issued",
        "subtotal": subtotal,
        "subtotal_excluding_tax": subtotal,
        "total": total,
        "total_excluding_tax": total - added,
        "total_taxes": taxes,
        "type": "pre_payment" if open_invoice else "post_payment",
    }


def _require_room(store: Store, invoice: Document, total: int) -> None:
    earlier = store.select(KIND, invoice=invoice["id"], status="issued")
    left = invoice["total"] - sum(one["total"] for one in earlier)
    if invoice["status"] == "open":
        left = invoice["amount_remaining"]
    if not 0 < total <= left:
        raise StripeError(
            f"The credit note's total ({total}) must be between 1 and what is left of the "
            f"invoice ({left}).",
            param="amount",
        )


def _lines(store: Store, invoice: Document, params: dict[str, Any]) -> list[Document]:
    if params.get("lines"):
        return [_line(store, invoice, wish) for wish in params["lines"]]
    if "amount" in params:
        return _in_proportion(invoice, params["amount"])
    return [_of_invoice_line(line, line["quantity"], line["amount"]) for line in _all(invoice)]


def _all(invoice: Document) -> list[Document]:
    lines: list[Document] = invoice["lines"]["data"]
    return lines


def _in_proportion(invoice: Document, amount: int) -> list[Document]:
    """An amount with its tax in it, spread over the invoice's taxes as they were."""
    total, base = invoice["total"], invoice["total_excluding_tax"]
    if amount == total:
        return [_of_invoice_line(line, line["quantity"], line["amount"]) for line in _all(invoice)]
    tax = money.share(amount, total - base, total)
    rates = invoice["total_taxes"]
    parts = money.spread(tax, [one["amount"] for one in rates]) if rates and tax else []
    taxes = [
        one | {
            "amount": part,
            "taxable_amount": money.share(one["taxable_amount"], amount - tax, base),
        }
        for one, part in zip(rates, parts, strict=False)
    ]  # fmt: skip
    inclusive = sum(one["amount"] for one in taxes if one["tax_behavior"] == "inclusive")
    line = _blank("custom_line_item", "Credit", amount - tax + inclusive)
    return [line | {"taxes": taxes}]


def _custom_line(store: Store, wish: dict[str, Any]) -> Document:
    quantity, unit = wish.get("quantity", 1), wish.get("unit_amount", 0)
    amount = wish.get("amount", quantity * unit)
    line = _blank("custom_line_item", wish.get("description"), amount)
    rates = [store.get(one, "tax_rate") for one in wish.get("tax_rates") or []]
    line["taxes"] = [line_tax(rate, amount, None) for rate in rates]
    return line | {"quantity": quantity, "tax_rates": rates}


def _line(store: Store, invoice: Document, wish: dict[str, Any]) -> Document:
    if wish["type"] == "custom_line_item":
        return _custom_line(store, wish)
    found = [one for one in _all(invoice) if one["id"] == wish.get("invoice_line_item")]
    if not found:
        raise StripeError("No such invoice line item.", param="lines[0][invoice_line_item]")
    line = found[0]
    quantity: int = wish.get("quantity") or line["quantity"]
    part = money.share(line["amount"], quantity, line["quantity"] or 1)
    amount: int = wish.get("amount") or part
    return _of_invoice_line(line, quantity, amount)


def _blank(kind: str, description: str | None, amount: int) -> Document:
    return complete(
        {
            "id": identifiers.new("cnli"),
            "object": "credit_note_line_item",
            "amount": amount,
            "description": description,
            "discount_amount": 0,
            "discount_amounts": [],
            "livemode": False,
            "metadata": {},
            "pretax_credit_amounts": [],
            "quantity": 1,
            "tax_rates": [],
            "taxes": [],
            "type": kind,
        }
    )


def _of_invoice_line(line: Document, quantity: int, amount: int) -> Document:
    """A part of a line, with its parts of the discount and of the taxes."""
    made = _blank("invoice_line_item", line["description"], amount)
    whole = line["amount"]
    discount = money.share(whole - net(line), amount, whole)
    taxes = [
        tax | {
            "amount": money.share(tax["amount"], amount, whole),
            "taxable_amount": money.share(tax["taxable_amount"], amount, whole),
        }
        for tax in line["taxes"]
    ]  # fmt: skip
    held = line["discount_amounts"]
    parts = money.spread(discount, [one["amount"] for one in held]) if discount else []
    amounts = [one | {"amount": part} for one, part in zip(held, parts, strict=False)]
    about = {"discount_amount": discount, "discount_amounts": amounts, "taxes": taxes}
    return made | {"invoice_line_item": line["id"], "quantity": quantity, **about}


def create(call: Call) -> Document:
    params, store = call.params, call.store
    note = _draw_up(store, params)
    store.insert(note)
    if note["type"] == "pre_payment":
        _lessen(store, note)
    else:
        _give_back(store, note, params)
    return store.save(note, "credit_note.created", always=True)


def _lessen(store: Store, note: Document) -> None:
    """There is less to pay now; with nothing left the invoice is paid."""
    invoice = store.get(note["invoice"], "invoice")
    invoice["pre_payment_credit_notes_amount"] += note["total"]
    invoice["amount_due"] -= note["total"]
    invoice["amount_remaining"] -= note["total"]
    intent = collection.intent_of(store, invoice)
    if intent and invoice["amount_due"]:
        intent["amount"] = invoice["amount_due"]
        store.save(intent)
    store.save(invoice, "invoice.updated")
    if invoice["amount_due"] == 0:
        collection.mark_paid(store, invoice)


def _give_back(store: Store, note: Document, params: dict[str, Any]) -> None:
    """To the card, to the balance, or another way; together the whole of it."""
    invoice = store.get(note["invoice"], "invoice")
    credited, refunded = params.get("credit_amount", 0), params.get("refund_amount", 0)
    elsewhere = params.get("out_of_band_amount", 0)
    named = [store.get(one["refund"], "refund") for one in params.get("refunds") or []]
    known = sum(one["amount"] for one in named)
    if credited + refunded + elsewhere + known not in (0, note["total"]):
        text = "The sum of credit, refund and out of band amounts must equal the total."
        raise StripeError(text, param="credit_amount")
    if not credited + refunded + elsewhere + known:
        credited = note["total"]
    if credited:
        customer = store.get(note["customer"], "customer")
        about = {"credit_note": note["id"], "currency": note["currency"]}
        moved = customer_balance.adjust(store, customer, -credited, "credit_note", **about)
        note["customer_balance_transaction"] = moved["id"]
    if refunded:
        intent = collection.intent_of(store, invoice) or {}
        charge = store.get(intent.get("latest_charge") or "", "charge")
        named.append(refunds.give_back(store, charge, refunded, reason="requested_by_customer"))
    note["out_of_band_amount"] = elsewhere or None
    note["refunds"] = [
        {
            "amount_refunded": one["amount"],
            "payment_record_refund": None,
            "refund": one["id"],
            "type": "refund",
        }
        for one in named
    ]
    invoice["post_payment_credit_notes_amount"] += note["total"]
    store.save(invoice, "invoice.updated")


def preview(call: Call) -> Document:
    return complete(_draw_up(call.store, call.params))


def void(call: Call) -> Document:
    note = call.store.get(call.id, KIND)
    if note["type"] != "pre_payment" or note["status"] == "void":
        raise StripeError("Only credit notes on open invoices can be voided.")
    invoice = call.store.get(note["invoice"], "invoice")
    if invoice["status"] != "open":
        raise StripeError("The invoice of this credit note is no longer open.")
    invoice["pre_payment_credit_notes_amount"] -= note["total"]
    invoice["amount_due"] += note["total"]
    invoice["amount_remaining"] += note["total"]
    call.store.save(invoice, "invoice.updated")
    note |= {"status": "void", "voided_at": call.store.now(note)}
    return call.store.save(note, "credit_note.voided", always=True)


def list_lines(call: Call) -> Document:
    return page(call, call.store.get(call.id, KIND)["lines"]["data"])


PATH = "/v1/credit_notes"
ENDPOINTS = [
    Endpoint("POST", PATH, "CreditNoteCreateParams", create),
    Endpoint("GET", PATH, "CreditNoteListParams", listing(KIND)),
    Endpoint("GET", f"{PATH}/preview", "CreditNotePreviewParams", preview),
    Endpoint("GET", f"{PATH}/{{id}}", "CreditNoteRetrieveParams", reading(KIND)),
    Endpoint(
        "POST",
        f"{PATH}/{{id}}",
        "CreditNoteUpdateParams",
        changing(KIND, "credit_note.updated", "memo"),
    ),
    Endpoint("POST", f"{PATH}/{{id}}/void", "CreditNoteVoidCreditNoteParams", void),
    Endpoint("GET", f"{PATH}/{{id}}/lines", "CreditNoteLineItemListParams", list_lines),
]
