"""What can go wrong at Open Cloud, in the terms of someone who releases a place.

Roblox refuses in four forms (https://create.roblox.com/docs/cloud/reference/errors and what
its services send); `message_of` reads all of them.
"""

from __future__ import annotations

from typing import Any, ClassVar

from apps.core.errors import VendorError
from apps.core.outgoing import Reply, VendorRefused, VendorUnavailable

LONGEST_MESSAGE = 500


class OpenCloudError(VendorError):
    """`permanent` errors need a person; the others may be tried again, after `retry_after`."""

    code = "roblox_error"
    title = "Roblox could not do this"
    always_permanent: ClassVar[bool] = False

    def __init__(self, detail: str = "", *, retry_after: float | None = None) -> None:
        super().__init__(detail, permanent=self.always_permanent, retry_after=retry_after)


class KeyRefused(OpenCloudError):
    code = "roblox_key_refused"
    title = "Roblox does not accept the API key: it is wrong, disabled, expired or revoked"
    always_permanent = True


class ScopeMissing(OpenCloudError):
    code = "roblox_scope_missing"
    title = "The API key may not do this: a scope or this experience is missing from it"
    always_permanent = True


class PlaceNotFound(OpenCloudError):
    code = "roblox_place_not_found"
    title = "Roblox knows no such place in this experience"
    always_permanent = True


class AssetNotFound(OpenCloudError):
    code = "roblox_asset_not_found"
    title = "Roblox knows no such asset, version or operation"
    always_permanent = True


class RequestRefused(OpenCloudError):
    """Roblox read the request or the file and did not accept it."""

    code = "roblox_request_refused"
    title = "Roblox did not accept the content"
    always_permanent = True


class TeamCreateOpen(OpenCloudError):
    code = "roblox_team_create_open"
    title = "Someone has the place open in Studio (Team Create): close it, then try again"


class RateLimited(OpenCloudError):
    code = "roblox_rate_limited"
    title = "The limit of calls for this key's owner is reached"


class RobloxDown(OpenCloudError):
    code = "roblox_down"
    title = "Roblox cannot be reached or is failing; nothing was changed"


class OutcomeUnknown(OpenCloudError):
    """The request may or may not have been carried out: look before trying again."""

    code = "roblox_outcome_unknown"
    title = "Roblox did not answer; it is not known whether the request was carried out"


def of_refusal(refused: VendorRefused, path: str) -> OpenCloudError:
    """The error a 3xx or 4xx answer stands for."""
    found = {
        401: KeyRefused,
        403: ScopeMissing,
        404: AssetNotFound if path.startswith("/assets/") else PlaceNotFound,
        409: TeamCreateOpen,
        429: RateLimited,
    }.get(refused.reply.status, RequestRefused)
    message = message_of(refused.reply)
    detail = f"{found.title}. Roblox says: {message}" if message else found.title
    return found(detail, retry_after=refused.retry_after)


def of_failure(failure: VendorUnavailable, *, idempotent: bool) -> OpenCloudError:
    """The error that no answer, a cut connection or a 5xx stands for."""
    unknown = failure.sent and not idempotent
    found = OutcomeUnknown if unknown else RobloxDown
    return found(f"{found.title} ({failure.detail})", retry_after=failure.retry_after)


def message_of(reply: Reply) -> str:
    """Roblox's own words, at most 500 characters; empty where it gave none."""
    body = reply.json()
    return _message(body)[:LONGEST_MESSAGE] if isinstance(body, dict) else ""


def _message(body: dict[str, Any]) -> str:
    errors = body.get("errors")
    if isinstance(errors, list):
        texts = [str(error.get("message", "")) for error in errors if isinstance(error, dict)]
    elif isinstance(errors, dict):
        texts = [f"{field}: {text}" for field, found in errors.items() for text in _texts(found)]
    else:
        texts = [str(body.get(name) or "") for name in ("message", "title", "error")]
        texts = [text for text in texts if text][:1]
    return " ".join(text for text in texts if text)


def _texts(found: Any) -> list[str]:
    return [str(text) for text in found] if isinstance(found, list) else [str(found)]
