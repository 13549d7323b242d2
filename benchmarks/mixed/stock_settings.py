"""The product's settings with django-tenants' own backend, as that package is used by default."""

from config.settings import *  # noqa: F403
from config.settings import DATABASES

DATABASES["default"]["ENGINE"] = "django_tenants.postgresql_backend"
DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = True
TENANT_LIMIT_SET_CALLS = False
