"""Telling others who has come and who has gone: the members of a presence channel, and those who
have a user on their watchlist.
"""

from __future__ import annotations

from apps.realtime import broadcast, protocol
from apps.realtime.registry import Departure, Member, Roll


async def announce_arrival(address: str, socket_id: str | None, member: Member, roll: Roll) -> None:
    """`socket_id` is the newcomer's, who is not told. Raises redis' `RedisError`."""
    application_id, _, channel = address.partition(":")
    if protocol.is_user_channel(channel):
        frame = protocol.watchlist_frame([member.user_id], [])
        address = f"{application_id}:{protocol.watch_channel(member.user_id)}"
    else:
        data = f'{{"user_id":{protocol.to_json(member.user_id)},"user_info":{member.info}}}'
        frame = protocol.frame("pusher_internal:member_added", data, channel=channel)
    await broadcast.send(address, frame, skip=socket_id, version=roll.version)


async def announce_departure(departure: Departure) -> None:
    """Raises redis' `RedisError`."""
    application_id, _, channel = departure.address.partition(":")
    for user_id in departure.user_ids:
        if protocol.is_user_channel(channel):
            address = f"{application_id}:{protocol.watch_channel(user_id)}"
            frame = protocol.watchlist_frame([], [user_id])
        else:
            address = departure.address
            frame = protocol.nested_frame(
                "pusher_internal:member_removed", {"user_id": user_id}, channel=channel
            )
        await broadcast.send(address, frame, version=departure.version)
