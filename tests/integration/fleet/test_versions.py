"""Bringing a database up to the code, and which version new workspaces get."""

from __future__ import annotations

import pytest
from django.core.checks import run_checks

from apps.fleet.models import Rollout, Schema, SchemaStep, SchemaVersion
from apps.fleet.services import ledger, versions
from apps.fleet.services.ownership import owner_alias
from tests.factories.fleet import ADD_COLOUR, run_as_owner

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")


def bring_up():
    """As a deployment does."""
    return SchemaVersion.objects.get(pk=versions.bring_up().pk)


def test_bringing_up_again_changes_nothing():
    before = versions.current()
    assert versions.bring_up() == before
    assert list(SchemaVersion.objects.all()) == [before]


def test_newer_code_than_the_database_is_told_by_a_check(release):
    assert run_checks(databases=["default"], tags=["database"]) == []
    release("0002_colour", ADD_COLOUR)
    (warning,) = run_checks(databases=["default"], tags=["database"])
    assert warning.id == "fleet.W001"
    assert versions.is_behind(versions.current())


def test_a_new_version_waits_for_its_rollout(release):
    before = versions.current()
    release("0002_colour", ADD_COLOUR)
    fresh = bring_up()
    assert fresh != before
    assert versions.current() == before
    Rollout.objects.using(owner_alias()).create(target=fresh, actor_label="test")
    assert versions.current() == fresh
    assert not versions.is_behind(fresh)


def test_a_retired_version_is_not_given_out_any_more(release):
    before = versions.current()
    release("0002_colour", ADD_COLOUR)
    fresh = bring_up()
    versions.release(version=fresh)
    assert versions.current() == fresh
    versions.retire(version=fresh)
    assert versions.current() == before


def test_older_code_can_live_with_a_newer_version(release, settings):
    release("0002_colour", ADD_COLOUR)
    fresh = bring_up()
    settings.MIGRATION_MODULES = {}
    assert not versions.is_behind(fresh)


def test_steps_are_recorded_once(release):
    before = versions.current()
    release("0002_colour", ADD_COLOUR)
    fresh = bring_up()
    first = versions.steps(origin=before, target=fresh)
    assert versions.steps(origin=before, target=fresh) == first
    assert SchemaStep.objects.count() == len(first) == 1


def test_schemas_from_before_the_ledger_are_entered_at_what_they_note(alpha):
    alias = owner_alias()
    Schema.objects.using(alias).filter(name="w_alpha").delete()
    run_as_owner("DELETE FROM w_alpha.django_migrations WHERE app <> 'media'")
    run_as_owner("DELETE FROM w_alpha.django_migrations WHERE name <> '0001_initial'")
    assert ledger.adopt(using=alias) == ["w_alpha"]
    version = Schema.objects.get(name="w_alpha").version
    assert version.migrations == [["media", "0001_initial"]]
    assert version != versions.current()
