"""Bringing a database up to the code, and which version new workspaces get."""

from __future__ import annotations

import pytest
from django.core.checks import run_checks

from apps.core.postgresql import roles
from apps.fleet.models import Rollout, Schema, SchemaStep, SchemaVersion
from apps.fleet.services import grants, ledger, versions
from apps.fleet.services.ownership import owner_alias
from tests.factories.fleet import ADD_COLOUR, run_as_owner

pytestmark = pytest.mark.django_db(databases="__all__")


OWNER = owner_alias()


def current():
    return versions.current(using=OWNER)


def test_bringing_up_again_changes_nothing():
    before = current()
    assert versions.bring_up() == before
    assert list(SchemaVersion.objects.using(OWNER)) == [before]


def test_newer_code_than_the_database_is_told_by_a_check(release):
    assert run_checks(databases=["default"], tags=["database"]) == []
    release("0002_colour", ADD_COLOUR)
    (warning,) = run_checks(databases=["default"], tags=["database"])
    assert warning.id == "fleet.W001"
    assert versions.is_behind(current())


def test_a_new_version_waits_for_its_rollout(release):
    before = current()
    release("0002_colour", ADD_COLOUR)
    fresh = versions.bring_up()
    assert fresh != before
    assert current() == before
    Rollout.objects.using(OWNER).create(target=fresh, actor_label="test")
    assert current() == fresh
    assert not versions.is_behind(fresh)


def test_a_retired_version_is_not_given_out_any_more(release):
    before = current()
    release("0002_colour", ADD_COLOUR)
    fresh = versions.bring_up()
    versions.release(version=fresh)
    assert current() == fresh
    versions.retire(version=fresh)
    assert current() == before


def test_older_code_can_live_with_a_newer_version(release, settings):
    release("0002_colour", ADD_COLOUR)
    fresh = versions.bring_up()
    settings.MIGRATION_MODULES = {}
    assert not versions.is_behind(fresh)


def test_steps_are_recorded_once(release):
    before = current()
    release("0002_colour", ADD_COLOUR)
    fresh = versions.bring_up()
    first = versions.steps(origin=before, target=fresh)
    assert versions.steps(origin=before, target=fresh) == first
    assert SchemaStep.objects.using(OWNER).count() == len(first) == 1


def test_schemas_from_before_the_ledger_are_entered_at_what_they_note(alpha):
    Schema.objects.using(OWNER).filter(name="w_alpha").delete()
    run_as_owner("DELETE FROM w_alpha.django_migrations WHERE app <> 'media'")
    run_as_owner("DELETE FROM w_alpha.django_migrations WHERE name <> '0001_initial'")
    assert ledger.adopt(using=OWNER) == ["w_alpha"]
    version = Schema.objects.using(OWNER).get(name="w_alpha").version
    assert version.migrations == [["media", "0001_initial"]]
    assert version != current()


def test_rights_that_a_restore_lost_are_given_again():
    run_as_owner(f'REVOKE ALL ON public.fleet_schema FROM "{roles.shared_role()}"')
    assert not grants.are_installed(using=OWNER)
    versions.bring_up()
    assert grants.are_installed(using=OWNER)
