"""Bank transfers: money that a customer sent, and what it pays.

https://docs.stripe.com/payments/customer-balance. The oldest open payments are paid first.
"""

from __future__ import annotations

from sandbox.stripe import charges, identifiers
from sandbox.stripe.answers import Document
from sandbox.stripe.endpoint import Call, Endpoint
from sandbox.stripe.listing import page
from sandbox.stripe.store import Store

KIND = "customer_cash_balance_transaction"


def of_customer(customer: Document) -> Document:
    held: Document = customer["_cash_balance"] or {
        "object": "cash_balance",
        "available": {},
        "customer": customer["id"],
        "customer_account": None,
        "livemode": False,
        "settings": {"reconciliation_mode": "automatic", "using_merchant_default": True},
    }
    return held


def _change(store: Store, customer_id: str, amount: int, currency: str, **about: object) -> None:
    customer = store.get(customer_id, "customer")
    held = of_customer(customer)
    ending = held["available"].get(currency, 0) + amount
    held["available"][currency] = ending
    customer["_cash_balance"] = held
    store.save(customer)
    transaction = {
        "id": identifiers.new("ccsbtxn"),
        "object": KIND,
        "created": store.now(customer_id),
        "currency": currency,
        "customer": customer_id,
        "ending_balance": ending,
        "livemode": False,
        "net_amount": amount,
        **about,
    }
    store.insert(transaction, "customer_cash_balance_transaction.created")


def pay_or_ask(store: Store, intent: Document) -> Document:
    """Paid out of what is there, or the way to send the money."""
    customer = store.get(intent["customer"], "customer", "customer")
    held = of_customer(customer)["available"].get(intent["currency"], 0)
    if held >= intent["amount"]:
        return _pay(store, intent)
    instructions = {
        "amount_remaining": intent["amount"] - held,
        "currency": intent["currency"],
        "financial_addresses": [_address(customer)],
        "hosted_instructions_url": f"{store.address}/bank-transfer/{intent['id']}",
        "reference": customer["id"][-10:].upper(),
        "type": "eu_bank_transfer",
    }
    intent["next_action"] = {
        "display_bank_transfer_instructions": instructions,
        "type": "display_bank_transfer_instructions",
    }
    intent["status"] = "requires_action"
    return store.save(intent, "payment_intent.requires_action", always=True)


def _address(customer: Document) -> Document:
    digits = str(int.from_bytes(customer["id"].encode()[-8:]))[-10:]
    place = dict.fromkeys(("city", "line1", "line2", "postal_code", "state")) | {"country": "DE"}
    iban = {
        "account_holder_address": place,
        "account_holder_name": "ToolBoxAI",
        "bank_address": place,
        "bic": "SXPYDEHH",
        "country": "DE",
        "iban": f"DE00{digits:0>18}",
    }
    return {"iban": iban, "supported_networks": ["sepa"], "type": "iban"}


def _pay(store: Store, intent: Document) -> Document:
    from sandbox.stripe import confirmations

    about = {"applied_to_payment": {"payment_intent": intent["id"]}, "type": "applied_to_payment"}
    _change(store, intent["customer"], -intent["amount"], intent["currency"], **about)
    method = store.get(intent["payment_method"], "payment_method")
    intent["latest_charge"] = charges.attempt(store, intent, method, "pending")["id"]
    return confirmations.take(store, intent, intent["amount"])


def fund(call: Call) -> Document:
    """A bank transfer arrives, as `test_helpers` makes one."""
    params, store = call.params, call.store
    customer = store.get(call.id, "customer", "customer")
    reference = params.get("reference") or customer["id"][-10:].upper()
    transfer = {"bic": "SXPYDEHH", "iban_last4": "3000", "sender_name": customer["name"]}
    funded = {
        "bank_transfer": {
            "eu_bank_transfer": transfer,
            "reference": reference,
            "type": "eu_bank_transfer",
        }
    }
    _change(
        store, call.id, params["amount"], params["currency"].lower(), type="funded", funded=funded
    )
    _pay_what_waits(store, call.id, params["currency"].lower())
    return store.select(KIND, customer=call.id, type="funded")[-1]


def _pay_what_waits(store: Store, customer_id: str, currency: str) -> None:
    waiting = store.select("payment_intent", customer=customer_id, status="requires_action")
    for intent in waiting:
        asked = (intent["next_action"] or {}).get("display_bank_transfer_instructions")
        if asked and intent["currency"] == currency:
            pay_or_ask(store, intent)


def read(call: Call) -> Document:
    return of_customer(call.store.get(call.id, "customer"))


def list_transactions(call: Call) -> Document:
    call.store.get(call.id, "customer")
    return page(call, call.store.select(KIND, customer=call.id, newest_first=True))


def instruct(call: Call) -> Document:
    """Where a customer may send money at any time."""
    customer = call.store.get(call.id, "customer")
    return {
        "object": "funding_instructions",
        "bank_transfer": {
            "country": "DE",
            "financial_addresses": [_address(customer)],
            "type": "eu_bank_transfer",
        },
        "currency": call.params["currency"],
        "funding_type": "bank_transfer",
        "livemode": False,
    }


ENDPOINTS = [
    Endpoint("GET", "/v1/customers/{id}/cash_balance", "CustomerCashBalanceRetrieveParams", read),
    Endpoint(
        "GET",
        "/v1/customers/{id}/cash_balance_transactions",
        "CustomerCashBalanceTransactionListParams",
        list_transactions,
    ),
    Endpoint(
        "POST",
        "/v1/customers/{id}/funding_instructions",
        "CustomerFundingInstructionsCreateParams",
        instruct,
    ),
    Endpoint(
        "POST",
        "/v1/test_helpers/customers/{id}/fund_cash_balance",
        "test_helpers.CustomerFundCashBalanceParams",
        fund,
    ),
]
