"""The product behind a real PgBouncer (Debian's pgbouncer), with few connections to share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import psycopg
import pytest

from benchmarks.mixed import stage
from tests.fixtures import pgbouncer
from tests.fixtures.pgbouncer import PgBouncer

WORKSPACES = 8


class Stage(NamedTuple):
    """`pooled` is the application's address by way of PgBouncer, `owner` leads there directly."""

    bouncer: PgBouncer
    pooled: str
    owner: str
    schemas: tuple[str, ...]

    @property
    def pooled_owner(self) -> str:
        """For stock django-tenants, which knows one role only."""
        return self.bouncer.through(self.owner)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--requests", type=int, default=100_000, help="mixed requests in all")


@pytest.fixture(scope="session")
def loaded(django_db_setup: None, django_db_blocker: Any) -> Iterator[Stage]:
    """Workspaces full of marked rows, and PgBouncer before their database."""
    with django_db_blocker.unblock():
        application, owner = stage.address("default"), stage.address("owner")
        schemas = stage.found(owner, WORKSPACES)
    with pgbouncer.running(application, owner) as bouncer:
        yield Stage(bouncer, bouncer.through(application), owner, schemas)


@pytest.fixture
def owner(loaded: Stage) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(loaded.owner, autocommit=True) as connection:
        yield connection
