"""The rules of the house that no tool checks: floors of foreign keys, where the environment
is read, sizes of files and functions.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models

ROOT = Path(__file__).resolve().parents[2]
FLOORS = {
    "core": 0, "marks": 0.5, "answers": 0.5, "events": 0.5, "accounts": 1, "jobs": 1,
    "audit": 1, "rest": 1, "fleet": 1.5, "tenants": 2, "usage": 2.5,
    "classes": 2.8, "gateway": 3, "mail": 3,
    "realtime": 3, "semantic_cache": 3, "sso": 3, "isolation": 4, "impersonation": 4, "scim": 4,
    "help": 4, "media": 4, "payments": 4, "roblox": 5, "courses": 6, "backups": 7, "privacy": 7,
    "transfers": 7, "webhooks": 6, "vendors": 3,
}  # fmt: skip
OWN = [c for c in apps.get_app_configs() if c.name.startswith("apps.")]
PRODUCT = sorted(
    path
    for folder in ("apps", "config", "sandbox", "embedded")
    for path in (ROOT / folder).rglob("*.py")
    if not any(part.endswith("migrations") for part in path.parts)
)


def foreign_keys():
    for config in OWN:
        for model in config.get_models(include_auto_created=True):
            for field in model._meta.get_fields():
                if isinstance(field, models.ForeignKey) and field.related_model:
                    yield config.label, field, field.related_model._meta.app_config


def test_foreign_keys_point_down_or_stay():
    assert [str(f) for label, f, to in foreign_keys() if not _is_below(label, to)] == []
    # Workspaces would pay for a foreign key to dj-stripe.
    assert [str(f) for _, f, target in foreign_keys() if target.label == "djstripe"] == []


def _is_below(label, target):
    is_own = target.name.startswith("apps.")
    return not is_own or target.label == label or FLOORS[target.label] < FLOORS[label]


def test_workspace_rows_refer_to_public_ones_without_a_constraint():
    tenant_labels = {c.label for c in OWN if c.name in settings.TENANT_APPS}
    crossing = [
        str(field)
        for label, field, target in foreign_keys()
        if label in tenant_labels and target.label not in tenant_labels and field.db_constraint
    ]
    assert crossing == []


def test_every_app_stands_on_a_floor():
    assert {c.label for c in OWN} <= set(FLOORS)


def functions():
    for path in PRODUCT:
        for node in statements(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield (
                    f"{path.relative_to(ROOT)}:{node.name}",
                    (node.end_lineno or 0) - node.lineno + 1,
                )


def statements(node):
    """All below it; within an expression none can stand."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.expr):
            yield child
            yield from statements(child)


def test_files_stay_small():
    files = [*PRODUCT, *(ROOT / "tests").rglob("*.py")]
    assert [str(p) for p in files if p.read_text().count("\n") > 400] == []


def test_functions_stay_small():
    found = list(functions())
    lengths = sorted(length for _, length in found)
    assert [name for name, length in found if length > 50] == []
    assert lengths[len(lengths) // 2] < 10


def test_only_one_module_reads_the_environment():
    reads = re.compile(r"\bos\.(environ|getenv)\b")
    allowed = {ROOT / "config" / "env.py"}
    # These only set where Django's settings stand.
    allowed |= {ROOT / "config" / "asgi.py", ROOT / "config" / "celery.py"}
    readers = {p for p in PRODUCT if reads.search(p.read_text())} - allowed
    assert {p for p in readers if "embedded" not in p.parts} == set()


@pytest.mark.django_db(databases=["default", "owner"])
def test_no_migration_is_missing():
    """Ours, and the squashed one that stands in for dj-stripe's own chain."""
    from django.core.management import call_command

    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
