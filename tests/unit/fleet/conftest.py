"""A small app that has been released once, for the rules to look at."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.db import migrations, models
from django.db.migrations.state import ProjectState

from apps.fleet.rules import operations
from apps.fleet.services import linting, releases
from apps.fleet.services.releases import Release

APP = "roblox"


def make(*operations_, name="0009_change", app_label=APP, **attributes):
    """A migration of these operations."""
    body = {"operations": list(operations_), "dependencies": [], **attributes}
    return type("Migration", (migrations.Migration,), body)(name, app_label)


def first_state():
    state = ProjectState()
    make(
        migrations.CreateModel(
            "Shelf", [("id", models.BigAutoField(primary_key=True)), ("name", models.TextField())]
        ),
        migrations.CreateModel(
            "Book",
            [
                ("id", models.BigAutoField(primary_key=True)),
                ("title", models.CharField(max_length=50)),
                ("price", models.DecimalField(max_digits=6, decimal_places=2, null=True)),
                ("pages", models.IntegerField(default=0)),
                ("notes", models.TextField(null=True)),
            ],
        ),
        name="0001_initial",
    ).mutate_state(state, preserve=False)
    return state


@pytest.fixture
def check():
    """check(*operations, **attributes of the migration) gives the codes of what is found."""

    def run(*operations_, history=None, **attributes):
        return sorted(f.code for f in run.findings(*operations_, history=history, **attributes))

    def findings(*operations_, history=None, **attributes):
        state = first_state()
        if history is None:
            history = [Release("0.2.0", (), releases.describe(state))]
        migration = make(*operations_, **attributes)
        return operations.check(migration, state, linting.known_of(history))[0]

    run.findings = findings
    return run


@pytest.fixture
def history():
    """history("book.title", …): the releases, newest first, each with the columns it uses."""

    def build(*releases_):
        return [
            Release(f"0.{len(releases_) - i}.0", (), {f"{APP}_{t}": c for t, c in tables.items()})
            for i, tables in enumerate(releases_)
        ]

    return build


@pytest.fixture
def library():
    return SimpleNamespace(make=make, state=first_state)
