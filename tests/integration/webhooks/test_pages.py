"""Settings > Webhooks in the browser, without scripts, and the same over the API."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from apps.jobs.models import JobRun
from apps.webhooks import catalogue
from apps.webhooks.models import Delivery, Endpoint
from tests.factories.gateway import make_key
from tests.factories.webhooks import make_endpoint, send_out
from tests.fixtures.receivers import Answer

HOME = "/settings/webhooks/"
API = "/api/v1/webhooks/endpoints/"
SCOPES = ["webhooks.view", "webhooks.create", "webhooks.update", "webhooks.delete", "releases.view"]


@pytest.fixture
def sent(alpha, endpoint):
    """A delivery of an endpoint of Alpha's."""
    make_key(alpha)
    send_out()
    return Delivery.objects.get()


@pytest.fixture
def call(alpha):
    """`call(method, path, json, scopes=…)` as a program on Alpha's host."""

    def ask(method, path, data=None, scopes=SCOPES, tenant=alpha):
        _, secret = make_key(tenant, scopes=list(scopes))
        client = Client(SERVER_NAME=alpha.host, headers={"Authorization": f"Bearer {secret}"})
        return client.generic(method, path, _json(data), content_type="application/json")

    return ask


def _json(data):
    import json

    return "" if data is None else json.dumps(data)


class TestPages:
    def test_from_the_form_to_the_answer(self, alpha, browse, owner, receiver):
        browser = browse(owner)
        assert b"No endpoint yet" in browser.get(HOME).content
        form = browser.get(f"{HOME}new/").content.decode()
        assert all(name in form for name in catalogue.TYPES)
        made = browser.post(
            f"{HOME}new/", {"url": receiver.url, "events": ["api_key.created", "release.created"]}
        )
        endpoint = Endpoint.objects.get()
        assert made.status_code == 201
        assert endpoint.secret in made.content.decode()
        where = endpoint.get_absolute_url()
        assert endpoint.secret not in browser.get(where).content.decode()
        browser.post(f"{where}test/")
        send_out()
        page = browser.get(Delivery.objects.get().get_absolute_url()).content.decode()
        assert "webhook-signature" in page
        assert "Succeeded" in page
        assert endpoint.url in browser.get(HOME).content.decode()

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"url": "https://10.0.0.1/", "events": ["*"]}, "not a public address"),
            ({"url": "ftp://x", "events": ["*"]}, "whole address"),
            ({"url": "http://127.0.0.1:1/"}, "Choose one event"),
            ({"url": "http://127.0.0.1:1/", "events": ["made.up"]}, "made.up"),
        ],
    )
    def test_a_bad_form_says_why_and_keeps_what_was_typed(self, browse, owner, given, said):
        answer = browse(owner).post(f"{HOME}new/", given)
        text = answer.content.decode()
        assert answer.status_code == 422
        assert said in text
        assert given["url"] in text
        assert not Endpoint.objects.exists()

    def test_changing_switching_rotating_replaying_removing(
        self, browse, owner, endpoint, receiver, sent
    ):
        browser, where = browse(owner), endpoint.get_absolute_url()
        browser.post(
            f"{where}edit/", {"url": receiver.url, "description": "Ours", "events": ["limit.near"]}
        )
        endpoint.refresh_from_db()
        assert (endpoint.description, endpoint.events) == ("Ours", ["limit.near"])
        browser.post(f"{where}switch/")
        assert "by hand" in browser.get(where).content.decode()
        browser.post(f"{where}switch/", {"on": "1"})
        secret = endpoint.secret
        rotated = browser.post(f"{where}rotate/", {"overlap_hours": "24"})
        endpoint.refresh_from_db()
        assert endpoint.secret != secret
        assert endpoint.secret in rotated.content.decode()
        assert endpoint.secret in browser.post(f"{where}secret/").content.decode()
        browser.post(f"{sent.get_absolute_url()}replay/")
        send_out()
        receiver.says(Answer(410))
        browser.post(f"{sent.get_absolute_url()}replay/")
        send_out()
        browser.post(f"{where}switch/", {"on": "1"})
        again = browser.post(f"{where}replay/", {"hours": "24"}, follow=True)
        assert "1 on its way again" in again.content.decode()
        assert len(receiver.received) == 3
        browser.post(f"{where}remove/")
        assert not Endpoint.objects.exists()

    def test_lists_take_the_same_number_of_queries(
        self, alpha, browse, owner, endpoint, sent, django_assert_max_num_queries
    ):
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        browser = browse(owner)

        def queries(path):
            browser.get(path)
            with CaptureQueriesContext(connection) as seen:
                browser.get(path)
            return len(seen)

        paths = (HOME, endpoint.get_absolute_url())
        before = [queries(path) for path in paths]
        for _ in range(3):
            make_key(alpha)
        make_endpoint(alpha, endpoint.url)
        assert [queries(path) for path in paths] == before

    @pytest.mark.parametrize("role", ["teacher", "student"])
    def test_who_may_not_see_them(self, request, browse, endpoint, sent, role):
        browser = browse(request.getfixturevalue(role))
        for path in (HOME, endpoint.get_absolute_url(), sent.get_absolute_url()):
            assert browser.get(path).status_code == 403

    def test_an_outsider_finds_nothing_anywhere(self, browse, beta, outsider, endpoint, sent):
        at_home, abroad = browse(outsider, tenant=beta), browse(outsider)
        for name in (
            "webhook", "webhook_edit", "webhook_switch", "webhook_test", "webhook_secret",
            "webhook_rotate", "webhook_remove", "webhook_replay_failed", "webhook_delivery",
            "webhook_replay", "webhook_fragment", "webhook_delivery_fragment",
        ):  # fmt: skip
            names = {"pk": endpoint.pk}
            if name in {"webhook_delivery", "webhook_replay", "webhook_delivery_fragment"}:
                names["delivery_pk"] = sent.pk
            path = reverse(name, kwargs=names, urlconf="config.urls_workspace")
            read = at_home.get(path)
            answer = at_home.post(path) if read.status_code == 405 else read
            assert (name, answer.status_code) == (name, 404)
            assert (name, abroad.get(path).status_code in {403, 405}) == (name, True)
        assert Endpoint.objects.get().secret == endpoint.secret

    def test_the_page_about_events_is_public_and_has_every_one(self):
        page = Client(SERVER_NAME="localhost").get("/docs/webhooks/").content.decode()
        assert all(f'id="{name}"' in page for name in catalogue.TYPES)
        assert "webhook-signature" in page


class TestApi:
    def test_the_whole_way(self, call, receiver):
        made = call("POST", API, {"url": receiver.url, "events": ["release.created"]})
        assert made.status_code == 201
        body = made.json()
        assert body["secret"].startswith("whsec_")
        one = f"{API}{body['id']}/"
        assert "secret" not in call("GET", one).json()
        assert call("PATCH", one, {"description": "CI"}).json()["description"] == "CI"
        assert call("POST", f"{one}test/").status_code == 202
        send_out()
        listed = call("GET", f"{one}deliveries/").json()["results"]
        assert [(d["event"], d["state"]) for d in listed] == [("webhook.test", "succeeded")]
        detail = call("GET", f"{one}deliveries/{listed[0]['id']}/").json()
        assert detail["log"][0]["status"] == 200
        assert call("POST", f"{one}deliveries/{listed[0]['id']}/replay/").status_code == 202
        rotated = call("POST", f"{one}rotate-secret/", {"overlap_hours": 0}).json()
        assert rotated["secret"] != body["secret"]
        assert call("POST", f"{one}disable/").json()["state"] == "off"
        assert call("POST", f"{one}test/").json()["code"] == "webhook_off"
        assert call("POST", f"{one}enable/").json()["state"] == "active"
        missed = call("POST", f"{one}replay/", {"since": "2026-01-01T00:00:00Z"})
        assert missed.json() == {"count": 1}
        nothing = call("POST", f"{one}replay/", {"since": "2026-01-01T00:00:00Z"})
        assert nothing.json()["code"] == "nothing_to_replay"
        assert call("DELETE", one).status_code == 204
        assert call("GET", one).status_code == 404

    def test_a_key_is_told_of_what_it_may_see_only(self, call, receiver):
        wish = {"url": receiver.url, "events": ["release.created", "member.joined"]}
        refused = call("POST", API, wish)
        assert refused.status_code == 422
        assert "member.joined" in str(refused.json())
        assert call("POST", API, wish | {"events": ["*"]}).status_code == 422
        names = [e["name"] for e in call("GET", "/api/v1/webhooks/event-types/").json()]
        assert "release.created" in names
        assert "member.joined" not in names

    def test_the_plan_limits_their_number(self, call, alpha, receiver):
        for _ in range(3):
            make_endpoint(alpha, receiver.url)
        refused = call("POST", API, {"url": receiver.url, "events": ["release.created"]})
        assert refused.json()["code"] == "limit_reached"

    def test_another_workspaces_are_not_there(self, call, beta, receiver):
        other = make_endpoint(beta, receiver.url)
        assert call("GET", API).json()["results"] == []
        for method, path in (
            ("GET", ""),
            ("DELETE", ""),
            ("POST", "test/"),
            ("GET", "deliveries/"),
        ):
            assert call(method, f"{API}{other.pk}/{path}").status_code == 404
        assert call("GET", API, tenant=beta).status_code == 401


def test_a_job_leads_to_the_webhook_it_sends_to_who_may_see_it(
    alpha, endpoint, browse, admin, teacher
):
    run = JobRun.objects.create(
        name="webhooks.deliver", schema_name=alpha.schema_name,
        arguments={"endpoint_id": str(endpoint.pk)},
    )  # fmt: skip
    link = f'href="{endpoint.get_absolute_url()}"'
    assert link in browse(admin).get(f"/jobs/{run.pk}/").content.decode()
    assert link not in browse(teacher).get(f"/jobs/{run.pk}/").content.decode()
