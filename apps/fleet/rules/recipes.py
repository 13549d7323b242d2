"""Why each kind of change is refused, and the safe way to write it.

The locks are those of PostgreSQL 17 and 18:
https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES and
https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES.
"""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent


@dataclass(frozen=True)
class Recipe:
    """`why` and `code` are templates over model, field, table, column and name."""

    why: str
    code: str

    def fill(self, text: str, names: dict[str, str]) -> str:
        for key, value in names.items():
            text = text.replace(f"<{key}>", value)
        return text


def _recipe(why: str, code: str) -> Recipe:
    return Recipe(" ".join(why.split()), dedent(code).strip())


RECIPES: dict[str, Recipe] = {
    "volatile_default": _recipe(
        """The default gives each row another value, so PostgreSQL writes <table> anew under
        ACCESS EXCLUSIVE: nobody reads or writes it until the last row is done.""",
        """
        # 1. Add the column empty; 2. fill it in batches (atomic = False); 3. tighten it.
        migrations.AddField("<model>", "<field>", models.UUIDField(null=True))
        BackfillInBatches(name="<table>_<field>", model="<model>", update={"<field>": RandomUUID()})
        AddNotNull("<model>", "<field>", models.UUIDField(default=uuid7))
        """,
    ),
    "stored_column": _recipe(
        """PostgreSQL works out the column for every row and writes <table> anew under ACCESS
        EXCLUSIVE: nobody reads or writes it until the last row is done.""",
        """
        # Keep an ordinary column, filled by the code that writes the row and a backfill:
        migrations.AddField("<model>", "<field>", models.IntegerField(null=True))
        BackfillInBatches(name="<table>_<field>", model="<model>", update={"<field>": …})
        """,
    ),
    "no_database_default": _recipe(
        """The release before this one does not know <table>.<column>. While both run its INSERTs
        leave the column out, and NOT NULL without a default in the database refuses them.""",
        """
        # A default in the database, which stays there:
        migrations.AddField("<model>", "<field>", models.…(db_default=…))
        # or a column that may be empty:
        migrations.AddField("<model>", "<field>", models.…(null=True))
        """,
    ),
    "not_null_unchecked": _recipe(
        """SET NOT NULL reads all of <table> under ACCESS EXCLUSIVE: nobody reads or writes it
        meanwhile, unless a validated CHECK says already that there is no NULL.""",
        """
        class Migration(migrations.Migration):
            atomic = False  # CHECK … NOT VALID, VALIDATE, SET NOT NULL: each for itself
            operations = [AddNotNull("<model>", "<field>", models.…())]
        """,
    ),
    "not_null_before_release": _recipe(
        """Release <release>, which runs beside this one, may still write NULL into
        <table>.<column>.""",
        """
        # 1. This release: the model says null=False with a default, the database does not yet.
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.AlterField("<model>", "<field>", models.…(default=…))])
        # 2. The next release: backfill what is NULL, then AddNotNull("<model>", "<field>", …).
        """,
    ),
    "index_not_concurrent": _recipe(
        """CREATE INDEX takes SHARE on <table>: every write waits until the index is built.""",
        """
        from django.contrib.postgres.operations import AddIndexConcurrently

        class Migration(migrations.Migration):
            atomic = False
            operations = [
                AddIndexConcurrently("<model>", models.Index(fields=["<field>"], name="<name>")),
            ]
        # For db_index=True write the index into Meta.indexes in its place.
        """,
    ),
    "unique_not_concurrent": _recipe(
        """The index behind UNIQUE is built under ACCESS EXCLUSIVE, or SHARE where it has a
        condition: nobody writes to <table>, or even reads it, until it stands.""",
        """
        from apps.fleet.operations import AddUniqueConcurrently

        class Migration(migrations.Migration):
            atomic = False
            operations = [AddUniqueConcurrently(
                "<model>", models.UniqueConstraint(fields=["<field>"], name="<name>"))]
        # For unique=True write the constraint into Meta.constraints in its place.
        """,
    ),
    "check_not_valid": _recipe(
        """ADD CONSTRAINT reads all of <table> under ACCESS EXCLUSIVE: nobody reads or writes it
        meanwhile.""",
        """
        from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint

        # Two migrations, so that the lock of the first ends before the second reads the table:
        operations = [AddConstraintNotValid("<model>", models.CheckConstraint(…, name="<name>"))]
        operations = [ValidateConstraint("<model>", "<name>")]
        """,
    ),
    "column_check": _recipe(
        """The column brings a CHECK of its own, for which all of <table> is read once under
        ACCESS EXCLUSIVE. On a large table that is long.""",
        """
        # On a large table: an IntegerField, and the check by AddConstraintNotValid.
        migrations.AddField("<model>", "<field>", models.IntegerField(null=True))
        """,
    ),
    "foreign_key_not_valid": _recipe(
        """A foreign key is checked while SHARE ROW EXCLUSIVE is held on both tables: every write
        to <table> and to the table it points at waits until all rows are compared.""",
        """
        from apps.fleet.operations import AddForeignKey

        # 1. The column, without constraint and index:
        migrations.AddField("<model>", "<field>", models.ForeignKey(
            …, null=True, db_constraint=False, db_index=False))
        # 2. A migration with atomic = False: index CONCURRENTLY, NOT VALID, VALIDATE
        AddForeignKey("<model>", "<field>", models.ForeignKey(…, null=True))
        """,
    ),
    "exclusion": _recipe(
        """EXCLUDE builds its index under ACCESS EXCLUSIVE and knows no NOT VALID: nobody reads
        or writes <table> until it stands.""",
        """
        # Make a new table with the constraint, write into both, move the rows over in batches,
        # then read from the new one. On a table that stays small: unsafe = {"exclusion": "why"}.
        """,
    ),
    "rename": _recipe(
        """The release before this one asks for <table>.<column> by its old name and fails from
        the moment it is renamed, until its last process has ended.""",
        """
        # Only the name in Python; the database keeps its own:
        models.…(db_column="<column>")        # a field
        class Meta: db_table = "<table>"      # a model
        # A new name in the database: add the new column, write both, BackfillInBatches, read the
        # new one, and drop the old one two releases later.
        """,
    ),
    "type_change": _recipe(
        """ALTER COLUMN TYPE writes <table> and its indexes anew under ACCESS EXCLUSIVE, and the
        release before this one may not understand the new type.""",
        """
        # 1. Add a column of the new type beside the old one; the code writes both:
        migrations.AddField("<model>", "<field>_new", models.…(null=True))
        # 2. BackfillInBatches(name="<table>_<field>_new", model="<model>",
        #        update={"<field>_new": Cast("<field>", …)})
        # 3. The next release reads the new one; two releases later the old one is dropped.
        # Free at any time: varchar(n) to a longer one or to text, numeric(p, s) to a larger p.
        """,
    ),
    "drop_too_early": _recipe(
        """<release> still uses <table>.<column>: its every query on the table fails once it is
        gone, and there is no way back to that release.""",
        """
        # 1. This release: the code forgets it, the database keeps it.
        migrations.AlterField("<model>", "<field>", models.…(null=True))
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.RemoveField("<model>", "<field>")])
        # 2. When two releases have gone out without it:
        migrations.RunSQL('ALTER TABLE "<table>" DROP COLUMN IF EXISTS "<column>"',
                          'ALTER TABLE "<table>" ADD COLUMN "<column>" …')  # and the way back
        """,
    ),
    "forgotten_not_null": _recipe(
        """The code forgets <table>.<column>, the database does not: NOT NULL without a default in
        the database refuses every row this release inserts.""",
        """
        # Before it is forgotten, in the same migration:
        migrations.AlterField("<model>", "<field>", models.…(null=True))
        """,
    ),
    "irreversible": _recipe(
        """It cannot be undone, so the ring that fails its checks could not be taken back.""",
        """
        migrations.RunPython(forward, backward)      # or migrations.RunPython.noop
        migrations.RunSQL(forward_sql, backward_sql)  # or migrations.RunSQL.noop
        """,
    ),
    "data_in_one_transaction": _recipe(
        """It changes rows of <table> in one transaction: they stay locked until the last one is
        done, and a run that is cut short starts again from nothing.""",
        """
        from apps.fleet.operations import BackfillInBatches

        class Migration(migrations.Migration):
            atomic = False
            operations = [BackfillInBatches(
                name="<name>", model="<model>", where=Q(<field>=None), update={"<field>": …})]
        """,
    ),
    "real_models": _recipe(
        """It uses <name> from the code of today. A later release changes it, and the
        migration then fails for everyone who still has it before them.""",
        """
        def forward(apps, schema_editor):
            Model = apps.get_model("app_label", "Model")
        """,
    ),
    "needs_no_transaction": _recipe(
        """It does its work in several transactions, and the migration puts one around it all.""",
        """
        class Migration(migrations.Migration):
            atomic = False
        """,
    ),
    "validated_in_one_transaction": _recipe(
        """VALIDATE reads all of <table> while the transaction still holds the lock that NOT VALID
        took: writes wait, as without NOT VALID.""",
        """
        # A migration of its own for VALIDATE, or atomic = False in this one.
        operations = [ValidateConstraint("<model>", "<name>")]
        """,
    ),
    "names_a_schema": _recipe(
        """It names a schema. The statement is replayed in every workspace and would touch the
        same table a thousand times, or a neighbour's.""",
        """
        # The bare name; the search path is set to the workspace:
        migrations.RunSQL('UPDATE "<table>" SET …')
        """,
    ),
    "session_setting": _recipe(
        """It changes the session (path, role or a setting), and whatever runs next on the
        connection inherits that.""",
        """
        # Leave path and role alone. For one setting, to the end of the transaction:
        migrations.RunSQL("SET LOCAL work_mem = '64MB'; …")
        """,
    ),
    "every_row": _recipe(
        """It touches every row of <table> in one statement: all of them stay locked to its end,
        and the table doubles in size meanwhile.""",
        """
        BackfillInBatches(name="<table>_…", model="…", where=Q(…), update={…})
        """,
    ),
    "explicit_lock": _recipe(
        """It locks <table> by hand, or writes it anew as a whole: everyone else waits.""",
        """
        # LOCK: drop it, and write a statement that is right without. VACUUM FULL and CLUSTER are
        # no migrations: see docs/runbooks/migrations.md. REINDEX … CONCURRENTLY is allowed.
        """,
    ),
    "table_rewritten": _recipe(
        """On the rehearsal PostgreSQL wrote <table> anew under ACCESS EXCLUSIVE: nobody reads or
        writes it until the last row is done.""",
        """
        # Add a new column or table beside it, fill it with BackfillInBatches, read from it in the
        # next release.
        """,
    ),
    "table_scanned": _recipe(
        """On the rehearsal PostgreSQL read all of <table> while it kept others from writing.""",
        """
        # CHECK and foreign keys: NOT VALID, then VALIDATE. Indexes: CONCURRENTLY.
        """,
    ),
    "marker": _recipe(
        """`unsafe` on the migration excuses <name>, <field>.""",
        """
        unsafe = {"the_code_of_the_rule": "why it is fine here, for whoever reads the plan"}
        """,
    ),
    "squawk": _recipe("<name>", "<field>"),
}
