"""Against a real server that fails on order: the sandbox."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest
import structlog
import time_machine

from apps.core import outgoing
from apps.core.outgoing import (
    BreakerOpen,
    Timeouts,
    Vendor,
    VendorRefused,
    VendorTimeout,
    VendorUnavailable,
    breaker_state,
    close_breaker,
    known_vendors,
)

PATH = "/cloud/v2/universes/1"


@pytest.fixture
def vendor(roblox) -> Vendor:
    return Vendor(f"test-{uuid.uuid4()}", base_url_setting="ROBLOX_API_URL")


def get(vendor: Vendor, **options):
    return vendor.request("GET", PATH, **{"idempotent": True, **options})


def fail(vendor, roblox, times=5):
    roblox.faults(kind="status", status=500, times=times)
    for _ in range(times):
        with pytest.raises(VendorUnavailable):
            get(vendor, idempotent=False)


def test_an_answer_comes_back_whole(vendor, roblox):
    answer = vendor.request("GET", "/_sandbox/state", idempotent=True)
    assert answer.json()["experiences"] == []


def test_a_refusal_carries_the_answer(vendor):
    with pytest.raises(VendorRefused) as refused:
        get(vendor)
    assert refused.value.reply.status == 401
    assert refused.value.reply.json()["errors"][0]["message"] == "Missing API Key"


def test_an_idempotent_call_is_tried_again(vendor, roblox):
    roblox.faults(kind="status", status=503, times=2)
    with pytest.raises(VendorRefused):
        get(vendor)
    assert [seen["status"] for seen in roblox.requests()] == [401, 503, 503]


def test_other_calls_are_sent_once(vendor, roblox):
    roblox.faults(kind="status", status=503, times=2)
    with pytest.raises(VendorUnavailable) as failed:
        get(vendor, idempotent=False)
    assert failed.value.sent
    assert len(roblox.requests()) == 1


def test_a_long_retry_after_is_left_to_the_caller(vendor, roblox):
    roblox.faults(kind="rate_limit", retry_after=60)
    with pytest.raises(VendorRefused) as refused:
        get(vendor)
    assert (refused.value.retry_after, refused.value.permanent) == (60, False)
    assert len(roblox.requests()) == 1


def test_silence_after_sending_is_a_timeout_that_may_have_been_taken(vendor, roblox):
    roblox.faults(kind="hang", seconds=600)
    with pytest.raises(VendorTimeout) as failed:
        get(vendor, idempotent=False, timeouts=Timeouts(read=0.2))
    assert failed.value.sent


def test_a_cut_connection_may_have_been_taken(vendor, roblox):
    roblox.faults(kind="drop")
    with pytest.raises(VendorUnavailable) as failed:
        get(vendor, idempotent=False)
    assert failed.value.sent


def test_an_answer_without_end_is_cut_off(vendor, monkeypatch):
    monkeypatch.setattr(outgoing, "LARGEST_REPLY", 100)
    with pytest.raises(VendorUnavailable):
        vendor.request("GET", "/_sandbox/state", idempotent=True)


def test_the_whole_call_has_a_time_limit(vendor):
    with pytest.raises(VendorTimeout):
        vendor.request("GET", "/_sandbox/state", idempotent=True, timeouts=Timeouts(total=0))


def test_nobody_listening_means_not_sent(vendor, settings, unused_tcp_port):
    settings.ROBLOX_API_URL = f"http://127.0.0.1:{unused_tcp_port}"
    with pytest.raises(VendorUnavailable) as failed:
        get(vendor, idempotent=False)
    assert not failed.value.sent


def test_the_circuit_opens_for_every_process_and_spares_the_vendor(vendor, roblox):
    fail(vendor, roblox)
    with pytest.raises(BreakerOpen) as refused:
        get(vendor)
    assert 0 < refused.value.retry_after <= 30
    assert len(roblox.requests()) == 5
    state = breaker_state(vendor.name)
    assert (state.state, state.failures) == ("open", 5)
    assert state.since <= datetime.now(UTC)


def test_after_the_pause_one_good_answer_closes_it(vendor, roblox):
    fail(vendor, roblox)
    with time_machine.travel(breaker_state(vendor.name).retry_at):
        assert breaker_state(vendor.name).state == "half-open"
        vendor.request("GET", "/_sandbox/state", idempotent=True)
    assert breaker_state(vendor.name).state == "closed"


def test_a_failing_trial_opens_it_again(vendor, roblox):
    fail(vendor, roblox)
    with time_machine.travel(breaker_state(vendor.name).retry_at):
        roblox.faults(kind="status", status=500)
        with pytest.raises(VendorUnavailable):
            get(vendor, idempotent=False)
        assert breaker_state(vendor.name).state == "open"


def test_an_operator_can_close_it(vendor, roblox):
    fail(vendor, roblox)
    close_breaker(vendor.name)
    assert breaker_state(vendor.name).state == "closed"
    vendor.request("GET", "/_sandbox/state", idempotent=True)


def test_refusals_do_not_open_it(vendor):
    for _ in range(6):
        with pytest.raises(VendorRefused):
            get(vendor)
    assert breaker_state(vendor.name).state == "closed"


def test_without_redis_calls_still_go_out(vendor, settings, unused_tcp_port):
    settings.REDIS_URL = f"redis://127.0.0.1:{unused_tcp_port}/0"
    assert vendor.request("GET", "/_sandbox/state", idempotent=True).status == 200
    assert breaker_state(vendor.name).state == "closed"


def test_each_call_leaves_one_line_without_secrets(vendor):
    with structlog.testing.capture_logs() as lines, pytest.raises(VendorRefused):
        get(vendor, headers={"x-api-key": "very-secret"})
    [line] = [line for line in lines if line["event"] == "vendor_call"]
    assert (line["method"], line["path"], line["outcome"]) == ("GET", PATH, "401")
    assert "very-secret" not in str(lines)


def test_vendors_are_known_by_name(vendor):
    assert vendor.name in known_vendors()
