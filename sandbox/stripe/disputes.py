"""Disputes: a customer's bank takes the money back. https://docs.stripe.com/api/disputes."""

from __future__ import annotations

from stripe import Dispute

from sandbox.stripe import balance, files, identifiers
from sandbox.stripe.accounts import DAY
from sandbox.stripe.answers import Document
from sandbox.stripe.documents import assign, reading
from sandbox.stripe.endpoint import Call, Endpoint
from sandbox.stripe.errors import StripeError
from sandbox.stripe.listing import listing
from sandbox.stripe.store import Store

ANSWER_WITHIN = 9 * DAY
CLOSED = ("won", "lost", "warning_closed")
# https://docs.stripe.com/testing#evidence: what `uncategorized_text` decides in a test account.
VERDICTS = {"winning_evidence": "won", "losing_evidence": "lost"}
FILES = {
    "cancellation_policy", "customer_communication", "customer_signature",
    "duplicate_charge_documentation", "receipt", "refund_policy", "service_documentation",
    "shipping_documentation", "uncategorized_file",
}  # fmt: skip
EVIDENCE = {name: None for name in Dispute.Evidence.__annotations__ if name != "enhanced_evidence"}


def open_for(store: Store, charge: Document, reason: str, *, warns: bool = False) -> Document:
    """A dispute over a whole charge; an inquiry (`warns`) moves no money yet."""
    dispute = {
        "id": identifiers.new("du"),
        "object": "dispute",
        "amount": charge["amount_captured"],
        "balance_transactions": [],
        "charge": charge["id"],
        "created": store.now(charge),
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": EVIDENCE | {"enhanced_evidence": {}},
        "evidence_details": {
            "due_by": store.now(charge) + ANSWER_WITHIN,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": warns,
        "livemode": False,
        "metadata": {},
        "network_reason_code": "83",
        "payment_intent": charge["payment_intent"],
        "reason": reason,
        "status": "warning_needs_response" if warns else "needs_response",
        "_customer": charge["customer"],
    }
    if charge["payment_method_details"]["type"] == "card":
        card = {
            "brand": charge["payment_method_details"]["card"]["brand"],
            "case_type": "inquiry" if warns else "chargeback",
            "network": charge["payment_method_details"]["card"]["network"],
            "network_reason_code": "83",
        }
        dispute["payment_method_details"] = {"card": card, "type": "card"}
    store.insert(dispute)
    charge["disputed"] = not warns
    store.save(charge, "charge.updated")
    store.save(dispute, "charge.dispute.created", always=True)
    if not warns:
        _move(store, dispute, -dispute["amount"], balance.DISPUTE_FEE)
        store.save(dispute, "charge.dispute.funds_withdrawn", always=True)
    return dispute


def _move(store: Store, dispute: Document, amount: int, fee: int) -> None:
    source = {"id": dispute["id"], "currency": dispute["currency"], "customer": None}
    source["customer"] = dispute["_customer"]
    category = "dispute" if amount < 0 else "dispute_reversal"
    moved = balance.move(store, source, amount, "adjustment", fee=fee, reporting_category=category)
    dispute["balance_transactions"].append(moved)


def _undecided(call: Call) -> Document:
    dispute = call.store.get(call.id, "dispute")
    if dispute["status"] in CLOSED:
        raise StripeError("This dispute is already closed.")
    return dispute


def update(call: Call) -> Document:
    """Evidence; sent off at once unless `submit` is false."""
    dispute, store = _undecided(call), call.store
    assign(dispute, call.params)
    evidence = call.params.get("evidence", {})
    for name in FILES & evidence.keys():
        if evidence[name]:
            files.require_evidence(store, evidence[name], f"evidence[{name}]")
    dispute["evidence"] |= {key: value or None for key, value in evidence.items()}
    dispute["evidence_details"]["has_evidence"] = bool(evidence)
    if not call.params.get("submit", True):
        return store.save(dispute, "charge.dispute.updated")
    dispute["evidence_details"]["submission_count"] += 1
    inquiry = dispute["status"].startswith("warning")
    dispute["status"] = "warning_under_review" if inquiry else "under_review"
    store.save(dispute, "charge.dispute.updated")
    verdict = VERDICTS.get(evidence.get("uncategorized_text", ""))
    return _close(store, dispute, verdict) if verdict else dispute


def _close(store: Store, dispute: Document, verdict: str) -> Document:
    inquiry = dispute["status"].startswith("warning")
    dispute["status"] = "warning_closed" if inquiry else verdict
    store.save(dispute, "charge.dispute.closed", always=True)
    if verdict == "won" and not inquiry:
        _move(store, dispute, dispute["amount"], 0)
        store.save(dispute, "charge.dispute.funds_reinstated", always=True)
    return dispute


def close(call: Call) -> Document:
    return _close(call.store, _undecided(call), "lost")


ENDPOINTS = [
    Endpoint("GET", "/v1/disputes", "DisputeListParams", listing("dispute")),
    Endpoint("GET", "/v1/disputes/{id}", "DisputeRetrieveParams", reading("dispute")),
    Endpoint("POST", "/v1/disputes/{id}", "DisputeUpdateParams", update),
    Endpoint("POST", "/v1/disputes/{id}/close", "DisputeCloseParams", close),
]
