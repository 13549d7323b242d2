"""The product's settings as in production: everything around the view, and its memories."""

from config.settings import *  # noqa: F403
from config.settings import DATABASES

ROOT_URLCONF = PUBLIC_SCHEMA_URLCONF = "benchmarks.doors.urls"
DEBUG = False
DATABASES["default"] |= {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": False}
HOST_MEMORY_SECONDS = KEY_MEMORY_SECONDS = 1.0
API_USAGE_SECONDS = 5.0
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
PATH = "/api/v1/rows/"
