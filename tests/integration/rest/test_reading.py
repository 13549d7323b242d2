"""Reading: fields, order, pages, ETags; writing what one has read."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.roblox.models import Release
from apps.tenants.permissions import SCOPES
from tests.factories.gateway import make_key
from tests.factories.roblox import make_experience, make_release

JSON = "application/json"
LAB = "/api/v1/experiences/volcano-lab/"


@pytest.fixture
def client(alpha):
    _, secret = make_key(alpha, scopes=list(SCOPES))
    return Client(SERVER_NAME=alpha.host, headers={"authorization": f"Bearer {secret}"})


@pytest.fixture
def lab(roblox, in_alpha, owner):
    return make_experience(roblox, owner)


@pytest.fixture
def three(lab, owner):
    return [make_release(lab, f"1.{n}.0", owner) for n in range(3)]


def rename(client, match=None, name="New name"):
    headers = {"If-Match": match} if match else {}
    return client.patch(LAB, {"name": name}, content_type=JSON, headers=headers)


class TestFields:
    def test_of_a_list(self, client, three):
        shown = client.get("/api/v1/releases/?fields=version,artifact.size").json()["results"]
        assert [row.keys() for row in shown] == [{"version", "artifact"}] * 3
        assert shown[0]["artifact"].keys() == {"size"}
        assert shown[0]["version"] == "1.2.0"

    def test_of_one_and_of_the_items_in_it(self, client, lab):
        shown = client.get(f"{LAB}?fields=slug,environments.kind").json()
        assert shown["slug"] == "volcano-lab"
        assert sorted(e["kind"] for e in shown["environments"]) == ["production", "staging"]
        assert {len(e) for e in shown["environments"]} == {1}

    def test_the_etag_is_that_of_the_whole(self, client, lab):
        assert client.get(f"{LAB}?fields=slug")["ETag"] == client.get(LAB)["ETag"]


class TestLists:
    def test_order_is_asked_for(self, client, three):
        rows = client.get("/api/v1/releases/?ordering=created_at&fields=version").json()["results"]
        assert [row["version"] for row in rows] == ["1.0.0", "1.1.0", "1.2.0"]

    def test_order_and_size_stay_from_page_to_page(self, client, three):
        first = client.get("/api/v1/releases/?ordering=created_at&page_size=2")
        second = client.get(first.json()["next"])
        assert [row["version"] for row in second.json()["results"]] == ["1.2.0"]
        assert first["Link"] == f'<{first.json()["next"]}>; rel="next"'
        assert 'rel="prev"' in second["Link"]

    def test_filters_narrow(self, client, three):
        rows = client.get("/api/v1/releases/?version=1.1.0&experience=volcano-lab").json()
        assert [row["version"] for row in rows["results"]] == ["1.1.0"]


class TestConditions:
    def test_what_one_has_is_not_sent_again(self, client, three):
        for path in (LAB, "/api/v1/releases/", f"/api/v1/releases/{three[0].pk}/artifact/"):
            first = client.get(path)
            again = client.get(path, headers={"If-None-Match": first["ETag"]})
            assert (again.status_code, again.content) == (304, b"")
            assert again["ETag"] == first["ETag"]
        make_release(three[0].experience, "2.0.0", None)
        known = first["ETag"]
        assert client.get("/api/v1/releases/", headers={"If-None-Match": known}).status_code == 200

    def test_the_faster_one_wins(self, client, lab):
        seen = client.get(LAB)["ETag"]
        first = rename(client, seen)
        assert first.status_code == 200
        assert first["ETag"] == client.get(LAB)["ETag"] != seen
        late = rename(client, seen, name="Mine")
        assert (late.status_code, late.json()["code"]) == (412, "precondition_failed")
        assert late["ETag"] == late.json()["etag"] == first["ETag"]
        assert client.get(LAB).json()["name"] == "New name"

    @pytest.mark.parametrize("match", ["*", '"x", {}', "W/{}"])
    def test_ways_to_say_what_one_saw(self, client, lab, match):
        assert rename(client, match.format(client.get(LAB)["ETag"])).status_code == 200

    def test_without_a_condition_it_is_carried_out(self, client, lab):
        assert rename(client).status_code == 200

    def test_an_environment_has_its_own(self, client, lab):
        path = f"{LAB}environments/staging/"
        seen = client.get(path)
        assert seen.json()["kind"] == "staging"
        body = {"place_id": seen.json()["place_id"]}
        put = {"content_type": JSON}
        moved = client.put(path, {"place_id": 99_001}, headers={"If-Match": seen["ETag"]}, **put)
        assert moved.status_code == 200, moved.content
        late = client.put(path, body, headers={"If-Match": seen["ETag"]}, **put)
        assert late.status_code == 412

    def test_every_other_write_about_one_resource_honours_it(self, client, three):
        path = f"/api/v1/releases/{three[0].pk}/withdraw/"
        assert client.post(path, headers={"If-Match": '"old"'}).status_code == 412
        assert not Release.objects.filter(state="withdrawn").exists()
        etag = client.get(f"/api/v1/releases/{three[0].pk}/")["ETag"]
        assert client.post(path, headers={"If-Match": etag}).status_code == 200

    def test_of_what_is_not_there_none_matches(self, client, lab):
        answer = client.patch(
            "/api/v1/experiences/other/", {"name": "x"}, content_type=JSON,
            headers={"If-Match": "*"},
        )  # fmt: skip
        assert answer.status_code == 404

    def test_the_workspace_and_domains_have_one(self, client, alpha):
        seen = client.get("/api/v1/workspace/")["ETag"]
        for status in (200, 412):
            answer = client.patch(
                "/api/v1/workspace/", {"name": "Alpha School"}, content_type=JSON,
                headers={"If-Match": seen},
            )  # fmt: skip
            assert answer.status_code == status

    def test_a_repeated_write_is_answered_before_it_is_compared(self, client, lab):
        seen = client.get(LAB)["ETag"]
        headers = {"If-Match": seen, "Idempotency-Key": "k"}
        answers = [
            client.patch(LAB, {"name": "N"}, content_type=JSON, headers=headers) for _ in range(2)
        ]
        assert [a.status_code for a in answers] == [200, 200]


class TestBulk:
    URL = "/api/v1/releases/withdraw/"

    def send(self, client, releases, **about):
        body = {"releases": [str(pk) for pk in releases], **about}
        return client.post(self.URL, body, content_type=JSON)

    def test_each_has_its_outcome(self, client, three, lab):
        missing = lab.pk
        answer = self.send(client, [three[0].pk, missing, three[1].pk])
        assert answer.status_code == 207
        shown = answer.json()
        assert (shown["succeeded"], shown["failed"]) == (2, 1)
        assert [r["status"] for r in shown["results"]] == [200, 404, 200]
        assert shown["results"][1]["problem"]["code"] == "not_found"
        assert Release.objects.filter(state="withdrawn").count() == 2

    def test_all_of_it(self, client, three):
        answer = self.send(client, [r.pk for r in three], all_or_nothing=True)
        assert (answer.status_code, answer.json()["succeeded"]) == (200, 3)

    def test_or_nothing(self, client, three, lab):
        answer = self.send(client, [three[0].pk, lab.pk], all_or_nothing=True)
        assert (answer.status_code, answer.json()["code"]) == (409, "bulk_refused")
        assert [r["status"] for r in answer.json()["results"]] == [200, 404]
        assert not Release.objects.filter(state="withdrawn").exists()

    @pytest.mark.parametrize(
        "releases", [[], ["x"], "x", [None], ["01a21a06-a2bf-79cd-91a4-c6b97d57f241"] * 101]
    )
    def test_nonsense(self, client, in_alpha, releases):
        answer = client.post(self.URL, {"releases": releases}, content_type=JSON)
        assert answer.status_code == 422

    def test_outsiders(self, browse, outsider, three):
        assert self.send(browse(outsider), [three[0].pk]).status_code == 403
        assert self.send(browse(None), [three[0].pk]).status_code == 401
