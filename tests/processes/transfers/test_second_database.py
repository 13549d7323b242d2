"""From one installation to another, with a database, keys and files of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest
from django.conf import settings as live
from django.db import connection, connections

from apps.accounts.models import User
from apps.audit.services import entries as audit
from apps.fleet.models import Schema
from apps.jobs.models import JobRun
from apps.roblox.models import Environment
from apps.tenants.models import Tenant
from apps.transfers.format import keys
from apps.transfers.models import Import
from apps.transfers.services import installation, rows
from tests.factories.transfers import KEY, export_file, take_in
from tests.fixtures import database

pytestmark = pytest.mark.django_db(transaction=True)
STUCK = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = %s"
COMMAND = """
import sys, django
django.setup()
from django.core.management import call_command
call_command("tenant", "import", sys.argv[1], "--slug", "gamma")
"""


@pytest.fixture
def elsewhere(settings, tmp_path):
    """Another installation: `elsewhere()` goes there, for the rest of the test."""
    here = settings.DATABASES["default"]["NAME"]
    there = f"{here}_2"

    def go():
        with database._server("postgres") as server:
            database._copy(server, "template_" + here.rpartition("template_")[2], there)
        database._use(there)
        settings.FIELD_ENCRYPTION_KEYS = {"other": os.urandom(32)}
        local = settings.STORAGES["default"]
        options = {**local["OPTIONS"], "location": tmp_path / "media-there"}
        settings.STORAGES = {**settings.STORAGES, "default": {**local, "OPTIONS": options}}

    yield go
    database._use(here)
    with database._server("postgres") as server:
        database._drop(server, there)


def tallies(tenant):
    """Count and hash of each table, with what has to differ put aside."""
    found = {}
    for table in rows.tables(schema_name=tenant.schema_name):
        if table.label not in {"roblox.deployment", "media.blob"}:
            with rows.snapshot():
                tally = rows.tally(schema_name=tenant.schema_name, table=table)
            found[table.label] = (tally.rows, tally.hash)
    return found


def test_hashes_are_equal_and_keys_are_encrypted_anew(filled, owner, tmp_path, elsewhere):
    public, private = keys.make_opener()
    path = export_file(filled, tmp_path / "alpha.sealed", encrypt_to=public)
    before, signer = tallies(filled), installation.public_key()
    elsewhere()
    Tenant.objects.filter(slug="alpha").update(schema_name="w_other", slug="other")
    person = User.objects.create_user("OLIVIA@alpha.example", None, name="Known here")
    assert person.pk != owner.pk
    assert take_in(path, slug="gamma", opener=private, trust=signer).problem == ""
    arrived = Tenant.objects.get(slug="gamma")
    after = tallies(arrived)
    for label, (count, digest) in before.items():
        if label not in {"roblox.experience", "roblox.release", "roblox.environment"}:
            assert after[label] == (count, digest)
        assert after[label][0] == count
    with arrived:
        assert Environment.objects.get().api_key == KEY
    assert arrived.memberships.owners().get().user == person
    assert list(audit.broken(schema_name="w_gamma")) == []


def test_an_import_killed_in_its_transaction_leaves_nothing_and_runs_again(exported):
    name = live.DATABASES["default"]["NAME"]
    url = f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{name}"
    with database._server(name) as blocker, database._server(name) as watcher:
        blocker.execute("BEGIN; LOCK TABLE accounts_user IN ACCESS EXCLUSIVE MODE")
        process = subprocess.Popen(
            [sys.executable, "-c", COMMAND, str(exported)],
            env={**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings"},
        )
        try:
            deadline = time.monotonic() + 60
            while not watcher.execute(STUCK, [name]).fetchone()[0]:
                assert time.monotonic() < deadline
                assert process.poll() is None
        finally:
            process.kill()
            process.wait()
        blocker.execute("ROLLBACK")
    connections.close_all()
    assert not Tenant.objects.filter(slug="gamma").exists()
    assert not Schema.objects.filter(name="w_gamma").exists()
    JobRun.objects.update(heartbeat_at="2026-01-01T00:00:00Z")
    assert take_in(exported, slug="gamma").state == "done"
    assert set(Import.objects.values_list("state", flat=True)) == {"failed", "done"}
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_namespace WHERE nspname = 'w_gamma'")
        assert cursor.fetchone() == (1,)
