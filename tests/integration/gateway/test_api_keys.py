from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.audit.models import AuditEntry
from apps.core.errors import Invalid, NotFound
from apps.gateway.key_format import digest
from apps.gateway.models import ApiKey
from apps.gateway.services import api_keys
from apps.tenants.access import permissions_of
from apps.tenants.errors import PermissionMissing
from tests.factories.gateway import make_key


def call(browse, secret, tenant=None, scheme="Bearer", path="/api/v1/releases/"):
    client = browse(None, tenant=tenant) if tenant else browse(None)
    return client.get(path, headers={"Authorization": f"{scheme} {secret}"})


def test_the_secret_stands_nowhere(alpha):
    key, secret = make_key(alpha)
    stored = str(ApiKey.objects.values().get())
    assert secret not in stored
    assert secret.startswith(key.prefix)
    assert key.prefix.startswith("tbx_live_")


def test_a_key_opens_its_workspace(alpha, browse):
    _, secret = make_key(alpha)
    assert call(browse, secret).status_code == 200


def test_a_key_opens_no_other(alpha, beta, browse):
    _, secret = make_key(alpha)
    assert call(browse, secret, tenant=beta).status_code == 401


@pytest.mark.parametrize("spoil", ["revoked_at", "expires_at"])
def test_a_spent_key_opens_nothing(alpha, browse, spoil):
    key, secret = make_key(alpha)
    ApiKey.objects.filter(pk=key.pk).update(**{spoil: timezone.now()})
    answer = call(browse, secret)
    assert answer.status_code == 401
    assert answer.json()["code"] == "api_key_refused"


@pytest.mark.parametrize("secret", ["", "tbx_", "tbx_made-up", "ä" * 40])
def test_a_made_up_key_opens_nothing(alpha, browse, secret):
    assert call(browse, secret.encode()).status_code == 401


def test_a_typing_mistake_is_told_without_asking_the_database(
    alpha, browse, django_assert_num_queries
):
    _, secret = make_key(alpha)
    client = browse(None)
    client.get("/healthz")  # the workspace is known from here on
    with django_assert_num_queries(0):
        answer = client.get(
            "/api/v1/releases/", headers={"Authorization": f"Bearer {secret[:-1]}!"}
        )
    assert answer.json()["code"] == "api_key_malformed"
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_a_key_from_before_there_were_environments_still_opens(alpha, browse):
    former = "tbx_" + "aB3-_" * 8 + "xyz"
    ApiKey.objects.create(
        tenant=alpha, name="Old", prefix=former[:10], secret_hash=digest(former),
        scopes=["releases.view"],
    )  # fmt: skip
    assert call(browse, former).status_code == 200


def test_a_scope_that_is_not_given_is_not_there(alpha, browse):
    _, secret = make_key(alpha, scopes=["deployments.view"])
    assert call(browse, secret).status_code == 403


def test_its_use_is_noted_once_a_minute(alpha, browse):
    _, secret = make_key(alpha)
    call(browse, secret)
    first = ApiKey.objects.get().last_used_at
    call(browse, secret)
    assert first is not None
    assert ApiKey.objects.get().last_used_at == first
    assert ApiKey.objects.get().last_used_address == "127.0.0.1"


def test_a_key_is_nobody_in_another_workspace(alpha, beta):
    key, _ = make_key(alpha)
    assert permissions_of(key, tenant=alpha) == {"releases.view"}
    assert permissions_of(key, tenant=beta) == frozenset()


@pytest.mark.parametrize(
    ("about", "field"),
    [
        ({"name": " "}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["members.invite"]}, "scopes"),
        ({"scopes": ["releases.fly"]}, "scopes"),
        ({"scopes": ["deployments.promote"], "environment": "test"}, "scopes"),
        ({"environment": "space"}, "environment"),
        ({"allowed_networks": ["home", "10.0.0.0/8"]}, "networks"),
        ({"allowed_networks": [f"10.0.0.{n}" for n in range(21)]}, "networks"),
        ({"expires_at": timezone.now() - timedelta(days=1)}, "expires_at"),
    ],
)
def test_nonsense_is_refused(alpha, about, field):
    with pytest.raises(Invalid) as caught:
        make_key(alpha, **about)
    assert list(caught.value.errors) == [field]


@pytest.mark.parametrize("who", ["teacher", "student", "outsider"])
def test_others_make_and_revoke_none(alpha, who, request):
    person, (key, _) = request.getfixturevalue(who), make_key(alpha)
    with pytest.raises(PermissionMissing):
        api_keys.create(tenant=alpha, name="x", scopes=["releases.view"], by=person)
    with pytest.raises(PermissionMissing):
        api_keys.revoke(key=key, by=person)


def test_a_key_makes_no_keys(alpha):
    key, _ = make_key(alpha, scopes=["releases.view"])
    with pytest.raises(PermissionMissing):
        api_keys.create(tenant=alpha, name="x", scopes=["releases.view"], by=key)


def test_revoking_twice_leaves_one_record(alpha, admin):
    key, _ = make_key(alpha)
    for _ in range(2):
        api_keys.revoke(key=key, by=admin)
    assert AuditEntry.objects.filter(action="api_key.revoked").count() == 1


def test_a_neighbours_key_is_not_found(alpha, beta):
    key, _ = make_key(beta)
    with pytest.raises(NotFound):
        api_keys.find(tenant=alpha, key_id=str(key.pk))


def test_a_key_reaches_no_further_than_its_maker(alpha, admin, browse):
    with pytest.raises(Invalid, match="not valid"):
        make_key(alpha, by=admin, scopes=["releases.view", "domains.create"])
    page = browse(admin).get("/api-keys/new/").content.decode()
    assert "releases.view" in page
    assert "domains.create" not in page
