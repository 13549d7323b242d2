"""Which Pusher applications are served here, by their public key or their id."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.conf import settings


@dataclass(frozen=True)
class Application:
    """One set of channels with its own key and secret; two applications never meet."""

    id: str
    key: str
    secret: str = field(repr=False)
    tells_counts: bool = False  # channels hear how many subscriptions they have

    def address(self, channel: str) -> str:
        """The channel's name across all applications."""
        return f"{self.id}:{channel}"


def find_by_key(key: str) -> Application | None:
    own = product()
    return own if key == own.key else None


def find_by_id(app_id: str) -> Application | None:
    own = product()
    return own if app_id == own.id else None


def product() -> Application:
    """The application this product publishes to."""
    return Application(
        settings.PUSHER_APP_ID, settings.PUSHER_KEY, settings.PUSHER_SECRET,
        tells_counts=settings.REALTIME_TELLS_COUNTS,
    )  # fmt: skip
