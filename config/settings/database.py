"""PostgreSQL through django-tenants, Redis for cache."""

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from .environment import ENV


def parse_database_url(url: str) -> dict[str, Any]:
    """A `postgresql://` address as Django's connection settings; query names become OPTIONS."""
    parts = urlsplit(url)
    return {
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname,
        "PORT": parts.port or 5432,
        "OPTIONS": dict(parse_qsl(parts.query)),
    }


DATABASES = {
    "default": {
        "ENGINE": "django_tenants.postgresql_backend",
        "ATOMIC_REQUESTS": False,
        "CONN_HEALTH_CHECKS": True,
        **parse_database_url(ENV.database_url.get_secret_value()),
    }
}
if ENV.database_pool_size:
    # Under ASGI each request runs on a thread of its own, so connections are shared by a pool.
    DATABASES["default"]["OPTIONS"]["pool"] = {
        "min_size": 1,
        "max_size": ENV.database_pool_size,
        "timeout": 10,
    }
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
# The backend forgets the path on close and rollback, so once a connection is enough.
TENANT_LIMIT_SET_CALLS = True

REDIS_URL = ENV.redis_url.get_secret_value()
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "global",
    },
    "workspace": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "workspace",
        "KEY_FUNCTION": "django_tenants.cache.make_key",
    },
}
