"""The Pusher Channels protocol, version 7: names, limits, codes and frames.

https://pusher.com/docs/channels/library_auth_reference/pusher-websockets-protocol/
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from enum import IntEnum
from typing import Any, Final

VERSION: Final = "7"
MAX_NAME_LENGTH: Final = 200  # of a channel or an event, in characters
MAX_DATA_BYTES: Final = 10_240
MAX_CHANNELS_PER_EVENT: Final = 100
MAX_BATCH: Final = 10
MAX_PRESENCE_MEMBERS: Final = 100
MAX_CHANNEL_DATA_BYTES: Final = 2_048
MAX_USER_ID_LENGTH: Final = 128
MAX_WATCHLIST: Final = 100  # users
MAX_CHANNELS_PER_CONNECTION: Final = 200
MAX_FRAME_LENGTH: Final = 64 * 1024  # ten kilobytes of data with every character escaped
CLIENT_EVENTS_PER_SECOND: Final = 10
# Of one application, that its webhooks have not been told yet; above that the oldest go.
MOST_NEWS: Final = 10_000
# Above so many subscriptions a channel is told of their number more rarely.
LARGE_COUNT: Final = 100
LARGE_COUNT_SECONDS: Final = 5.0

SERVER_TO_USER: Final = "#server-to-user-"
CACHED_SECONDS: Final = 1_800
_USER: Final = "#user-"
_CHANNEL = re.compile(r"[-a-zA-Z0-9_=@,.;]{1,200}\Z")
_CACHE_CHANNEL = re.compile(r"(?:private-|private-encrypted-|presence-)?cache-")
_SOCKET_ID = re.compile(r"\d{1,20}\.\d{1,20}\Z", re.ASCII)


class Code(IntEnum):
    """Close and error codes: 4000 to 4099 never reconnect, 4100 to 4199 reconnect after a
    back-off, 4200 to 4299 reconnect at once, 4300 and up leave the connection open.
    """

    NO_SUCH_APP = 4001
    APP_DISABLED = 4003
    OVER_QUOTA = 4004
    NO_SUCH_PATH = 4005
    BAD_VERSION = 4006
    UNSUPPORTED_VERSION = 4007
    NO_VERSION = 4008
    UNAUTHORISED = 4009
    OVER_CAPACITY = 4100
    RECONNECT = 4200
    NO_PONG = 4201
    CLIENT_EVENT_REJECTED = 4301


class ProtocolFault(Exception):
    """What a client did wrong, told to it in a `pusher:error`. It ends the connection (with
    `code`) only while that is being established.
    """

    def __init__(self, message: str, code: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


class SubscriptionRefused(ProtocolFault):
    """A channel stays closed to this connection; the other channels are not touched.

    `kind` is AuthError or LimitReached, as client libraries name them.
    """

    def __init__(self, channel: str, message: str, *, kind: str, status: int, code: int) -> None:
        super().__init__(message, code)
        self.channel = channel
        self.kind = kind
        self.status = status


def is_channel_name(value: object) -> bool:
    return isinstance(value, str) and _CHANNEL.match(value) is not None


def is_target(value: object) -> bool:
    """Whether events can be sent there: to a channel, or to a signed-in user's own."""
    return is_channel_name(value) or (
        isinstance(value, str)
        and value.startswith(SERVER_TO_USER)
        and is_user_id(value.removeprefix(SERVER_TO_USER))
    )


def is_user_id(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_USER_ID_LENGTH and value.isprintable()


def is_cache(channel: str) -> bool:
    """Whether the channel gives its last event to whoever joins."""
    return _CACHE_CHANNEL.match(channel) is not None


def user_channel(user_id: str) -> str:
    """Where a user's connections are reached by the server itself; no client can name it."""
    return _USER + user_id


def is_user_channel(channel: str) -> bool:
    return channel.startswith(_USER)


def watch_channel(user_id: str) -> str:
    """Where those are reached who have the user on their watchlist; no client can name it."""
    return f"#watch-{user_id}"


def is_socket_id(value: object) -> bool:
    return isinstance(value, str) and _SOCKET_ID.match(value) is not None


def is_event_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_NAME_LENGTH


def is_presence(channel: str) -> bool:
    return channel.startswith("presence-")


def tells_its_count(channel: str) -> bool:
    """Presence channels tell of their members instead; what begins with # is no channel."""
    return not channel.startswith("#") and not is_presence(channel)


def needs_authorisation(channel: str) -> bool:
    return channel.startswith(("private-", "presence-"))


def takes_client_events(channel: str) -> bool:
    """Encrypted channels do not: the server could not vouch for what it cannot read."""
    return needs_authorisation(channel) and not channel.startswith("private-encrypted-")


def frame(event: str, data: Any = None, *, channel: str | None = None, **more: Any) -> str:
    """One message to a client. `data` goes out as given: a string stays a string."""
    message: dict[str, Any] = {"event": event}
    if channel is not None:
        message["channel"] = channel
    if data is not None:
        message["data"] = data
    return to_json(message | more)


def nested_frame(event: str, data: Any, *, channel: str | None = None) -> str:
    """A message whose `data` is JSON inside a string, as the protocol's own events want it."""
    return frame(event, to_json(data), channel=channel)


def watchlist_frame(online: Collection[str], offline: Collection[str]) -> str:
    """Who of a watchlist has come and who has gone. There has to be somebody."""
    events = [("online", online), ("offline", offline)]
    told = [{"name": name, "user_ids": sorted(ids)} for name, ids in events if ids]
    return nested_frame("pusher_internal:watchlist_events", {"events": told})


def count_frame(channel: str) -> tuple[str, str]:
    """What stands before and after the number of subscriptions when a channel is told of it."""
    whole = nested_frame(
        "pusher_internal:subscription_count", {"subscription_count": "#"}, channel=channel
    )
    before, _, after = whole.partition('\\"#\\"')
    return before, after


def error_frame(fault: ProtocolFault) -> str:
    return frame("pusher:error", {"code": fault.code, "message": fault.message})


def to_json(value: Any) -> str:
    """Compact, in ASCII: half a surrogate pair out of a client's JSON can go on its way again."""
    return json.dumps(value, separators=(",", ":"))


def size_of(data: Any) -> int:
    """Bytes of an event's data, as the limit counts them."""
    text = data if isinstance(data, str) else to_json(data)
    return len(text.encode("utf-8", "surrogatepass"))
