"""One counter for all that may happen only so often."""

from __future__ import annotations

import pytest

from apps.core import attempts
from apps.core.rates import Meter, Uncounted, Window
from apps.jobs.services import lanes
from apps.roblox import open_cloud_limits
from apps.tenants.views import certificates

GONE = "redis://127.0.0.1:1/0"


@pytest.mark.parametrize("window", Window)
def test_so_many_and_then_a_wait_that_is_not_counted(own_redis, window):
    meter = Meter("tests", window)
    assert [meter.take("2/hour", "a") for _ in range(2)] == [0.0, 0.0]
    for _ in range(2):
        assert 0 < meter.take("2/hour", "a") <= 3600
    assert 0 < meter.wait("2/hour", "a") <= 3600
    assert meter.take("2/hour", "b") == meter.wait("3/hour", "a") == 0.0
    meter.forget("2/hour", "a")
    assert meter.take("2/hour", "a") == 0.0


def test_of_several_rates_each_holds_and_kinds_do_not_meet(own_redis):
    meter = Meter("tests", Window.MOVING)
    assert [bool(meter.take("5/minute;2/day", "a")) for _ in range(3)] == [False, False, True]
    meter.count("1/day", "b")
    meter.count("1/day", "b")
    assert meter.wait("1/day", "b") > 60
    assert Meter("others", Window.MOVING).wait("1/day", "b") == 0.0


def test_without_redis_each_user_keeps_its_own_word(settings):
    settings.REDIS_URL = GONE
    settings.JOB_LANES = {"vendor": "1/minute"}
    with pytest.raises(Uncounted):
        Meter("tests", Window.FIXED).take("1/minute", "a")
    with pytest.raises(attempts.SignInClosed):
        attempts.take("code", "a", "1/minute")
    with (
        pytest.raises(attempts.SignInClosed),
        attempts.counting_wrong(("code", "a", "1/minute")),
    ):
        raise AssertionError("nobody comes in here")
    for _ in range(2):
        assert lanes.enter("vendor:1") == 0.0
        open_cloud_limits.take("owner", "publish")
        assert certificates._within_limit()


def test_wrong_attempts_alone_are_counted(own_redis):
    limit = ("code", "somewhere", "2/hour")
    for is_wrong in (False, True, False, True):
        with attempts.counting_wrong(limit) as wrong:
            wrong.extend([True] * is_wrong)
    with pytest.raises(attempts.TooManyAttempts) as refusal, attempts.counting_wrong(limit):
        raise AssertionError("it is used up")
    assert 0 < refusal.value.retry_after <= 3600
