"""API calls between Redis and the database: killed, late, or without one of them."""

from __future__ import annotations

from datetime import timedelta

import pytest
import redis
from redis.exceptions import RedisError
from time_machine import travel

from apps.usage.models import UsageDay
from apps.usage.services import counters, limits, samples, usage

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_calls")]


@pytest.fixture
def server(settings):
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        yield client


def take(number: int = 1, **about) -> None:
    for _ in range(number):
        counters.take(schema_name="w_alpha", **about)


def stored() -> int:
    return sum(UsageDay.objects.values_list("amount", flat=True))


def used(alpha) -> int:
    return limits.state("api_calls_day", tenant=alpha).used


def test_taking_says_how_many_there_are():
    assert counters.take(schema_name="w_alpha") == (True, 1)
    assert counters.take(schema_name="w_alpha", amount=4) == (True, 5)
    assert counters.take(schema_name="w_beta") == (True, 1)


def test_beyond_the_most_nothing_is_taken():
    take(2)
    assert counters.take(schema_name="w_alpha", most=2) == (False, 2)
    assert counters.take(schema_name="w_alpha", most=3) == (True, 3)


def test_flushing_again_counts_nothing_twice(alpha):
    take(3)
    assert counters.flush() == {"w_alpha"}
    assert counters.flush() == set()
    take(2)
    assert used(alpha) == 5
    counters.flush()
    assert stored() == used(alpha) == 5


def test_a_flush_that_was_killed_before_its_commit_is_done_again(alpha):
    from django.db import transaction

    take(3)
    with transaction.atomic():
        counters.flush()
        transaction.set_rollback(True)
    assert stored() == 0
    counters.flush()
    assert stored() == used(alpha) == 3


def test_a_redis_that_forgot_begins_another_life(alpha, server):
    take(3)
    counters.flush()
    server.flushdb()
    take(2)
    assert used(alpha) == 5
    counters.flush()
    assert stored() == used(alpha) == 5


def test_a_redis_that_comes_back_older_takes_nothing_away(alpha, server):
    take(5)
    counters.flush()
    server.hset(counters.key_of(usage.today()), "w_alpha", 3)
    counters.flush()
    assert stored() == used(alpha) == 5


def test_what_redis_lost_before_a_flush_is_all_that_is_lost(alpha, server):
    take(5)
    server.flushdb()
    take(1)
    counters.flush()
    assert used(alpha) == 1


def test_yesterdays_late_calls_are_flushed_and_older_days_put_away(server):
    for back in (3, 1):
        with travel(usage.today() - timedelta(days=back)):
            take(back)
    counters.flush()
    assert sorted(UsageDay.objects.values_list("amount", flat=True)) == [1, 3]
    assert [key.decode() for key in server.keys("usage:*")] == [
        counters.key_of(usage.today() - timedelta(days=1))
    ]


def test_a_day_ends_by_itself(server):
    take()
    assert 0 < server.ttl(counters.key_of(usage.today())) <= counters.KEPT_DAYS * 86_400


class TestWithoutRedis:
    @pytest.fixture(autouse=True)
    def _away(self, settings, fresh_calls):
        settings.REDIS_URL = "redis://127.0.0.1:1/0"

    def test_taking_says_so(self):
        with pytest.raises(RedisError):
            take()

    def test_the_database_still_answers(self, alpha):
        usage.advance(metric="api_calls", day=usage.today(), source="life", amounts={"w_alpha": 7})
        assert used(alpha) == 7

    def test_settling_goes_on(self):
        usage.count(schema_name="w_alpha", metric="jobs")
        samples.settle()
        assert UsageDay.objects.get().metric == "jobs"
