"""What the gateway itself refuses, whatever the resource."""

from __future__ import annotations

from apps.core.errors import Conflict, DomainError


class RequestInProgress(Conflict):
    """The first request with this Idempotency-Key has not been answered yet."""

    code = "request_in_progress"
    title = "The same request is still running"
    retry_after = 1


class IdempotencyKeyReused(DomainError):
    """This Idempotency-Key was used in the last 24 hours for a request that said something else."""

    code = "idempotency_key_reused"
    status = 422
    title = "This Idempotency-Key belongs to another request"


class PreconditionMissing(DomainError):
    """A change says which version it is about, so that nobody's work is overwritten unseen
    (RFC 6585 section 3).
    """

    code = "precondition_required"
    status = 428
    title = "Say which version you are changing"


class PreconditionFailed(DomainError):
    """The resource is not what If-Match says any more: somebody was faster
    (RFC 9110 section 15.5.13).
    """

    code = "precondition_failed"
    status = 412
    title = "This has changed since you read it"

    def __init__(self, etag: str | None) -> None:
        text = "Read it again, see whether your change still fits, and send it with the new ETag."
        super().__init__(text, **({"etag": etag} if etag else {}))
        self.headers = {"ETag": etag} if etag else {}


class BodyTooLarge(DomainError):
    """The body has more bytes than this address takes (RFC 9110 section 15.5.14)."""

    code = "body_too_large"
    status = 413
    title = "The request is too large"
