"""The pages and the API of keys and of their use, as people meet them."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from apps.gateway import key_format, tally
from apps.gateway.models import ApiKey
from apps.tenants.permissions import SCOPES
from tests.factories.gateway import make_key

NEW = {"name": "CI", "scopes": ["releases.view"], "days": "90"}


def ask(key, number: int = 3) -> None:
    tally._lines.clear()
    for _ in range(number):
        tally.record(
            schema_name=key.tenant.schema_name, caller=str(key.pk), endpoint="GET /x/",
            status=200, cost=1, seconds=0.02,
        )  # fmt: skip
    tally.flush()


class TestPages:
    def test_a_preset_ticks_its_scopes(self, browse, admin):
        page = browse(admin).get("/api-keys/new/?preset=build")
        assert set(page.context["form"]["scopes"].value()) == {
            "experiences.view", "releases.view", "deployments.view", "releases.create",
            "deployments.stage",
        }  # fmt: skip

    def test_a_key_is_made_as_wished(self, browse, admin):
        wish = {**NEW, "environment": "test", "networks": "10.0.0.0/8\n2001:db8::/32, 192.0.2.1"}
        made = browse(admin).post("/api-keys/new/", wish)
        assert made.status_code == 201
        key = ApiKey.objects.get()
        assert (key.is_test, len(key.networks), key.expires_at is None) == (True, 3, False)
        assert made.context["secret"].startswith("tbx_test_")

    @pytest.mark.parametrize(
        ("wrong", "word"),
        [
            ({"networks": "home"}, "no network"),
            ({"environment": "test", "scopes": ["deployments.promote"]}, "Choose from"),
        ],
    )
    def test_what_is_wrong_is_told_and_nothing_is_lost(self, browse, admin, wrong, word):
        answer = browse(admin).post("/api-keys/new/", {**NEW, **wrong})
        assert answer.status_code == 422
        page = answer.content.decode()
        assert word in page
        assert 'value="CI"' in page

    def test_changing_rotating_and_ending_the_old_secret(self, browse, admin, alpha):
        key, _ = make_key(alpha)
        client = browse(admin)
        wish = {"name": "New name", "scopes": ["releases.view"], "networks": "10.0.0.0/8"}
        assert client.post(f"/api-keys/{key.pk}/edit/", wish).status_code == 302
        rotated = client.post(f"/api-keys/{key.pk}/rotate/", {"overlap": "24", "days": "keep"})
        assert rotated.status_code == 201
        assert "Two secrets work" in rotated.content.decode()
        assert client.post(f"/api-keys/{key.pk}/former/").status_code == 302
        key.refresh_from_db()
        assert (key.name, key.former_hash) == ("New name", None)
        assert key.secret_hash == key_format.digest(rotated.context["secret"])

    def test_a_key_shows_how_it_is_used(self, browse, admin, alpha):
        key, _ = make_key(alpha)
        ask(key)
        page = browse(admin).get(f"/api-keys/{key.pk}/").content.decode()
        assert "3 in all" in page
        assert "GET /x/" in page
        assert "Requests by day" in page

    def test_the_workspaces_use_names_its_keys(self, browse, admin, alpha, beta):
        key, _ = make_key(alpha, name="Nightly")
        ask(key)
        ask(make_key(beta, name="Theirs")[0])
        page = browse(admin).get("/settings/usage/api/?by=hour").content.decode()
        assert "Nightly" in page
        assert "Theirs" not in page

    @pytest.mark.parametrize("page", ["", "edit/", "rotate/", "former/", "revoke/"])
    def test_a_neighbours_key_is_on_no_page(self, browse, admin, beta, page):
        key, _ = make_key(beta)
        client = browse(admin)
        url = f"/api-keys/{key.pk}/{page}"
        assert {client.get(url).status_code, client.post(url).status_code} <= {404, 405}
        assert ApiKey.objects.get(pk=key.pk).state == "active"

    def test_lists_cost_the_same_however_many_there_are(
        self, browse, admin, alpha, django_assert_max_num_queries
    ):
        client = browse(admin)
        client.get("/settings/usage/api/")
        for _ in range(10):
            ask(make_key(alpha)[0])
        with django_assert_max_num_queries(13):
            client.get("/settings/usage/api/")


class TestApi:
    url = "/api/v1/api-keys/"

    def test_a_person_makes_rotates_and_revokes_one(self, browse, admin):
        client = browse(admin)
        made = client.post(
            self.url, {"name": "CI", "scopes": ["releases.view"]}, "application/json"
        )
        assert made.status_code == 201, made.content
        assert key_format.is_well_formed(made.json()["secret"])
        one = f"{self.url}{made.json()['id']}/"
        assert "secret" not in client.get(one).json()
        changed = client.patch(one, {"networks": ["10.1.2.3/8"]}, "application/json")
        assert changed.json()["networks"] == ["10.0.0.0/8"]
        rotated = client.post(f"{one}rotate/", {"overlap": "01:00:00"}, "application/json")
        assert rotated.json()["secret"] != made.json()["secret"]
        assert rotated.json()["former_until"] is not None
        plain = client.post(f"{one}rotate/", {}, "application/json")
        assert plain.status_code == 200, plain.content
        assert client.delete(one).status_code == 204
        assert client.get(self.url).json()["results"][0]["state"] == "revoked"

    def test_a_key_makes_and_sees_no_keys(self, browse, alpha):
        _, secret = make_key(alpha, scopes=list(SCOPES))
        client = browse(None)
        headers = {"Authorization": f"Bearer {secret}"}
        assert client.get(self.url, headers=headers).status_code == 403
        assert client.post(self.url, {}, headers=headers).status_code == 403

    def test_an_outsider_sees_and_ends_none(self, browse, outsider, alpha):
        key, _ = make_key(alpha)
        client = browse(outsider)
        assert client.get(self.url).status_code == 403
        assert client.delete(f"{self.url}{key.pk}/").status_code == 403

    def test_a_neighbours_key_is_not_found(self, browse, admin, beta):
        key, _ = make_key(beta)
        client = browse(admin)
        assert client.delete(f"{self.url}{key.pk}/").status_code == 404
        assert client.get(f"/api/v1/usage/requests/?key={key.pk}").status_code == 404

    def test_the_list_costs_the_same_however_long(
        self, browse, admin, alpha, django_assert_max_num_queries
    ):
        client = browse(admin)
        for _ in range(8):
            make_key(alpha, by=admin)
        client.get(self.url)
        with django_assert_max_num_queries(6):
            assert len(client.get(self.url).json()["results"]) == 8

    def test_use_as_numbers(self, browse, admin, alpha):
        key, _ = make_key(alpha)
        ask(key)
        found = browse(admin).get(f"/api/v1/usage/requests/?by=hour&key={key.pk}").json()
        assert found["total"]["requests"] == 3
        assert found["total"]["p95_ms"] <= 25
        assert found["endpoints"][0]["endpoint"] == "GET /x/"
        assert len(found["series"]) == 48

    def test_use_is_not_for_everybody(self, browse, teacher, outsider):
        for person in (teacher, outsider):
            assert browse(person).get("/api/v1/usage/requests/").status_code == 403


class TestCommand:
    def run(self, *arguments: str) -> str:
        out = io.StringIO()
        call_command("api_key", *arguments, stdout=out)
        return out.getvalue().strip()

    def test_the_life_of_a_key(self, alpha, monkeypatch):
        secret = self.run("create", "alpha", "Night", "--scope", "releases.view", "--test")
        assert key_format.is_well_formed(secret)
        key = ApiKey.objects.get()
        assert str(key.pk) in self.run("list", "alpha")
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{secret}\n"))
        assert str(key.pk) in self.run("find")
        assert self.run("rotate", str(key.pk), "--hours", "0") != secret
        key.refresh_from_db()
        assert "opens nothing" in self.run("revoke", f"{key.prefix}…")

    @pytest.mark.parametrize(
        "arguments",
        [
            ("list", "nowhere"),
            ("revoke", "tbx_live_0000"),
            ("revoke", "x"),
            ("create", "alpha", "CI", "--scope", "releases.fly"),
        ],
    )
    def test_what_is_not_there_is_said(self, alpha, arguments):
        with pytest.raises(CommandError):
            self.run(*arguments)

    def test_a_made_up_secret_is_nobodys(self, alpha, monkeypatch):
        monkeypatch.setattr("sys.stdin", io.StringIO("tbx_made_up\n"))
        with pytest.raises(CommandError, match="No key"):
            self.run("find")
