from __future__ import annotations

import httpx
import pytest

from apps.core import outgoing
from apps.core.errors import VendorError
from apps.core.outgoing import BreakerOpen, Reply, Vendor, VendorRefused, VendorUnavailable


def reply(status: int, **headers: str) -> Reply:
    return Reply(status, {name.replace("_", "-"): text for name, text in headers.items()}, b"{}")


@pytest.mark.parametrize(
    ("text", "seconds"), [("7", 7.0), (" 12 ", 12.0), ("", None), ("soon", None), ("-3", None)]
)
def test_retry_after_in_seconds(text, seconds):
    assert outgoing.retry_after({"retry-after": text}) == seconds


def test_retry_after_as_a_date(time_machine_now):
    later = "Mon, 23 Nov 2026 10:00:30 GMT"
    assert outgoing.retry_after({"retry-after": later}) == pytest.approx(30)
    assert outgoing.retry_after({"retry-after": "Mon, 23 Nov 2026 09:00:00 GMT"}) == 0


@pytest.fixture
def time_machine_now():
    import time_machine

    with time_machine.travel("2026-11-23T10:00:00Z", tick=False):
        yield


@pytest.mark.parametrize(
    ("status", "permanent"), [(400, True), (401, True), (408, False), (429, False)]
)
def test_a_refusal_is_permanent_unless_time_can_help(status, permanent):
    assert VendorRefused("no", reply=reply(status)).permanent is permanent


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (VendorUnavailable("down", sent=False), True),
        (VendorUnavailable("busy", sent=True, retry_after=2), 2),
        (VendorUnavailable("busy", sent=True, retry_after=60), False),
        (VendorRefused("no", reply=reply(404)), False),
        (VendorRefused("slow down", reply=reply(429), retry_after=1), 1),
        (BreakerOpen("paused", retry_after=1), False),
        (VendorError("for good", permanent=True), False),
        (KeyError("a bug"), False),
    ],
)
def test_what_is_worth_retrying(error, answer):
    assert outgoing._worth_retrying(error) == answer


@pytest.mark.parametrize(
    ("error", "sent", "kind"),
    [
        (httpx.ConnectError("x"), False, "vendor_unavailable"),
        (httpx.ConnectTimeout("x"), False, "vendor_timeout"),
        (httpx.PoolTimeout("x"), False, "vendor_timeout"),
        (httpx.WriteTimeout("x"), True, "vendor_timeout"),
        (httpx.ReadTimeout("x"), True, "vendor_timeout"),
        (httpx.ReadError("x"), True, "vendor_unavailable"),
        (httpx.RemoteProtocolError("x"), True, "vendor_unavailable"),
    ],
)
def test_whether_a_failed_request_may_have_been_taken(error, sent, kind):
    found = outgoing._translated("somewhere", error)
    assert (found.sent, found.code, found.permanent) == (sent, kind, False)


def vendor_url(settings, path):
    settings.ROBLOX_API_URL = "https://vendor.example/base/"
    return str(Vendor("unit", base_url_setting="ROBLOX_API_URL")._url(path))


def test_a_path_is_added_to_the_vendors_address(settings):
    url = vendor_url(settings, "/cloud/v2/universes/1:restartServers")
    assert url == "https://vendor.example/base/cloud/v2/universes/1:restartServers"
    assert vendor_url(settings, "/@elsewhere.example").startswith("https://vendor.example/base/")


@pytest.mark.parametrize(
    "path", ["//elsewhere.example", "/../x", "http://elsewhere.example", "/x?key=1", "/x\\y", ""]
)
def test_a_path_cannot_leave_the_vendor(settings, path):
    with pytest.raises(ValueError, match="absolute"):
        vendor_url(settings, path)


def test_a_reply_that_is_not_json_reads_as_none():
    assert Reply(200, {}, b"<html>").json() is None
    assert Reply(200, {}, b"\xff").text == "\ufffd"
