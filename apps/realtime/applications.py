"""Which Pusher applications are served here, by their public key.

There is the product's own, and what an app adds in its `AppConfig.ready`:

    applications.register(credentials.find, credentials.exists)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.conf import settings

from apps.realtime import protocol

# Where each process hears that an application has changed; no client can name it.
APP_CHANNEL: Final = "#app"
Find = Callable[[str], "Application | None"]
_finders: list[Find] = []
_known: list[Callable[[str], bool]] = []


@dataclass(frozen=True)
class Application:
    """One set of channels with its own key and secret; two applications never meet.

    `workspace` is the schema it belongs to, "" for the product's own; what follows is what the
    workspace chose and what its plan allows. `ends_at`: from then on this key opens nothing.
    """

    id: str
    key: str
    secret: str = field(repr=False)
    workspace: str = ""
    is_enabled: bool = True
    is_read_only: bool = False  # its workspace is unpaid: connections hear, nobody publishes
    client_events: bool = True
    tells_counts: bool = False  # channels hear how many subscriptions they have
    origins: tuple[str, ...] = ()
    ends_at: datetime | None = None
    payer: str = ""  # whose plan its connections count on: the workspace, or its district
    max_connections: int | None = None
    max_data_bytes: int = protocol.MAX_DATA_BYTES
    max_channels: int = protocol.MAX_CHANNELS_PER_CONNECTION

    def address(self, channel: str) -> str:
        """The channel's name across all applications."""
        return f"{self.id}:{channel}"

    def admits(self, origin: str | None) -> bool:
        """Whether pages of this origin may connect. What is no browser names none."""
        return not self.origins or origin is None or origin in self.origins


def register(find: Find, exists: Callable[[str], bool]) -> None:
    """`find` gives the application of a key, `exists` says whether there is one with an id; both
    as things stand at this moment, over the database.
    """
    _finders.append(find)
    _known.append(exists)


def find_by_key(key: str) -> Application | None:
    own = product()
    if key == own.key:
        return own
    return next((found for find in _finders if (found := find(key)) is not None), None)


def exists(app_id: str) -> bool:
    return app_id == product().id or any(known(app_id) for known in _known)


def is_product(key: str) -> bool:
    """Whether the key is the product's, which takes no look at a database."""
    return bool(key == settings.PUSHER_KEY)


def product() -> Application:
    """The application this product publishes to."""
    return Application(
        settings.PUSHER_APP_ID, settings.PUSHER_KEY, settings.PUSHER_SECRET,
        tells_counts=settings.REALTIME_TELLS_COUNTS,
    )  # fmt: skip
