"""The only importer of the `pusher` library: the product as Pusher's, or its own, customer.

Triggers go over one pooled connection per process, with 1 s to connect and 2 s to be
answered. https://pusher.com/docs/channels/library_auth_reference/rest-api/
"""

from __future__ import annotations

import os
from functools import cache, cached_property
from typing import Any, Final

import httpx
from django.conf import settings
from pusher import Pusher
from pusher.errors import PusherBadAuth, PusherBadRequest, PusherError, PusherForbidden
from pusher.http import Request, process_response

from apps.core.breaker import BreakerOpen, declare, guard
from apps.core.errors import VendorError

VENDOR = "realtime"
# Short: a page that missed an event is behind until the next one.
declare(VENDOR, "Realtime (Pusher)", pause=5)

TIMEOUT: Final = httpx.Timeout(2.0, connect=1.0)
# Shorter than the five seconds after which uvicorn hangs up an idle connection.
KEEPALIVE_SECONDS: Final = 4.0


class RealtimeError(VendorError):
    """An event that was not taken."""

    code = "realtime_unavailable"
    title = "The realtime service did not take the event"


def trigger(channels: list[str], name: str, data: dict[str, Any]) -> None:
    """Send an event to at most 100 channels; raises `RealtimeError`."""
    try:
        guard(
            VENDOR,
            lambda: _client(os.getpid()).trigger(channels, name, data),
            is_failure=_is_outage,
        )
    except BreakerOpen as error:
        raise RealtimeError(error.detail) from error
    except (PusherBadRequest, PusherBadAuth, PusherForbidden, ValueError) as error:
        raise RealtimeError(str(error), permanent=True) from error
    except httpx.TimeoutException as error:
        raise RealtimeError(f"No answer in time: {error}") from error
    except (PusherError, httpx.HTTPError) as error:
        raise RealtimeError(str(error)) from error


def authorise(channel: str, socket_id: str, member: dict[str, Any] | None = None) -> dict[str, str]:
    """The signed answer that lets a socket into a channel; `member` for presence channels:
    `{"user_id": str, "user_info": {...}}`.
    """
    signed: dict[str, str] = _client(os.getpid()).authenticate(channel, socket_id, member)
    return signed


def disconnect(user_id: str) -> None:
    """Close all connections of a signed-in user; raises `RealtimeError`."""
    try:
        guard(
            VENDOR,
            lambda: terminate_connections(_client(os.getpid()), user_id),
            is_failure=_is_outage,
        )
    except (VendorError, PusherError, httpx.HTTPError, ValueError) as error:
        raise RealtimeError(str(error)) from error


def terminate_connections(client: Pusher, user_id: str) -> None:
    """The library's own call (3.3.4) leaves the application out of the address."""
    customer: Any = client._pusher_client  # noqa: SLF001
    path = f"/apps/{customer.app_id}/users/{user_id}/terminate_connections"
    customer.http.send_request(Request(customer, "POST", path, {}))


def authenticate(socket_id: str, user_id: str) -> dict[str, str]:
    """The signed answer that signs a connection in as a user."""
    signed: dict[str, str] = _client(os.getpid()).authenticate_user(socket_id, {"id": user_id})
    return signed


def _is_outage(error: BaseException) -> bool:
    refused = (PusherBadRequest, PusherBadAuth, PusherForbidden)
    return isinstance(error, PusherError | httpx.HTTPError) and not isinstance(error, refused)


class _PooledBackend:
    """The library's way out, over httpx: its own has one timeout for all and asks the
    environment for proxies.
    """

    def __init__(self, client: Any) -> None:
        self.client = client

    @cached_property
    def http(self) -> httpx.Client:
        limits = httpx.Limits(keepalive_expiry=KEEPALIVE_SECONDS)
        return httpx.Client(timeout=TIMEOUT, trust_env=False, limits=limits)

    def send_request(self, request: Request) -> Any:
        answer = self.http.request(
            request.method, request.url, content=request.body, headers=request.headers
        )
        return process_response(answer.status_code, answer.text)


@cache
def _client(_process: int) -> Pusher:
    """One a process: connections are not shared across a fork."""
    return Pusher(
        app_id=settings.PUSHER_APP_ID,
        key=settings.PUSHER_KEY,
        secret=settings.PUSHER_SECRET,
        ssl=settings.PUSHER_TLS,
        host=settings.PUSHER_HOST,
        port=settings.PUSHER_PORT,
        backend=_PooledBackend,
    )
