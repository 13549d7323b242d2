"""Django's SQL compilers, which refuse to write a query on a workspace's table for nobody's
workspace: the server would say "relation does not exist", or find one of that name in public.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db.backends.postgresql import compiler

from apps.core.errors import WorkspaceMissing
from apps.core.postgresql.workspace import PUBLIC_SCHEMA, current


@cache
def workspace_tables() -> frozenset[str]:
    """The tables that stand in each workspace's schema."""
    configs = [c for c in apps.get_app_configs() if c.name in settings.TENANT_APPS]
    models = [m for c in configs for m in c.get_models(include_auto_created=True)]
    return frozenset(model._meta.db_table for model in models)


class Guard:
    query: Any

    def as_sql(self, *args: Any, **kwargs: Any) -> Any:
        sql = super().as_sql(*args, **kwargs)  # type: ignore[misc]
        if current().schema_name == PUBLIC_SCHEMA:
            self._refuse_workspace_tables()
        return sql

    def _refuse_workspace_tables(self) -> None:
        tables = {join.table_name for join in self.query.alias_map.values()}
        if self.query.model is not None:
            tables.add(self.query.model._meta.db_table)
        if stray := tables & workspace_tables():
            raise WorkspaceMissing(
                f"{', '.join(sorted(stray))} stands in each workspace's schema: "
                "enter one first, with `schema_context(...)`."
            )


class SQLCompiler(Guard, compiler.SQLCompiler):
    pass


class SQLInsertCompiler(Guard, compiler.SQLInsertCompiler):
    pass


class SQLDeleteCompiler(Guard, compiler.SQLDeleteCompiler):
    pass


class SQLUpdateCompiler(Guard, compiler.SQLUpdateCompiler):
    pass


class SQLAggregateCompiler(Guard, compiler.SQLAggregateCompiler):
    pass
