"""The product's settings with a short lease and room for few."""

from config.settings import *  # noqa: F403

REALTIME_HEARTBEAT_SECONDS = 0.3
REALTIME_LEASE_SECONDS = 2.0
REALTIME_MAX_CONNECTIONS = 150
