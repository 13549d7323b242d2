"""The WebSocket endpoint `/app/<key>`."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

from channels.consumer import AsyncConsumer, get_handler_name
from channels.exceptions import StopConsumer
from django.conf import settings
from django.db import DatabaseError
from redis.exceptions import RedisError

from apps.realtime import admission, applications, broadcast, endings, hub, lookups, protocol
from apps.realtime.outbox import ActivityClock, Allowance, Send
from apps.realtime.protocol import Code, ProtocolFault, SubscriptionRefused
from apps.realtime.subscriptions import Connection

Receive = Callable[[], Awaitable[dict[str, Any]]]


class PusherConsumer(AsyncConsumer):  # type: ignore[misc]
    """One client's connection. Frames to it go through its outbox, never straight to `send`."""

    # The hub holds one layer channel for all connections of the process.
    channel_layer_alias = None
    connection: Connection | None = None
    clock: ActivityClock
    allowance: Allowance

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        self.writer: asyncio.Task[None] | None = None
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._end()

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Without Channels' look at the database connections: there are none here."""
        await getattr(self, get_handler_name(message))(message)

    async def websocket_connect(self, _message: dict[str, Any]) -> None:
        await self.send({"type": "websocket.accept"})
        try:
            application = await _admit(self.scope)
            connection = Connection(_new_socket_id(), application)
            self.connection = connection
            await hub.current().enter(connection)
        except ProtocolFault as fault:
            await self._refuse(fault)
        except (RedisError, DatabaseError):
            await self._refuse(_unreachable())
        else:
            self._begin(connection)

    async def websocket_receive(self, message: dict[str, Any]) -> None:
        if self.connection is None or self.writer is None or self.connection.outbox.is_closed:
            return
        self.clock.touch()
        try:
            await self._obey(self.connection, _parse(message.get("text")))
        except SubscriptionRefused as fault:
            self._report_refusal(self.connection, fault)
        except ProtocolFault as fault:
            self.connection.outbox.push_frame(protocol.error_frame(fault))
        except RedisError:
            self.connection.outbox.push_frame(protocol.error_frame(_unreachable()))
            self.connection.outbox.close(Code.OVER_CAPACITY)

    async def websocket_disconnect(self, _message: dict[str, Any]) -> None:
        raise StopConsumer

    def _begin(self, connection: Connection) -> None:
        idle = settings.REALTIME_ACTIVITY_SECONDS
        hello = {"socket_id": connection.socket_id, "activity_timeout": int(idle)}
        connection.outbox.push_frame(protocol.nested_frame("pusher:connection_established", hello))
        self.allowance = Allowance(protocol.CLIENT_EVENTS_PER_SECOND)
        self.clock = ActivityClock(
            connection.outbox, idle=idle, grace=settings.REALTIME_PONG_SECONDS
        )
        self.writer = asyncio.create_task(connection.outbox.write_to(self.base_send))

    async def _end(self) -> None:
        if self.writer is not None:
            self.clock.stop()
            await endings.end(self.writer)
        if self.connection is not None:
            await hub.current().leave(self.connection)

    async def _refuse(self, fault: ProtocolFault) -> None:
        await self.send({"type": "websocket.send", "text": protocol.error_frame(fault)})
        await self.send({"type": "websocket.close", "code": fault.code})

    def _report_refusal(self, connection: Connection, fault: SubscriptionRefused) -> None:
        reason = {"type": fault.kind, "error": fault.message, "status": fault.status}
        connection.outbox.push_frame(
            protocol.frame("pusher:subscription_error", reason, channel=fault.channel)
        )
        connection.outbox.push_frame(protocol.error_frame(fault))

    async def _obey(self, connection: Connection, message: dict[str, Any]) -> None:
        event = message["event"]
        if event == "pusher:ping":
            connection.outbox.push_frame(protocol.frame("pusher:pong", {}))
        elif event == "pusher:subscribe":
            channel, member = admission.check(connection, message.get("data"))
            await hub.current().subscribe(connection, channel, member)
        elif event == "pusher:unsubscribe":
            await hub.current().unsubscribe(
                connection, admission.channel_of(connection, message.get("data"))
            )
        elif event == "pusher:signin":
            await self._sign_in(connection, message.get("data"))
        elif event.startswith("client-"):
            await self._pass_on(connection, message)
        elif event != "pusher:pong":
            raise ProtocolFault(f"This server has no event {event}")

    async def _sign_in(self, connection: Connection, data: Any) -> None:
        try:
            user = admission.check_sign_in(connection, data)
        except ProtocolFault as fault:
            connection.outbox.push_frame(protocol.error_frame(fault))
            connection.outbox.close(Code.UNAUTHORISED)
            return
        await hub.current().sign_in(connection, user.user_id)
        connection.outbox.push_frame(
            protocol.nested_frame("pusher:signin_success", {"user_data": user.user_data})
        )
        await hub.current().watch(connection, user.watchlist)

    async def _pass_on(self, connection: Connection, message: dict[str, Any]) -> None:
        event, channel, data = message["event"], message.get("channel"), message.get("data")
        place = admission.check_client_event(connection, channel, event, data)
        if not self.allowance.take(asyncio.get_running_loop().time()):
            raise ProtocolFault(
                f"Client event rejected: {protocol.CLIENT_EVENTS_PER_SECOND} a second at most",
                Code.CLIENT_EVENT_REJECTED,
            )
        meter, address = hub.current().meter, connection.application.address(str(channel))
        meter.require_room(connection.application)
        more = {"user_id": place.member.user_id} if place.member else {}
        await broadcast.send(
            address,
            protocol.frame(event, data, channel=channel, **more),
            skip=connection.socket_id,
        )
        meter.note(address, 1)
        await hub.current().news.note_client_event(
            address, event, data,
            socket_id=connection.socket_id, user_id=more.get("user_id"),
        )  # fmt: skip


class LostConsumer(AsyncConsumer):  # type: ignore[misc]
    """Any other WebSocket path: closed for good, so that no client comes back in a loop."""

    channel_layer_alias = None

    async def websocket_connect(self, _message: dict[str, Any]) -> None:
        await self.send({"type": "websocket.accept"})
        await self.send({"type": "websocket.close", "code": Code.NO_SUCH_PATH})

    async def websocket_receive(self, _message: dict[str, Any]) -> None:
        """What is sent here goes nowhere."""

    async def websocket_disconnect(self, _message: dict[str, Any]) -> None:
        raise StopConsumer


async def _admit(scope: dict[str, Any]) -> applications.Application:
    key = scope["url_route"]["kwargs"]["key"]
    application = await lookups.find(key)
    _check_version(parse_qs(scope["query_string"].decode("latin-1")).get("protocol", [""])[0])
    origins = [value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"]
    if not application.admits(origins[0] if origins else None):
        raise ProtocolFault(f"This app takes no connections from {origins[0]}", Code.UNAUTHORISED)
    return application


def _check_version(version: str) -> None:
    if not version:
        raise ProtocolFault("No protocol version was given", Code.NO_VERSION)
    if not version.isdecimal():
        raise ProtocolFault("The protocol version is not a number", Code.BAD_VERSION)
    if version != protocol.VERSION:
        raise ProtocolFault(
            f"Protocol version {version} is not served, only {protocol.VERSION}",
            Code.UNSUPPORTED_VERSION,
        )


def _new_socket_id() -> str:
    return f"{secrets.randbelow(10**9)}.{secrets.randbelow(10**9)}"


def _parse(text: str | None) -> dict[str, Any]:
    if text is None or len(text) > protocol.MAX_FRAME_LENGTH:
        raise ProtocolFault(f"Send text of at most {protocol.MAX_FRAME_LENGTH} characters")
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        raise ProtocolFault("The message is not JSON") from None
    if not isinstance(message, dict) or not protocol.is_event_name(message.get("event")):
        raise ProtocolFault("The message names no event")
    return message


def _unreachable() -> ProtocolFault:
    return ProtocolFault("Temporarily unavailable, try again", Code.OVER_CAPACITY)
