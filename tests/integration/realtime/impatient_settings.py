"""Little patience for silent clients."""

from tests.integration.realtime.fast_settings import *  # noqa: F403

REALTIME_ACTIVITY_SECONDS = 0.5
REALTIME_PONG_SECONDS = 0.5
