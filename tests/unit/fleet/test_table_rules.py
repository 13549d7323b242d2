from __future__ import annotations

import pytest
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.operations import (
    AddConstraintNotValid,
    AddIndexConcurrently,
    RemoveIndexConcurrently,
    ValidateConstraint,
)
from django.db import migrations, models
from django.db.models import Q

from apps.fleet.operations import AddUniqueConcurrently

INDEX = models.Index(fields=["title"], name="book_title")
UNIQUE = models.UniqueConstraint(fields=["title"], name="book_title_once")
POSITIVE = models.CheckConstraint(condition=Q(pages__gte=0), name="pages_positive")
APART = ExclusionConstraint(name="apart", expressions=[("title", "=")])


@pytest.mark.parametrize(
    ("operation", "codes"),
    [
        (migrations.AddIndex("book", INDEX), ["index_not_concurrent"]),
        (migrations.AddConstraint("book", UNIQUE), ["unique_not_concurrent"]),
        (migrations.AddConstraint("book", POSITIVE), ["check_not_valid"]),
        (migrations.AddConstraint("book", APART), ["exclusion"]),
        (migrations.AlterUniqueTogether("book", {("title", "pages")}), ["unique_not_concurrent"]),
        (migrations.AlterUniqueTogether("book", set()), []),
        (migrations.RenameModel("Book", "Volume"), ["rename"]),
        (migrations.AlterModelTable("book", "volumes"), ["rename"]),
        (migrations.AlterModelTable("book", "roblox_book"), []),
        (migrations.AlterModelOptions("book", {"ordering": ["title"]}), []),
        (migrations.DeleteModel("Book"), ["drop_too_early"]),
    ],
)
def test_tables_and_what_stands_on_them(check, operation, codes):
    assert check(operation) == codes


@pytest.mark.parametrize(
    "operation",
    [
        AddIndexConcurrently("book", INDEX),
        RemoveIndexConcurrently("book", "book_title"),
        AddUniqueConcurrently("book", UNIQUE),
    ],
)
def test_concurrently_needs_to_be_outside_a_transaction(check, operation):
    assert check(operation, atomic=False) == []
    assert check(operation) == ["needs_no_transaction"]


def test_a_constraint_is_validated_after_its_lock_has_ended(check):
    add, validate = (
        AddConstraintNotValid("book", POSITIVE),
        ValidateConstraint("book", "pages_positive"),
    )
    assert check(add) == check(validate) == check(add, validate, atomic=False) == []
    assert check(add, validate) == ["validated_in_one_transaction"]


def test_a_table_is_dropped_two_releases_after_its_last_use(check, history):
    drop = migrations.DeleteModel("Book")
    assert check(drop, history=history({}, {"book": {}})) == ["drop_too_early"]
    assert check(drop, history=history({}, {}, {"book": {}})) == []


def test_a_model_that_names_its_table_can_be_renamed(check):
    operations = [
        migrations.AlterModelTable("book", "roblox_book"),
        migrations.RenameModel("Book", "Volume"),
    ]
    assert check(*operations) == []


def test_a_refusal_says_what_why_and_how(check):
    (finding,) = check.findings(migrations.AddIndex("book", INDEX))
    text = finding.as_text()
    assert "roblox.0009_change: Create index book_title" in text
    assert "takes SHARE on roblox_book: every write waits" in text
    assert 'AddIndexConcurrently("book", models.Index(fields=["title"], name="book_title"))' in text
