"""Tokens, limits, discovery, the log, and the page that sets it all up."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from time_machine import travel

from apps.scim.models import Provisioning, ScimRequest, ScimToken, ScimUser
from apps.scim.services import requests, tokens
from apps.scim.views import endpoint
from tests.factories.scim import okta_user, scim_token
from tests.integration.scim.conftest import provider


class TestTokens:
    def test_without_one_there_is_nothing(self, browse, alpha):
        for secret in ("", "tbs_wrong", "tbx_wrong"):
            answer = provider(browse(), secret)("GET", "/Users")
            assert (answer.status, answer.body["status"]) == (401, "401")
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")

    def test_a_session_is_no_token(self, browse, owner):
        assert browse(owner).get("/scim/v2/Users").status_code == 401

    def test_guessing_ends(self, browse, alpha):
        guess = provider(browse(), "tbs_wrong")
        assert [guess("GET", "/Users").status for _ in range(61)][-1] == 429

    def test_only_a_hash_is_kept(self, alpha):
        secret = scim_token(alpha)
        assert secret not in str(ScimToken.objects.values().get())

    def test_a_token_of_another_workspace_opens_nothing(self, browse, alpha, beta):
        secret = scim_token(alpha)
        assert provider(browse(tenant=beta), secret)("GET", "/Users").status == 401

    def test_anothers_users_are_not_to_be_found(self, scim, browse, beta, teacher):
        made = scim("POST", "/Users", okta_user(teacher.email)).body["id"]
        theirs = provider(browse(tenant=beta), scim_token(beta))
        assert theirs("GET", "/Users").body["totalResults"] == 0
        for method in ("GET", "DELETE"):
            assert theirs(method, f"/Users/{made}").status == 404
        assert theirs("PUT", f"/Users/{made}", okta_user("x@y.example")).status == 404

    def test_rotation_overlaps_for_a_day(self, browse, alpha):
        old = scim_token(alpha)
        _, fresh = tokens.rotate(token=ScimToken.objects.get(), by=None)
        both = [provider(browse(), secret) for secret in (old, fresh)]
        assert [one("GET", "/Users").status for one in both] == [200, 200]
        with travel(timezone.now() + timedelta(hours=25)):
            assert [one("GET", "/Users").status for one in both] == [401, 200]

    def test_revoked_and_expired_ones_are_refused(self, browse, alpha):
        soon = timezone.now() + timedelta(minutes=1)
        revoked, expiring = scim_token(alpha), scim_token(alpha, expires_at=soon)
        tokens.revoke(token=ScimToken.objects.order_by("created_at")[0], by=None)
        assert provider(browse(), revoked)("GET", "/Users").status == 401
        assert provider(browse(), expiring)("GET", "/Users").status == 200
        with travel(soon + timedelta(seconds=1)):
            assert provider(browse(), expiring)("GET", "/Users").status == 401

    def test_requests_are_limited(self, scim, monkeypatch):
        monkeypatch.setattr(endpoint, "REQUESTS", "2/1 minute")
        answers = [scim("GET", "/Users") for _ in range(3)]
        assert [answer.status for answer in answers] == [200, 200, 429]
        assert int(answers[-1].headers["Retry-After"]) > 0


class TestDiscovery:
    def test_what_it_can_do(self, browse, alpha):
        anybody = provider(browse(), "")
        config = anybody("GET", "/ServiceProviderConfig").body
        assert config["patch"]["supported"]
        assert config["authenticationSchemes"][0]["type"] == "oauthbearertoken"
        assert anybody("GET", "/ResourceTypes").body["totalResults"] == 2
        assert anybody("GET", "/ResourceTypes/User").body["endpoint"] == "/Users"
        schemas = anybody("GET", "/Schemas").body["Resources"]
        for schema in schemas:
            assert anybody("GET", f"/Schemas/{schema['id']}").body["attributes"]
        assert anybody("GET", "/Schemas/urn:nothing").status == 404

    def test_every_attribute_that_is_told_of_is_sent(self, scim, browse, teacher):
        made = scim("POST", "/Users", okta_user(teacher.email)).body
        schema = provider(browse(), "")("GET", "/Schemas").body["Resources"][0]
        assert {each["name"] for each in schema["attributes"]} <= set(made)

    def test_what_is_not_there(self, scim):
        for path in ("/Me", "/Bulk", "/Users/no-id", "/Nonsense/1"):
            assert scim("GET", path).status == 404
        assert scim("PATCH", "/Users", {}).status == 405
        assert scim("POST", "/Users/x", {}).status == 405

    def test_a_body_that_is_none(self, scim, browse, alpha):
        secret = scim_token(alpha)
        headers = {"Authorization": f"Bearer {secret}"}
        client = browse()
        broken = client.generic(
            "POST", "/scim/v2/Users", "{", content_type="application/scim+json", headers=headers
        )
        assert broken.json()["scimType"] == "invalidSyntax"
        form = client.post("/scim/v2/Users", {"userName": "x"}, headers=headers)
        assert form.status_code == 415
        assert scim("POST", "/Users", [1]).status == 400


class TestLog:
    def test_what_was_asked_and_answered(self, scim):
        scim("GET", "/Users?count=1")
        scim("POST", "/Users", {"userName": ""})
        newest, before = ScimRequest.objects.all()
        assert (before.method, before.path, before.status) == ("GET", "/Users?count=1", 200)
        assert (newest.status, newest.detail) == (400, "userName is required.")

    def test_the_newest_are_kept(self, scim, alpha, monkeypatch):
        monkeypatch.setattr(requests, "KEPT", 2)
        for _ in range(4):
            scim("GET", "/Users?count=0")
        requests.clear(alpha)
        assert ScimRequest.objects.count() == 2


class TestPage:
    URL = "/settings/provisioning/"

    def test_a_token_is_shown_once(self, browse, owner, alpha):
        client = browse(owner)
        made = client.post(self.URL, {"name": "Entra", "days": "365"})
        secret = made.content.decode().partition('id="new-token">')[2].partition("<")[0]
        assert provider(browse(), secret)("GET", "/Users").status == 200
        page = client.get(self.URL).content.decode()
        assert secret not in page
        assert "Entra" in page

    def test_rotate_revoke_and_the_usual_role(self, browse, owner, alpha):
        scim_token(alpha)
        client, token = browse(owner), ScimToken.objects.get()
        assert client.post(f"{self.URL}tokens/{token.pk}/rotate/").status_code == 201
        assert client.post(f"{self.URL}tokens/{token.pk}/revoke/").status_code == 302
        assert client.post(f"{self.URL}role/", {"role": "teacher"}).status_code == 302
        assert Provisioning.objects.get().default_role == "teacher"
        assert client.post(f"{self.URL}role/", {"role": "owner"}).status_code == 422

    def test_a_group_is_mapped(self, scim, browse, owner):
        made = scim("POST", "/Groups", {"displayName": "Staff"}).body["id"]
        client = browse(owner)
        client.post(f"{self.URL}groups/{made}/", {"role": "teacher", "class_id": ""})
        page = client.get(self.URL).content.decode()
        assert 'value="teacher" selected' in page
        assert "GET /" not in page
        assert "POST /Groups" in page

    def test_admins_look_and_touch_nothing(self, browse, admin, alpha):
        scim_token(alpha)
        client, token = browse(admin), ScimToken.objects.get()
        assert client.get(self.URL).status_code == 200
        for path in ("", f"tokens/{token.pk}/rotate/", f"tokens/{token.pk}/revoke/", "role/"):
            assert client.post(self.URL + path).status_code == 403

    def test_others_are_kept_out(self, scim, browse, teacher, outsider, beta):
        scim("POST", "/Groups", {"displayName": "Staff"})
        token = ScimToken.objects.get()
        for person in (teacher, outsider):
            assert browse(person).get(self.URL).status_code == 403
        client = browse(outsider, tenant=beta)
        assert "Staff" not in client.get(self.URL).content.decode()
        assert client.post(f"{self.URL}tokens/{token.pk}/revoke/").status_code == 404
        assert ScimUser.objects.count() == 0
