"""Prepared schemas: claimed whole or not at all, by one only, never behind the code."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection, transaction

from apps.fleet.errors import SchemaInUse, SchemasBehind
from apps.fleet.models import Schema
from apps.fleet.services import pool, schemas, versions
from tests.factories.fleet import ADD_COLOUR, schemas_like

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture(autouse=True)
def _two_are_wanted(settings):
    settings.FLEET_POOL_SIZE = 2


def hash_of(name):
    with connection.cursor() as cursor:
        cursor.execute("SELECT fleet.structure_hash(%s)", [name])
        return cursor.fetchone()[0]


def ready():
    return set(Schema.objects.prepared().values_list("name", flat=True))


class Undone(Exception):
    pass


def test_it_is_filled_up_and_stays_full():
    assert pool.refill() == 2
    assert pool.refill() == 0
    assert pool.status().ready == 2
    assert ready() == schemas_like("^prepared_")


def test_a_claimed_schema_is_like_any_other(alpha):
    pool.refill()
    claimed = pool.claim(schema_name="w_new")
    assert (claimed.name, claimed.kind) == ("w_new", Schema.Kind.WORKSPACE)
    assert hash_of("w_new") == hash_of(alpha.schema_name)
    assert pool.status().ready == 1


def test_claiming_goes_back_with_the_callers_transaction():
    pool.refill()
    before = ready()
    with contextlib.suppress(Undone), transaction.atomic():
        pool.claim(schema_name="w_new")
        raise Undone
    assert ready() == before
    assert schemas.find(schema_name="w_new") is None


def test_an_empty_pool_gives_nothing():
    assert pool.claim(schema_name="w_new") is None


def test_a_name_that_is_there_is_not_taken(alpha):
    pool.refill()
    with pytest.raises(IntegrityError), transaction.atomic():
        pool.claim(schema_name=alpha.schema_name)


def test_without_a_prepared_one_it_is_built_with_progress(alpha):
    told = []
    pool.provide(schema_name="w_new", report=lambda percent, text: told.append((percent, text)))
    assert hash_of("w_new") == hash_of(alpha.schema_name)
    assert [percent for percent, _ in told] == [20, 90]


def test_providing_again_finds_what_is_there():
    first = pool.provide(schema_name="w_new")
    assert pool.provide(schema_name="w_new") == first


def test_newer_code_gets_none_of_the_old(release):
    pool.refill()
    release("0002_colour", ADD_COLOUR)
    assert pool.claim(schema_name="w_new") is None
    assert pool.status().is_behind
    with pytest.raises(SchemasBehind) as caught:
        schemas.build(schema_name="w_new")
    assert not caught.value.permanent


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_the_pool_changes_over_to_a_new_version(release):
    pool.refill()
    old = ready()
    release("0002_colour", ADD_COLOUR)
    fresh = versions.bring_up()
    versions.release(version=fresh)
    assert pool.claim(schema_name="w_new") is None
    assert pool.refill() == 2
    assert ready().isdisjoint(old)
    assert ready() == schemas_like("^prepared_")
    assert pool.claim(schema_name="w_new").version == fresh


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_two_customers_never_get_the_same(settings):
    settings.FLEET_POOL_SIZE = 3
    pool.refill()

    def claim(number):
        try:
            return pool.claim(schema_name=f"w_new_{number}")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        claimed = [schema for schema in threads.map(claim, range(8)) if schema]
    assert len({schema.pk for schema in claimed}) == len(claimed) == 3
    assert schemas_like("^w_new") == {schema.name for schema in claimed}


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_one_fills_up_at_a_time():
    def fill(_):
        try:
            return pool.refill()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        built = sum(threads.map(fill, range(4)))
    assert built == len(ready()) == 2


def test_a_workspaces_schema_cannot_be_dropped(alpha):
    with pytest.raises(SchemaInUse):
        schemas.drop(schema_name=alpha.schema_name)


def test_a_closed_workspaces_schema_goes_with_its_line(alpha):
    alpha.state = "purging"
    alpha.purge_at = alpha.created_at
    alpha.save()
    assert schemas.drop(schema_name=alpha.schema_name)
    assert not schemas.drop(schema_name=alpha.schema_name)
    assert schemas_like("^w_alpha$") == set()
    assert schemas.find(schema_name=alpha.schema_name) is None


@pytest.mark.parametrize(
    "name", ["public", "fleet", "pg_catalog", "w_a; x", 'w_"', "w_" + "a" * 70]
)
def test_other_names_are_refused(name):
    with pytest.raises(Exception, match="cannot be the name"), transaction.atomic():
        schemas.drop(schema_name=name)


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_a_fill_that_is_killed_leaves_nothing_half_made(settings, kill_when):
    settings.FLEET_POOL_SIZE = 500
    kill_when(pool.refill, lambda: len(ready()) >= 3)
    assert 3 <= len(ready()) < 500
    assert ready() == schemas_like("^prepared_")
    settings.FLEET_POOL_SIZE = len(ready()) + 1
    assert pool.refill() == 1
