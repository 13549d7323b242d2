from __future__ import annotations

import pytest
from django.core.cache import cache
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


class TestAtHand:
    """Outside of tests a process remembers for a moment what it was told."""

    @pytest.fixture(autouse=True)
    def _memory(self, settings):
        settings.HOST_MEMORY_SECONDS = 60.0
        directory._at_hand.clear()
        yield
        directory._at_hand.clear()

    def test_a_second_request_asks_nobody(self, alpha, django_assert_num_queries):
        assert directory.find(alpha.host).tenant == alpha
        cache.clear()
        with django_assert_num_queries(0):
            assert directory.find(alpha.host).tenant == alpha

    def test_a_change_is_heard_at_once(self, alpha, django_capture_on_commit_callbacks):
        directory.find(alpha.host)
        with django_capture_on_commit_callbacks(execute=True):
            alpha.name = "Another"
            alpha.save()
        assert directory.find(alpha.host).tenant.name == "Another"

    def test_it_ends_by_itself(self, alpha, settings):
        settings.HOST_MEMORY_SECONDS = 0.000_001
        directory.find(alpha.host)
        type(alpha).objects.update(name="Behind our back")
        cache.clear()
        assert directory.find(alpha.host).tenant.name == "Behind our back"

    def test_hosts_that_lead_nowhere_are_not_kept(self, db):
        assert directory.find("nowhere.localhost") is None
        assert directory._at_hand == {}

    def test_what_a_request_sets_on_its_workspace_is_no_other_requests(self, alpha):
        first = directory.find(alpha.host).tenant
        first.name = first.made_up = "Mine"
        second = directory.find(alpha.host).tenant
        assert second == first
        assert (second.name, hasattr(second, "made_up")) == (alpha.name, False)
        assert second._state is not first._state
        assert not second._state.adding
