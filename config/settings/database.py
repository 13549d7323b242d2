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
        "ENGINE": "apps.core.postgresql",
        "ATOMIC_REQUESTS": False,
        "CONN_HEALTH_CHECKS": True,
        # A server-side cursor outlives its message, which a transaction pooler does not allow.
        "DISABLE_SERVER_SIDE_CURSORS": True,
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
if ENV.database_owner_url.get_secret_value():
    # For migrations only: the role that owns schemas and tables, over a direct connection.
    DATABASES["owner"] = {
        "ENGINE": "apps.core.postgresql",
        "WORKSPACE_IN": "session",
        **parse_database_url(ENV.database_owner_url.get_secret_value()),
    }
# A workspace's own role is this and its schema's name; another installation on the same
# PostgreSQL needs another prefix, because roles belong to the server.
DATABASE_ROLE_PREFIX = ENV.database_role_prefix
DATABASE_ROUTERS = ["apps.core.postgresql.routers.WorkspaceRouter"]
TENANT_SYNC_ROUTER = DATABASE_ROUTERS[0]

# How long a process goes by what it knows of a host. Tests undo their changes without a commit,
# of which a process would hear.
HOST_MEMORY_SECONDS = 0.0 if ENV.toolboxai_env == "test" else 1.0

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
