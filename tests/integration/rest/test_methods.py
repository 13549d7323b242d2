"""Methods, media types and the headers of every answer."""

from __future__ import annotations

import json

import brotli
import pytest
from django.test import Client

from apps.tenants.permissions import SCOPES
from tests.factories.gateway import make_key

URL = "/api/v1/workspace/domains/"


@pytest.fixture
def client(alpha):
    _, secret = make_key(alpha, scopes=list(SCOPES))
    return Client(SERVER_NAME=alpha.own_host, headers={"authorization": f"Bearer {secret}"})


def test_head_is_get_without_the_body(client):
    head, get = client.head(URL), client.get(URL)
    assert (head.status_code, head.content) == (200, b"")
    assert head["ETag"] == get["ETag"]


@pytest.mark.parametrize("who", ["client", "stranger"])
def test_options_says_which_methods_there_are(client, browse, who):
    answer = (client if who == "client" else browse(None)).options(URL)
    assert (answer.status_code, answer.content) == (204, b"")
    assert set(answer["Allow"].split(", ")) == {"GET", "POST", "HEAD", "OPTIONS"}


def test_another_method_is_told_what_there_is(client):
    answer = client.delete(URL)
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert "POST" in answer["Allow"]


def test_only_json_is_answered(client):
    answer = client.get(URL, headers={"Accept": "application/xml"})
    assert (answer.status_code, answer.json()["code"]) == (406, "not_acceptable")
    for accept in ("application/json", "*/*", "application/*;q=0.5, text/html"):
        assert client.get(URL, headers={"Accept": accept}).status_code == 200


def test_only_json_and_forms_are_read(client):
    answer = client.post(URL, "<a/>", content_type="application/xml")
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


def test_answers_are_nobody_elses(client, browse, owner):
    read = client.get(URL)
    assert read["Cache-Control"] == "private, no-cache"
    assert {"Authorization", "Cookie"} <= set(read["Vary"].split(", "))
    refused, made = browse(None).get(URL), client.post(URL, {"domain": "lab.example.org"})
    assert (refused.status_code, made.status_code) == (401, 201)
    assert {refused["Cache-Control"], made["Cache-Control"]} == {"no-store"}
    assert "Bearer" in refused["WWW-Authenticate"]


def test_a_refused_key_is_challenged_too(client):
    client.defaults["HTTP_AUTHORIZATION"] = "Bearer tbx_nonsense"
    answer = client.get(URL)
    assert (answer.status_code, "Bearer" in answer["WWW-Authenticate"]) == (401, True)


def test_no_other_site_may_read_answers(client):
    answer = client.get(URL, headers={"Origin": "https://elsewhere.example"})
    assert not answer.has_header("Access-Control-Allow-Origin")


class TestCompression:
    PATH = "/api/v1/schema/?format=json"

    def test_long_answers_are_compressed(self, client):
        plain = client.get(self.PATH)
        packed = client.get(self.PATH, headers={"Accept-Encoding": "br"})
        assert packed["Content-Encoding"] == "br"
        assert json.loads(brotli.decompress(packed.content)) == plain.json()
        assert len(packed.content) < len(plain.content) / 5
        assert "Accept-Encoding" in packed["Vary"].title()
        assert packed.has_header("x-noise") or packed["Content-Length"]

    @pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
    def test_pages_too(self, browse, coding):
        page = browse(None, tenant=None).get("/docs/problems/", headers={"Accept-Encoding": coding})
        assert page["Content-Encoding"] == coding

    def test_short_answers_and_answers_to_writes_are_not(self, client):
        packs = {"Accept-Encoding": "br, gzip"}
        assert not client.get(f"{URL}?fields=id", headers=packs).has_header("Content-Encoding")
        made = client.post(URL, {"domain": "lab.example.org"}, headers=packs)
        assert not made.has_header("Content-Encoding")

    def test_what_was_read_compressed_can_be_changed(self, client):
        read = client.get("/api/v1/workspace/", headers={"Accept-Encoding": "gzip"})
        answer = client.patch(
            "/api/v1/workspace/", {"name": "A"}, content_type="application/json",
            headers={"If-Match": read["ETag"]},
        )  # fmt: skip
        assert answer.status_code == 200
