"""What a connection may join and send: names, signatures and limits, checked before any effect."""

from __future__ import annotations

import json
from typing import Any, Final, NamedTuple

from apps.realtime import protocol, signatures
from apps.realtime.protocol import Code, ProtocolFault, SubscriptionRefused
from apps.realtime.registry import Member
from apps.realtime.subscriptions import Connection, Subscription

UNAUTHORISED_STATUS: Final = 401


def channel_of(connection: Connection, data: Any) -> str:
    """The channel a `pusher:subscribe` or `pusher:unsubscribe` is about. A signed-in user's own
    may be named on connections of that user.
    """
    channel = data.get("channel") if isinstance(data, dict) else None
    if connection.user_id and channel == protocol.SERVER_TO_USER + connection.user_id:
        return str(channel)
    if not isinstance(channel, str) or not protocol.is_channel_name(channel):
        raise ProtocolFault("The channel's name is missing or not allowed", Code.UNAUTHORISED)
    return channel


def check(connection: Connection, data: Any) -> tuple[str, Member | None]:
    """The channel to join and, for a presence channel, as whom."""
    channel = channel_of(connection, data)
    if channel in connection.subscriptions:
        raise ProtocolFault(f"There is a subscription to {channel} already")
    if connection.channels >= connection.application.max_channels:
        raise ProtocolFault(
            f"A connection joins {connection.application.max_channels} channels at most"
        )
    if not protocol.needs_authorisation(channel):
        return channel, None
    channel_data = data.get("channel_data") if protocol.is_presence(channel) else None
    if channel_data is not None and not isinstance(channel_data, str):
        raise _refused(channel, "channel_data is not a string")
    text = signatures.channel_text(connection.socket_id, channel, channel_data)
    if not _is_signed(connection, text, data.get("auth")):
        raise _refused(channel, f"The auth value for {channel} is missing or wrong")
    return channel, _member(channel, channel_data) if protocol.is_presence(channel) else None


def check_client_event(connection: Connection, channel: Any, event: str, data: Any) -> Subscription:
    """The sender's own place in the channel."""
    application = connection.application
    if application.is_read_only:
        raise ProtocolFault(
            f"{event} was rejected: the app's workspace is read-only until it is paid for",
            Code.CLIENT_EVENT_REJECTED,
        )
    if not application.client_events:
        raise ProtocolFault(
            f"{event} was rejected: client events are switched off for this app",
            Code.CLIENT_EVENT_REJECTED,
        )
    place = connection.subscriptions.get(channel) if isinstance(channel, str) else None
    if place is None or not protocol.takes_client_events(channel):
        raise ProtocolFault(
            f"{event} was rejected: send client events on a private or presence channel "
            "that this connection has joined"
        )
    if protocol.size_of(data) > application.max_data_bytes:
        raise ProtocolFault(
            f"{event} was rejected: its data is larger than {application.max_data_bytes} bytes"
        )
    return place


class SignIn(NamedTuple):
    """`user_data` is the text that was signed; `watchlist` has the ids of other users."""

    user_id: str
    user_data: str
    watchlist: list[str]


def check_sign_in(connection: Connection, data: Any) -> SignIn:
    """Who signs in, and whose coming and going they want to be told of.

    https://pusher.com/docs/channels/library_auth_reference/auth-signatures/#user-authentication
    """
    given = data if isinstance(data, dict) else {}
    user_data = given.get("user_data")
    if connection.user_id is not None:
        raise ProtocolFault("This connection is signed in already", Code.UNAUTHORISED)
    if not isinstance(user_data, str) or not _is_signed(
        connection, signatures.user_text(connection.socket_id, user_data), given.get("auth")
    ):
        raise ProtocolFault("The sign-in is not signed, or wrongly", Code.UNAUTHORISED)
    try:
        parsed = json.loads(user_data)
    except (ValueError, RecursionError):
        raise ProtocolFault("user_data is not JSON", Code.UNAUTHORISED) from None
    user_id = parsed.get("id") if isinstance(parsed, dict) else None
    if not isinstance(user_id, str) or not protocol.is_user_id(user_id):
        raise ProtocolFault("user_data has no id of 1 to 128 characters", Code.UNAUTHORISED)
    return SignIn(user_id, user_data, _watchlist(parsed))


def _watchlist(user: dict[str, Any]) -> list[str]:
    """https://pusher.com/docs/channels/using_channels/watchlist-events/"""
    given = user.get("watchlist") or []
    if (
        not isinstance(given, list)
        or len(given) > protocol.MAX_WATCHLIST
        or not all(map(protocol.is_user_id, given))
    ):
        raise ProtocolFault(
            f"watchlist is not a list of at most {protocol.MAX_WATCHLIST} users' ids",
            Code.UNAUTHORISED,
        )
    return list(dict.fromkeys(given))


def _is_signed(connection: Connection, text: str, auth: Any) -> bool:
    key, separator, signature = auth.partition(":") if isinstance(auth, str) else ("", "", "")
    application = connection.application
    return (
        bool(separator)
        and key == application.key
        and signatures.matches(application.secret, text, signature)
    )


def _member(channel: str, channel_data: str | None) -> Member:
    if channel_data is None or protocol.size_of(channel_data) > protocol.MAX_CHANNEL_DATA_BYTES:
        raise _refused(
            channel, f"channel_data is missing or over {protocol.MAX_CHANNEL_DATA_BYTES} bytes"
        )
    try:
        parsed = json.loads(channel_data)
    except (ValueError, RecursionError):
        raise _refused(channel, "channel_data is not JSON") from None
    user_id = parsed.get("user_id") if isinstance(parsed, dict) else None
    # Client libraries send numbers, too; ids are compared as text.
    user_id = str(user_id) if isinstance(user_id, str | int) else ""
    if not protocol.is_user_id(user_id):
        raise _refused(channel, "channel_data has no user_id of 1 to 128 characters")
    return Member(user_id, protocol.to_json(parsed.get("user_info")))


def _refused(channel: str, message: str) -> SubscriptionRefused:
    return SubscriptionRefused(
        channel, message, kind="AuthError", status=UNAUTHORISED_STATUS, code=Code.UNAUTHORISED
    )
