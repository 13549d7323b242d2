"""A database for each worker, copied from one template that is migrated only when a migration
or a pinned requirement changes; a cast of people; nothing reaches beyond loopback."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator

import hypothesis
import pytest
from django.test import TransactionTestCase

from tests.fixtures import database
from tests.fixtures.commits import Commits

pytest_plugins = [
    "tests.fixtures.cast",
    "tests.fixtures.dns",
    "tests.fixtures.kills",
    "tests.fixtures.oidc",
    "tests.fixtures.meanings",
    "tests.fixtures.receivers",
    "tests.fixtures.releases",
    "tests.fixtures.sandbox",
    "tests.fixtures.stripe",
    "tests.fixtures.payments",
    "tests.fixtures.shop",
    "tests.fixtures.vendors",
]

# Collections of garbage: every 700 new objects, as is usual, they take a twelfth of the whole.
RARELY = (50_000, 20, 20)


def pytest_configure(config: pytest.Config) -> None:
    """Each worker counts, caches and publishes in a Redis database of its own."""
    from django.conf import settings

    gc.set_threshold(*RARELY)
    # How fast the machine is says nothing about what is tested.
    hypothesis.settings.register_profile(
        "patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
    )
    hypothesis.settings.load_profile("patient")
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 8
    url = f"{settings.REDIS_URL.rpartition('/')[0]}/{number}"
    settings.REDIS_URL = settings.CELERY_BROKER_URL = url
    # The processes that tests start, too: in another worker's database, they would be emptied of
    # what they hold whenever a test ends there.
    os.environ["REDIS_URL"] = url
    for cache in settings.CACHES.values():
        cache["LOCATION"] = url
    settings.REALTIME_IN_THREAD = False  # a thread would not see what a test has not committed
    settings.JOB_MOMENT_SECONDS = 3600.0  # that jobs have begun is told by a thread as well
    # Apart from what the tests' caches empty: endpoints run on while tests come and go.
    settings.REALTIME_REDIS_URL = f"{settings.REDIS_URL.rpartition('/')[0]}/{number + 8}"


def pytest_collection_finish(session: pytest.Session) -> None:
    """The collector of garbage leaves alone what stays to the end: modules, models, the tests."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def django_db_setup(request: pytest.FixtureRequest, django_db_blocker) -> Iterator[None]:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    with django_db_blocker.unblock(), database.prepared_database(worker):
        # After a test with real commits (`django_db(transaction=True)`) Django would empty every
        # table, the prepared workspaces with them.
        commits = Commits()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(TransactionTestCase, "_fixture_setup", commits.begin)
            patch.setattr(TransactionTestCase, "_fixture_teardown", commits.undo)
            yield


@pytest.fixture(autouse=True)
def _clean_slate(request: pytest.FixtureRequest) -> Iterator[None]:
    """Each test starts on the public schema with this worker's own, empty part of the cache."""
    from django.core.cache import cache
    from django.db import connection
    from django.urls import set_urlconf

    yield
    if "django_db_setup" in request.fixturenames:
        connection.set_schema_to_public()
        cache.clear()
    set_urlconf(None)
