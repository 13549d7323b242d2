"""One connection and its places in channels, as the hub keeps them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from apps.realtime.applications import Application
from apps.realtime.outbox import Outbox
from apps.realtime.protocol import Code
from apps.realtime.registry import Member


class Subscription:
    """A connection's place in a channel.

    Frames that arrive before the subscription is confirmed are held back, so that the
    confirmation is always the first the client hears of the channel.
    """

    def __init__(self, outbox: Outbox, member: Member | None = None) -> None:
        self.member = member
        self._outbox = outbox
        self._held: list[tuple[dict[str, Any], int | None]] | None = []
        self._version = 0

    def deliver(self, message: dict[str, Any], version: int | None) -> None:
        """News of members that the confirmation's roll already held (by `version`) is dropped."""
        if self._held is not None:
            self._held.append((message, version))
        elif version is None or version > self._version:
            self._outbox.push(message)

    def confirm(self, text: str, version: int = 0, first: str | None = None) -> None:
        """`first`: what a cache channel holds for those who join, unless it has come already."""
        self._outbox.push_frame(text)
        if first is not None and all(m["text"] != first for m, _ in self._held or []):
            self._outbox.push_frame(first)
        self.release(version)

    def release(self, version: int) -> None:
        """The client has been told how things stood at `version`; now comes what followed."""
        self._version = version
        held, self._held = self._held or [], None
        for message, its_version in held:
            self.deliver(message, its_version)


class Terminator(Subscription):
    """A signed-in connection's place where its user is taken leave of. Its `member` is the user:
    who has such a place is online.
    """

    def deliver(self, message: dict[str, Any], version: int | None) -> None:  # noqa: ARG002
        self._outbox.close(Code.UNAUTHORISED)


class Follower(Subscription):
    """A connection's place where it is told that its application has changed."""

    def __init__(self, outbox: Outbox, look: Callable[[], None]) -> None:
        super().__init__(outbox)
        self._look = look

    def deliver(self, message: dict[str, Any], version: int | None) -> None:  # noqa: ARG002
        self._look()


@dataclass(eq=False)
class Connection:
    """One client. `subscriptions` maps a channel's name to its place there; names that begin
    with # are the server's own.
    """

    socket_id: str
    application: Application
    outbox: Outbox = field(default_factory=Outbox)
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    user_id: str | None = None  # once signed in
    is_counted: bool = False  # in its workspace's connections
    ending: asyncio.TimerHandle | None = None  # of its key, when that has an end

    @property
    def channels(self) -> int:
        """How many it has joined."""
        return sum(not name.startswith("#") for name in self.subscriptions)
