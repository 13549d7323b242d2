"""Columns of vectors in all that is done with whole schemas."""

from __future__ import annotations

import importlib

import pytest
from django.db import DatabaseError, connection, transaction
from django_tenants.utils import schema_context

from apps.answers.models import CachedAnswer
from apps.fleet.services import schemas, structures, versions
from apps.fleet.services.ownership import as_owner
from apps.semantic_cache.services import answers
from apps.transfers import references
from apps.transfers.errors import HashesDiffer
from apps.transfers.format import archive
from apps.transfers.services import rows

pytestmark = pytest.mark.django_db(databases="__all__")
ASKED = "How do I roll back a release?"


@pytest.fixture
def asked(alpha):
    with alpha:
        for question in (ASKED, "How do I invite a teacher?"):
            answers.answer(scope="help", question=question, compute=lambda _: ["so"])
    return alpha


@pytest.fixture
def table(monkeypatch):
    """As of an app whose vectors travel, which the cache's do not."""
    monkeypatch.setattr(references, "OWN_ROWS", frozenset({"marks.workspacemark"}))

    def of(tenant):
        found = rows.tables(schema_name=tenant.schema_name)
        return next(table for table in found if table.label == "answers.cachedanswer")

    return of


def test_copy_carries_them_whole(asked, beta, table, tmp_path):
    with transaction.atomic():
        rows.fixed_output()
        part = rows.write(schema_name=asked.schema_name, table=table(asked), folder=tmp_path)
        assert part.tally.rows == 2
        with part.path.open("rb") as file:
            blocks = archive.decompress(file)
            rows.load(schema_name=beta.schema_name, table=table(beta), blocks=blocks)
        about = {"rows": 2, "hash": part.tally.hash}
        rows.verify(schema_name=beta.schema_name, table=table(beta), **about)
        with beta:
            assert answers.answer(scope="help", question=ASKED, compute=lambda _: 0).content == [
                "so"
            ]
            CachedAnswer.objects.filter(question=ASKED).update(embedding=[1.0] + [0.0] * 1535)
        with pytest.raises(HashesDiffer):
            rows.verify(schema_name=beta.schema_name, table=table(beta), **about)


def test_remembered_answers_stay_out_of_exports_and_clones(asked):
    labels = {table.label for table in rows.tables(schema_name=asked.schema_name)}
    assert "media.blob" in labels
    assert "answers.cachedanswer" not in labels


def test_a_built_schema_has_the_index_and_can_be_used(db):
    """Out of recorded statements, as every customer's is."""
    schemas.build(schema_name="w_vectors")
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE schemaname = 'w_vectors'")
        assert any("USING hnsw (embedding" in definition for (definition,) in cursor.fetchall())
    with schema_context("w_vectors"):
        for hit in (False, True):
            found = answers.answer(scope="help", question=ASKED, compute=lambda _: 1)
            assert found.hit is hit


def test_drift_would_show(asked):
    expected = versions.current().structure
    with as_owner() as owner:
        found, _ = structures.read(owner, schema_name=asked.schema_name)
    assert structures.compare(expected=expected, found=found) == {}
    del found["answers_cachedanswer"]["indexes"]["cached_answer_embedding"]
    assert "answers_cachedanswer" in structures.compare(expected=expected, found=found)


class TestExtension:
    CREATE = importlib.import_module("apps.semantic_cache.migrations.0001_vector_extension").CREATE

    def test_one_that_is_there_is_taken(self):
        with as_owner() as owner, owner.cursor() as cursor:
            cursor.execute(self.CREATE)

    def test_in_another_schema_it_is_refused_with_what_to_do(self):
        with as_owner() as owner, owner.cursor() as cursor:
            cursor.execute("BEGIN; CREATE SCHEMA elsewhere")
            cursor.execute("ALTER EXTENSION vector SET SCHEMA elsewhere")
            with pytest.raises(DatabaseError, match="ALTER EXTENSION vector SET SCHEMA public"):
                cursor.execute(self.CREATE)
            cursor.execute("ROLLBACK")

    def test_without_the_right_it_says_whom_to_ask(self):
        """The application may not create extensions either."""
        statement = self.CREATE.replace("extname = 'vector'", "extname = 'absent'")
        with (
            pytest.raises(DatabaseError, match="CREATE EXTENSION vector SCHEMA public"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
