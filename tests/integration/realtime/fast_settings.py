"""The realtime endpoint alone, without a database, with a short lease and room for few."""

from config.settings import *  # noqa: F403

_ALONE = {"apps.realtime": "tests.integration.realtime.alone.Alone"}
INSTALLED_APPS = [_ALONE.get(name, name) for name in INSTALLED_APPS]  # noqa: F405
MIDDLEWARE = ["allauth.account.middleware.AccountMiddleware"]  # which allauth insists on
ROOT_URLCONF = "tests.integration.realtime.fast_urls"

REALTIME_HEARTBEAT_SECONDS = 0.3
REALTIME_LEASE_SECONDS = 2.0
REALTIME_MAX_CONNECTIONS = 150
