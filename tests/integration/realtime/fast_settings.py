"""The realtime endpoint alone, quick to start, with a short lease and room for few."""

from config.settings import *  # noqa: F403

INSTALLED_APPS = []
MIDDLEWARE = []
ROOT_URLCONF = "tests.integration.realtime.fast_urls"

REALTIME_HEARTBEAT_SECONDS = 0.3
REALTIME_LEASE_SECONDS = 2.0
REALTIME_MAX_CONNECTIONS = 150
