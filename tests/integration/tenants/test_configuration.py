"""Changing the configuration: versions, people at the same time, what belongs to operators."""

from __future__ import annotations

import pytest

from apps.audit.models import AuditEntry
from apps.core.errors import Invalid, NotFound
from apps.tenants import configuration as reading
from apps.tenants.access import Operator, permissions_of
from apps.tenants.errors import ConfigurationConflict, ConfigurationMoved, PermissionMissing
from apps.tenants.models import ConfigurationVersion, Tenant
from apps.tenants.services import configuration
from tests.factories.accounts import UserFactory
from tests.factories.gateway import make_key

AUTUMN = {"name": "Autumn", "starts": "2026-09-01", "ends": "2026-12-18"}


@pytest.fixture
def operator(db):
    return Operator(UserFactory(email="op@toolboxai.example", is_staff=True))


@pytest.fixture(autouse=True)
def _metrics():
    reading.declare_limits({"members": "members"})


@pytest.fixture
def committed(django_capture_on_commit_callbacks):
    """What is done inside is done with its commit: the cached workspace is forgotten."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


def change(tenant, by, **wanted):
    return configuration.change(tenant=tenant, by=by, **wanted)


def test_a_change_is_a_version_with_who_and_what(alpha, owner):
    changed = change(alpha, owner, time_zone="Europe/London", terms=[AUTUMN])
    assert changed.configuration_version == 1
    newest = configuration.history(tenant=alpha).first()
    assert newest
    assert newest.changes == {
        "time_zone": ["UTC", "Europe/London"],
        "terms": [[], [AUTUMN]],
    }
    assert newest.by_label == owner.email
    entry = AuditEntry.objects.get(action="configuration.changed", schema_name="w_alpha")
    assert entry.data["changes"] == newest.changes


def test_it_is_read_back_typed(alpha, owner):
    change(alpha, owner, terms=[AUTUMN], features={"api": False}, accent="#0A7D5A")
    found = reading.of(Tenant.objects.get(pk=alpha.pk))
    assert found.terms[0].starts.isoformat() == "2026-09-01"
    assert (found.has("api"), found.has("teacher_uploads")) == (False, True)
    assert found.accent == "#0a7d5a"


def test_the_same_again_makes_no_version(alpha, owner):
    change(alpha, owner, locale="en-gb")
    change(alpha, owner, locale="en-gb", week_start="monday", features={"api": True})
    assert configuration.history(tenant=alpha).count() == 2  # and how it was at first


def test_a_wrong_value_changes_nothing(alpha, owner):
    with pytest.raises(Invalid) as refused:
        change(alpha, owner, locale="en-gb", time_zone="Mars")
    assert set(refused.value.errors) == {"time_zone"}
    assert not ConfigurationVersion.objects.filter(tenant=alpha).exists()


def test_two_people_at_different_settings_both_get_theirs(alpha, owner, admin):
    change(alpha, owner, base=0, locale="en-gb", time_zone="UTC")
    changed = change(alpha, admin, base=0, locale="en", time_zone="Europe/Paris")
    assert (changed.locale, changed.time_zone) == ("en-gb", "Europe/Paris")


def test_two_people_at_the_same_setting_learn_of_each_other(alpha, owner, admin):
    change(alpha, owner, base=0, locale="en-gb")
    with pytest.raises(ConfigurationConflict) as clash:
        change(alpha, admin, base=0, locale="en-ie")
    assert clash.value.conflicts == {"locale": {"theirs": "en-gb", "yours": "en-ie"}}
    assert change(alpha, admin, base=clash.value.version, locale="en-ie").locale == "en-ie"


def test_two_people_with_the_same_idea_do_not_clash(alpha, owner, admin):
    change(alpha, owner, base=0, locale="en-gb")
    assert change(alpha, admin, base=0, locale="en-gb").configuration_version == 1


def test_exactly_refuses_any_change_since(alpha, owner):
    change(alpha, owner, locale="en-gb")
    with pytest.raises(ConfigurationMoved) as moved:
        change(alpha, owner, base=0, exactly=True, time_zone="Europe/Paris")
    assert moved.value.version == 1


def test_going_back_to_a_version(alpha, owner):
    change(alpha, owner, locale="en-gb", features={"api": False})
    change(alpha, owner, locale="en-ie")
    restored = configuration.restore(tenant=alpha, number=1, by=owner)
    assert (restored.locale, restored.configuration_version) == ("en-gb", 3)
    assert configuration.find(tenant=alpha, number=3).restored_from == 1


def test_going_back_to_the_very_beginning(alpha, owner):
    change(alpha, owner, locale="en-gb", terms=[AUTUMN])
    restored = configuration.restore(tenant=alpha, number=0, by=owner)
    assert (restored.locale, reading.of(restored).terms) == ("en", ())


def test_going_back_leaves_what_belongs_to_operators(alpha, owner, operator):
    change(alpha, owner, locale="en-gb")
    change(alpha, operator, limits={"members": 5}, reason="A trial")
    restored = configuration.restore(tenant=alpha, number=0, by=owner)
    assert reading.of(restored).limits == {"members": 5}


def test_there_is_no_going_back_to_what_never_was(alpha, owner):
    with pytest.raises(NotFound):
        configuration.restore(tenant=alpha, number=7, by=owner)


@pytest.mark.parametrize(
    "wanted", [{"limits": {"members": 9}}, {"features": {"custom_domains": False}}]
)
def test_some_things_only_operators_change(alpha, owner, operator, wanted):
    with pytest.raises(PermissionMissing, match="operators"):
        change(alpha, owner, **wanted)
    with pytest.raises(Invalid) as silent:
        change(alpha, operator, **wanted)
    assert set(silent.value.errors) == {"reason"}
    changed = change(alpha, operator, reason="Agreed by phone", **wanted)
    assert changed.configuration_versions.first().reason == "Agreed by phone"


def test_a_limit_taken_away_again(alpha, operator):
    change(alpha, operator, limits={"members": 5}, reason="A trial")
    changed = change(alpha, operator, limits={"members": None}, reason="It is over")
    assert reading.of(changed).limits == {}


def test_features_are_the_owners(alpha, admin, owner):
    with pytest.raises(PermissionMissing):
        change(alpha, admin, features={"api": False})
    assert not reading.of(change(alpha, owner, features={"api": False})).has("api")


@pytest.mark.parametrize("who", ["teacher", "student", "outsider"])
def test_others_change_nothing(alpha, who, request):
    person = request.getfixturevalue(who)
    with pytest.raises(PermissionMissing):
        change(alpha, person, locale="en-gb")
    with pytest.raises(PermissionMissing):
        configuration.restore(tenant=alpha, number=0, by=person)


def test_what_a_newer_release_stored_stays(alpha, owner):
    Tenant.objects.filter(pk=alpha.pk).update(
        configuration={"hologram": 3, "features": {"warp": True}}
    )
    change(alpha, owner, locale="en-gb", features={"api": False})
    alpha.refresh_from_db()
    assert alpha.configuration["hologram"] == 3
    assert alpha.configuration["features"] == {"warp": True, "api": False}


def test_versions_of_a_workspace_are_its_own(alpha, beta, owner, outsider):
    change(alpha, owner, locale="en-gb")
    assert not configuration.history(tenant=beta).exists()
    with pytest.raises(NotFound):
        configuration.find(tenant=beta, number=1)


class TestFeatures:
    def test_switched_off_for_teachers(self, alpha, owner, teacher, browse, committed):
        with committed():
            change(alpha, owner, features={"teacher_uploads": False})
        assert "releases.create" not in permissions_of(teacher, tenant=alpha)
        assert "releases.create" in permissions_of(owner, tenant=alpha)
        assert "deployments.stage" in permissions_of(teacher, tenant=alpha)

    def test_the_refusal_says_who_can_switch_it(self, alpha, owner, browse, committed):
        with committed():
            change(alpha, owner, features={"api": False})
        answer = browse(owner).get("/api-keys/")
        assert answer.status_code == 403
        assert "An owner can switch it on under Settings" in answer.content.decode()

    def test_without_api_keys_every_key_is_refused(self, alpha, owner, browse, committed):
        _, secret = make_key(alpha)
        client, bearer = browse(None), {"Authorization": f"Bearer {secret}"}
        assert client.get("/api/v1/releases/", headers=bearer).status_code == 200
        with committed():
            change(alpha, owner, features={"api": False})
        assert client.get("/api/v1/releases/", headers=bearer).status_code == 403
        assert browse(owner).get("/api/v1/releases/").status_code == 200

    def test_another_workspace_keeps_its_own(self, alpha, beta, owner, outsider, committed):
        with committed():
            change(alpha, owner, features={"api": False})
        assert "api_keys.create" in permissions_of(outsider, tenant=beta)

    def test_domains_are_the_operators_to_switch(self, alpha, owner, operator, committed):
        with committed():
            change(alpha, operator, features={"custom_domains": False}, reason="No agreement")
        assert "domains.create" not in permissions_of(owner, tenant=alpha)
