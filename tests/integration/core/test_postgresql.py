"""The workspace in every message, on the real server."""

from __future__ import annotations

import asyncio
import hashlib
import threading

import psycopg
import pytest
from asgiref.sync import sync_to_async
from django.db import Error, IntegrityError, connection, transaction
from django.db.utils import DataError, NotSupportedError, ProgrammingError
from django_tenants.utils import schema_context

from apps.core.errors import WorkspaceMissing
from apps.core.postgresql import workspace
from apps.core.postgresql.cursors import WorkspaceMismatch
from apps.media.models import Blob

WHERE = "SELECT current_schema(), current_user"
NOWHERE = ('""', "toolboxai_app")


@pytest.fixture(autouse=True)
def _without_a_transaction_around(django_db_setup, django_db_blocker):
    """Nothing but rows of `media_blob` is written here, and these are taken away again."""
    with django_db_blocker.unblock():
        yield
        for name in ("w_alpha", "w_beta"):
            with schema_context(name):
                Blob.objects.all().delete()
        connection.close()


@pytest.fixture
def blobs():
    """A file in each of two workspaces that names it."""
    for name in ("w_alpha", "w_beta"):
        with schema_context(name):
            Blob.objects.create(sha256=sha(name), size=1, storage_name=name)


def sha(name):
    return hashlib.sha256(name.encode()).hexdigest()


def ask(sql, params=None):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall() if cursor.description else None


def session():
    """What stands on the connection when no message brings anything along."""
    with connection.cursor(), connection.connection.cursor() as bare:
        bare.execute("SELECT current_setting('search_path'), current_user")
        return bare.fetchone()


def names():
    return list(Blob.objects.values_list("storage_name", flat=True))


class TestEveryMessage:
    def test_goes_to_its_workspace_as_the_workspaces_role(self):
        with schema_context("w_alpha"):
            assert ask(WHERE) == [("w_alpha", "toolboxai_w_alpha")]
        assert ask(WHERE) == [("public", "toolboxai_app")]

    def test_leaves_nothing_on_the_connection(self):
        with schema_context("w_alpha"):
            ask(WHERE)
            assert session() == NOWHERE

    def test_sees_the_rows_of_its_workspace_only(self, blobs):
        with schema_context("w_beta"):
            assert names() == ["w_beta"]

    def test_costs_one_query(self, django_assert_num_queries):
        with schema_context("w_alpha"), django_assert_num_queries(1):
            list(Blob.objects.all())

    def test_changes_with_the_workspace_inside_a_transaction(self, blobs):
        with transaction.atomic():
            with schema_context("w_alpha"):
                assert names() == ["w_alpha"]
            with schema_context("w_beta"):
                assert names() == ["w_beta"]
            assert ask(WHERE) == [("public", "toolboxai_app")]

    def test_writes_and_counts(self, blobs):
        with schema_context("w_alpha"):
            assert Blob.objects.filter(storage_name="w_alpha").update(size=2) == 1
            assert Blob.objects.filter(size=2).delete()[0] == 1
        with schema_context("w_beta"):
            assert Blob.objects.filter(size=2).count() == 0

    def test_may_be_empty(self):
        with schema_context("w_alpha"), connection.cursor() as cursor:
            cursor.execute("-- nothing")
            assert cursor.description is None

    def test_many_at_once(self):
        with schema_context("w_alpha"), connection.cursor() as cursor:
            row = "INSERT INTO media_blob VALUES (%s, 1, 'x', 'clean', now(), '')"
            cursor.executemany(row, [("1" * 64,), ("2" * 64,), ("3" * 64,)])
            assert cursor.rowcount == 3


class TestAfterAnError:
    def test_a_savepoint_brings_the_transaction_back(self, blobs):
        with schema_context("w_alpha"), transaction.atomic():
            with pytest.raises(DataError), transaction.atomic():
                ask("SELECT 1/0")
            assert names() == ["w_alpha"]

    def test_the_workspace_entered_in_the_savepoint_is_gone_with_it(self, blobs):
        with transaction.atomic():
            with pytest.raises(DataError), transaction.atomic(), schema_context("w_beta"):
                ask("SELECT 1/0")
            with schema_context("w_alpha"):
                assert names() == ["w_alpha"]

    def test_an_aborted_transaction_refuses_and_leaves_nothing(self, blobs):
        def go_on_after_an_error():
            with schema_context("w_alpha"), transaction.atomic():
                with pytest.raises(DataError):
                    ask("SELECT 1/0")
                names()

        with pytest.raises(Error):
            go_on_after_an_error()
        assert session() == NOWHERE

    def test_the_next_query_is_right_without_a_transaction_too(self, blobs):
        with schema_context("w_alpha"):
            with pytest.raises(IntegrityError):
                Blob.objects.create(sha256=sha("w_alpha"), size=1, storage_name="again")
            assert names() == ["w_alpha"]


class TestANeighbour:
    @pytest.mark.parametrize("schema", ["w_alpha", "public"])
    @pytest.mark.parametrize("verb", ["SELECT *", "DELETE"])
    def test_is_refused_by_the_server(self, schema, verb):
        denied = pytest.raises(ProgrammingError, match="permission denied for schema w_beta")
        with schema_context(schema), denied:
            ask(f"{verb} FROM w_beta.media_blob")

    @pytest.mark.parametrize("schema", ["public", "w_alpha"])
    def test_nobody_makes_tables(self, schema):
        denied = pytest.raises(ProgrammingError, match="permission denied")
        with schema_context(schema), denied:
            ask(f"CREATE TABLE {schema}.stray (n int)")

    def test_the_application_owns_nothing(self):
        owners = "SELECT DISTINCT relowner::regrole::text FROM pg_class WHERE relkind = 'r'"
        assert ask(owners) == [("toolboxai",)]

    def test_nobody_becomes_the_owner(self):
        with pytest.raises(ProgrammingError, match="permission denied to set role"):
            ask("SET LOCAL ROLE toolboxai")


class TestNoWorkspace:
    @pytest.mark.parametrize(
        "query",
        [
            Blob.objects.first,
            Blob.objects.count,
            lambda: Blob.objects.create(sha256="0" * 64, size=1, storage_name="x"),
            lambda: Blob.objects.filter(storage_name="x").update(size=2),
            lambda: Blob.objects.all().delete(),
        ],
    )
    def test_is_refused_before_it_reaches_the_server(self, query, django_assert_num_queries):
        with django_assert_num_queries(0), pytest.raises(WorkspaceMissing, match="media_blob"):
            query()

    def test_is_refused_for_many_rows_too(self):
        with pytest.raises(WorkspaceMissing):
            Blob.objects.bulk_create([Blob(sha256="0" * 64, size=1, storage_name="x")])

    def test_a_thread_starts_without_one(self):
        refused = []

        def work():
            try:
                names()
            except WorkspaceMissing as error:
                refused.append(error)
            finally:
                connection.close()

        with schema_context("w_alpha"):
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
        assert refused

    def test_a_bare_message_finds_no_table(self):
        with (
            connection.cursor(),
            connection.connection.cursor() as bare,
            pytest.raises(psycopg.Error),
        ):
            bare.execute("SELECT * FROM tenants_tenant")


class TestCoroutines:
    async def test_side_by_side_each_stay_in_their_own(self, blobs):
        async def visit(name):
            with schema_context(name):
                for _ in range(20):
                    await asyncio.sleep(0)
                    assert await sync_to_async(names)() == [name]
                return [blob.storage_name async for blob in Blob.objects.all()]

        visits = [visit("w_alpha"), visit("w_beta")] * 4
        assert await asyncio.gather(*visits) == [["w_alpha"], ["w_beta"]] * 4

    test_side_by_side_each_stay_in_their_own = pytest.mark.asyncio(
        test_side_by_side_each_stay_in_their_own
    )


class TestAfterCommit:
    def test_work_is_done_where_it_was_wanted(self):
        seen = []
        with transaction.atomic(), schema_context("w_alpha"):
            transaction.on_commit(lambda: seen.append(connection.schema_name))
        assert seen == ["w_alpha"]
        assert connection.schema_name == "public"

    def test_work_wanted_in_no_workspace_is_done_in_none(self):
        seen = []
        with schema_context("w_alpha"), transaction.atomic():
            connection.set_schema_to_public()
            transaction.on_commit(lambda: seen.append(connection.schema_name))
            connection.set_schema("w_alpha")
        assert seen == ["public"]


class TestCursors:
    def test_a_server_side_one_keeps_its_workspace(self, blobs):
        with schema_context("w_alpha"), transaction.atomic(), connection.chunked_cursor() as cursor:
            cursor.execute("SELECT storage_name FROM media_blob")
            with schema_context("w_beta"):
                assert names() == ["w_beta"]
            assert cursor.fetchall() == [("w_alpha",)]

    def test_a_server_side_one_needs_a_transaction(self):
        with pytest.raises(NotSupportedError, match="atomic"):
            connection.chunked_cursor()

    def test_large_results_come_without_one(self, blobs):
        with schema_context("w_alpha"):
            assert [blob.storage_name for blob in Blob.objects.iterator(chunk_size=1)] == [
                "w_alpha"
            ]

    def test_copy_out(self, blobs):
        out = "COPY media_blob (storage_name) TO STDOUT"
        with (
            schema_context("w_alpha"),
            transaction.atomic(),
            connection.cursor() as cursor,
            cursor.copy(out) as copy,
        ):
            assert b"".join(copy) == b"w_alpha\n"

    def test_copy_needs_a_transaction(self):
        refused = pytest.raises(psycopg.NotSupportedError, match="atomic")
        with schema_context("w_alpha"), connection.cursor() as cursor, refused:
            cursor.copy("COPY media_blob TO STDOUT").__enter__()


class TestTheReport:
    """PostgreSQL 18 tells the client its search path."""

    def test_is_believed_once_it_was_right(self):
        with transaction.atomic(), schema_context("w_alpha"):
            ask(WHERE)
            assert vars(connection.connection)["reports_search_path"]

    def test_another_path_than_the_messages_ends_the_connection(self):
        def move_away():
            with transaction.atomic(), schema_context("w_alpha"):
                ask(WHERE)
                held.append(connection.connection)
                ask("SET LOCAL search_path = public")

        held: list[psycopg.Connection] = []
        with pytest.raises(Error) as caught:
            move_away()
        assert held[0].closed
        assert isinstance(caught.value.__cause__, WorkspaceMismatch)


def test_the_name_of_a_schema_is_checked_before_it_is_sent():
    with pytest.raises(Exception, match="cannot be the name"), schema_context('w_a"; DROP TABLE x'):
        ask(WHERE)


def test_a_workspace_is_remembered_by_work_for_later():
    with schema_context("w_alpha"):
        later = workspace.bound(lambda: connection.schema_name)
    assert later() == "w_alpha"
