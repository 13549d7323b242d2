from __future__ import annotations

from apps.core.errors import DomainError, NotAllowed


class KeyRefused(DomainError):
    """The key is unknown here, expired or revoked."""

    code = "api_key_refused"
    status = 401
    title = "This API key opens nothing here"


class KeyMalformed(DomainError):
    """The key does not end in its own checksum: it was cut short or has a typing mistake."""

    code = "api_key_malformed"
    status = 401
    title = "This is not a whole API key"


class NetworkRefused(NotAllowed):
    """The key may be used, but not from the address that the request came from."""

    code = "network_refused"
    title = "This API key is not allowed from here"


class TestKeyRefused(NotAllowed):
    """A test key reads and works on staging; it never reaches production."""

    code = "test_key_refused"
    title = "A test key does not reach this"


class RateLimited(DomainError):
    """Too many requests within a minute. `violated-policies` names whose limit it was: the key's,
    the person's, the workspace's or the address's; `Retry-After` says when there is room again.
    """

    code = "throttled"
    status = 429
    title = "Too many requests"

    def __init__(self, detail: str, *, retry_after: int, policies: list[str]) -> None:
        super().__init__(detail, **{"violated-policies": policies})
        self.retry_after = retry_after
