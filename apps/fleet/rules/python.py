"""Rules for data changed by Python: RunPython and BackfillInBatches."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from types import CodeType
from typing import Any, cast

from django.db import migrations, models

from apps.fleet.rules import columns
from apps.fleet.rules.fields import Findings
from apps.fleet.rules.site import Site


def run_python(site: Site) -> Findings:
    operation = cast(migrations.RunPython, site.operation)
    name = getattr(operation.code, "__name__", "a function")
    what = f"RunPython({name})"
    if operation.reverse_code is None:
        yield site.finding("irreversible", what=what, table="")
    for real in sorted(_real_models(operation.code)):
        yield site.finding("real_models", what=what, name=real, table="")
    if operation.code is migrations.RunPython.noop:
        return
    touched = _touched(site, operation.code)
    old = [t for t in touched if not site.known.is_new(t)]
    if old or not touched:
        names = {"table": ", ".join(old) or "tables it does not name", "name": name}
        yield site.finding("data_in_one_transaction", what=what, model="…", field="…", **names)


def backfill(site: Site) -> Findings:
    """Our own operation works in batches, and so needs to be outside a transaction."""
    operation: Any = site.operation
    table = columns.table_of(site.before, operation.app or site.app_label, operation.model_name)
    if site.migration.atomic and not site.known.is_new(table):
        yield site.finding("needs_no_transaction", table=table)


def _touched(site: Site, code: Callable[..., Any]) -> list[str]:
    """The tables of the models it asks `apps.get_model` for by literal names."""
    found = []
    for call in _calls(code, "get_model"):
        names = [str(a.value) for a in call.args if isinstance(a, ast.Constant)]
        label, _, model = ".".join(names).partition(".")
        if model:
            found.append(columns.table_of(site.before, label, model))
    return sorted(set(found))


def _calls(code: Callable[..., Any], name: str) -> Iterator[ast.Call]:
    for node in ast.walk(_tree(code)):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == name:
            yield node


def _real_models(code: Callable[..., Any]) -> set[str]:
    """Models, and modules of models, that the function reaches without `apps.get_model`."""
    reached = vars(inspect.getmodule(code) or inspect)
    found = {name for name in _names(getattr(code, "__code__", None)) if _is_model(reached, name)}
    for node in ast.walk(_tree(code)):
        if isinstance(node, ast.ImportFrom | ast.Import):
            module = getattr(node, "module", None) or ""
            found |= {
                alias.name
                for alias in node.names
                if "models" in f"{module}.{alias.name}".split(".")
                and not module.startswith("django.")
            }
    return found


def _is_model(reached: dict[str, Any], name: str) -> bool:
    value = reached.get(name)
    return isinstance(value, type) and issubclass(value, models.Model)


def _names(code: CodeType | None) -> Iterator[str]:
    if code is None:
        return
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _names(inner)


def _tree(code: Callable[..., Any]) -> ast.AST:
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(code)))
    except (OSError, TypeError, SyntaxError):  # a partial, a lambda within brackets
        return ast.Module([], [])
