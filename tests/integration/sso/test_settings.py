"""Setting a workspace's own sign-in up, trying it, requiring it."""

from __future__ import annotations

import pytest
from django.db import connection as database

from apps.audit.models import AuditEntry
from apps.core.errors import Invalid
from apps.sso.models import Connection, Identity
from apps.sso.services import connections
from apps.tenants.errors import PermissionMissing
from tests.factories.sso import set_up
from tests.fixtures.oidc import CLIENT_ID, CLIENT_SECRET

PAGE = "/settings/sign-in/"


@pytest.fixture
def form(issuer):
    return {
        "name": "Alpha account", "issuer": issuer.url, "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET, "email_domains": "Alpha.example, @lab.example",
        "joins": "on", "default_role": "student",
    }  # fmt: skip


def text(answer):
    return " ".join(answer.content.decode().split())


def test_an_owner_sets_it_up(browse, owner, alpha, form):
    client = browse(owner)
    assert f"{alpha.url}/accounts/sso/callback/" in text(client.get(PAGE))
    assert client.post(PAGE, form).status_code == 302
    stored = Connection.objects.get(tenant=alpha)
    assert stored.email_domains == ["alpha.example", "lab.example"]
    assert (stored.default_role, stored.joins) == ("student", True)
    entry = AuditEntry.objects.get(action="sso.configured")
    assert CLIENT_SECRET not in str(entry.data)


def test_the_secret_is_unreadable_at_rest_and_is_not_shown(browse, owner, form):
    client = browse(owner)
    client.post(PAGE, form)
    with database.cursor() as cursor:
        cursor.execute("SELECT client_secret FROM sso_connection")
        assert CLIENT_SECRET not in cursor.fetchone()[0]
    assert CLIENT_SECRET not in text(client.get(PAGE))


def test_an_empty_secret_keeps_the_stored_one(browse, owner, form):
    client = browse(owner)
    client.post(PAGE, form)
    client.post(PAGE, {**form, "client_secret": "", "name": "Other"})
    stored = Connection.objects.get()
    assert (stored.name, stored.client_secret) == ("Other", CLIENT_SECRET)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("issuer", "login.school.example"), ("client_secret", ""), ("client_id", ""),
        ("email_domains", "not a domain!"), ("email_domains", ""), ("default_role", "owner"),
    ],
)  # fmt: skip
def test_bad_input_is_told_at_its_field_and_nothing_is_lost(browse, owner, form, field, value):
    answer = browse(owner).post(PAGE, {**form, field: value})
    assert answer.status_code == 422
    assert answer.context["form"].errors[field]
    assert 'value="Alpha account"' in text(answer)
    assert not Connection.objects.exists()


def test_another_issuer_forgets_who_came_in_by_the_first(alpha, owner, issuer, teacher):
    sso = set_up(alpha, issuer, by=owner)
    Identity.objects.create(connection=sso, user=teacher, subject="person-1")
    set_up(alpha, issuer, by=owner, issuer="https://other.example")
    assert not Identity.objects.exists()


class TestTrial:
    def run(self, client):
        return text(client.post(f"{PAGE}test/"))

    @pytest.fixture
    def client(self, browse, owner, alpha, issuer):
        set_up(alpha, issuer, by=owner)
        return browse(owner)

    def test_a_good_one_says_what_was_found(self, client, issuer):
        page = self.run(client)
        assert f"the issuer is {issuer.url}" in page
        assert "1 key found" in page
        assert "The issuer knows them" in page
        assert Connection.objects.get().works

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"issuer": "http://127.0.0.1:1"}, "could not be reached"),
            ({"client_secret": "wrong"}, "does not know this client id with this secret"),
        ],
    )
    def test_what_is_wrong_is_said(self, client, alpha, owner, issuer, changes, said):
        set_up(alpha, issuer, by=owner, **changes)
        assert said in self.run(client)
        assert not Connection.objects.get().works
        assert "The last trial found something wrong" in text(client.get(PAGE))

    @pytest.mark.parametrize(
        ("document", "said"),
        [
            ({"issuer": "https://other.example"}, "says that the issuer is https://other.example"),
            ({"token_endpoint": None}, "does not name its token_endpoint"),
            ({"jwks_uri": "http://127.0.0.1:1/"}, "could not be reached"),
            ({"authorization_endpoint": "javascript:alert(1)"}, "is not on https"),
        ],
    )
    def test_and_what_the_issuer_publishes(self, client, issuer, document, said):
        issuer.discovered = document
        assert said in self.run(client)

    def test_an_address_inside_our_own_network_is_refused(self, client, settings):
        settings.OUTGOING_NETWORKS_ALLOWED = ()
        assert "is not a public address" in self.run(client)


class TestRequiring:
    def test_it_takes_a_trial_that_passed(self, alpha, owner, issuer):
        set_up(alpha, issuer, by=owner)
        with pytest.raises(Invalid, match="Try the connection first"):
            connections.set_required(tenant=alpha, required=True, by=owner)

    def test_it_is_required_and_made_optional_on_the_page(self, browse, owner, alpha, issuer):
        set_up(alpha, issuer, by=owner)
        client = browse(owner)
        client.post(f"{PAGE}test/")
        client.post(f"{PAGE}require/", {"required": "1"})
        alpha.refresh_from_db()
        assert alpha.sso_required
        client.post(f"{PAGE}require/", {"required": "0"})
        alpha.refresh_from_db()
        assert not alpha.sso_required
        actions = AuditEntry.objects.filter(action__startswith="sso.").values_list(
            "action", flat=True
        )
        assert {"sso.required", "sso.made_optional"} <= set(actions)

    def test_removing_it_requires_nothing_any_more(self, browse, owner, alpha, issuer):
        set_up(alpha, issuer, by=owner)
        client = browse(owner)
        client.post(f"{PAGE}test/")
        client.post(f"{PAGE}require/", {"required": "1"})
        client.post(f"{PAGE}remove/")
        alpha.refresh_from_db()
        assert not alpha.sso_required
        assert not Connection.objects.exists()


PLACES = ["", "test/", "require/", "remove/"]


@pytest.mark.parametrize("place", PLACES)
def test_only_owners(browse, admin, outsider, alpha, owner, issuer, place):
    set_up(alpha, issuer, by=owner)
    for person in (admin, outsider):
        assert browse(person).post(PAGE + place).status_code == 403
    assert browse(None).post(PAGE + place).url.startswith("/accounts/login/")
    assert Connection.objects.exists()


@pytest.mark.parametrize("place", PLACES)
def test_it_is_asked_who_it_is(browse, owner, alpha, issuer, place):
    set_up(alpha, issuer, by=owner)
    answer = browse(owner, ago=3600).post(PAGE + place)
    assert answer.url.startswith("/accounts/reauthenticate/")


def test_the_service_asks_too(alpha, owner, admin, issuer):
    set_up(alpha, issuer, by=owner)
    for deed in (
        lambda: connections.remove(tenant=alpha, by=admin),
        lambda: connections.set_required(tenant=alpha, required=False, by=admin),
        lambda: connections.test(tenant=alpha, redirect_uri="x", by=admin),
        lambda: set_up(alpha, issuer, by=admin),
    ):
        with pytest.raises(PermissionMissing):
            deed()
