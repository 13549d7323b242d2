"""Operations for migrations that change large tables while customers work.

Each wants `atomic = False` on its migration and does its work in short transactions. All of them
can be run again after a run that was cut short, at whatever point. `replayable` says that the
statements are the same for every schema, so that they are recorded once (apps.fleet.services).

Example::

    class Migration(migrations.Migration):
        atomic = False
        operations = [
            BackfillInBatches(name="release_size", model="release",
                              where=Q(size=None), update={"size": Length("notes")}),
            AddNotNull("release", "size", models.IntegerField(db_default=0)),
        ]
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from copy import copy
from typing import Any

from django.contrib.postgres.operations import NotInTransactionMixin
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import ProjectState

from apps.fleet.services import backfills

_UNIQUE = re.compile(
    r" UNIQUE(?P<nulls>( NULLS (NOT )?DISTINCT)?) (?P<columns>\(.*?\))(?P<rest>( DEFERRABLE.*)?)$"
)


class BackfillInBatches(migrations.RunPython):
    """Change the rows of a table some hundred at a time, each batch a transaction of its own.

    `update` is what `QuerySet.update` takes, or a function that is given the batch as a queryset
    of the historical model; `where` leaves rows out. How far it came is remembered per schema
    under `name` (unique in the app) in the transaction of the batch: no row is changed twice, and
    a run that was killed goes on behind its last batch. `pause` seconds lie between two batches,
    so that other work gets through. Undoing it runs `reverse` in the same way, or leaves the rows
    as they are. A model of another app is named together with its `app`.
    """

    reduces_to_sql = False

    def __init__(
        self,
        *,
        name: str,
        model: str,
        update: Mapping[str, Any] | Callable[[Any], Any],
        where: models.Q | None = None,
        reverse: Mapping[str, Any] | Callable[[Any], Any] | None = None,
        batch_size: int = 1000,
        pause: float = 0.02,
        app: str | None = None,
    ) -> None:
        self.name, self.model_name, self.app = name, model, app
        self.update, self.where, self.reverse = update, where, reverse
        self.batch_size, self.pause = batch_size, pause
        super().__init__(migrations.RunPython.noop, migrations.RunPython.noop)

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        names = ("name", "update", "where", "reverse", "batch_size", "pause", "app")
        kwargs = {name: getattr(self, name) for name in names}
        return type(self).__qualname__, [], {"model": self.model_name, **kwargs}

    def describe(self) -> str:
        return f"Fill {self.model_name} in batches of {self.batch_size} ({self.name})"

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,  # noqa: ARG002
    ) -> None:
        self._run(app_label, schema_editor, from_state, self.update)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,  # noqa: ARG002
    ) -> None:
        using = schema_editor.connection.alias
        backfills.forget(app_label=app_label, name=self.name, using=using)
        if self.reverse is not None:
            self._run(app_label, schema_editor, from_state, self.reverse, back=True)
            backfills.forget(app_label=app_label, name=f"{self.name} back", using=using)

    def _run(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        state: ProjectState,
        change: Mapping[str, Any] | Callable[[Any], Any],
        *,
        back: bool = False,
    ) -> None:
        model: Any = state.apps.get_model(self.app or app_label, self.model_name)
        using = schema_editor.connection.alias
        if not self.allow_migrate_model(using, model):
            return
        backfills.run(
            app_label=app_label,
            name=f"{self.name} back" if back else self.name,
            rows=model._base_manager.using(using).filter(self.where or models.Q()),  # noqa: SLF001
            change=change,
            batch_size=self.batch_size,
            pause=self.pause,
        )


class AddNotNull(NotInTransactionMixin, migrations.AlterField):
    """AlterField from null=True to null=False without a long lock.

    CHECK (… IS NOT NULL) NOT VALID, VALIDATE, SET NOT NULL (which believes the CHECK), and the
    CHECK is dropped: https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-SET-DROP-NOT-NULL.
    The rows must have values: put BackfillInBatches before it.
    """

    atomic = False
    replayable = True

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        self._ensure_not_in_transaction(schema_editor)
        model: Any = to_state.apps.get_model(app_label, self.model_name)
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        quote = schema_editor.quote_name
        table, column = quote(model._meta.db_table), model._meta.get_field(self.name).column
        check = quote(f"{model._meta.db_table}_{column}_filled"[:63])
        for change in (
            f"DROP CONSTRAINT IF EXISTS {check}, ADD CONSTRAINT {check} "  # noqa: ISC004
            f"CHECK ({quote(column)} IS NOT NULL) NOT VALID",
            f"VALIDATE CONSTRAINT {check}",
            f"ALTER COLUMN {quote(column)} SET NOT NULL",
            f"DROP CONSTRAINT IF EXISTS {check}",
        ):
            schema_editor.execute(f"ALTER TABLE {table} {change}", params=None)
        self._rest(app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        """NULL is allowed again, also where the state before said that it was not."""
        model: Any = to_state.apps.get_model(app_label, self.model_name)
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        quote = schema_editor.quote_name
        column = quote(model._meta.get_field(self.name).column)
        schema_editor.execute(
            f"ALTER TABLE {quote(model._meta.db_table)} ALTER COLUMN {column} DROP NOT NULL",
            params=None,
        )
        self._rest(app_label, schema_editor, from_state, to_state)

    def _rest(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """What else differs, such as the default in the database."""
        new_model = to_state.apps.get_model(app_label, self.model_name)
        old_model = from_state.apps.get_model(app_label, self.model_name)
        old, new = (copy(m._meta.get_field(self.name)) for m in (old_model, new_model))
        old.null = new.null
        schema_editor.alter_field(new_model, old, new)

    def describe(self) -> str:
        return f"Forbid NULL in {self.name} on {self.model_name} without a long lock"


class AddUniqueConcurrently(NotInTransactionMixin, migrations.AddConstraint):
    """AddConstraint for a UniqueConstraint whose index is built while others write."""

    atomic = False
    replayable = True

    def database_forwards(
        self, app_label: str, schema_editor: Any, _from_state: Any, to_state: Any
    ) -> None:
        self._ensure_not_in_transaction(schema_editor)
        model = to_state.apps.get_model(app_label, self.model_name)
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        created = str(self.constraint.create_sql(model, schema_editor))
        name = schema_editor.quote_name(self.constraint.name)
        if created.startswith("ALTER TABLE"):
            self._as_constraint(schema_editor, model._meta.db_table, created, name)
        else:
            _build_index(schema_editor, created, name)

    def _as_constraint(self, schema_editor: Any, table: str, created: str, name: str) -> None:
        """The index first, then the constraint that takes it over; done before, it is left."""
        quote = schema_editor.quote_name
        index = quote(f"{self.constraint.name[:59]}_idx")
        parts = _UNIQUE.search(created)
        assert parts is not None, created  # noqa: S101  Django's own template
        columns = f"{parts['columns']}{parts['nulls']}"
        _build_index(
            schema_editor, f"CREATE UNIQUE INDEX {index} ON {quote(table)} {columns}", index
        )
        schema_editor.execute(
            f"DO $$BEGIN IF EXISTS (SELECT FROM pg_constraint WHERE conrelid = "
            f"{schema_editor.quote_value(quote(table))}::regclass AND conname = "
            f"{schema_editor.quote_value(self.constraint.name)}) THEN "
            f"DROP INDEX IF EXISTS {index}; ELSE ALTER TABLE {quote(table)} ADD CONSTRAINT {name} "
            f"UNIQUE USING INDEX {index}{parts['rest']}; END IF; END$$",
            params=None,
        )

    def describe(self) -> str:
        return f"Add unique constraint {self.constraint.name} to {self.model_name} concurrently"


class AddForeignKey(NotInTransactionMixin, migrations.AlterField):
    """AlterField from a ForeignKey with `db_constraint=False, db_index=False` to the whole one.

    The index is built CONCURRENTLY, the constraint added NOT VALID and then validated under SHARE
    UPDATE EXCLUSIVE, which lets everyone read and write.
    """

    atomic = False
    replayable = True

    def database_forwards(
        self, app_label: str, schema_editor: Any, _from_state: Any, to_state: Any
    ) -> None:
        self._ensure_not_in_transaction(schema_editor)
        model = to_state.apps.get_model(app_label, self.model_name)
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        field = model._meta.get_field(self.name)
        if field.db_index or field.unique:
            created = str(schema_editor._create_index_sql(model, fields=[field]))  # noqa: SLF001
            _build_index(schema_editor, created, created.split()[2])
        if not field.db_constraint:
            return
        made = schema_editor._create_fk_sql(model, field, "_fk_%(to_table)s_%(to_column)s")  # noqa: SLF001
        table, _, constraint = str(made).partition(" ADD CONSTRAINT ")
        name = constraint.split()[0]
        for change in (
            f"DROP CONSTRAINT IF EXISTS {name}, ADD CONSTRAINT {constraint} NOT VALID",
            f"VALIDATE CONSTRAINT {name}",
        ):
            schema_editor.execute(f"{table} {change}", params=None)

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        migrations.AlterField.database_forwards(
            self, app_label, schema_editor, from_state, to_state
        )

    def describe(self) -> str:
        return f"Add foreign key {self.name} of {self.model_name} without a long lock"


def _build_index(schema_editor: Any, created: str, name: str) -> None:
    """CREATE INDEX while others write. One that an earlier run left unfinished is dropped first:
    it would stay INVALID (https://www.postgresql.org/docs/current/sql-createindex.html).
    """
    schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}", params=None)
    concurrently = created.replace(" INDEX ", " INDEX CONCURRENTLY ", 1)
    schema_editor.execute(concurrently, params=None)
