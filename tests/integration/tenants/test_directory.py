from __future__ import annotations

import pytest
from django.core.cache.backends.redis import RedisCache

from apps.tenants import directory


@pytest.fixture
def without_redis(monkeypatch):
    away = RedisCache("redis://127.0.0.1:9", {})
    monkeypatch.setattr(directory, "cache", away)


def test_without_redis_the_database_knows_the_host(alpha, without_redis):
    assert directory.find(alpha.host) == (alpha, "own")
    assert directory.find("nobody.localhost") is None


def test_without_redis_a_change_still_stands(
    alpha, without_redis, django_capture_on_commit_callbacks
):
    alpha.name = "Renamed"
    with django_capture_on_commit_callbacks(execute=True) as done:
        alpha.save()
    assert done
    assert directory.find(alpha.host).tenant.name == "Renamed"
