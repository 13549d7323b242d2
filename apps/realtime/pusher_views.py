"""The HTTP API that server libraries call: trigger events, ask who listens.

https://pusher.com/docs/channels/library_auth_reference/rest-api/
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest

from apps.realtime import broadcast, metering, occupancy, protocol
from apps.realtime.applications import Application
from apps.realtime.broadcast import Broadcast
from apps.realtime.pusher_requests import (
    Publication,
    Refusal,
    parse_batch,
    parse_publication,
    signed,
)
from apps.usage.errors import LimitReached

SUBSCRIPTION_COUNT = "subscription_count"
USER_COUNT = "user_count"
CACHE = "cache"
COUNTS = frozenset({SUBSCRIPTION_COUNT, USER_COUNT})


@signed("POST")
def events(request: HttpRequest, application: Application) -> dict[str, Any]:
    publication = parse_publication(request.body, application.max_data_bytes)
    wanted = _check_info(publication.info, publication.targets)
    _publish(application, [publication], amount=1 + bool(wanted))
    if not wanted:
        return {}
    return {"channels": {c: _attributes(application, c, wanted) for c in publication.targets}}


@signed("POST")
def batch_events(request: HttpRequest, application: Application) -> dict[str, Any]:
    batch = parse_batch(request.body, application.max_data_bytes)
    wanted = [_check_info(item.info, item.targets) for item in batch]
    _publish(application, batch, amount=len(batch) + sum(map(bool, wanted)))
    if not any(wanted):
        return {}
    pairs = zip(batch, wanted, strict=True)
    return {"batch": [_attributes(application, i.targets[0], w) if w else {} for i, w in pairs]}


@signed("GET")
def channels(request: HttpRequest, application: Application) -> dict[str, Any]:
    metering.count(application)
    prefix = request.GET.get("filter_by_prefix", "")
    occupied = sorted(c for c in occupancy.subscriptions(application) if c.startswith(prefix))
    wanted = _attribute_names(request.GET.get("info", ""))
    if USER_COUNT in wanted and not protocol.is_presence(prefix):
        raise Refusal(400, "user_count needs filter_by_prefix to start with presence-")
    return {"channels": {c: _attributes(application, c, wanted) for c in occupied}}


@signed("GET")
def channel(request: HttpRequest, application: Application, name: str) -> dict[str, Any]:
    metering.count(application)
    wanted = _check_info(request.GET.get("info", ""), [_checked(name)], COUNTS | {CACHE})
    count = occupancy.subscription_count(application, name)
    answer: dict[str, Any] = {"occupied": count > 0, **_attributes(application, name, wanted)}
    if CACHE in wanted and (kept := occupancy.cached(application, name)):
        answer[CACHE] = kept._asdict()
    return answer


@signed("GET")
def users(_request: HttpRequest, application: Application, name: str) -> dict[str, Any]:
    if not protocol.is_presence(_checked(name)):
        raise Refusal(400, "Only presence channels know their users")
    metering.count(application)
    return {"users": [{"id": user_id} for user_id in occupancy.user_ids(application, name)]}


@signed("POST")
def terminate(_request: HttpRequest, application: Application, user_id: str) -> dict[str, Any]:
    """Close all connections on which this user has signed in; clients do not come back."""
    if not protocol.is_user_id(user_id):
        raise Refusal(400, "This is not a user's id")
    metering.count(application)
    broadcast.send_all([broadcast.goodbye(application, user_id)])
    return {}


def _publish(application: Application, publications: Iterable[Publication], *, amount: int) -> None:
    """`amount`: as how many messages it counts."""
    if application.is_read_only:
        raise Refusal(423, "The app's workspace is read-only until it is paid for")
    frames = (
        Broadcast(
            application.address(target),
            protocol.frame(publication.name, publication.data, channel=target),
            skip=publication.socket_id,
            is_kept=protocol.is_cache(target),
        )
        for publication in publications
        for target in publication.targets
    )
    try:
        metering.publish(application, frames, amount=amount)
    except LimitReached as error:
        raise Refusal(error.status, f"Over message quota. {error.detail}") from error


def _attributes(application: Application, name: str, wanted: set[str]) -> dict[str, int]:
    attributes = {}
    if USER_COUNT in wanted:
        attributes[USER_COUNT] = len(occupancy.user_ids(application, name))
    if SUBSCRIPTION_COUNT in wanted:
        attributes[SUBSCRIPTION_COUNT] = occupancy.subscription_count(application, name)
    return attributes


def _check_info(info: str, names: list[str], known: frozenset[str] = COUNTS) -> set[str]:
    wanted = _attribute_names(info, known)
    if USER_COUNT in wanted and not all(protocol.is_presence(name) for name in names):
        raise Refusal(400, "user_count is there for presence channels only")
    if CACHE in wanted and not all(protocol.is_cache(name) for name in names):
        raise Refusal(400, "cache is there for cache channels only")
    return wanted


def _attribute_names(info: str, known: frozenset[str] = COUNTS) -> set[str]:
    wanted = {name for name in info.split(",") if name}
    if unknown := wanted - known:
        raise Refusal(400, f"info knows {', '.join(sorted(known))} here, not {sorted(unknown)}")
    return wanted


def _checked(name: str) -> str:
    if not protocol.is_channel_name(name):
        raise Refusal(400, "This is not a channel's name")
    return name
