"""The product's settings with little patience for silent clients."""

from config.settings import *  # noqa: F403

REALTIME_ACTIVITY_SECONDS = 0.5
REALTIME_PONG_SECONDS = 0.5
