"""Limits that slide, counted in a real Redis: strict, shared, and in one round trip."""

from __future__ import annotations

import random
import threading

import pytest
import redis

from apps.core.errors import DomainError
from apps.gateway import admission, scripts
from apps.gateway.admission import Limit
from apps.gateway.throttling import cost_of
from apps.usage.errors import CallLimitReached
from apps.usage.services import limits as plan_limits

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_limits")]
NOON = 1_800_000_000.0


def one(quota: int = 10, name: str = "key") -> list[Limit]:
    return [Limit(name, f"limit:{name}:x", quota)]


def hits(number: int, at: float, **about) -> int:
    """How many of so many are let in."""
    found = [admission.hit(limits=one(**about), at=at) for _ in range(number)]
    return sum(not admission_.violated for admission_ in found)


def _calls(client) -> int:
    return client.info("commandstats").get("cmdstat_evalsha", {}).get("calls", 0)


def test_a_quota_is_let_in_and_no_more():
    assert hits(15, NOON) == 10
    assert hits(5, NOON + 30) == 0


def test_no_minute_holds_more_than_the_quota():
    """Whatever the rhythm: bursts, droughts, and a burst on either side of a full minute."""
    rhythm = random.Random(5)  # noqa: S311 -- the same at every run
    moment, let_in = NOON, []
    for _ in range(900):
        moment += rhythm.choice([0, 0, 0, 0.01, 0.4, 3, 40 if rhythm.random() < 0.05 else 0.2])
        if not admission.hit(limits=one(25), at=moment).violated:
            let_in.append(moment)
    assert len(let_in) > 100
    for first in let_in:
        assert sum(first <= other < first + 60 for other in let_in) <= 25


def test_what_was_used_comes_back_bit_by_bit():
    assert hits(5, NOON) == hits(5, NOON + 30) == 5
    assert hits(10, NOON + 61) == 5
    assert hits(10, NOON + 91) == 5


def test_who_waits_as_told_is_let_in():
    hits(4, NOON)
    hits(6, NOON + 20.5)
    refused = admission.hit(limits=one(), at=NOON + 40)
    assert refused.retry_after == 21
    assert admission.hit(limits=one(), at=NOON + 40 + refused.retry_after - 1).violated
    assert not admission.hit(limits=one(), at=NOON + 40 + refused.retry_after).violated


def test_a_refused_request_uses_up_nothing(alpha):
    wide, narrow = Limit("workspace", "limit:w", 100), Limit("key", "limit:k", 3)
    for _ in range(10):
        found = admission.admit(tenant=alpha, limits=[narrow, wide], at=NOON)
    assert [s.left for s in found.states] == [0, 97]
    assert [s.limit.name for s in found.violated] == ["key"]
    assert plan_limits.state("api_calls_day", tenant=alpha).used == 3


def test_a_heavier_request_needs_room_for_all_of_it(alpha):
    assert not admission.admit(tenant=alpha, limits=one(), cost=8, at=NOON).violated
    assert admission.admit(tenant=alpha, limits=one(), cost=5, at=NOON).violated
    assert not admission.admit(tenant=alpha, limits=one(), cost=2, at=NOON).violated


def test_many_at_once_share_one_quota(settings):
    """Eight connections as eight processes have them, each with a script of its own."""
    let_in = []

    def come(client) -> None:
        script = client.register_script(scripts.HIT)
        for _ in range(40):
            used, _seconds = script(keys=["limit:key:x"], args=[NOON, 1, 60, 60, 100])
            let_in.append(used < 100)

    clients = [redis.Redis.from_url(settings.REDIS_URL) for _ in range(8)]
    threads = [threading.Thread(target=come, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for client in clients:
        client.close()
    assert len(let_in) == 320
    assert sum(let_in) == 100


def test_a_clock_that_goes_back_gives_nothing_away():
    assert hits(10, NOON) == 10
    assert hits(5, NOON - 120) == 0


def test_time_is_that_of_redis_itself():
    assert not admission.hit(limits=one(1)).violated
    again = admission.hit(limits=one(1))
    assert again.violated
    assert 55 <= again.retry_after <= 61


def test_all_of_it_is_one_message(alpha, settings):
    admission.admit(tenant=alpha, limits=one())
    with redis.Redis.from_url(settings.REDIS_URL) as watcher:
        by_script = _calls(watcher)
        admission.admit(tenant=alpha, limits=[*one(), *one(name="workspace"), *one(name="address")])
        assert _calls(watcher) - by_script == 1


def test_a_redis_that_was_restarted_is_told_the_script_anew(settings):
    hits(1, NOON)
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.script_flush()
    assert hits(10, NOON) == 9


def test_a_connection_that_died_is_replaced(settings):
    hits(1, NOON)
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.client_kill_filter(_type="normal", skipme=True)
    assert hits(10, NOON) == 9
    assert not admission.is_away()


def test_what_redis_keeps_ends_by_itself(settings):
    hits(3, NOON)
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        assert 60 < client.ttl("limit:key:x") <= 63


def test_the_plans_calls_are_held_in_the_same_script(alpha):
    alpha.configuration = {**alpha.configuration, "limits": {"api_calls_day": 2}}
    alpha.save()
    for _ in range(2):
        admission.admit(tenant=alpha, limits=one(), at=NOON)
    with pytest.raises(CallLimitReached):
        admission.admit(tenant=alpha, limits=one(), at=NOON)
    assert admission.hit(limits=one(), at=NOON).states[0].left == 7


def test_without_redis_all_are_let_in_and_nobody_waits_for_it(alpha, settings, monkeypatch):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert admission.admit(tenant=alpha, limits=one(), cost=3).headers() == {"X-Request-Cost": "3"}
    assert admission.is_away()
    monkeypatch.setattr(admission, "_client", None)  # it is not even tried
    assert not admission.hit(limits=one()).violated


def test_the_headers_are_structured_fields(alpha):
    limits = [Limit("key", "limit:k", 120), Limit("workspace", "limit:w", 600)]
    admission.admit(tenant=alpha, limits=limits, at=NOON)
    headers = admission.admit(tenant=alpha, limits=limits, cost=5, at=NOON + 10).headers()
    assert headers == {
        "X-Request-Cost": "5",
        "RateLimit-Policy": '"key";q=120;w=60, "workspace";q=600;w=60',
        "RateLimit": '"key";r=114;t=51, "workspace";r=594;t=51',
    }


def test_a_view_says_what_an_action_costs():
    class View:
        request_costs = {"create": 10}
        action = "create"

    view = View()
    assert cost_of(view) == 10
    view.action = "list"
    assert cost_of(view) == cost_of(object()) == 1


def test_domain_errors_keep_their_retry_after():
    from apps.gateway.errors import RateLimited

    error = RateLimited("Too many.", retry_after=7, policies=["key"])
    assert isinstance(error, DomainError)
    assert error.as_problem()["violated-policies"] == ["key"]
