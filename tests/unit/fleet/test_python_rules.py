from __future__ import annotations

import pytest
from django.db import migrations

from apps.fleet.models import Backfill
from apps.fleet.operations import BackfillInBatches


def count_books(apps, schema_editor):
    apps.get_model("roblox", "Book").objects.update(pages=1)


def count_pages(apps, schema_editor):
    apps.get_model("roblox", "Page").objects.update(pages=1)


def use_real_model(apps, schema_editor):
    Backfill.objects.using(apps.get_model("roblox.Page")).update(rows=1)


def import_real_model(apps, schema_editor):
    from apps.tenants.models import Tenant

    Tenant.objects.using(apps.get_model("roblox.Page")).update(name="")


def backwards(apps, schema_editor):
    apps.get_model("roblox", "Book").objects.update(pages=0)


PAGES = migrations.CreateModel("Page", [])


def test_python_on_a_table_with_rows(check):
    (finding,) = check.findings(migrations.RunPython(count_books, backwards))
    assert finding.code == "data_in_one_transaction"
    assert "rows of roblox_book in one transaction" in finding.why


def test_python_on_a_table_of_the_same_plan(check):
    assert check(PAGES, migrations.RunPython(count_pages, backwards)) == []


def test_python_wants_a_way_back(check):
    assert check(PAGES, migrations.RunPython(count_pages)) == ["irreversible"]


@pytest.mark.parametrize("code", [use_real_model, import_real_model])
def test_python_uses_the_models_of_its_time(check, code):
    assert check(PAGES, migrations.RunPython(code, backwards)) == ["real_models"]


def test_python_that_names_no_model_could_touch_any(check):
    do_anything = migrations.RunPython(lambda _apps, _editor: None, backwards)
    assert check(do_anything) == ["data_in_one_transaction"]


def test_doing_nothing_is_fine(check):
    assert check(migrations.RunPython(migrations.RunPython.noop, migrations.RunPython.noop)) == []


def test_batches_commit_one_by_one(check):
    fill = BackfillInBatches(name="pages", model="book", update={"pages": 1})
    assert check(fill, atomic=False) == []
    assert check(fill) == ["needs_no_transaction"]
