from __future__ import annotations

import json

import pytest
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader

from apps.core.errors import Invalid
from apps.fleet.errors import ReleaseExists, UnsafeMigration
from apps.fleet.services import linting, releases

INDEX = migrations.AddIndex("release", models.Index(fields=["name"], name="by_name"))
REASON = "the table holds one row per workspace"


@pytest.fixture
def lint(library):
    """lint(*operations, **attributes) of one new migration of the real app."""

    def run(*operations, app_label="roblox", **attributes):
        loader = MigrationLoader(None)
        migration = library.make(*operations, app_label=app_label, **attributes)
        node, applied = (app_label, migration.name), set(loader.graph.nodes)
        loader.graph.add_node(node, migration)
        loader.disk_migrations[node] = migration
        return linting.check(loader=loader, applied=applied, plan=[node])

    return run


def test_this_release_can_go_out():
    linting.refuse(linting.check_release())


def test_all_refusals_come_at_once(lint):
    drop = migrations.RunSQL("DELETE FROM roblox_release")
    with pytest.raises(UnsafeMigration, match="3 refused") as caught:
        linting.refuse(lint(INDEX, drop))
    assert caught.value.extra["codes"] == ["every_row", "index_not_concurrent", "irreversible"]


def test_a_reason_lets_it_pass_and_is_shown(lint):
    (finding,) = lint(INDEX, unsafe={"index_not_concurrent": REASON})
    linting.refuse([finding])
    assert f"Accepted by its author: {REASON}" in finding.as_text()


def test_a_reason_must_be_one(lint):
    found = lint(INDEX, unsafe={"index_not_concurrent": "is fine"})
    assert [f.code for f in found if f.refuses] == ["index_not_concurrent", "marker"]


def test_a_marker_that_excuses_nothing_goes(lint):
    (finding,) = lint(unsafe={"rename": REASON})
    assert finding.refuses
    assert "which nothing in it does" in finding.why


def test_what_a_package_brings_only_warns(lint):
    fill = migrations.AddField("user", "pet", models.TextField(default=""))
    (finding,) = lint(fill, app_label="auth")
    assert (finding.level, finding.refuses) == ("warning", False)


def test_squawk_looks_at_sql(lint):
    sql = migrations.RunSQL("TRUNCATE roblox_release CASCADE", migrations.RunSQL.noop)
    assert {f.code for f in lint(sql)} == {"every_row", "ban_truncate_cascade"}


def test_a_release_knows_its_columns():
    release = releases.all_releases()[-1]
    assert release.name == "0.1.0"
    assert release.uses("roblox_release", "id")
    assert release.uses("tenants_tenant")
    assert not release.uses("tenants_tenant", "purge_at")


def test_a_release_is_written_once(tmp_path, monkeypatch):
    monkeypatch.setattr(releases, "FOLDER", tmp_path)
    path = releases.write(name="0.10.0")
    releases.write(name="0.9.0")
    assert ["roblox", "0001_initial"] in json.loads(path.read_text())["leaves"]
    assert releases.latest().name == "0.10.0"
    with pytest.raises(ReleaseExists):
        releases.write(name="0.9.0")
    with pytest.raises(Invalid):
        releases.write(name="next")
