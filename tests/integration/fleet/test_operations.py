"""Operations for large tables, in a schema of their own with rows in it."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, OperationalError, connections, migrations, models, transaction
from django.db.migrations.state import ProjectState
from django.db.models import F, Q
from django.db.transaction import TransactionManagementError
from django_tenants.utils import schema_context

from apps.core.ids import uuid7
from apps.fleet.models import Backfill
from apps.fleet.operations import (
    AddForeignKey,
    AddNotNull,
    AddUniqueConcurrently,
    BackfillInBatches,
)
from apps.fleet.services import backfills
from apps.fleet.services.ownership import as_owner, run

SCHEMA = "operations_at_work"
BOOK = [
    ("id", models.UUIDField(primary_key=True, default=uuid7)),
    ("title", models.TextField(null=True)),
    ("pages", models.IntegerField(default=0)),
    ("shelf_number", models.BigIntegerField(default=1)),
]


class Library:
    """A table of 25 books and one shelf, and the models as migrations see them."""

    def __init__(self):
        self.state = ProjectState()
        self.apply(
            migrations.CreateModel("Shelf", [("id", models.BigAutoField(primary_key=True))]),
            migrations.CreateModel("Book", BOOK),
        )
        self.model("Shelf").objects.create()
        self.add(25)

    def model(self, name):
        return self.state.apps.get_model("roblox", name)

    @property
    def books(self):
        return self.model("Book").objects.order_by("pk")

    def add(self, number):
        books = [self.model("Book")(title="", pages=n) for n in range(number)]
        self.model("Book").objects.bulk_create(books)

    def apply(self, *operations, atomic=False, backwards=False):
        body = {"operations": list(operations), "dependencies": [], "atomic": atomic}
        migration = type("Migration", (migrations.Migration,), body)("0002_x", "roblox")
        with connections["default"].schema_editor(atomic=atomic) as editor:
            if backwards:
                migration.unapply(self.before, editor)
            else:
                self.before = self.state.clone()
                self.state = migration.apply(self.state, editor)

    def ask(self, query):
        with connections["default"].cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall()

    def definitions(self):
        """Of the books' indexes and constraints, NOT NULL left out."""
        indexes = self.ask(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
            " WHERE indrelid = 'roblox_book'::regclass"
        )
        constraints = self.ask(
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE conrelid = 'roblox_book'::regclass AND contype <> 'n'"
        )
        return dict([*indexes, *constraints])

    def default(self, column):
        found = self.ask(
            "SELECT attname, pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d JOIN pg_attribute a"
            " ON a.attrelid = d.adrelid AND a.attnum = d.adnum"
            " WHERE d.adrelid = 'roblox_book'::regclass"
        )
        return dict(found)[column]


@pytest.fixture
def library(db):
    with as_owner() as connection:
        run(connection, "CREATE SCHEMA {name}", name=SCHEMA)
        try:
            with schema_context(SCHEMA):
                yield Library()
        finally:
            with schema_context("public"):
                run(connection, "DROP SCHEMA {name} CASCADE", name=SCHEMA)
                Backfill.objects.filter(schema_name=SCHEMA).delete()


def add_a_page(**about):
    about = {"update": {"pages": F("pages") + 1}, "batch_size": 10, "pause": 0, **about}
    return BackfillInBatches(name="a_page_more", model="book", **about)


def pages(library):
    return sorted(library.books.values_list("pages", flat=True))


def test_every_row_is_changed_once(library):
    library.apply(add_a_page())
    library.apply(add_a_page())
    assert pages(library) == list(range(1, 26))
    mark = Backfill.objects.get(schema_name=SCHEMA)
    assert (mark.rows, mark.migration, mark.last_key) == (
        25,
        "a_page_more",
        str(library.books.last().pk),
    )


def test_rows_can_be_left_out(library):
    library.apply(add_a_page(where=Q(pages__gte=20)))
    assert pages(library) == [*range(20), *range(21, 26)]


def test_a_function_gets_each_batch(library):
    sizes = []

    def note(batch):
        sizes.append(batch.count())
        batch.update(title="seen")

    library.apply(add_a_page(update=note))
    assert sizes == [10, 10, 5]
    assert library.books.exclude(title="seen").count() == 0


def test_a_run_that_was_killed_goes_on_behind_its_last_batch(library, kill_when):
    library.add(500)
    mark = Backfill.objects.filter(schema_name=SCHEMA)
    slow = add_a_page(pause=0.01)

    def in_the_middle():
        return mark.filter(rows__gte=30).exists()

    kill_when(lambda: library.apply(slow), in_the_middle)
    done = mark.get()
    assert done.finished_at is None
    assert 30 <= done.rows < 525
    library.apply(add_a_page())
    assert pages(library) == sorted([*range(1, 26), *range(1, 501)])


def test_a_row_that_is_locked_is_waited_for_and_costs_nothing_done(library, monkeypatch):
    monkeypatch.setattr(backfills, "LOCK_TIMEOUT", 0.02)
    monkeypatch.setattr(backfills, "ATTEMPTS", 2)
    twelfth = library.books[11].pk
    with as_owner() as other, schema_context(SCHEMA), transaction.atomic():
        library.model("Book").objects.select_for_update().get(pk=twelfth)
        ours = connections["default"]
        with as_owner(), pytest.raises(OperationalError, match="lock timeout"):
            library.apply(add_a_page())
        assert connections["default"] is ours is other
    assert Backfill.objects.get(schema_name=SCHEMA).rows == 10
    library.apply(add_a_page())
    assert pages(library) == list(range(1, 26))


def test_it_does_not_run_in_a_transaction(library):
    with pytest.raises(TransactionManagementError, match="set atomic = False"):
        library.apply(add_a_page(), atomic=True)


def test_undone_it_can_run_again(library):
    both_ways = add_a_page(reverse={"pages": F("pages") - 1})
    library.apply(both_ways)
    library.apply(both_ways, backwards=True)
    assert pages(library) == list(range(25))
    library.apply(both_ways)
    assert pages(library) == list(range(1, 26))


def test_not_null_leaves_nothing_else_behind(library):
    before = library.definitions()
    library.apply(AddNotNull("book", "title", models.TextField(db_default="none")))
    with pytest.raises(IntegrityError, match="null value"):
        library.books.update(title=None)
    assert library.definitions() == before
    assert library.default("title") == "'none'::text"


def test_not_null_is_undone_also_where_the_model_said_so_before(library):
    required = models.TextField(default="")
    state = [migrations.AlterField("book", "title", required)]
    forbid = AddNotNull("book", "title", required)
    library.apply(migrations.SeparateDatabaseAndState(state_operations=state))
    library.apply(forbid)
    library.apply(forbid, backwards=True)
    assert library.books.update(title=None) == 25


def test_not_null_meets_a_null_and_goes_on_when_it_is_mended(library):
    library.books.filter(pages=3).update(title=None)
    with pytest.raises(IntegrityError, match="is violated by some row"):
        library.apply(AddNotNull("book", "title", models.TextField()))
    library.books.filter(pages=3).update(title="")
    library.state = library.before
    library.apply(AddNotNull("book", "title", models.TextField()))
    assert "roblox_book_title_filled" not in library.definitions()


@pytest.mark.parametrize(
    ("about", "made"),
    [
        ({}, "UNIQUE (pages)"),
        ({"nulls_distinct": False}, "UNIQUE NULLS NOT DISTINCT (pages)"),
        ({"deferrable": models.Deferrable.DEFERRED}, "(pages) DEFERRABLE INITIALLY DEFERRED"),
        ({"condition": Q(pages__gt=3)}, "USING btree (pages) WHERE (pages > 3)"),
    ],
)  # fmt: skip
def test_unique_as_django_makes_it(library, about, made):
    constraint = models.UniqueConstraint(fields=["pages"], name="pages_once", **about)
    library.apply(AddUniqueConcurrently("book", constraint))
    assert library.definitions()["pages_once"].endswith(made)
    library.apply(migrations.RemoveConstraint("book", "pages_once"))
    assert "pages_once" not in library.definitions()


def test_unique_after_an_attempt_that_met_duplicates(library):
    unique = AddUniqueConcurrently(
        "book", models.UniqueConstraint(fields=["pages"], name="pages_once")
    )
    library.books.filter(pages=3).update(pages=4)
    with pytest.raises(IntegrityError, match="could not create unique index"):
        library.apply(unique)
    library.model("Book").objects.filter(pk=library.books.filter(pages=4)[0].pk).update(pages=3)
    library.state = library.before
    library.apply(unique)
    library.state = library.before
    library.apply(unique)  # a run that was killed before it could say that it had ended
    assert [name for name in library.definitions() if "pages" in name] == ["pages_once"]


@pytest.fixture
def shelved(library):
    """Books have shelves, without a constraint."""
    about = {"null": True, "db_constraint": False, "db_index": False}
    bare = models.ForeignKey("Shelf", models.CASCADE, **about)
    library.apply(migrations.AddField("book", "shelf", bare))
    return library


ON_SHELF = AddForeignKey("book", "shelf", models.ForeignKey("Shelf", models.CASCADE, null=True))


def test_a_foreign_key_with_its_index(shelved):
    shelved.apply(ON_SHELF)
    texts = "\n".join(shelved.definitions().values())
    wanted = "FOREIGN KEY (shelf_id) REFERENCES roblox_shelf(id) DEFERRABLE INITIALLY DEFERRED"
    assert wanted in texts
    assert "NOT VALID" not in texts
    assert "USING btree (shelf_id)" in texts
    shelved.apply(migrations.RemoveField("book", "shelf"))
    assert "shelf_id" not in "\n".join(shelved.definitions().values())


def test_a_foreign_key_again_after_a_kill_and_back(shelved):
    before = shelved.definitions()
    shelved.apply(ON_SHELF)
    shelved.state = shelved.before
    shelved.apply(ON_SHELF)
    shelved.apply(ON_SHELF, backwards=True)
    assert shelved.definitions() == before
