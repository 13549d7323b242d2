"""The same with django-tenants' own backend and middleware."""

from benchmarks.steady.ours_settings import *  # noqa: F403
from benchmarks.steady.ours_settings import DATABASES

AROUND = ["django_tenants.middleware.main.TenantMainMiddleware"]
DATABASES["default"]["ENGINE"] = "django_tenants.postgresql_backend"
TENANT_LIMIT_SET_CALLS = False
