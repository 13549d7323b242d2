from __future__ import annotations

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from apps.core.breaker import FAILURES, BreakerOpen, breaker_state, guard


@pytest.fixture
def vendor(own_redis) -> str:
    return f"test-{uuid.uuid4()}"


def fails() -> None:
    raise ConnectionError


def test_calls_of_several_threads_run_side_by_side(vendor):
    both = threading.Barrier(2)

    def call() -> int:
        return guard(vendor, lambda: both.wait(timeout=10), is_failure=lambda _error: True)

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(lambda _number: call(), range(2))) == [0, 1]


def test_failures_of_all_threads_count_together(vendor):
    def call(_number: int) -> None:
        with pytest.raises(ConnectionError):
            guard(vendor, fails, is_failure=lambda _error: True)

    with ThreadPoolExecutor(FAILURES) as threads:
        list(threads.map(call, range(FAILURES)))
    assert breaker_state(vendor).state == "open"
    with pytest.raises(BreakerOpen):
        guard(vendor, lambda: None, is_failure=lambda _error: True)


def test_a_success_starts_the_count_again(vendor):
    for _ in range(FAILURES - 1):
        with pytest.raises(ConnectionError):
            guard(vendor, fails, is_failure=lambda _error: True)
    guard(vendor, lambda: None, is_failure=lambda _error: True)
    assert breaker_state(vendor).failures == 0


def test_what_is_not_the_vendors_failure_is_a_sign_of_life(vendor):
    for _ in range(FAILURES):
        with pytest.raises(ConnectionError):
            guard(vendor, fails, is_failure=lambda error: isinstance(error, TimeoutError))
    assert breaker_state(vendor).state == "closed"
