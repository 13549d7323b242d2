from __future__ import annotations

from sandbox.limits import RateLimits


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_window_ends_a_minute_after_its_first_request():
    clock = Clock()
    limits = RateLimits(clock)
    assert [limits.take(1, "publish", 2).granted for _ in range(3)] == [True, True, False]
    clock.now = 59.9
    assert not limits.take(1, "publish", 2).granted
    clock.now = 60.0
    assert limits.take(1, "publish", 2).remaining == 1


def test_owners_and_endpoints_count_apart():
    limits = RateLimits(Clock())
    assert limits.take(1, "publish", 1).granted
    assert limits.take(2, "publish", 1).granted
    assert limits.take(1, "restart", 1).granted


def test_headers_tell_limit_rest_and_reset():
    limits = RateLimits(Clock())
    assert limits.take(1, "publish", 1).headers() == {
        "x-ratelimit-limit": "1, 1;w=60",
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": "60",
    }
    assert limits.take(1, "publish", 1).headers()["retry-after"] == "60"
