from __future__ import annotations

from django.conf import settings
from django.db.migrations.loader import MigrationLoader

from apps.fleet.services.fingerprints import fingerprint, migrations_of_code


def test_the_order_does_not_count():
    assert fingerprint([("a", "1"), ("b", "2")]) == fingerprint([("b", "2"), ("a", "1")])


def test_each_name_counts():
    assert len({fingerprint([]), fingerprint([("a", "1")]), fingerprint([("a", "2")])}) == 3


def test_the_folders_hold_what_django_would_load():
    labels = {name.rpartition(".")[2] for name in settings.TENANT_APPS}
    loaded = {key for key in MigrationLoader(None).disk_migrations if key[0] in labels}
    assert migrations_of_code() == loaded
