"""Rotation, change, networks, test keys, and how soon the end of a key is heard of."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from time_machine import travel

from apps.audit.models import AuditEntry
from apps.core.errors import Conflict, Invalid
from apps.gateway.errors import KeyRefused, NetworkRefused
from apps.gateway.models import ApiKey
from apps.gateway.services import api_keys, verification
from apps.tenants.access import permissions_of
from apps.tenants.errors import PermissionMissing
from tests.factories.gateway import make_key

HOUR = timedelta(hours=1)


def opens(secret: str, tenant, address: str = "203.0.113.9") -> bool:
    try:
        verification.verify(secret=secret, tenant=tenant, address=address)
    except KeyRefused:
        return False
    return True


class TestRotation:
    def test_both_secrets_open_until_the_overlap_is_over(self, alpha, admin):
        key, old = make_key(alpha)
        new = api_keys.rotate(key=key, by=admin, overlap=HOUR)
        assert old != new
        assert opens(old, alpha)
        assert opens(new, alpha)
        with travel(timezone.now() + HOUR + timedelta(seconds=1)):
            assert not opens(old, alpha)
            assert opens(new, alpha)

    def test_without_an_overlap_the_old_one_ends_at_once(self, alpha, admin):
        key, old = make_key(alpha)
        new = api_keys.rotate(key=key, by=admin, overlap=timedelta(0))
        assert (opens(old, alpha), opens(new, alpha)) == (False, True)

    def test_two_rotations_leave_two_secrets(self, alpha, admin):
        key, first = make_key(alpha)
        second = api_keys.rotate(key=key, by=admin, overlap=HOUR)
        third = api_keys.rotate(key=key, by=admin, overlap=HOUR)
        assert [opens(s, alpha) for s in (first, second, third)] == [False, True, True]

    def test_the_old_secret_can_be_ended_early(self, alpha, admin):
        key, old = make_key(alpha)
        new = api_keys.rotate(key=key, by=admin, overlap=HOUR)
        api_keys.end_former(key=key, by=admin)
        assert (opens(old, alpha), opens(new, alpha)) == (False, True)

    def test_it_is_seen_that_the_old_one_is_still_in_use(self, alpha, admin, browse):
        key, old = make_key(alpha)
        api_keys.rotate(key=key, by=admin, overlap=HOUR)
        browse(None).get("/api/v1/releases/", headers={"Authorization": f"Bearer {old}"})
        assert ApiKey.objects.get().former_used_at is not None

    def test_a_revoked_key_is_revoked_with_both(self, alpha, admin):
        key, old = make_key(alpha)
        new = api_keys.rotate(key=key, by=admin, overlap=HOUR)
        api_keys.revoke(key=key, by=admin)
        assert not opens(old, alpha)
        assert not opens(new, alpha)
        with pytest.raises(Conflict):
            api_keys.rotate(key=key, by=admin, overlap=HOUR)

    @pytest.mark.parametrize("overlap", [timedelta(days=31), timedelta(seconds=-1)])
    def test_an_overlap_has_an_end(self, alpha, admin, overlap):
        key, _ = make_key(alpha)
        with pytest.raises(Invalid):
            api_keys.rotate(key=key, by=admin, overlap=overlap)

    def test_a_new_end_may_come_with_it(self, alpha, admin):
        key, _ = make_key(alpha, expires_at=timezone.now() + HOUR)
        later = timezone.now() + timedelta(days=90)
        api_keys.rotate(key=key, by=admin, overlap=HOUR, expires_at=later)
        assert ApiKey.objects.get().expires_at == later


class TestChange:
    def test_what_changed_is_recorded(self, alpha, admin):
        key, secret = make_key(alpha)
        api_keys.update(key=key, by=admin, name=" CI ", networks=["10.1.2.3/16"])
        stored = ApiKey.objects.get()
        assert (stored.name, stored.networks) == ("CI", ["10.1.0.0/16"])
        assert AuditEntry.objects.get(action="api_key.updated").data["name"] == ["Build", "CI"]
        assert opens(secret, alpha, "10.1.9.9")

    def test_nothing_changed_is_no_deed(self, alpha, admin):
        key, _ = make_key(alpha)
        api_keys.update(key=key, by=admin, name="Build", scopes=["releases.view"], networks=[])
        assert not AuditEntry.objects.filter(action="api_key.updated").exists()

    def test_a_scope_that_an_owner_gave_stays_when_an_admin_renames(self, alpha, owner, admin):
        key, _ = make_key(alpha, by=owner, scopes=["domains.create", "releases.view"])
        api_keys.update(key=key, by=admin, name="Other", scopes=key.scopes)
        with pytest.raises(Invalid):
            api_keys.update(key=key, by=admin, scopes=["features.update"])

    @pytest.mark.parametrize("who", ["teacher", "outsider"])
    def test_others_change_none(self, alpha, who, request):
        person, (key, _) = request.getfixturevalue(who), make_key(alpha)
        with pytest.raises(PermissionMissing):
            api_keys.update(key=key, by=person, name="x")
        with pytest.raises(PermissionMissing):
            api_keys.rotate(key=key, by=person, overlap=HOUR)


class TestNetworks:
    def test_only_from_there(self, alpha):
        _, secret = make_key(alpha, allowed_networks=["203.0.113.0/24", "2001:db8::/32"])
        assert opens(secret, alpha, "203.0.113.77")
        assert opens(secret, alpha, "2001:db8:7::1")
        with pytest.raises(NetworkRefused, match=r"198\.51\.100\.1"):
            opens(secret, alpha, "198.51.100.1")

    def test_the_answer_names_the_address(self, alpha, browse):
        _, secret = make_key(alpha, allowed_networks=["203.0.113.0/24"])
        answer = browse(None).get(
            "/api/v1/releases/", headers={"Authorization": f"Bearer {secret}"}
        )
        assert answer.status_code == 403
        assert (answer.json()["code"], answer.json()["address"]) == ("network_refused", "127.0.0.1")


class TestTestKeys:
    def test_it_looks_and_stages(self, alpha):
        scopes = ["releases.view", "releases.create", "deployments.stage"]
        key, secret = make_key(alpha, environment="test", scopes=scopes)
        assert secret.startswith("tbx_test_")
        assert permissions_of(key, tenant=alpha) == set(scopes)

    def test_production_is_out_of_its_reach_even_when_it_is_given_it(self, alpha, browse):
        key, secret = make_key(alpha, environment="test")
        ApiKey.objects.filter(pk=key.pk).update(scopes=["deployments.promote"])
        answer = browse(None).post(
            "/api/v1/deployments/promote/", {}, headers={"Authorization": f"Bearer {secret}"}
        )
        assert (answer.status_code, answer.json()["code"]) == (403, "test_key_refused")
        assert permissions_of(ApiKey.objects.get(), tenant=alpha) == frozenset()


class TestMemory:
    def test_a_known_key_costs_no_query(self, alpha, key_memory, django_assert_num_queries):
        _, secret = make_key(alpha)
        assert opens(secret, alpha)
        with django_assert_num_queries(0):
            assert opens(secret, alpha)

    def test_another_processs_revocation_is_heard_of_within_a_second(
        self, alpha, key_memory, clock
    ):
        key, secret = make_key(alpha)
        assert opens(secret, alpha)
        ApiKey.objects.filter(pk=key.pk).update(revoked_at=timezone.now())  # no word reaches us
        clock(1.0)
        assert not opens(secret, alpha)

    def test_our_own_counts_at_once(self, alpha, admin, key_memory):
        key, secret = make_key(alpha)
        assert opens(secret, alpha)
        api_keys.revoke(key=key, by=admin)
        assert not opens(secret, alpha)

    def test_a_change_counts_at_once(self, alpha, admin, key_memory):
        key, secret = make_key(alpha)
        assert opens(secret, alpha)
        api_keys.update(key=key, by=admin, networks=["10.0.0.0/8"])
        with pytest.raises(NetworkRefused):
            opens(secret, alpha)

    def test_what_is_remembered_expires_on_time(self, alpha, key_memory):
        _, secret = make_key(alpha, expires_at=timezone.now() + timedelta(seconds=30))
        assert opens(secret, alpha)
        with travel(timezone.now() + timedelta(seconds=31), tick=False):
            assert not opens(secret, alpha)

    def test_nobody_is_remembered_in_anothers_workspace(self, alpha, beta, key_memory):
        _, secret = make_key(alpha)
        assert opens(secret, alpha)
        assert not opens(secret, beta)

    def test_made_up_keys_are_not_kept(self, alpha, key_memory):
        from apps.gateway import key_format

        for _ in range(3):
            assert not opens(key_format.generate("live"), alpha)
        assert key_memory == {}

    def test_what_is_handed_out_is_not_what_is_kept(self, alpha, key_memory):
        _, secret = make_key(alpha)
        first, _former = verification.verify(secret=secret, tenant=alpha, address="")
        first.scopes = ["features.update"]
        again, _former = verification.verify(secret=secret, tenant=alpha, address="")
        assert again.scopes == ["releases.view"]
