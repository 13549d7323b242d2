"""No workspace is shown another's rows, whatever is done and whatever goes wrong."""

from __future__ import annotations

import pytest

from benchmarks.mixed import load, rows, stage
from tests.fixtures.pgbouncer import SERVER_CONNECTIONS

KINDS = {kind.deed.__name__ for kind in load.KINDS}


@pytest.mark.timeout(1500)
def test_no_workspace_is_shown_anothers_rows(loaded, owner, pytestconfig):
    """Connections are ended by the server meanwhile, and what that costs is only an error."""
    wanted = pytestconfig.getoption("requests")
    seen = stage.run(wanted, database=loaded.pooled, owner=loaded.owner, kill=True)
    assert seen["failures"] == {}
    assert (seen["foreign"], seen["foreign_kinds"]) == (0, {})
    assert seen["requests"] >= wanted
    assert set(seen["kinds"]) == KINDS
    assert 0 < seen["broken"] < wanted / 10
    assert rows.astray(owner, loaded.schemas) == 0


def test_the_connections_were_shared(loaded):
    """What the test before rests on: many clients of many workspaces on a few connections."""
    pools = {pool["user"]: pool for pool in loaded.bouncer.show("POOLS")}
    assert all(pool["pool_mode"] in {"transaction", "statement"} for pool in pools.values())
    stage.run(200, database=loaded.pooled, owner=loaded.owner, kill=False, processes=1)
    servers = [s for s in loaded.bouncer.show("SERVERS") if s["database"] in loaded.pooled]
    assert 0 < len(servers) <= SERVER_CONNECTIONS


@pytest.mark.timeout(300)
def test_nothing_is_lost_when_nothing_is_broken(loaded):
    seen = stage.run(3000, database=loaded.pooled, owner=loaded.owner, kill=False)
    assert (seen["foreign"], seen["broken"], seen["failures"]) == (0, 0, {})


@pytest.mark.timeout(300)
def test_the_same_load_finds_the_leaks_of_stock_django_tenants(loaded):
    seen = stage.run(
        1000, database=loaded.pooled_owner, owner=loaded.owner, kill=False,
        DJANGO_SETTINGS_MODULE="benchmarks.mixed.stock_settings",
    )  # fmt: skip
    assert seen["foreign"] > 100
