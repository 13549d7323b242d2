"""Answers to customers' banks. https://docs.stripe.com/disputes/responding"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any, Final

from django.core.files.uploadedfile import UploadedFile

from apps.core.errors import Invalid
from apps.payments import stripe_api
from apps.payments.errors import DisputeClosed
from apps.payments.models import Attempt, Dispute
from apps.payments.services import approvals, operator_deeds
from apps.payments.services.attempts import Answer, Deed
from apps.tenants.access import Operator

# The parts of an answer that a service like this one can give; Stripe's own words.
TEXTS: Final[dict[str, str]] = {
    "product_description": "What was sold",
    "customer_name": "Customer's name",
    "customer_email_address": "Customer's e-mail",
    "customer_purchase_ip": "Address on the internet of the purchase",
    "billing_address": "Billing address",
    "service_date": "When the service was given",
    "access_activity_log": "Record of the customer's use",
    "refund_policy_disclosure": "How the customer was shown the refund policy",
    "refund_refusal_explanation": "Why there is no refund",
    "cancellation_policy_disclosure": "How the customer was shown how to cancel",
    "cancellation_rebuttal": "Why it was not cancelled in time",
    "uncategorized_text": "Anything else",
}
FILES: Final[dict[str, str]] = {
    "customer_communication": "Messages with the customer",
    "service_documentation": "Proof of the service",
    "receipt": "Receipt or invoice",
    "refund_policy": "Refund policy",
    "cancellation_policy": "Cancellation policy",
    "uncategorized_file": "Another file",
}
LARGEST: Final = 4_500_000  # all files of an answer together: https://docs.stripe.com/disputes
STARTS: Final = (b"%PDF-", b"\x89PNG\r\n", b"\xff\xd8\xff")


def suggest(dispute: Dispute) -> dict[str, str]:
    """What we know of ourselves for the parts of an answer; what was saved at Stripe goes first."""
    account, saved = dispute.account, dispute.data.get("evidence") or {}
    lines = (account.line1, account.line2, account.postal_code, account.city, account.country)
    invoice = dispute.payment.invoice
    known = {
        "product_description": "ToolBoxAI, software that schools and studios subscribe to",
        "customer_name": account.legal_name or account.name,
        "customer_email_address": account.billing_email,
        "billing_address": ", ".join(line for line in lines if line),
        "service_date": f"{invoice.period_start:%Y-%m-%d}" if invoice and invoice.period_start
        else "",
    }  # fmt: skip
    return {name: saved.get(name) or known.get(name, "") for name in TEXTS}


def answer(
    *,
    dispute: Dispute,
    texts: Mapping[str, str],
    files: Mapping[str, UploadedFile[Any]],
    submit: bool,
    by: Operator,
) -> Dispute:
    """Send texts (of `TEXTS`) and files (of `FILES`: PDF, PNG, JPEG) to Stripe; with `submit` they
    go to the bank, for good. Raises `DisputeClosed`, `Invalid` by field, and as
    `operator_deeds.carry_out`.
    """
    approvals.require_operator(by)
    _require_open(dispute)
    _check(files)
    evidence: dict[str, Any] = {name: texts.get(name, "") for name in TEXTS}
    # A file that no answer names in the end is nothing to anybody: it needs no key.
    evidence |= {name: _upload(file) for name, file in files.items()}
    return _do(SUBMIT if submit else SAVE, dispute, by, {"evidence": evidence})


def accept(*, dispute: Dispute, by: Operator) -> Dispute:
    """Let the customer's bank keep the money. Raises `DisputeClosed`, and as
    `operator_deeds.carry_out`.
    """
    return _do(ACCEPT, dispute, by, {})


def _do(deed: Deed, dispute: Dispute, by: Operator, params: dict[str, Any]) -> Dispute:
    operator_deeds.carry_out(
        deed, about=dispute, params=params, by=by, check=lambda: _require_open(dispute)
    )
    return dispute


def _require_open(dispute: Dispute) -> None:
    dispute.refresh_from_db()
    if not dispute.can_be_answered:
        raise DisputeClosed(f"It is no more to be answered: {dispute.get_status_display()}.")


def _check(files: Mapping[str, UploadedFile[Any]]) -> None:
    for name, file in files.items():
        start = file.read(8)
        file.seek(0)
        if name not in FILES or not start.startswith(STARTS):
            raise Invalid(errors={name: ["Choose a PDF, PNG or JPEG."]})
    if sum(file.size or 0 for file in files.values()) > LARGEST:
        text = "All files together may have 4.5 MB at most."
        raise Invalid(text, errors={next(iter(files)): [text]})


def _upload(file: UploadedFile[Any]) -> str:
    content = io.BytesIO(file.read())
    content.name = file.name or "file"
    wish = {"file": content, "purpose": "dispute_evidence"}
    return str(stripe_api.call(lambda api: api.files.create(wish))["id"])


def _ask_answer(attempt: Attempt) -> Answer:
    # In one order: a JSON column keeps none, and a key holds for the same request only.
    evidence = dict(sorted(attempt.params["evidence"].items()))
    wish = {"evidence": evidence, "submit": attempt.deed == SUBMIT.name}
    options = {"idempotency_key": attempt.key}
    stripe_api.call(lambda api: api.disputes.update(attempt.subject, wish, options))
    return Answer((("dispute", attempt.subject),))


def _ask_accept(attempt: Attempt) -> Answer:
    options = {"idempotency_key": attempt.key}
    stripe_api.call(lambda api: api.disputes.close(attempt.subject, {}, options))
    return Answer((("dispute", attempt.subject),))


def _entry(attempt: Attempt) -> tuple[Any, dict[str, Any]]:
    """Which files went along, and not the words: they are about people."""
    dispute = Dispute.objects.get(pk=attempt.subject)
    about: dict[str, Any] = {"amount": dispute.amount, "currency": dispute.currency}
    if evidence := attempt.params.get("evidence"):
        about["files"] = sorted(set(FILES) & set(evidence))
    return dispute, about


SAVE: Final = Deed(
    "save_answer", "dispute.answer_saved", "an answer to a bank saved", _ask_answer, _entry
)
SUBMIT: Final = Deed(
    "submit_answer", "dispute.answered", "an answer sent to a bank", _ask_answer, _entry
)
ACCEPT: Final = Deed("accept", "dispute.accepted", "a dispute accepted", _ask_accept, _entry)
