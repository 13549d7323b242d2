"""A circuit breaker under SDKs that speak through `requests`: their sessions mount this."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from requests import PreparedRequest, RequestException, Response, Session
from requests.adapters import HTTPAdapter

from apps.core.breaker import BreakerOpen, guard

BROKEN = 500  # from this status on the vendor itself is unwell


class Unanswered(RequestException):
    """No usable answer: no connection, none in time, a 5xx, or a circuit that is open. `vendor`
    names whose; `retry_after` is in seconds, None where nobody knows.
    """

    def __init__(self, vendor: str, why: str, *, retry_after: float | None = None) -> None:
        super().__init__(f"{vendor}: {why}")
        self.vendor, self.retry_after = vendor, retry_after


class CircuitTransport(HTTPAdapter):
    """`vendor_of` tells from an address whose circuit a call goes through; `raises` is what callers
    of the SDK expect. Answers below 500 are signs of life, whatever they say.
    """

    def __init__(
        self, vendor_of: Callable[[str], str], *, raises: type[Unanswered] = Unanswered
    ) -> None:
        super().__init__()
        self._vendor_of, self._raises = vendor_of, raises

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        vendor = self._vendor_of(request.url or "")

        def call() -> Response:
            try:
                answer = super(CircuitTransport, self).send(request, *args, **kwargs)
                _ = answer.content  # read while it counts
            except RequestException as error:
                raise self._raises(vendor, type(error).__name__) from error
            if answer.status_code >= BROKEN:
                raise self._raises(vendor, f"answered {answer.status_code}")
            return answer

        try:
            return guard(vendor, call, is_failure=lambda error: isinstance(error, Unanswered))
        except BreakerOpen as error:
            raise self._raises(vendor, "is paused", retry_after=error.retry_after) from error


def mount(session: Session, transport: CircuitTransport) -> Session:
    """The session, with every call through `transport` and none through the environment's proxy."""
    session.trust_env = False
    for scheme in ("https://", "http://"):
        session.mount(scheme, transport)
    return session
