"""The product's settings, with its own way to a workspace and nothing else around the view."""

from config.settings import *  # noqa: F403
from config.settings import DATABASES

AROUND: list[str] = ["apps.tenants.middleware.WorkspaceMiddleware"]
ROOT_URLCONF = PUBLIC_SCHEMA_URLCONF = "benchmarks.steady.urls"
DEBUG = False
DATABASES["default"] |= {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": False}
HOST_MEMORY_SECONDS = 1.0  # as outside of tests
