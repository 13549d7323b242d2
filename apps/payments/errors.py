"""Refusals of this app. Each code is explained in `apps/gateway/words/problems.toml`."""

from __future__ import annotations

from apps.core.errors import Conflict, DomainError, Invalid, NotAllowed, VendorError


class StripeError(VendorError):
    """Stripe refused or did not answer.

    `stripe_code`, `decline_code` and `param` are Stripe's own words where it gave them
    (https://docs.stripe.com/error-codes); `request_id` is what Stripe's support asks for.
    """

    code = "stripe_unavailable"
    title = "The payment service did not do this"
    stripe_code: str = ""
    decline_code: str = ""
    param: str = ""
    request_id: str = ""


class CardDeclined(StripeError):
    """The bank refused. `detail` is Stripe's sentence, written for the person who pays."""

    code = "card_declined"
    status = 402
    title = "The payment was declined"


class StripeObjectMissing(StripeError):
    """What was asked for does not exist at Stripe (any more)."""

    code = "stripe_object_missing"
    status = 404
    title = "The payment service knows no such thing"


class NotForSale(DomainError):
    """Stripe lacks what the catalogue has; `manage.py billing sync --apply` puts it there."""

    code = "not_for_sale"
    status = 503
    title = "This cannot be bought at the moment"


class DocumentNotReady(DomainError):
    """An invoice is final, and its document cannot be issued yet: something is missing that is
    being fetched, or that operators have to put right (the log says what).
    """

    code = "document_not_ready"
    status = 409
    title = "This document is not ready yet"


class DocumentDamaged(DomainError):
    """What storage holds is not what was issued, and drawing it again gives other bytes."""

    code = "document_damaged"
    status = 500
    title = "A stored document is not what was issued"


class NotRefundable(Invalid):
    """`errors` says by field what is wrong."""

    code = "not_refundable"
    title = "This cannot be refunded"


class NotCreditable(Invalid):
    code = "not_creditable"
    title = "This cannot be credited"


class ApprovalByAnother(NotAllowed):
    """Who asked for money to be moved does not approve of it."""

    code = "approval_by_another"
    title = "Somebody else has to approve this"


class AlreadyDecided(Conflict):
    code = "already_decided"
    title = "This was decided already"


class DisputeClosed(Conflict):
    code = "dispute_closed"
    title = "The bank has decided, or has been answered"


class InvoiceNotOpen(Conflict):
    code = "invoice_not_open"
    title = "The invoice is not open"


class CaseEnded(Conflict):
    code = "dunning_case_ended"
    title = "This invoice is chased no more"


class ClockStuck(Conflict):
    code = "test_clock_stuck"
    title = "Stripe's test clock does not arrive"
