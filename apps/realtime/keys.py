"""Where Redis holds who is subscribed to what.

All keys share a hash slot, so that one script may touch several of them in a cluster.

- `nodes`: sorted set, process to the second its lease ends
- `node:<process>`: hash, channel address to the process's number of subscriptions;
  `held:<workspace>` to its number of connections
- `connections:<address>`: hash of a presence channel, socket id to `<process> <user id>`
- `wishes`: hash, application's id to what its webhooks want to know, with commas between
- `tally:<application>`: hash, channel to its number of subscriptions as last told to webhooks
- `news:<application>`: stream of what webhooks are still to be told
- `cached:<address>`: the last frame of a cache channel, for half an hour
- `peaks:<day>`: hash, workspace to the most connections that its apps had at once
- `messages:<day>`: hash, application's id to how many messages it has had; `:life`, a random mark
  of this hash
- `members:<address>`: hash of a presence channel, user id to that user's info as JSON
"""

from __future__ import annotations

from typing import Final

_SLOT: Final = "{realtime}:"
NODES: Final = _SLOT + "nodes"
WISHES: Final = _SLOT + "wishes"


def node(name: str) -> str:
    return f"{_SLOT}node:{name}"


def connections(address: str) -> str:
    return f"{_SLOT}connections:{address}"


def tally(application_id: str) -> str:
    return f"{_SLOT}tally:{application_id}"


def news(application_id: str) -> str:
    return f"{_SLOT}news:{application_id}"


def cached(address: str) -> str:
    return f"{_SLOT}cached:{address}"


def members(address: str) -> str:
    return f"{_SLOT}members:{address}"


def held(schema_name: str) -> str:
    """The field of a process that has the number of a workspace's connections."""
    return f"held:{schema_name}"


def messages(day: str) -> str:
    return f"{_SLOT}messages:{day}"


def peaks(day: str) -> str:
    return f"{_SLOT}peaks:{day}"
