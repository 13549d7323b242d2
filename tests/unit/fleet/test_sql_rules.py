from __future__ import annotations

import pytest
from django.db import migrations

from apps.fleet.rules import squawk, statements
from apps.fleet.rules.statements import Statement
from apps.fleet.services import linting

ALTER = 'ALTER TABLE "roblox_book" '


def run(sql):
    return migrations.RunSQL(sql, migrations.RunSQL.noop)


@pytest.mark.parametrize(
    "sql",
    [
        ALTER + "ADD COLUMN new text",
        ALTER + "ADD COLUMN new int NOT NULL DEFAULT 0",
        ALTER + "ADD COLUMN made timestamptz DEFAULT now()",
        ALTER + "ADD COLUMN new text DEFAULT 'random()'",
        ALTER + "ALTER COLUMN title DROP NOT NULL",
        ALTER + "ALTER COLUMN title SET DEFAULT ''",
        ALTER + "DROP CONSTRAINT old_check",
        ALTER + "ADD CONSTRAINT c CHECK (pages > 0) NOT VALID",
        ALTER + "VALIDATE CONSTRAINT c",
        ALTER + "ADD CONSTRAINT u UNIQUE USING INDEX u_idx",
        ALTER + "DROP COLUMN never_released",
        "DELETE FROM roblox_book WHERE pages = 0",
        "UPDATE roblox_book SET pages = 1 WHERE pages = 0",
        "SET LOCAL work_mem = '64MB'",
        "SET CONSTRAINTS ALL IMMEDIATE",
        "COMMENT ON TABLE roblox_book IS 'public.books'",
        "SELECT 1 FROM pg_catalog.pg_class",
        "CREATE TABLE page (id int); CREATE INDEX page_id ON page (id); TRUNCATE page",
        "CREATE VIEW titles AS SELECT b.title FROM roblox_book b WHERE b.pages > 0",
    ],
)
def test_sql_that_may_run_at_any_time(check, sql):
    assert check(run(sql)) == []


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        (ALTER + "ADD COLUMN new uuid DEFAULT gen_random_uuid()", "volatile_default"),
        (ALTER + "ADD COLUMN new int DEFAULT nextval('books')", "volatile_default"),
        (ALTER + "ADD COLUMN new bigserial", "stored_column"),
        (ALTER + "ADD COLUMN new int GENERATED ALWAYS AS (pages + 1) STORED", "stored_column"),
        (ALTER + "ADD COLUMN new int NOT NULL", "no_database_default"),
        (ALTER + "ADD COLUMN new text UNIQUE", "unique_not_concurrent"),
        (ALTER + "ADD COLUMN new int REFERENCES roblox_shelf", "foreign_key_not_valid"),
        (ALTER + "ADD COLUMN new int CHECK (new > 0)", "column_check"),
        (ALTER + "ALTER COLUMN title TYPE text", "type_change"),
        (ALTER + "ALTER COLUMN title SET DATA TYPE text", "type_change"),
        (ALTER + "ALTER COLUMN pages SET NOT NULL", "not_null_unchecked"),
        (ALTER + "RENAME COLUMN title TO headline", "rename"),
        (ALTER + "RENAME title TO headline", "rename"),
        (ALTER + "RENAME TO volumes", "rename"),
        (ALTER + "DROP COLUMN title", "drop_too_early"),
        (ALTER + "DROP IF EXISTS title CASCADE", "drop_too_early"),
        ("DROP TABLE IF EXISTS roblox_book", "drop_too_early"),
        (ALTER + "ADD CONSTRAINT c CHECK (pages > 0)", "check_not_valid"),
        (ALTER + "ADD CHECK (pages > 0)", "check_not_valid"),
        (ALTER + "ADD FOREIGN KEY (shelf) REFERENCES roblox_shelf", "foreign_key_not_valid"),
        (ALTER + "ADD CONSTRAINT u UNIQUE (title)", "unique_not_concurrent"),
        (ALTER + "ADD CONSTRAINT e EXCLUDE USING gist (title WITH =)", "exclusion"),
        ("CREATE INDEX i ON roblox_book (title)", "index_not_concurrent"),
        ("CREATE UNIQUE INDEX i ON roblox_book (title)", "unique_not_concurrent"),
        ("CREATE INDEX CONCURRENTLY i ON roblox_book (title)", "needs_no_transaction"),
        ("REINDEX TABLE roblox_book", "explicit_lock"),
        ("LOCK TABLE roblox_book", "explicit_lock"),
        ("VACUUM FULL roblox_book", "explicit_lock"),
        ("TRUNCATE roblox_book", "every_row"),
        ("DELETE FROM roblox_book", "every_row"),
        ("UPDATE roblox_book SET pages = 1", "every_row"),
        ("UPDATE roblox_book SET notes = 'no WHERE in here' -- WHERE", "every_row"),
        ("UPDATE public.roblox_book SET pages = 1 WHERE id = 1", "names_a_schema"),
        ('INSERT INTO "w_alpha"."roblox_book" VALUES (1)', "names_a_schema"),
        ("SET search_path = w_alpha", "session_setting"),
        ("SET LOCAL search_path = w_alpha", "session_setting"),
        ("SET ROLE postgres", "session_setting"),
        ("RESET ALL", "session_setting"),
        ("SELECT set_config('role', 'x', false)", "session_setting"),
    ],
)
def test_sql_that_stops_somebody(check, sql, code):
    assert check(run(sql)) == [code]


def test_not_null_behind_a_validated_check(check):
    steps = [
        "ADD CONSTRAINT filled CHECK (pages IS NOT NULL) NOT VALID",
        "VALIDATE CONSTRAINT filled",
        "ALTER COLUMN pages SET NOT NULL",
    ]
    operations = [run(ALTER + step) for step in steps]
    assert check(*operations, atomic=False) == []
    assert check(*operations) == ["not_null_unchecked", "validated_in_one_transaction"]


def test_sql_wants_a_way_back(check):
    assert check(migrations.RunSQL("SELECT 1")) == ["irreversible"]


def test_sql_within_separate_operations_is_read_too(check):
    drop = run(ALTER + "DROP COLUMN title")
    forget = migrations.RemoveField("book", "pages")
    separate = migrations.SeparateDatabaseAndState([drop], [forget])
    assert check(separate) == ["drop_too_early"]


def opinions(*texts):
    known = linting.known_of([])
    written = [Statement("roblox.0009_change", text, atomic=True, known=known) for text in texts]
    for statement in written:
        list(statements.check(statement))
    return [(f.code, f.what) for f in squawk.check(written)]


def test_squawk_reads_the_rest():
    assert opinions("SELECT 1", "TRUNCATE a CASCADE", "ALTER DOMAIN d ADD CHECK (VALUE > 0)") == [
        ("ban_truncate_cascade", "TRUNCATE a CASCADE"),
        ("ban_alter_domain_with_add_constraint", "ALTER DOMAIN d ADD CHECK (VALUE > 0)"),
    ]


def test_squawk_is_not_silenced_by_what_it_cannot_read():
    assert opinions("NO SUCH STATEMENT", "TRUNCATE a CASCADE")[-1] == (
        "ban_truncate_cascade",
        "TRUNCATE a CASCADE",
    )


def test_squawk_leaves_new_tables_alone():
    assert opinions("CREATE TABLE a (id int)", "TRUNCATE a CASCADE") == []
