from __future__ import annotations

import pytest
from django.contrib.postgres.functions import RandomUUID
from django.db import migrations, models
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now, Random

from apps.fleet.operations import AddForeignKey, AddNotNull

AddField, AlterField = migrations.AddField, migrations.AlterField
COLUMNS = {"id": False, "title": False, "price": True, "pages": False, "notes": True}


def char(length=50, **about):
    return models.CharField(max_length=length, **about)


def shelf(**about):
    return models.ForeignKey("Shelf", models.CASCADE, null=True, **about)


@pytest.mark.parametrize(
    "field",
    [
        models.TextField(null=True),
        models.IntegerField(db_default=7),
        models.DateTimeField(db_default=Now()),
        models.IntegerField(null=True, default=3),
        shelf(db_constraint=False, db_index=False),
        models.ManyToManyField("Shelf"),
    ],
)
def test_columns_that_may_be_added_at_any_time(check, field):
    assert check(AddField("book", "new", field)) == []


@pytest.mark.parametrize(
    ("field", "code"),
    [
        (models.IntegerField(default=7), "no_database_default"),
        (models.TextField(), "no_database_default"),
        (models.UUIDField(db_default=RandomUUID()), "volatile_default"),
        (models.FloatField(db_default=Random()), "volatile_default"),
        (models.DateTimeField(db_default=RawSQL("clock_timestamp()", [])), "volatile_default"),
        (models.IntegerField(null=True, db_default=RawSQL("nextval('s')", [])), "volatile_default"),
        (char(null=True, unique=True), "unique_not_concurrent"),
        (char(null=True, db_index=True), "index_not_concurrent"),
        (shelf(db_index=False), "foreign_key_not_valid"),
        (shelf(db_constraint=False), "index_not_concurrent"),
        (models.PositiveIntegerField(db_default=0), "column_check"),
        (
            models.GeneratedField(
                expression=models.F("pages") + 1,
                output_field=models.IntegerField(),
                db_persist=True,
            ),
            "stored_column",
        ),
    ],
)
def test_columns_that_stop_somebody(check, field, code):
    assert check(AddField("book", "new", field)) == [code]


def test_a_column_with_a_check_only_warns(check):
    (finding,) = check.findings(AddField("book", "new", models.PositiveIntegerField(db_default=0)))
    assert not finding.refuses


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("title", char(80)),
        ("title", models.TextField()),
        ("price", models.DecimalField(max_digits=9, decimal_places=2, null=True)),
        ("pages", models.IntegerField(default=1, verbose_name="leaves")),
        ("pages", models.IntegerField(null=True)),
    ],
)
def test_changes_that_cost_nothing(check, name, field):
    assert check(AlterField("book", name, field)) == []


@pytest.mark.parametrize(
    ("name", "field", "code"),
    [
        ("title", char(20), "type_change"),
        ("pages", models.BigIntegerField(default=0), "type_change"),
        ("pages", models.TextField(default=""), "type_change"),
        ("title", char(db_collation="C"), "type_change"),
        ("price", models.DecimalField(max_digits=9, decimal_places=4, null=True), "type_change"),
        ("title", char(db_column="headline"), "rename"),
        ("title", char(unique=True), "unique_not_concurrent"),
        ("title", char(db_index=True), "index_not_concurrent"),
        ("pages", models.PositiveIntegerField(default=0), "check_not_valid"),
    ],
)
def test_changes_that_stop_somebody(check, name, field, code):
    assert check(AlterField("book", name, field)) == [code]


def test_not_null_wants_a_check_and_a_release_that_writes_values(check):
    found = check(AlterField("book", "notes", models.TextField(default="")))
    assert found == ["not_null_before_release", "not_null_unchecked"]


def test_not_null_after_a_release_that_writes_values(check, history):
    past = history({"book": {**COLUMNS, "notes": False}})
    change = AddNotNull("book", "notes", models.TextField(default=""))
    assert check(change, history=past, atomic=False) == []
    assert check(change, history=past) == ["needs_no_transaction"]


def test_not_null_behind_a_validated_check(check, history, library):
    from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint

    filled = models.CheckConstraint(condition=models.Q(notes__isnull=False), name="filled")
    operations = [
        AddConstraintNotValid("book", filled),
        ValidateConstraint("book", "filled"),
        AlterField("book", "notes", models.TextField(default="")),
    ]
    past = history({"book": {**COLUMNS, "notes": False}})
    assert check(*operations, history=past, atomic=False) == []


def test_a_rename_breaks_the_release_before(check):
    (finding,) = check.findings(migrations.RenameField("book", "title", "headline"))
    assert finding.code == "rename"
    assert "roblox_book.title by its old name" in finding.why


def test_a_rename_in_python_alone_is_free(check):
    operations = [
        AlterField("book", "title", char(db_column="title")),
        migrations.RenameField("book", "title", "headline"),
    ]
    assert check(*operations) == []


def test_a_column_is_dropped_two_releases_after_its_last_use(check, history):
    drop, without = migrations.RemoveField("book", "notes"), {"id": False, "title": False}
    with_notes = {"book": {**without, "notes": True}}
    assert check(drop, history=history(with_notes)) == ["drop_too_early"]
    assert check(drop, history=history({"book": without}, with_notes)) == ["drop_too_early"]
    assert check(drop, history=history({"book": without}, {"book": without}, with_notes)) == []


def test_forgetting_a_column_leaves_one_that_takes_rows(check):
    def forget(name):
        return migrations.SeparateDatabaseAndState(
            state_operations=[migrations.RemoveField("book", name)]
        )

    assert check(forget("notes")) == []
    assert check(forget("title")) == ["forgotten_not_null"]
    assert check(AlterField("book", "title", char(null=True)), forget("title")) == []


def test_a_database_default_goes_when_every_release_knows_the_column(check, history):
    with_default = models.IntegerField(default=0, db_default=0)
    change = [
        AlterField("book", "pages", with_default),
        AlterField("book", "pages", models.IntegerField(default=0)),
    ]
    knows, knows_not = {"book": COLUMNS}, {"book": {"id": False}}
    assert check(*change, history=history(knows, knows)) == []
    assert check(*change, history=history(knows, knows_not)) == ["no_database_default"]


def test_a_foreign_key_to_another_table_is_a_new_one(check):
    bare = AddField("book", "shelf", shelf(db_constraint=False, db_index=False))
    whole = AddForeignKey("book", "shelf", shelf())
    other = AlterField("book", "shelf", models.ForeignKey("Book", models.CASCADE, null=True))
    assert check(bare, whole, other, atomic=False) == ["foreign_key_not_valid"]


def test_a_foreign_key_in_two_steps(check):
    bare = AddField("book", "shelf", shelf(db_constraint=False, db_index=False))
    assert check(bare, AddForeignKey("book", "shelf", shelf()), atomic=False) == []
    assert check(bare, AddForeignKey("book", "shelf", shelf())) == ["needs_no_transaction"]
    whole = ["foreign_key_not_valid", "index_not_concurrent"]
    assert check(bare, AlterField("book", "shelf", shelf())) == whole


def test_ordering_brings_a_column_without_default(check):
    operations = [
        AddField("book", "shelf", shelf(db_constraint=False, db_index=False)),
        migrations.AlterOrderWithRespectTo("book", "shelf"),
    ]
    assert check(*operations) == ["no_database_default"]


def test_anything_goes_on_a_table_of_the_same_plan(check):
    operations = [
        migrations.CreateModel("Page", [("id", models.UUIDField(primary_key=True))]),
        AddField("page", "text", models.TextField(default="")),
        AddField("page", "book", models.ForeignKey("Book", models.CASCADE)),
        AlterField("page", "text", char(20, unique=True)),
        migrations.RenameField("page", "text", "words"),
        migrations.AddIndex("page", models.Index(fields=["words"], name="words")),
        migrations.RemoveField("page", "words"),
        migrations.RenameModel("Page", "Leaf"),
    ]
    assert check(*operations) == []
